// Marker-controlled watershed by flooding (Meyer 1994; Beucher, Meyer 1993).
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/segment/picture.h"
#include "core/segment/regions/flood/relief.h"

namespace trine::segment {

// Floods the pixels where `region` is not 0 from the labels that `labels` holds there (others are
// cleared). The queue starts with the marker pixels in raster order. The pixel of the lowest level,
// and among those the oldest, gives its label to each neighbour in the region that has none, in the
// order of grid.h; the neighbour enters the queue at its own level or its parent's, whichever is
// higher. With `lines`, of two neighbours with different labels the one that was labelled later
// becomes 0 at the end: lines do not change where the basins meet, and they separate adjacent
// markers too.
//
// Profile SKIMAGE floods as scikit-image 0.26's skimage.segmentation.watershed (compactness 0), to
// the last pixel: markers have one age, so that those of one level come in the order of its binary
// heap; lines (watershed_line) are pixels that meet two labels when their turn comes, they do
// change where basins meet, and adjacent markers keep their labels. Labels may be below 0 there
// alone.
//
// `relief` is used up.
absl::Status Flood(const Context& context, const uint8_t* region, int64_t height, int64_t width,
                   Connectivity connectivity, bool lines, Profile profile, FloodRelief* relief,
                   int32_t* labels);

}  // namespace trine::segment
