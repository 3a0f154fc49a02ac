// Removing the small regions of a label map.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "core/segment/picture.h"

namespace trine::segment {

// Labels of fewer than `min_area` pixels become 0; the others 1, 2, ... in raster order of their
// first pixels. `most_labels` bounds how many different ones there are. RESOURCE_EXHAUSTED naming
// `field` above limits->max_regions of them. Memory for them is reserved with the context.
absl::Status RemoveSmallRegions(const Context& context, int64_t pixels, uint64_t most_labels,
                                int64_t min_area, std::string_view field, int32_t* labels);

}  // namespace trine::segment
