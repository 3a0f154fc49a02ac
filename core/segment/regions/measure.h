// Measurements of each label of a label map.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/segment/picture.h"

namespace trine::segment {

// The regions of the labels above 0, ascending by label; none is above `highest_label`. Sums are
// exact integers; intensities of float32 pictures are summed in double-double in raster order.
// RESOURCE_EXHAUSTED naming `field` above limits->max_regions.
absl::StatusOr<std::vector<Region>> MeasureRegions(const Context& context, const Picture& gray,
                                                   const int32_t* labels, int64_t highest_label,
                                                   std::string_view field);

}  // namespace trine::segment
