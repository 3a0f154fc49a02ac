// The step masked_threshold. Thread safety: all functions.
#pragma once

#include "absl/status/status.h"
#include "core/segment/pipeline.h"
#include "core/segment/validate.h"

namespace trine::segment {

absl::Status CheckMaskedThreshold(const StepToCheck& step, const MaskedThresholdStep& given);
absl::Status RunMaskedThreshold(State& state, const MaskedThresholdStep& given);

}  // namespace trine::segment
