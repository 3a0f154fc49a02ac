// The list of segmentation steps: one row a step. To add one, write its file and add its row.
#pragma once

#include <string_view>

#include "absl/types/span.h"
#include "core/segment/step.h"

namespace trine::segment {

// In the order of the protocol's numbers.
absl::Span<const StepSpec> AllSteps();

// The row of that name; null where there is none.
const StepSpec* FindStep(std::string_view name);

}  // namespace trine::segment
