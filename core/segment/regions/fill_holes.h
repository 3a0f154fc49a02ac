// Holes of the mask: components of its background that do not reach the border.
#pragma once

#include "absl/status/status.h"
#include "core/segment/pipeline.h"

namespace trine::segment {

// Fills them, with max_area > 0 those of at most so many pixels inside.
absl::Status RunFillHoles(State& state, const FillHolesStep& step);

}  // namespace trine::segment
