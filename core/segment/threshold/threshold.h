// Given thresholds, and applying thresholds to a picture.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/segment/picture.h"

namespace trine::segment {

// What given thresholds make of the picture: classes, separability. `plateau_low` and
// `plateau_high` are the first. Where no pixel is inside all classes are empty.
absl::StatusOr<ThresholdResult> Describe(const Context& context, const Picture& gray,
                                         const std::vector<double>& thresholds);

// INVALID_ARGUMENT naming an element of `field` that is not above the one before it.
absl::Status CheckIncreasing(std::string_view field, absl::Span<const double> thresholds);

struct Applying {
  bool invert = false;
  bool streamed = false;  // past the caches, since nobody reads mask and labels soon
};

// mask[i] = 255 where the pixel lies inside and v > thresholds[0] (v <= thresholds[0] with
// `invert`), else 0; labels[i] = how many thresholds are below v, 0 outside. How many pixels of the
// mask are 255. `mask` is [height, width]; `labels` too, or null; both are written whole.
// REQUIRES: 1 to 255 thresholds, ascending, finite.
absl::StatusOr<uint64_t> ApplyThresholds(const Context& context, const Picture& gray,
                                         absl::Span<const double> thresholds, const Applying& how,
                                         uint8_t* mask, int32_t* labels);

}  // namespace trine::segment
