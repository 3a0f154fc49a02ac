// The parts of protobuf's wire format that the payload scanner reads:
// https://protobuf.dev/programming-guides/encoding/.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/status.h"

namespace trine::server {

// The largest message that protobuf knows.
inline constexpr uint64_t kMaxMessageBytes = std::numeric_limits<int>::max();

// protobuf's own bound (3.21, parse_context) of nested groups.
inline constexpr int kMaxGroupDepth = 100;

// INVALID_ARGUMENT, reason MALFORMED_MESSAGE.
absl::Status MalformedMessage();

enum class WireType : uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kLengthDelimited = 2,
  kStartGroup = 3,
  kEndGroup = 4,
  kFixed32 = 5,
};

inline void AppendVarint(std::string* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

inline size_t VarintBytes(uint64_t value) {
  size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

}  // namespace trine::server
