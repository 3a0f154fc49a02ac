// The watershed as a step: where its markers, its relief and its region come from.
#pragma once

#include "absl/status/status.h"
#include "core/segment/pipeline.h"
#include "core/segment/segment.h"
#include "core/segment/validate.h"

namespace trine::segment {

// Floods the mask where a step made one, else every pixel inside; sets labels, their number and the
// mask.
absl::Status RunWatershed(State& state, const WatershedStep& step);

// That given markers and the distance map are there where the step wants them.
absl::Status CheckWatershed(const StepToCheck& step, const WatershedStep& watershed);

}  // namespace trine::segment
