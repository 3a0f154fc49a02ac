// Hysteresis: foreground above the high threshold, and above the low one where it is connected to
// that.
#pragma once

#include "absl/status/status.h"
#include "core/segment/pipeline.h"
#include "core/segment/segment.h"
#include "core/segment/validate.h"

namespace trine::segment {

// INVALID_ARGUMENT naming a threshold that is not given, or low above high.
absl::Status CheckHysteresis(const StepToCheck& step, const HysteresisStep& parameters);

// Sets the mask. REQUIRES: CheckHysteresis said OK.
absl::Status RunHysteresis(State& state, const HysteresisStep& parameters);

}  // namespace trine::segment
