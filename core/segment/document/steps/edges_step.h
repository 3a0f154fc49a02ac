// The step edges. Thread safety: all functions.
#pragma once

#include "absl/status/status.h"
#include "core/segment/pipeline.h"
#include "core/segment/validate.h"

namespace trine::segment {

absl::Status CheckEdges(const StepToCheck& step, const EdgesStep& given);
absl::Status RunEdges(State& state, const EdgesStep& given);

}  // namespace trine::segment
