// Coded streams that are damaged, too long for the answer or no longer wanted, through the
// registry.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tests/server/services/coding/coding_examples.h"
#include "tests/server/services/service_harness.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {
namespace {

using absl::StatusCode;

class CodingDamageTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto response =
        services_.Unary<v1::EncodeResponse>("Encode", TextRequest(20000, v1::CODING_MODEL_STATIC));
    ASSERT_TRUE(response.ok()) << response.status();
    coded_ = response->coded();
  }
  absl::Status DecodeStatus(const std::string& coded) {
    v1::DecodeRequest request;
    request.set_coded(coded);
    return services_.Unary<v1::DecodeResponse>("Decode", request).status();
  }
  absl::Status InspectStatus(const std::string& coded) {
    v1::InspectRequest request;
    request.set_coded(coded);
    return services_.Unary<v1::InspectResponse>("Inspect", request).status();
  }
  static void ExpectDamage(const absl::Status& status) {
    ExpectRefused(status, StatusCode::kDataLoss, "");
    EXPECT_EQ(GetErrorDetail(status)->reason, "CORRUPT_STREAM");
  }

  ServiceHarness services_;
  std::string coded_;
};

TEST_F(CodingDamageTest, OfEveryKind) {
  ExpectDamage(DecodeStatus(""));
  ExpectDamage(DecodeStatus("this is not a coded stream"));
  ExpectDamage(DecodeStatus(coded_ + "x"));
  ExpectDamage(InspectStatus(""));
  ExpectDamage(InspectStatus("this is not a coded stream"));
  for (size_t length = 1; length < coded_.size(); length += 997) {
    ExpectDamage(DecodeStatus(coded_.substr(0, length)));
    ExpectDamage(InspectStatus(coded_.substr(0, length)));
  }
  std::string flipped = coded_;
  flipped[flipped.size() / 2] ^= 1;
  ExpectDamage(DecodeStatus(flipped));
  const auto detail = GetErrorDetail(DecodeStatus(flipped));
  EXPECT_GE(detail->block, 1);
  EXPECT_GE(detail->offset, 0);
}

TEST_F(CodingDamageTest, NoneInARangeBesideIt) {
  std::string flipped = coded_;
  flipped[flipped.size() / 2] ^= 1;
  v1::DecodeRequest request;
  request.set_coded(flipped);
  request.mutable_range()->set_length(100);
  const auto response = services_.Unary<v1::DecodeResponse>("Decode", request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->data(), SomeText(20000).substr(0, 100));
}

TEST_F(CodingDamageTest, RangesBeyondTheEnd) {
  const std::vector<std::pair<uint64_t, uint64_t>> ranges = {
      {20000, 1}, {0, 20001}, {UINT64_MAX, 1}, {UINT64_MAX, UINT64_MAX}, {1, UINT64_MAX}};
  for (const auto& [offset, length] : ranges) {
    v1::DecodeRequest request;
    request.set_coded(coded_);
    request.mutable_range()->set_offset(offset);
    request.mutable_range()->set_length(length);
    ExpectRefused(services_.Unary<v1::DecodeResponse>("Decode", request).status(),
                  StatusCode::kOutOfRange, "range");
  }
}

TEST_F(CodingDamageTest, ListsOfTooManyBlocks) {
  v1::InspectRequest request;
  request.set_coded(coded_);
  request.set_max_blocks(1000001);
  ExpectRefused(services_.Unary<v1::InspectResponse>("Inspect", request).status(),
                StatusCode::kInvalidArgument, "max_blocks");
}

TEST_F(CodingDamageTest, MoreThanTheAnswerMayHold) {
  Limits limits;
  limits.max_output_bytes = 19999;
  ServiceHarness small(limits);
  v1::DecodeRequest request;
  request.set_coded(coded_);
  const absl::Status status = small.Unary<v1::DecodeResponse>("Decode", request).status();
  ExpectRefused(status, StatusCode::kResourceExhausted, "coded");
  EXPECT_NE(status.message().find("DecodeStream"), std::string::npos) << status;
  EXPECT_NE(GetErrorDetail(status)->limit.find("max_output_bytes"), std::string::npos);
  // A range of it fits, and the stream has no such limit.
  request.mutable_range()->set_length(19999);
  EXPECT_TRUE(small.Unary<v1::DecodeResponse>("Decode", request).ok());
  std::vector<v1::DecodeStreamRequest> stream(2);
  stream[0].mutable_header();
  stream[1].set_chunk(coded_);
  const auto run = small.Stream<v1::DecodeStreamResponse>("DecodeStream", stream);
  EXPECT_TRUE(run.status.ok()) << run.status;

  limits.max_output_bytes = 100;
  ServiceHarness tiny(limits);
  ExpectRefused(
      tiny.Unary<v1::EncodeResponse>("Encode", TextRequest(20000, v1::CODING_MODEL_STATIC))
          .status(),
      StatusCode::kResourceExhausted, "coded");
}

TEST_F(CodingDamageTest, MoreThanAMessageMayHold) {
  services_.BoundResponses(19999);
  v1::DecodeRequest request;
  request.set_coded(coded_);
  const absl::Status status = services_.Unary<v1::DecodeResponse>("Decode", request).status();
  ExpectRefused(status, StatusCode::kResourceExhausted, "coded");
  EXPECT_EQ(GetErrorDetail(status)->limit, "max_message_bytes = 19999");
  EXPECT_EQ(GetErrorDetail(status)->value, "20000");
  EXPECT_NE(status.message().find("DecodeStream"), std::string::npos) << status;
  request.mutable_range()->set_length(19999);
  EXPECT_TRUE(services_.Unary<v1::DecodeResponse>("Decode", request).ok());
}

TEST_F(CodingDamageTest, CallsThatWereCancelled) {
  services_.cancel().Cancel();
  ExpectRefused(DecodeStatus(coded_), StatusCode::kCancelled, "");
  const auto encode = [&](const v1::EncodeRequest& request) {
    return services_.Unary<v1::EncodeResponse>("Encode", request).status();
  };
  ExpectRefused(encode(TextRequest(20000, v1::CODING_MODEL_AUTO)), StatusCode::kCancelled, "");
  ExpectRefused(encode(ExactRequest("0110")), StatusCode::kCancelled, "");
}

}  // namespace
}  // namespace trine::server
