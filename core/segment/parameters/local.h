// Parameters of the steps that find a threshold for each pixel.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/types/span.h"

namespace trine::segment {

enum class LocalMethod : uint8_t { kMean = 1, kGaussian = 2, kSauvola = 3 };
absl::Span<const std::string_view> NamesOf(LocalMethod);

// v > T(y, x) with T from a square window around the pixel: the mean minus offset, the Gaussian
// mean minus offset, or Sauvola's mean * (1 + k * (deviation / r - 1)). EXACT clips the window at
// the border; OPENCV replicates the border, SKIMAGE mirrors it. Sets the mask.
// Pixels outside Inputs::mask do not count in EXACT's windows.
// core/segment/local/local_threshold.h says which combinations of method, profile and dtype are
// offered; the others are UNIMPLEMENTED. A parameter that the method does not have is
// INVALID_ARGUMENT.
struct LocalThresholdStep {
  LocalMethod method = LocalMethod::kSauvola;
  int64_t window = 0;       // odd, 3 to 65535; 0: 51 (SKIMAGE's Sauvola 15)
  double offset = 0;        // kMean, kGaussian; in gray values
  std::optional<double> k;  // kSauvola; default 0.2
  // kSauvola; default half the range of the dtype: 128 and 32768 of 8 and 16 bits; of wider
  // integers and of floats half that of the picture's values, 0.5 where all are equal. SKIMAGE:
  // half (max - min) of the dtype, 1 of floats.
  std::optional<double> r;
  std::optional<double> sigma;  // kGaussian; default (window - 1) / 6, OPENCV its own formula
};

}  // namespace trine::segment
