// How many lanes code a payload, and how often their loops poll.
#pragma once

#include <cstdint>

#include "core/coding/container/format.h"

namespace trine::coding {

// Symbols between two cancellation polls: below 1 ms at 20 MB/s.
inline constexpr uint64_t kPollSymbols = 16384;

// Lanes (as log2) for a payload of about `payload_bytes`. A narrow lane costs about 3 bytes: with
// one lane for 4 KiB that is below 0.1 %.
constexpr int ChooseLanesLog2(uint64_t payload_bytes, int max_lanes_log2) {
  int lanes_log2 = 0;
  while (lanes_log2 < max_lanes_log2 && payload_bytes >> (12 + lanes_log2 + 1) != 0) ++lanes_log2;
  return lanes_log2;
}

// The same for the kernels of order 0 and 1, which are fast from 16 lanes on and twice as fast with
// 32: with a lane for 2252 bytes they cost at most 0.13 %.
inline constexpr uint64_t kNarrowLaneBytes = 3;
constexpr int ChooseKernelLanesLog2(uint64_t payload_bytes) {
  return ChooseLanesLog2(payload_bytes / 11 * 20, format::kMaxLanesLog2);
}

}  // namespace trine::coding
