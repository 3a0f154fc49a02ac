// Border following with hierarchy (Suzuki, Abe, Topological Structural Analysis of Digitized
// Binary Images by Border Following, 1985, algorithm 1).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/segment/picture.h"

namespace trine::segment {

// The borders of the pixels of `mask` that are not 0, 8-connected; hole borders run through the
// pixels around the hole. Points, order and hierarchy are those of OpenCV's findContours with
// RETR_TREE and CHAIN_APPROX_NONE: each outer border starts at its first pixel in raster order and
// turns counter-clockwise as seen; the list is the tree's pre-order, and of siblings the one found
// last in raster order comes first.
// RESOURCE_EXHAUSTED naming `field` for more than limits->max_regions contours or more than
// limits->max_output_bytes of points.
absl::StatusOr<ContourList> FindContours(const Context& context, const uint8_t* mask,
                                         int64_t height, int64_t width, std::string_view field);

}  // namespace trine::segment
