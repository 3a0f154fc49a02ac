// Swapping foreground and background of the mask.
#pragma once

#include "absl/status/status.h"
#include "core/segment/pipeline.h"

namespace trine::segment {

// Pixels outside the picture's mask stay 0.
absl::Status Invert(State& state);

}  // namespace trine::segment
