// Connected components of the mask, from its runs.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/segment/pipeline.h"

namespace trine::segment {

// Labels 1.. in raster order of first pixels; components smaller than min_area are removed from
// mask and labels. RESOURCE_EXHAUSTED naming the step above limits->max_regions.
absl::Status RunComponentsStep(State& state, const ComponentsStep& step);

}  // namespace trine::segment
