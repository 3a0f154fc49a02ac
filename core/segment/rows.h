// The rooms' rows of the list of steps, which steps.cc joins. A room's rows are in its own file.
#pragma once

#include <vector>

#include "core/segment/step.h"

namespace trine::segment {

std::vector<StepSpec> FilterRows();
std::vector<StepSpec> ThresholdRows();
std::vector<StepSpec> LocalRows();
std::vector<StepSpec> DocumentRows();
std::vector<StepSpec> RegionRows();
std::vector<StepSpec> ContourRows();

}  // namespace trine::segment
