// Bounds of what one answer may hold.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "core/base/error.h"
#include "core/base/limits.h"

namespace trine::server {

// RESOURCE_EXHAUSTED naming `field` where an answer would hold more than limits.max_output_bytes.
// Called before the answer is allocated wherever its size is known by then.
inline absl::Status CheckOutputBytes(uint64_t bytes, const Limits& limits, std::string_view field) {
  if (bytes <= limits.max_output_bytes) return absl::OkStatus();
  return LimitExceeded(field, bytes, "max_output_bytes", limits.max_output_bytes);
}

// RESOURCE_EXHAUSTED naming `field` where an answer of at least `bytes` is more than there may be
// (Call::max_response). Called before the answer is computed.
inline absl::Status CheckResponseBytes(uint64_t bytes, const NamedLimit& max_response,
                                       std::string_view field) {
  if (bytes <= max_response.value) return absl::OkStatus();
  return LimitExceeded(field, bytes, max_response);
}

}  // namespace trine::server
