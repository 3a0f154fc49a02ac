// Local thresholds: v > T(y, x), T from a square window around the pixel. See LocalThresholdStep.
//
// EXACT: the window is clipped at the border, and pixels outside Inputs::mask do not count in it.
//   mean:     T = mean - offset. Integer pictures: v n - sum > -offset n, exactly.
//   gaussian: as the mean, with integer weights round(2^22 exp(-d^2 / (2 sigma^2)) / norm) on each
//             axis, so that the comparison is exact too; float32 sums in double in a fixed order.
//   sauvola:  T = m (1 + k (s / r - 1)), m = S / n, s = sqrt(n Q - S^2) / n in double from exact
//             sums (Sauvola, Pietikainen 2000). r: 128, 32768, or 0.5 for float32.
// OPENCV (adaptiveThreshold, uint8): the border is replicated, the mean rounded to a byte;
//   v - mean > -ceil(offset), with invert v - mean <= -floor(offset). gaussian: windows 3, 5, 7,
//   whose weights are dyadic and whose ties round to even; above, OpenCV's float sums depend on the
//   machine. mean: windows for which its float and double paths round alike (all up to 127).
// SKIMAGE 0.19 (threshold_local, threshold_sauvola; uint8 and uint16): the mean mirrors with the
//   edge duplicated and runs in double along columns, then rows, as scipy's uniform_filter;
//   sauvola mirrors without duplicating, r = half of (max - min) of the dtype (127.5, 32767.5), and
//   is exact to the bit while the picture's sum of squares is below 2^53.
// Everything else is UNIMPLEMENTED. OPENCV and SKIMAGE windows see the pixels outside the mask: the
// libraries have none.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "core/segment/picture.h"
#include "core/segment/segment.h"

namespace trine::segment {

inline constexpr int64_t kMaxWindow = 65535;

// Whether the parameters, each in its range, go with each other and are offered for this profile
// and dtype; `field` is the step's path, for example "steps[0].local_threshold".
absl::Status CheckLocalThreshold(const LocalThresholdStep& step, Profile profile, DType dtype,
                                 std::string_view field);

// Writes the mask [height, width]. REQUIRES: CheckLocalThreshold said OK.
absl::Status LocalThreshold(const Context& context, const Picture& gray,
                            const LocalThresholdStep& step, Profile profile, bool invert,
                            uint8_t* mask);

// The parts, one file each; REQUIRES as above, `window` resolved.
absl::Status LocalGaussian(const Context& context, const Picture& gray, int64_t window,
                           double sigma, double offset, bool invert, uint8_t* mask);
absl::Status OpencvGaussian(const Context& context, const Picture& gray, int64_t window,
                            double offset, bool invert, uint8_t* mask);
absl::Status SkimageMean(const Context& context, const Picture& gray, int64_t window, double offset,
                         bool invert, uint8_t* mask);

// Whether OpenCV's two ways of rounding a box mean agree for this window (see above).
bool OpencvMeanIsExact(int64_t window);

// floor(-offset n) as an integer, clamped to +-2^62: D > -offset n is D > this, for integers D.
int64_t FloorOfNegativeProduct(double offset, int64_t n);

}  // namespace trine::segment
