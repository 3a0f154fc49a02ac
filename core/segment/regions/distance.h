// The exact Euclidean distance transform in integers (Meijster, Roerdink, Hesselink 2000):
// distances in the columns, then in the rows, those of neighbouring columns first: most distances
// are short.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/segment/picture.h"

namespace trine::segment {

// The square root of `squared`, correctly rounded to float32. REQUIRES: squared < 2^62.
float RoundedSqrt(uint64_t squared);

// distance[i] = distance of a pixel of `mask` != 0 to the nearest one of 0, 0 for those; +infinity
// everywhere when none is 0. `mask` and `distance` are [height, width].
absl::Status DistanceMap(const Context& context, const uint8_t* mask, int64_t height, int64_t width,
                         float* distance);

// What DistanceMap works with at most [bytes].
uint64_t DistanceBytes(const Context& context, int64_t height, int64_t width);

}  // namespace trine::segment
