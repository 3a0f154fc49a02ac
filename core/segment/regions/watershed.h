// Marker-controlled watershed by flooding (Meyer 1994; Beucher, Meyer 1993).
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "core/segment/picture.h"

namespace trine::segment {

// Heights of a relief as levels of a bucket queue.
struct Levelled {
  Scratch<int32_t> level;  // [height, width], in [0, count)
  int32_t count = 0;
};
// Pixels outside `region` have any level from 0 on, here and below.
absl::StatusOr<Levelled> LevelsOfGray(const Context& context, const Picture& gray,
                                      const uint8_t* region);
// The negated distance map: the highest distance is level 0.
absl::StatusOr<Levelled> LevelsOfDistance(const Context& context, const float* distance,
                                          const uint8_t* region, int64_t pixels);

// Floods the pixels where `region` is not 0 from the labels that `labels` holds there (others are
// cleared); any number but 0 is a label. The queue starts with the marker pixels in raster order.
// The pixel of the lowest level, and among those the oldest, gives its label to each neighbour in
// the region that has none, in the order of grid.h; the neighbour enters the queue at its own level
// or its parent's, whichever is higher. With `lines`, of two neighbours with different labels the
// one that was labelled later becomes 0 at the end: lines do not change where the basins meet, and
// they separate adjacent markers too. `relief` is used up.
absl::Status Flood(const Context& context, const uint8_t* region, int64_t height, int64_t width,
                   Connectivity connectivity, bool lines, Levelled* relief, int32_t* labels);

}  // namespace trine::segment
