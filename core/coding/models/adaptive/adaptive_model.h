// ADAPTIVE of order 0, 1 and 2: each byte as two nibbles, each nibble with a distribution that is
// learned on the way, chosen by the bytes before and, for the low nibble, by the high one. The
// lanes code contiguous parts of the block and share the models.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/base/limits.h"
#include "core/coding/coder/lane_count.h"

namespace trine::coding {

struct AdaptiveParams {
  int order = 1;  // 0 to 2
  int lanes_log2 = 0;
  int segment_log2 = 7;  // a lane's bytes in a row
  int slowest = 262;     // rate of learning [2^-16]
  int slots_log2 = 8;    // order 2: contexts are hashed to this many bits
};

// Parts of a block on which parameters and models are tried, in the block's order.
struct Sample {
  std::vector<uint8_t> bytes;  // the whole block where it is short, else pieces spread over it
  size_t begin = 0;            // cost counts from here on; what is before only teaches the models
};
Sample TakeSample(ByteView raw);

// The parameters for a block of `raw_bytes` but for the rate, which is a middle one.
AdaptiveParams DefaultAdaptive(uint64_t raw_bytes, int order);
// What the models would spend on the counted part of the sample, in units of 2^-16 bits.
absl::StatusOr<uint64_t> CostOfSample(const Sample& sample, const AdaptiveParams& params,
                                      const CancelToken& cancel);
// Tries rates on the sample and keeps the one that costs least.
absl::StatusOr<AdaptiveParams> ChooseRate(const Sample& sample, const AdaptiveParams& params,
                                          const CancelToken& cancel);

// RESOURCE_EXHAUSTED when the models need more than limits.max_model_bytes.
absl::StatusOr<Payload> EncodeAdaptive(ByteView raw, const AdaptiveParams& params,
                                       const Limits& limits, const CancelToken& cancel);

// Fills `raw`. DATA_LOSS (without block and offset) for a payload that is not one of its length.
absl::Status DecodeAdaptive(ByteView payload, int order, MutableByteView raw, const Limits& limits,
                            const CancelToken& cancel);

}  // namespace trine::coding
