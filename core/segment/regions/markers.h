// Watershed markers: maxima of a distance map that rise far enough above their saddles.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "core/segment/picture.h"

namespace trine::segment {

// Labels the maxima of `distance` in the pixels where `region` is not 0. A maximum counts when it
// is the highest of its connected part of the region, or when it rises `height` or more above
// the highest saddle that joins it to a higher one (h-maxima; the difference of two distances is
// exact in double). Of equal maxima the one whose first pixel comes first is the higher. A marker
// is the connected set of pixels of the maximum's value; labels are 1.. in raster order of the
// markers' first pixels, 0 elsewhere. The connectivity is the flooding's, so that every part of
// the region has a marker. RESOURCE_EXHAUSTED naming `field` above limits->max_regions.
absl::Status DistanceMarkers(const Context& context, const float* distance, const uint8_t* region,
                             int64_t height, int64_t width, Connectivity connectivity,
                             double marker_height, std::string_view field, int32_t* labels);

}  // namespace trine::segment
