// Contrast: histograms made equal or stretched. Results never depend on threads or machine.
//
// Equalize  OpenCV's createCLAHE, to the bit: tiles x tiles tables from the clipped histograms of
//           the picture, continued by reflection to a multiple of the tiles, and between their
//           centres interpolation in float32. Of tiles with pixels outside the mask only those
//           inside count, in the histogram and in its mean; a tile without any leaves values as
//           they are. Profile SKIMAGE: filter/libraries/libraries.h.
// Stretch   the percentile p of n pixels is the one of index floor(p (n - 1) / 100) in their order.
//           v becomes (v - low) / (high - low) of the range: that of the type of 8 and 16 bits, 0
//           to 65535 of wider integers, 0 to 1 of floats. Where low = high, what is above goes to
//           the upper end and the rest to the lower.
//           Profile SKIMAGE of uint8 and uint16: scikit-image 0.26's exposure.rescale_intensity
//           from numpy.percentile(image, (low, high)), which interpolates and rounds down; where
//           low = high all become that percentile, rounded down.
//           Profile IMAGEJ of those types: Enhance Contrast, normalized, with 2 low percent
//           saturated; high is 100 - low. The ends are the values of n low / 100 pixels, rounded
//           down, from below and from above; results are rounded down, and where the ends are the
//           same nothing changes.
#pragma once

#include "absl/status/status.h"
#include "core/segment/pipeline.h"
#include "core/segment/validate.h"

namespace trine::segment {

inline constexpr int64_t kMostTiles = 32;
inline constexpr double kMostClipLimit = 65536;

absl::Status CheckEqualize(const StepToCheck& step, const EqualizeStep& given);
absl::Status RunEqualize(State& state, const EqualizeStep& given);

absl::Status CheckStretch(const StepToCheck& step, const StretchStep& given);
absl::Status RunStretch(State& state, const StretchStep& given);

// Their work; `out` gets the pixels as they are stored. REQUIRES: the checks said OK.
absl::Status Equalize(const Context& context, const Picture& gray, const EqualizeStep& step,
                      uint8_t* out);
absl::Status Stretch(const Context& context, const Picture& gray, const StretchStep& step,
                     uint8_t* out);
absl::Status StretchSkimage(const Context& context, const Picture& gray, const StretchStep& step,
                            uint8_t* out);
absl::Status StretchImagej(const Context& context, const Picture& gray, const StretchStep& step,
                           uint8_t* out);

}  // namespace trine::segment
