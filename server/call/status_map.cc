#include "server/call/status_map.h"

#include <google/protobuf/any.pb.h>

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/base/status_names.h"
#include "server/base/text.h"

namespace trine::server {
namespace {

constexpr size_t kMaxMessageBytes = 1024;

std::string SafeMessage(const absl::Status& status, bool ours) {
  const bool broken =
      status.code() == absl::StatusCode::kInternal || status.code() == absl::StatusCode::kUnknown;
  if (!ours && broken) return "the server failed to do this; its log says more";
  std::string message = ValidUtf8(ToStd(status.message()), kMaxMessageBytes);
  if (message.empty()) message = StatusCodeName(static_cast<int>(status.code()));
  return message;
}

// The name of a limit comes before its value: "max_queued = 256".
std::string LimitName(const ErrorDetail& detail) {
  const size_t end = detail.limit.find(" = ");
  if (end != std::string::npos) return detail.limit.substr(0, end);
  return detail.field.empty() ? detail.reason : detail.field;
}

google::rpc::ErrorInfo MakeErrorInfo(const ErrorDetail& detail) {
  google::rpc::ErrorInfo info;
  info.set_reason(ValidUtf8(detail.reason, kMaxMessageBytes));
  info.set_domain("trine");
  auto& metadata = *info.mutable_metadata();
  const auto set = [&metadata](const char* key, const std::string& value) {
    if (!value.empty()) metadata[key] = ValidUtf8(value, kMaxMessageBytes);
  };
  set("field", detail.field);
  set("value", detail.value);
  set("limit", detail.limit);
  if (detail.block >= 0) metadata["block"] = absl::StrCat(detail.block);
  if (detail.offset >= 0) metadata["offset"] = absl::StrCat(detail.offset);
  return info;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::optional<ErrorDetail> given = GetErrorDetail(status);
  ErrorDetail detail = given.value_or(ErrorDetail{});
  if (detail.reason.empty()) detail.reason = StatusCodeName(static_cast<int>(status.code()));

  google::rpc::Status wire;
  wire.set_code(static_cast<int>(status.code()));
  wire.set_message(SafeMessage(status, given.has_value()));
  wire.add_details()->PackFrom(MakeErrorInfo(detail));
  if (status.code() == absl::StatusCode::kInvalidArgument) {
    google::rpc::BadRequest bad;
    auto* violation = bad.add_field_violations();
    violation->set_field(ValidUtf8(detail.field, kMaxMessageBytes));
    violation->set_description(wire.message());
    wire.add_details()->PackFrom(bad);
  }
  if (status.code() == absl::StatusCode::kResourceExhausted) {
    google::rpc::QuotaFailure quota;
    auto* violation = quota.add_violations();
    violation->set_subject(ValidUtf8(LimitName(detail), kMaxMessageBytes));
    violation->set_description(wire.message());
    wire.add_details()->PackFrom(quota);
  }
  if (detail.retry_after_ms >= 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(detail.retry_after_ms / 1000);
    retry.mutable_retry_delay()->set_nanos(
        static_cast<int32_t>(detail.retry_after_ms % 1000 * 1'000'000));
    wire.add_details()->PackFrom(retry);
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), wire.message(),
                      wire.SerializeAsString());
}

}  // namespace trine::server
