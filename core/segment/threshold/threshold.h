// Applying thresholds to a picture.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/segment/picture.h"

namespace trine::segment {

// mask[i] = 255 where the pixel lies inside and v > thresholds[0] (v <= thresholds[0] with
// `invert`), else 0; labels[i] = how many thresholds are below v, 0 outside. `mask` is
// [height, width]; `labels` too, or null. REQUIRES: 1 to 255 thresholds, ascending, finite.
absl::Status ApplyThresholds(const Context& context, const Picture& gray,
                             absl::Span<const double> thresholds, bool invert, uint8_t* mask,
                             int32_t* labels);

}  // namespace trine::segment
