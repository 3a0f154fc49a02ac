#include "client/status.h"

#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "core/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace trine::client {
namespace {

void ReadErrorInfo(const google::rpc::ErrorInfo& info, ErrorDetail* detail) {
  detail->reason = info.reason();
  const auto text = [&info](const char* key) -> std::string {
    const auto it = info.metadata().find(key);
    return it == info.metadata().end() ? "" : it->second;
  };
  const auto number = [&text](const char* key) -> int64_t {
    int64_t value = -1;
    return absl::SimpleAtoi(text(key), &value) ? value : -1;
  };
  detail->field = text("field");
  detail->value = text("value");
  detail->limit = text("limit");
  detail->block = number("block");
  detail->offset = number("offset");
}

// Details from servers and proxies that send no ErrorInfo fill what is still empty.
std::optional<ErrorDetail> ReadDetails(const std::string& wire) {
  google::rpc::Status status;
  if (wire.empty() || !status.ParseFromString(wire)) return std::nullopt;
  ErrorDetail detail;
  bool found = false;
  for (const google::protobuf::Any& any : status.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad;
    google::rpc::RetryInfo retry;
    google::rpc::QuotaFailure quota;
    if (any.UnpackTo(&info)) {
      ReadErrorInfo(info, &detail);
    } else if (any.UnpackTo(&bad)) {
      if (detail.field.empty() && bad.field_violations_size() > 0) {
        detail.field = bad.field_violations(0).field();
      }
    } else if (any.UnpackTo(&retry)) {
      detail.retry_after_ms =
          retry.retry_delay().seconds() * 1000 + retry.retry_delay().nanos() / 1'000'000;
    } else if (any.UnpackTo(&quota)) {
      if (detail.limit.empty() && quota.violations_size() > 0) {
        detail.limit = quota.violations(0).subject();
      }
    } else {
      continue;
    }
    found = true;
  }
  return found ? std::optional<ErrorDetail>(detail) : std::nullopt;
}

// MakeError puts "<field>: " before the text; the message has it already.
std::string_view WithoutField(std::string_view message, std::string_view field) {
  if (!field.empty() && message.size() > field.size() + 2 &&
      message.substr(0, field.size()) == field && message.substr(field.size(), 2) == ": ") {
    message.remove_prefix(field.size() + 2);
  }
  return message;
}

}  // namespace

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  std::string message = status.error_message();
  if (message.empty()) message = absl::StatusCodeToString(code);
  if (std::optional<ErrorDetail> detail = ReadDetails(status.error_details())) {
    return MakeError(code, *detail, WithoutField(message, detail->field));
  }
  if (code == absl::StatusCode::kUnavailable) return Unreachable(message);
  return absl::Status(code, message);
}

absl::Status Unreachable(std::string_view text) {
  return MakeError(absl::StatusCode::kUnavailable, {.reason = std::string(kReasonUnreachable)},
                   text);
}

absl::Status ProtocolError(std::string_view text) {
  return MakeError(absl::StatusCode::kInternal, {.reason = std::string(kReasonProtocol)}, text);
}

bool IsUnreachable(const absl::Status& status) {
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  return detail.has_value() && detail->reason == kReasonUnreachable;
}

}  // namespace trine::client
