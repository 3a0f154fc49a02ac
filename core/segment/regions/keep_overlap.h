// Components of the mask that overlap other pixels. Thread safety: all functions.
#pragma once

#include "absl/status/status.h"
#include "core/segment/pipeline.h"
#include "core/segment/validate.h"

namespace trine::segment {

// With what `step` compares: what it says, else the markers where there are any.
bool OverlapsMarkers(const KeepOverlapStep& step, const Inputs& inputs);

absl::Status CheckKeepOverlap(const StepToCheck& step, const KeepOverlapStep& given);

// A component stays where at least one of its pixels, and at least share * area of them (a product
// of float64), are set in the markers, or lie above the threshold.
absl::Status RunKeepOverlap(State& state, const KeepOverlapStep& given);

}  // namespace trine::segment
