// Statuses over the wire and back, against the server's own mapping.
#include "client/status.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/call/status_map.h"

namespace trine::client {
namespace {

void ExpectSame(const absl::Status& given) {
  const absl::Status back = FromGrpcStatus(server::ToGrpcStatus(given));
  EXPECT_EQ(back.code(), given.code());
  EXPECT_EQ(back.message(), given.message());
  const std::optional<ErrorDetail> a = GetErrorDetail(given);
  const std::optional<ErrorDetail> b = GetErrorDetail(back);
  ASSERT_TRUE(a.has_value() && b.has_value()) << back;
  EXPECT_EQ(b->reason, a->reason);
  EXPECT_EQ(b->field, a->field);
  EXPECT_EQ(b->value, a->value);
  EXPECT_EQ(b->limit, a->limit);
  EXPECT_EQ(b->retry_after_ms, a->retry_after_ms);
  EXPECT_EQ(b->block, a->block);
  EXPECT_EQ(b->offset, a->offset);
}

TEST(Status, WhatTheServerSendsComesBackWhole) {
  ExpectSame(InvalidField("options.size", int64_t{4}, "it must be odd"));
  ExpectSame(LimitExceeded("tensor.data", 100, "max_output_bytes", 10));
  ExpectSame(CorruptStream(3, 4096, "the checksum differs"));
  ExpectSame(CorruptImage("image.encoded", "the file ends too early"));
  ExpectSame(NotOffered("options.model", "not here"));
  ExpectSame(
      MakeError(absl::StatusCode::kResourceExhausted,
                {.reason = "QUEUE_FULL", .limit = "max_queued = 256", .retry_after_ms = 1250},
                "the queue is full"));
}

TEST(Status, OkIsOk) { EXPECT_TRUE(FromGrpcStatus(grpc::Status::OK).ok()); }

TEST(Status, UnavailableWithoutDetailsIsTheConnection) {
  const absl::Status status = FromGrpcStatus({grpc::StatusCode::UNAVAILABLE, "Socket closed"});
  EXPECT_TRUE(IsUnreachable(status));
  EXPECT_EQ(status.message(), "Socket closed");
  const absl::Status draining = FromGrpcStatus(server::ToGrpcStatus(
      MakeError(absl::StatusCode::kUnavailable, {.reason = "DRAINING"}, "the server stops")));
  EXPECT_FALSE(IsUnreachable(draining));
}

TEST(Status, DetailsOfOthers) {
  google::rpc::Status wire;
  google::rpc::BadRequest bad;
  bad.add_field_violations()->set_field("a.b");
  wire.add_details()->PackFrom(bad);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  retry.mutable_retry_delay()->set_nanos(500'000'000);
  wire.add_details()->PackFrom(retry);
  google::rpc::QuotaFailure quota;
  quota.add_violations()->set_subject("per client");
  wire.add_details()->PackFrom(quota);
  const absl::Status status =
      FromGrpcStatus({grpc::StatusCode::RESOURCE_EXHAUSTED, "too many", wire.SerializeAsString()});
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  ASSERT_TRUE(detail.has_value());
  EXPECT_EQ(detail->field, "a.b");
  EXPECT_EQ(detail->limit, "per client");
  EXPECT_EQ(detail->retry_after_ms, 2500);
}

TEST(Status, BrokenDetailsAndEmptyMessagesAreHarmless) {
  const absl::Status status =
      FromGrpcStatus({grpc::StatusCode::INTERNAL, "", std::string("\xFF\xFF\x01", 3)});
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_FALSE(status.message().empty());
  EXPECT_FALSE(GetErrorDetail(status).has_value());
}

}  // namespace
}  // namespace trine::client
