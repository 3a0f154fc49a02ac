// Measurements of the regions of a label map.
#pragma once

#include "absl/status/status.h"
#include "core/segment/pipeline.h"

namespace trine::segment {

// The step: sets the regions, by ascending label. RESOURCE_EXHAUSTED naming the step for more than
// limits->max_regions.
absl::Status RunMeasure(State& state, const MeasureStep& step);

}  // namespace trine::segment
