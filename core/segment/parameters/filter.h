// Parameters of the steps that change the gray picture before a threshold.
//
// What these steps share: the picture stays of its type, and later steps see what the last of them
// left; measurements are of the picture as it came. Beyond its borders a picture continues with its
// border pixels. Pixels outside Inputs::mask count for nothing, and keep their values. Integers are
// rounded to the nearest, halves up.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/types/span.h"

namespace trine::segment {

enum class SmoothMethod : uint8_t { kGaussian = 1, kMedian = 2, kMean = 3, kBinomial = 4 };
absl::Span<const std::string_view> NamesOf(SmoothMethod);

// Replaces each pixel by a mean or median of those around it. core/segment/filter/smooth/smooth.h
// says what each method computes. A parameter that the method does not have is INVALID_ARGUMENT.
// Profiles EXACT, and of kMedian and kMean SKIMAGE and IMAGEJ; others are UNIMPLEMENTED.
struct SmoothStep {
  SmoothMethod method = SmoothMethod::kGaussian;
  std::optional<double> sigma;  // kGaussian [pixels]; above 0, at most 1000; default 2
  // The others [pixels]: kMedian, kMean of the square of side 2 radius + 1, kBinomial the weights
  // of `radius` passes of [1 2 1] / 4 along each axis (at most 500). 0: 2.
  int64_t radius = 0;
};

enum class BackgroundMethod : uint8_t {
  kTopHat = 1,
  kRollingBall = 2,
  kPolynomial = 3,
  kClosing = 4
};
enum class BackgroundRemoval : uint8_t { kSubtract = 1, kDivide = 2 };
absl::Span<const std::string_view> NamesOf(BackgroundMethod);
absl::Span<const std::string_view> NamesOf(BackgroundRemoval);

// Takes the background off. core/segment/filter/background/background.h says what each method takes
// for it and where the rest lies. A parameter that the method does not have is INVALID_ARGUMENT.
// Profiles EXACT, and SKIMAGE but of kPolynomial and kDivide; others are UNIMPLEMENTED.
struct BackgroundStep {
  BackgroundMethod method = BackgroundMethod::kTopHat;
  int64_t radius = 0;  // kTopHat, kRollingBall, kClosing [pixels]; at most 500; 0: 50
  int64_t degree = 0;  // kPolynomial; at most 3; 0: 2
  bool light = false;  // kTopHat, kRollingBall: the background is brighter than the objects
  // kTopHat, kRollingBall, kClosing. kDivide is of a light background, else INVALID_ARGUMENT.
  BackgroundRemoval remove = BackgroundRemoval::kSubtract;
};

// Equalizes the histogram around each pixel, with a limit on contrast (CLAHE, Zuiderveld 1994).
// core/segment/filter/contrast.h. Pictures of 8 and 16 bits; profiles EXACT and OPENCV, which are
// the same; others are UNIMPLEMENTED.
struct EqualizeStep {
  int64_t tiles = 8;      // along each axis; 1 to 32
  double clip_limit = 2;  // of a bin, over the mean bin; 0: none, at most 65536
};

// Stretches gray values from the `low`th to the `high`th percentile over the whole range, what is
// beyond them to its ends. core/segment/filter/contrast.h. Profiles EXACT and SKIMAGE; others are
// UNIMPLEMENTED.
struct StretchStep {
  double low = 1;    // 0 to 100
  double high = 99;  // above low
};

}  // namespace trine::segment
