// Border following with hierarchy (Suzuki, Abe, Topological Structural Analysis of Digitized
// Binary Images by Border Following, 1985, algorithm 1).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/segment/pipeline.h"
#include "core/segment/validate.h"

namespace trine::segment {

// The borders of the pixels of `mask` that are not 0, 8-connected; hole borders run through the
// pixels around the hole. Points, order and hierarchy are those of OpenCV's findContours with
// RETR_TREE and CHAIN_APPROX_NONE: each outer border starts at its first pixel in raster order and
// turns counter-clockwise as seen; the list is the tree's pre-order, and of siblings the one found
// last in raster order comes first. A contour's label is that of its first pixel in `labels`, which
// may be null.
// RESOURCE_EXHAUSTED naming `field` for more than limits->max_regions contours or more than
// limits->max_output_bytes of points.
absl::StatusOr<ContourList> FindContours(const Context& context, const uint8_t* mask,
                                         const int32_t* labels, int64_t height, int64_t width,
                                         std::string_view field);

// The same of each label of a map but 0 by itself, as if the others were background: the hierarchy
// is that of a label's own borders. `most_labels` different ones are on the map.
absl::StatusOr<ContourList> FindLabelContours(const Context& context, const int32_t* labels,
                                              uint64_t most_labels, int64_t height, int64_t width,
                                              std::string_view field);

// The step.
absl::Status RunContours(State& state, const ContoursStep& step);
absl::Status CheckContours(const StepToCheck& step, const ContoursStep& given);

}  // namespace trine::segment
