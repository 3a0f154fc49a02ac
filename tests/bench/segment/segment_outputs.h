// What rows and peers give, in one form, so that it can be compared.
#pragma once

#include <cstdint>
#include <vector>

#include "core/segment/segment.h"

namespace trine::bench {

// Of little-endian numbers, in raster order where there is one a pixel.
enum class Form : uint8_t {
  kForeground,  // uint8 a pixel: not 0 is foreground
  kLabels,      // int32 a pixel: as partitions; pixels that the peer left below 0 do not count
  kDistance,    // float32 a pixel, which peers round otherwise
  kBoxes,       // float64, a region: area, min_y, min_x, max_y, max_x, centroid_y, centroid_x
  kMeasures,    // the same, and mean_intensity
  kContours,    // int32, a contour: next, previous, child, parent, points, then y and x of each
};
using Output = std::vector<uint8_t>;

// REQUIRES: the steps made it.
Output OutputOf(const segment::Result& result, Form form);

// Which part of the pixels (regions, numbers) differs; 1 where there are not as many. Partitions
// differ where a label is not the other's most frequent one there. Regions are in any order.
double DifferingPart(Form form, const Output& ours, const Output& theirs);

}  // namespace trine::bench
