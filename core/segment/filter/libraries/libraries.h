// Filters that are another library's alone; those that it shares with EXACT are beside their steps.
// `out` gets the pixels, of gray's type and size. Results never depend on threads or machine.
//
// OPENCV    4.6 and 5.0, without IPP, which answer alike. Beyond the border the picture is
//           mirrored without its border pixels (BORDER_REFLECT_101).
//   mean      blur: of uint8 and a square of at most 256 pixels the sum, raised by a half, times
//             2^23 / pixels in integers; of larger ones and of uint16 (to a radius of 90) the sum
//             times 1 / pixels in float32, in the last width % 8 columns in float64. Machines whose
//             vectors have other lengths do so in other columns: there means that are within 1 / 64
//             of a half may be rounded to its other side, of uint8 from a radius of 52 on only. Of
//             float32 and float64 sums in float64 that slide, in its order.
//   gaussian  GaussianBlur with the side made from sigma (round(6 sigma) of uint8, 8 of uint16,
//             then the next odd number): weights in 256ths (65536ths), what rounding leaves passed
//             on to the next from the border on, and one rounding at the end.
// SKIMAGE   0.26. Both of uint8 and uint16 make float64 from 0 to 1.
//   gaussian  filters.gaussian. Sums in float64 by the machine's exp, those of float32 rounded
//             after each axis. Of
//             float64 the last digit is that of the library where its numpy takes that exp too (not
//             with AVX-512) and its scipy no fused products (x86-64); of float32 only what is
//             within 2^-50 of a tie can differ on others.
//   equalize  exposure.equalize_adapthist, of floats from -1 to 1: regions of
//             height / tiles by width / tiles pixels, rounded down and at least 1, and its
//             clip_limit is that of the step over 256, its bins.
// IMAGEJ    1.52; in float32, the order of its operations included; floats at most 2^120 from 0.
//   mean, median  of its disks (window.h).
//   gaussian  Gaussian Blur with its accuracy, 0.002 of uint8 and 0.0002 of others. Above a sigma
//   of
//             8.5 lines are reduced first, and enlarged again.
//   rolling ball  Subtract Background, smoothed, of uint8, uint16 and float32. Above a radius of 10
//             the picture is shrunk by ImagejShrink; one that is not wider than that it does not
//             take.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/segment/picture.h"

namespace trine::segment {

absl::Status SmoothOpencvMean(const Context& context, const Picture& gray, int64_t radius,
                              uint8_t* out);
// REQUIRES: uint8 or uint16, all inside.
absl::Status SmoothOpencvGaussian(const Context& context, const Picture& gray, double sigma,
                                  uint8_t* out);
// What both of SKIMAGE's make of a picture of `gray`.
DType SkimageFloats(DType gray);
// REQUIRES: uint8, uint16, float32 or float64, all inside.
absl::Status SmoothSkimageGaussian(const Context& context, const Picture& gray, double sigma,
                                   uint8_t* out);
// UNIMPLEMENTED where a float is not from -1 to 1. REQUIRES: as above.
absl::Status EqualizeSkimage(const Context& context, const Picture& gray, int64_t tiles,
                             double clip_limit, uint8_t* out);
// REQUIRES, here and of the next ones: uint8, uint16 or float32, all inside.
absl::Status SmoothImagejMean(const Context& context, const Picture& gray, int64_t radius,
                              uint8_t* out);
absl::Status SmoothImagejMedian(const Context& context, const Picture& gray, int64_t radius,
                                uint8_t* out);
absl::Status SmoothImagejGaussian(const Context& context, const Picture& gray, double sigma,
                                  uint8_t* out);
// What stays, as background.h has it. REQUIRES, too: the picture is wider than
// ImagejShrink(radius), or that is 1.
absl::Status RemoveImagejBall(const Context& context, const Picture& gray, int64_t radius,
                              bool light, uint8_t* out);
int64_t ImagejShrink(int64_t radius);

}  // namespace trine::segment
