// Measurements of each label of a label map.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/segment/picture.h"

namespace trine::segment {

// The regions of the labels that are not 0, ascending by label; at most `most_labels`. Sums are
// exact integers; intensities of float32 pictures are summed in double-double in raster order.
// RESOURCE_EXHAUSTED naming `field` above limits->max_regions.
absl::StatusOr<std::vector<Region>> MeasureRegions(const Context& context, const Picture& gray,
                                                   const int32_t* labels, uint64_t most_labels,
                                                   std::string_view field);

}  // namespace trine::segment
