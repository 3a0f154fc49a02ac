// Local thresholds: v > T(y, x), T from a square window around the pixel. See LocalThresholdStep.
//
// EXACT: the window is clipped at the border, and pixels outside Inputs::mask do not count in it.
//   mean:     T = mean - offset. Integer pictures: v n - sum > -offset n, exactly.
//   gaussian: as the mean, with integer weights round(2^22 exp(-d^2 / (2 sigma^2)) / norm) on each
//             axis, so that the comparison is exact too; floats sum in double in a fixed order.
//   sauvola:  T = m (1 + k (s / r - 1)), m = S / n, s = sqrt(n Q - S^2) / n in double from exact
//             sums (Sauvola, Pietikainen 2000). r: half the dtype's range of 8 and 16 bits (128,
//             32768), half the range of the picture's values of wider integers and floats.
// OPENCV (adaptiveThreshold, uint8): the border is replicated, the mean rounded to a byte;
//   v - mean > -ceil(offset), with invert v - mean <= -floor(offset). mean: to the bit for windows
//   up to 127. gaussian: windows 3, 5, 7, 9 have dyadic weights and ties that round to even, to the
//   bit. Larger ones of both are the correctly rounded mean; OpenCV's own float32 sums, which
//   differ between machines, may round a mean the other way that lies within their error (some
//   1e-5) of a half: some pixels in a million of pictures and noise, many of patterns.
// SKIMAGE 0.19 (threshold_local, threshold_sauvola): the mean and the Gaussian mirror with the edge
//   duplicated and run in double along columns, then rows, as scipy's uniform_filter and
//   gaussian_filter (cut at 4 sigma, whatever the window); sauvola mirrors without duplicating, r =
//   half of (max - min) of the dtype (127.5, 32767.5; 1 of floats). float32 is rounded to float32
//   where the library does. The mean is equal to the bit; sauvola is so of integers while the
//   picture's sum of squares is below 2^53. The Gaussian, and sauvola of floats, whose sums the
//   library takes from differences over the whole picture, are equal but for pixels within the
//   rounding of these sums of their threshold.
// Everything else is UNIMPLEMENTED. OPENCV and SKIMAGE windows see the pixels outside the mask: the
// libraries have none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/segment/picture.h"
#include "core/segment/segment.h"

namespace trine::segment {

inline constexpr int64_t kMaxWindow = 65535;

// Whether the parameters, each in its range, go with each other and are offered for this profile
// and dtype; `field` is the step's path, for example "steps[0].local_threshold".
absl::Status CheckLocalThreshold(const LocalThresholdStep& step, Profile profile, DType dtype,
                                 std::string_view field);

// The parameters with what the profile, the dtype that was given and the picture's values decide.
// A sentence is added to `warnings` where Sauvola's r is less than a hundredth of the range of the
// picture's values. UNIMPLEMENTED naming "profile" where a SKIMAGE window would see a value outside
// the mask that is not finite. REQUIRES: CheckLocalThreshold said OK.
absl::StatusOr<LocalThresholdResult> ResolveLocalThreshold(const Context& context,
                                                           const Picture& gray,
                                                           const LocalThresholdStep& step,
                                                           Profile profile, DType given,
                                                           std::vector<std::string>* warnings);

// Writes the mask [height, width]. REQUIRES: `with` is what ResolveLocalThreshold made for this
// picture and profile.
absl::Status LocalThreshold(const Context& context, const Picture& gray,
                            const LocalThresholdResult& with, Profile profile, bool invert,
                            uint8_t* mask);

// The parts, one file each; REQUIRES as above.
absl::Status LocalGaussian(const Context& context, const Picture& gray, int64_t window,
                           double sigma, double offset, bool invert, uint8_t* mask);
absl::Status OpencvGaussian(const Context& context, const Picture& gray, int64_t window,
                            double sigma, double offset, bool invert, uint8_t* mask);
absl::Status SkimageMean(const Context& context, const Picture& gray, int64_t window, double offset,
                         bool invert, uint8_t* mask);
absl::Status SkimageGaussian(const Context& context, const Picture& gray, double sigma,
                             double offset, bool invert, uint8_t* mask);
absl::Status SkimageSauvola(const Context& context, const Picture& gray, int64_t window, double k,
                            double r, bool invert, uint8_t* mask);

// Of uint8 without a mask, by vectors: whether a picture and parameters are taken, and the mask,
// the same as by plain loops.
bool TakesByteMean(const Picture& gray, int64_t window);
absl::Status ByteMeanMask(const Context& context, const Picture& gray, int64_t window,
                          double offset, bool invert, uint8_t* mask);
bool TakesByteSauvola(const Picture& gray, int64_t window, double k, double r);
absl::Status ByteSauvolaMask(const Context& context, const Picture& gray, int64_t window, double k,
                             double r, bool invert, uint8_t* mask);

// floor(-offset n) as an integer, clamped to +-2^62: D > -offset n is D > this, for integers D.
int64_t FloorOfNegativeProduct(double offset, int64_t n);

}  // namespace trine::segment
