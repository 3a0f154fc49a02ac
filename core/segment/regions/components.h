// Connected components by two passes and union-find (Rosenfeld, Pfaltz 1966).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/segment/picture.h"

namespace trine::segment {

// Components of the pixels where (mask != 0) == foreground, labelled for the first pass.
struct Provisional {
  // root[l] of provisional label l: the smallest label of its component; root[0] is 0. Labels
  // were given in raster order, so roots ascend with their component's first pixel.
  Scratch<int32_t> root;
};

// Writes a provisional label a pixel, 0 elsewhere. REQUIRES: height * width <= kMaxPixels.
absl::StatusOr<Provisional> LabelProvisionally(const Context& context, const uint8_t* mask,
                                               bool foreground, int64_t height, int64_t width,
                                               Connectivity connectivity, int32_t* labels);

// The step: labels 1.. in raster order of first pixels; components smaller than min_area are
// removed from both maps. Returns the number of labels. RESOURCE_EXHAUSTED naming `field` above
// limits->max_regions.
absl::StatusOr<int64_t> LabelComponents(const Context& context, int64_t height, int64_t width,
                                        const ComponentsStep& step, std::string_view field,
                                        uint8_t* mask, int32_t* labels);

}  // namespace trine::segment
