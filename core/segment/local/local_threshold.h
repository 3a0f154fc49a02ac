// Local thresholds: v > T(y, x), T from a square window around the pixel. See LocalThresholdStep.
//
// EXACT: pixels outside Inputs::mask do not count in windows. The formulas are those of
// LocalMethod, in double from exact sums, m = S / n and s = sqrt(n Q - S^2) / n, each operation
// rounded. Sums of floats have 106 bits: s, which is 0 where all of a window are equal, is else off
// by up to about 2^-51 of the window's largest value, 2^-41 beside values 2^10 times as large. But
//   mean:     of integers v n - sum > -offset n, exactly.
//   gaussian: so too, with integer weights round(2^22 exp(-d^2 / (2 sigma^2)) / norm) on each axis;
//             of floats v N - S > -offset N by sums of 106 bits, exactly while the values lie
//             within a factor of about 2^8 (float32: 2^37), so that no constant is above its mean.
//             Of uint8 without a mask, where windows end at
//             the border and the picture is larger than them: in integers, the same on every
//             machine and at most 0.4 gray levels from the mean by real weights: with weights of
//             2^-15 and 64ths of a gray level between the axes (0.03 of a window of 11;
//             ByteGaussError), of wide windows, about 47 to 163, in pictures of four windows and
//             more, at half the size (0.32 of 51, 0.23 of 101; HalfGaussError).
// r: half the dtype's range of 8 and 16 bits (128, 32768), half the range of the picture's values
// of wider integers and floats. Lowest and highest values are the same with every border. NIBLACK,
// SAUVOLA, WOLF, NICK, ISAUVOLA and WAN give doxa 0.9's results, by its k and window, of gray as
// its readers make it, (11 R + 16 G + 5 B) / 32 rounded down. OPENCV (adaptiveThreshold, uint8):
// the border is replicated, the mean rounded to a byte;
//   v - mean > -ceil(offset), with invert v - mean <= -floor(offset). mean: to the bit for windows
//   up to 127. gaussian: windows 3, 5, 7, 9 have dyadic weights and ties that round to even, to the
//   bit. Larger ones of both are the correctly rounded mean; OpenCV's own float32 sums, which
//   differ between machines, may round a mean the other way that lies within their error (some
//   1e-5) of a half: some pixels in a million of pictures and noise, many of patterns.
// SKIMAGE 0.19 (threshold_local, threshold_sauvola, threshold_niblack): the mean and the Gaussian
// mirror with the edge
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

#include <atomic>
#include <cstdint>
#include <optional>
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

// Writes the mask [height, width], and to `foreground` how many of its pixels are 255 where they
// were counted while they were near. REQUIRES: `with` is what ResolveLocalThreshold made for this
// picture and profile.
absl::Status LocalThreshold(const Context& context, const Picture& gray,
                            const LocalThresholdResult& with, Profile profile, bool invert,
                            uint8_t* mask, std::optional<uint64_t>* foreground);

// The parts, one file each; REQUIRES as above. EXACT's: the mean, the Gaussian, what means and
// deviations make, what the lowest and highest value make, and so on.
absl::Status LocalGaussian(const Context& context, const Picture& gray,
                           const LocalThresholdResult& with, bool invert, uint8_t* mask);
absl::Status MomentsMask(const Context& context, const Picture& gray,
                         const LocalThresholdResult& with, bool invert, uint8_t* mask);
absl::Status IsauvolaMask(const Context& context, const Picture& gray,
                          const LocalThresholdResult& with, bool invert, uint8_t* mask);
absl::Status ExtremesMask(const Context& context, const Picture& gray,
                          const LocalThresholdResult& with, bool invert, uint8_t* mask);
absl::Status SlidingOtsuMask(const Context& context, const Picture& gray, int64_t window,
                             bool invert, uint8_t* mask);
absl::Status TiledOtsuMask(const Context& context, const Picture& gray, int64_t window, bool invert,
                           uint8_t* mask);
absl::Status OpencvGaussian(const Context& context, const Picture& gray, int64_t window,
                            double sigma, double offset, bool invert, uint8_t* mask);
absl::Status SkimageMean(const Context& context, const Picture& gray, int64_t window, double offset,
                         bool invert, uint8_t* mask);
absl::Status SkimageGaussian(const Context& context, const Picture& gray, double sigma,
                             double offset, bool invert, uint8_t* mask);
absl::Status SkimageDeviations(const Context& context, const Picture& gray,
                               const LocalThresholdResult& with, bool invert, uint8_t* mask);

// Of uint8 without a mask, the mean of uint16 too, by vectors: whether a picture and parameters are
// taken, and the mask, the same as by plain loops. `set` grows by the pixels that are 255.
bool TakesByteMean(const Picture& gray, int64_t window);
absl::Status ByteMeanMask(const Context& context, const Picture& gray, int64_t window,
                          double offset, bool invert, uint8_t* mask, std::atomic<uint64_t>* set);
bool TakesByteSauvola(const Picture& gray, int64_t window, double k, double r);
absl::Status ByteSauvolaMask(const Context& context, const Picture& gray, int64_t window, double k,
                             double r, bool invert, uint8_t* mask, std::atomic<uint64_t>* set);

// Gaussian means of uint8 without a mask, where the picture is larger than the window: weights of
// 2^-15 and 64ths of a gray level between the axes, at most ByteGaussError from the mean by real
// weights [gray levels], which is at most 0.4 of what is taken. Decides the rows from `begin` to
// before `end`.
struct RowRange {
  int64_t begin = 0, end = 0;
};
double ByteGaussError(int64_t window, double sigma);
bool TakesByteGauss(const Picture& gray, int64_t window, double sigma);
absl::Status ByteGaussMask(const Context& context, const Picture& gray, int64_t window,
                           double sigma, double offset, bool invert, RowRange which, uint8_t* mask,
                           std::atomic<uint64_t>* set);

// Wide ones, of a picture of half the size: 128ths of a gray level, at most HalfGaussError from the
// mean by real weights, infinite of windows that are not wide enough; 0.4 as well.
double HalfGaussError(int64_t window, double sigma);
bool TakesHalfGauss(const Picture& gray, int64_t window, double sigma);
absl::Status HalfGaussMask(const Context& context, const Picture& gray, int64_t window,
                           double sigma, double offset, bool invert, uint8_t* mask,
                           std::atomic<uint64_t>* set);

// Adds how many pixels of a row of a mask are set, with polls.
absl::Status AddSet(const uint8_t* row, int64_t width, Poller& poll, uint64_t* sum);

// floor(-offset n) as an integer, clamped to +-2^62: D > -offset n is D > this, for integers D.
int64_t FloorOfNegativeProduct(double offset, int64_t n);

}  // namespace trine::segment
