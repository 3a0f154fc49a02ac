// Smoothing: the gray picture that each pixel's surroundings give. Results never depend on threads
// or machine: integers, or IEEE operations in a fixed order.
//
// Gaussian   weights exp(-d^2 / (2 sigma^2)) to 4 sigma, their sum 1, rows and columns apart, in
//            float32 (pictures of floats: float64). From sigma 5 on, of pictures of at least 64 x
//            64, the picture is halved by [1 3 3 1] / 8 until sigma is below 5 pixels, smoothed
//            there, and doubled again by the same weights: the cost does not grow with sigma. Bytes
//            without a mask that are halved once, of a width of at least 128, are weighed in
//            integers, weights of 2^-15 and 128ths of a gray level between the axes.
//            Before rounding 8-bit results lie within 0.02 (below sigma 5) and 0.5 gray levels of
//            those of the true Gaussian, whatever the picture, of 16 bits 257 times that.
// Median     of the square, of an even number of pixels (where a mask leaves some out) the lower of
//            the two in the middle. Exact for every type. Profile SKIMAGE is the same, its
//            filters.median of that square, and so is OPENCV, its medianBlur: of uint8 up to a
//            radius of 127, of uint16 and float32 up to 2.
// Mean       of the square; exact sums of integers, of floats sums in float64 that are never
//            subtracted from.
//            Profile SKIMAGE: rank.mean of uint8 and uint16, where the square ends at the border
//            and the mean is rounded down.
//            Others of OPENCV and IMAGEJ: filter/libraries/libraries.h.
// Binomial   weights of radius passes of [1 2 1] / 4 in float64: of integers the exact sum, rounded
//            once, up to a radius of 9.
#pragma once

#include "absl/status/status.h"
#include "core/segment/pipeline.h"
#include "core/segment/validate.h"

namespace trine::segment {

inline constexpr double kMostSmoothSigma = 1000;
inline constexpr int64_t kMostSmoothRadius = 4096;
inline constexpr int64_t kMostBinomialRadius = 500;

absl::Status CheckSmooth(const StepToCheck& step, const SmoothStep& given);
absl::Status RunSmooth(State& state, const SmoothStep& given);

// The methods, one file each: `out` gets the pixels, of gray's type and size.
// REQUIRES: CheckSmooth said OK.
absl::Status SmoothGaussian(const Context& context, const Picture& gray, double sigma,
                            uint8_t* out);
absl::Status SmoothBinomial(const Context& context, const Picture& gray, int64_t radius,
                            uint8_t* out);
absl::Status SmoothMean(const Context& context, const Picture& gray, int64_t radius, uint8_t* out);
// Of squares that end at the border, rounded down. REQUIRES: uint8 or uint16, all inside.
absl::Status SmoothRankMean(const Context& context, const Picture& gray, int64_t radius,
                            uint8_t* out);
absl::Status SmoothMedian(const Context& context, const Picture& gray, int64_t radius,
                          uint8_t* out);

}  // namespace trine::segment
