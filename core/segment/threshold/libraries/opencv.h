// OpenCV 5.0's threshold with THRESH_TRIANGLE, to the bit, of a histogram of 256 bins with at least
// one count. REQUIRES: a picture of uint8.
//
// Thread safety: all functions.
#pragma once

#include "absl/status/statusor.h"
#include "core/segment/threshold/auto/methods.h"

namespace trine::segment {

// From the bin farthest below the line between the first of the highest bins and the farther end of
// the histogram, an empty bin where there is one, the next bin towards that end: -1 or 256 where
// that is beyond the last one.
absl::StatusOr<double> OpencvTriangle(const MethodInput& of);

}  // namespace trine::segment
