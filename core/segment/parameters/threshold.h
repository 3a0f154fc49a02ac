// Parameters of the steps that find thresholds for the whole picture.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "core/segment/parameters/regions.h"

namespace trine::segment {

// Otsu 1979: the threshold t that maximises the variance between {v <= t} and {v > t}. Sets the
// threshold result and the mask (v > t). A constant picture's threshold is its value (EXACT,
// SKIMAGE, IMAGEJ of 16 bits), 0 (OPENCV, MATLAB) or 254 (IMAGEJ). Floats and wide integers: EXACT
// takes the lower of the two distinct values that it parts, SKIMAGE of floats the centre of one of
// 256 bins. OPENCV and IMAGEJ take uint8 and uint16, MATLAB also int16, SKIMAGE integers that span
// 65536 values at most; what a profile does not take is UNIMPLEMENTED.
// valley_emphasis weighs the criterion by how few pixels have the threshold's own value (Ng 2006),
// so that a small peak is parted at its valley; EXACT only.
struct OtsuStep {
  bool valley_emphasis = false;
};

// Otsu's criterion for `classes` classes, 2 to 16, by dynamic programming (Liao et al. 2001). Sets
// the threshold result, the label map (class 0 to classes-1) and the mask (class > 0). Among equal
// optima the lexicographically smallest tuple. With `invert` the mask is class 0. Profiles: EXACT,
// and SKIMAGE up to 5 classes and 256 bins (with its weight of the first bin); others are
// UNIMPLEMENTED. More classes than distinct values: INVALID_ARGUMENT naming the step's classes.
struct MultiOtsuStep {
  int classes = 3;
};

// Fixed thresholds, strictly increasing, finite, 1 to 15. Sets the same as the above.
struct ThresholdStep {
  std::vector<double> thresholds;
};

// A threshold for the whole picture from its histogram by other criteria than Otsu's; what each is
// stands in its file of core/segment/threshold/auto. Numbers equal those of the proto enum.
enum class AutoMethod : uint8_t {
  kLi = 1,
  kYen = 2,
  kTriangle = 3,
  kIsodata = 4,
  kMinimum = 5,
  kGlobalMean = 6,
  kMinError = 7,
  kMaxEntropy = 8,
  kHuang = 9,
  kMoments = 10,
  kRenyi = 11,
  kPercentile = 12,
};
absl::Span<const std::string_view> NamesOf(AutoMethod);

// Sets the threshold result and the mask (v > t). EXACT has all methods for every dtype: the lowest
// of equal thresholds, a constant picture's is its value; floats, and integers that span more than
// 65536 values, are taken in 256 equal bins by the methods that look at neighbouring bins or at
// entropies (all but LI, GLOBAL_MEAN and PERCENTILE). SKIMAGE, of scikit-image 0.26, has the first
// six, IMAGEJ, of ImageJ 1.53, all for uint8. Others are UNIMPLEMENTED. INVALID_ARGUMENT naming the
// step's method where a picture has no such threshold (one peak has no valley).
struct AutoThresholdStep {
  AutoMethod method = AutoMethod::kLi;
  std::optional<double> fraction;  // kPercentile: of the pixels, at or below; 0 to 1, default 0.5
};

// Otsu's threshold and those of all methods of AutoThresholdStep, from one histogram, with their
// defaults. Sets Result::method_thresholds, and neither threshold nor mask. A method that the
// profile does not have, or that has no threshold, says so there.
struct AllThresholdsStep {};

// Two thresholds (Canny 1986): v > high, and v > low where it is connected to that. With `invert` v
// <= low, and v <= high where it is connected to that. Sets the mask. SKIMAGE is
// apply_hysteresis_threshold: 4 neighbours, and it lowers `low` to `high`; the other profiles are
// as EXACT and refuse it.
struct HysteresisStep {
  std::optional<double> low, high;            // finite; both must be given
  Connectivity neighbours = Connectivity{0};  // 0: 8, SKIMAGE's 4
};

}  // namespace trine::segment
