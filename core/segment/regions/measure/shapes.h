// Outlines and hulls of measured regions.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "core/segment/pipeline.h"

namespace trine::segment {

// Sets the shape of each of `regions`, which are by ascending label and those of the label map.
absl::Status MeasureShapes(State& state, std::vector<Region>* regions);

}  // namespace trine::segment
