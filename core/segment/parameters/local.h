// Parameters of the steps that find a threshold for each pixel.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/types/span.h"

namespace trine::segment {

// In the formulas v is the pixel; m, s, low and high are the mean, the population deviation, the
// lowest and the highest value of its window; all in gray values. A pixel is foreground where v >
// T.
enum class LocalMethod : uint8_t {
  kMean = 1,      // T = m - offset
  kGaussian = 2,  // T = m, weighted by a Gaussian, - offset
  // T = m (1 + k (s / r - 1)) (Sauvola, Pietikainen 2000)
  kSauvola = 3,
  // T = m + k s (Niblack 1986): k below 0 for dark ink. SKIMAGE, as that library: T = m - k s
  kNiblack = 4,
  // T = m - k (1 - s / S) (m - M), S the largest s and M the lowest v of the picture (Wolf, Jolion
  // 2003); where S is 0 the quotient is 0
  kWolf = 5,
  kNick = 6,  // T = m + k sqrt(s^2 + m^2) (Khurshid et al. 2009): k below 0 for dark ink
  // Sauvola's, where dark components (8-connected) without a pixel of high contrast become
  // foreground (Hadjadj et al. 2016). Contrast: floor(255 (high - low) / (0.0001 + high + low)) of
  // 3 x 3 pixels, high above its Otsu threshold; of pictures with values below 0 measured from the
  // lowest
  kIsauvola = 7,
  kWan = 8,      // T = (high + m) / 2 (1 + k (s / r - 1)) (Mustafa, Abdul Kader 2018)
  kBradley = 9,  // T = m (1 - k) (Bradley, Roth 2007)
  // T = m (1 + p exp(-max(q m / (2 r), 0)) + k (s / r - 1)) (Phansalkar et al. 2011, for means from
  // 0 on): the exponential is at most 1
  kPhansalkar = 10,
  // T = (low + high) / 2 (Bernsen 1986); where high - low < contrast all is foreground if T reaches
  // the middle of the dtype's range (of wide integers and floats of the picture's), else nothing
  kBernsen = 11,
  kContrast = 12,  // foreground where v is at least as near to high as to low
  // Otsu's threshold of the window's pixels. Of pictures of more than 8 bits, here and below, of
  // 256 classes of equal width from the lowest to the highest value
  kLocalOtsu = 13,
  // Otsu's thresholds of tiles of the window's size, between their centres interpolated linearly
  kTiledOtsu = 14,
};
absl::Span<const std::string_view> NamesOf(LocalMethod);

// What a window sees beyond the border.
enum class LocalBorder : uint8_t {
  kClip = 1,       // nothing: it ends there
  kReflect = 2,    // cba|abcd|dcb
  kMirror = 3,     // dcb|abcd|cba
  kReplicate = 4,  // aaa|abcd|ddd
};
absl::Span<const std::string_view> NamesOf(LocalBorder);

// v > T(y, x) with T from a square window around the pixel. Sets the mask. EXACT clips the window
// at the border where it is not told otherwise; OPENCV replicates the border, SKIMAGE mirrors it.
// Pixels outside Inputs::mask do not count in EXACT's windows.
// core/segment/local/local_methods.h says which parameters a method takes and their defaults,
// core/segment/local/local_threshold.h which combinations of method, profile and dtype are offered;
// the others are UNIMPLEMENTED. A parameter that the method does not have is INVALID_ARGUMENT.
struct LocalThresholdStep {
  LocalMethod method = LocalMethod::kSauvola;
  int64_t window = 0;       // odd, 3 to 65535; 0: 51 (SKIMAGE's Sauvola and Niblack 15)
  double offset = 0;        // in gray values
  std::optional<double> k;  // default by method
  // Default half the range of the dtype: 128 and 32768 of 8 and 16 bits; of wider integers and of
  // floats half that of the picture's values, 0.5 where all are equal. SKIMAGE: half (max - min) of
  // the dtype, 1 of floats.
  std::optional<double> r;
  std::optional<double> sigma;     // default (window - 1) / 6, OPENCV its own formula
  std::optional<double> p, q;      // default 2 and 10
  std::optional<double> contrast;  // in gray values; default 15 of 255 parts of twice r's default
  std::optional<LocalBorder> border;  // default CLIP; the other profiles have their own alone
};

}  // namespace trine::segment
