// What the fuzzers of the RPCs share: a method of the services and a call with tight limits. Which
// method is said by request_method.h: one program each.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/limits.h"
#include "server/wire/rpc.h"
#include "tests/server/services/all_services.h"

namespace trine::server {

// Aborts with `what`: a finding.
inline void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// A call on the caller's thread that ends after a quarter of a second: what takes much longer does
// not poll.
class FuzzCall {
 public:
  FuzzCall() {
    cancel_.SetDeadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(250));
    call_.context.cancel = cancel_.token();
    call_.context.limits = &TightLimits();
    call_.request_id = "fuzz";
  }
  const Call& call() const { return call_; }

 private:
  static const Limits& TightLimits() {
    static const Limits kLimits = [] {
      Limits limits;
      limits.max_elements = 1 << 16;
      limits.max_image_pixels = 1 << 16;
      limits.max_output_bytes = 1 << 20;
      limits.max_block_bytes = 1 << 16;
      limits.max_model_bytes = 1 << 24;
      limits.max_table_symbols = 1024;
      limits.max_exact_symbols = 64;
      limits.max_exact_steps = 16;
      limits.max_segment_steps = 8;
      limits.max_regions = 512;
      return limits;
    }();
    return kLimits;
  }

  CancelSource cancel_;
  Call call_;
};

inline grpc::ByteBuffer OneSlice(const uint8_t* data, size_t size) {
  const grpc::Slice slice(data, size);
  return grpc::ByteBuffer(&slice, 1);
}

// A refusal tells why, and is never one of those that blame the server.
inline void CheckRefusal(const absl::Status& status) {
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  Require(detail.has_value() && !detail->reason.empty(), "a refusal without a reason");
  Require(!status.message().empty() && status.message().size() <= 1024, "a refusal's message");
  Require(status.code() != absl::StatusCode::kInternal &&
              status.code() != absl::StatusCode::kUnknown &&
              status.code() != absl::StatusCode::kFailedPrecondition,
          "a refusal that blames the server");
}

}  // namespace trine::server
