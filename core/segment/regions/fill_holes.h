// Filling holes of a mask: background that does not reach the border.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/segment/picture.h"

namespace trine::segment {

// Sets the holes' pixels to 255, where `inside` is null or not 0: pixels outside are background
// that a hole may lie around, and are neither filled nor counted in its area.
absl::Status FillHoles(const Context& context, int64_t height, int64_t width,
                       const FillHolesStep& step, const uint8_t* inside, uint8_t* mask);

}  // namespace trine::segment
