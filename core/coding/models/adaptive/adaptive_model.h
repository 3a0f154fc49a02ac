// ADAPTIVE of order 0, 1 and 2: each byte as two nibbles, each nibble with a distribution that is
// learned on the way, chosen by the bytes before and, for the low nibble, by the high one. The
// lanes code contiguous parts of the block and share the models.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/base/limits.h"
#include "core/coding/models/payload.h"
#include "core/coding/models/sample.h"

namespace trine::coding {

struct AdaptiveParams {
  int order = 1;  // 0 to 2
  int lanes_log2 = 0;
  int segment_log2 = 7;  // a lane's bytes in a row
  int slowest = 262;     // rate of learning [2^-16]
  int slots_log2 = 8;    // order 2: contexts are hashed to this many bits
};

// The parameters for a block of `raw_bytes` but for the rate, which is a middle one.
AdaptiveParams DefaultAdaptive(uint64_t raw_bytes, int order);
// Memory of the models with these parameters.
uint64_t ModelBytes(const AdaptiveParams& params);
// RESOURCE_EXHAUSTED where it is more than limits.max_model_bytes.
absl::Status CheckModelBytes(const AdaptiveParams& params, const Limits& limits);

// What the lanes spend on a sample [2^-16 bits].
struct LearnedCost {
  uint64_t taught = 0;   // on its first part, up to sample.begin
  uint64_t counted = 0;  // on the rest
};
// Fast, and not as precise on a few kilobytes as one lane (adaptive_cost.h). REQUIRES: where a
// sample has a first part, that is in whole stripes. RESOURCE_EXHAUSTED as below.
absl::StatusOr<LearnedCost> CostOfLanes(const Sample& sample, const AdaptiveParams& params,
                                        const Limits& limits, const CancelToken& cancel);

// RESOURCE_EXHAUSTED when the models need more than limits.max_model_bytes.
absl::StatusOr<Payload> EncodeAdaptive(ByteView raw, const AdaptiveParams& params,
                                       const Limits& limits, const CancelToken& cancel);

// Fills `raw`. DATA_LOSS (without block and offset) for a payload that is not one of its length.
absl::Status DecodeAdaptive(ByteView payload, int order, MutableByteView raw, const Limits& limits,
                            const CancelToken& cancel);

}  // namespace trine::coding
