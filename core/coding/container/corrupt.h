// The error of a stream that is not what FORMAT.md says.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "core/base/error.h"

namespace trine::coding {

// In place of a block's number or the offset of an error where there is none: those of an excerpt,
// say, mean nothing in the stream that it was cut from.
inline constexpr int64_t kNoBlock = -1;
inline constexpr uint64_t kNoOffset = ~uint64_t{0};

// DATA_LOSS. `offset`: in the coded bytes.
inline absl::Status Corrupt(int64_t block, uint64_t offset, std::string_view text) {
  return CorruptStream(block, static_cast<int64_t>(offset), text);
}

// The same of a payload or a table: whoever calls its decoder knows the place.
inline absl::Status Corrupt(std::string_view text) { return Corrupt(kNoBlock, kNoOffset, text); }

}  // namespace trine::coding
