// What ADAPTIVE would spend on a sample, tried on one lane.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/base/cancel.h"
#include "core/base/limits.h"
#include "core/coding/models/adaptive/adaptive_model.h"
#include "core/coding/models/sample.h"

namespace trine::coding {

// Blocks that are shorter are coded with a middle rate.
inline constexpr size_t kMinRateBytes = (size_t{2} << 10) + 1;

// RESOURCE_EXHAUSTED where models of these parameters exceed limits.max_model_bytes.

// What the models would spend on the counted part of the sample, in units of 2^-16 bits.
absl::StatusOr<uint64_t> CostOfSample(const Sample& sample, const AdaptiveParams& params,
                                      const Limits& limits, const CancelToken& cancel);
// Tries rates on the sample and keeps the one that costs least.
absl::StatusOr<AdaptiveParams> ChooseRate(const Sample& sample, const AdaptiveParams& params,
                                          const Limits& limits, const CancelToken& cancel);

}  // namespace trine::coding
