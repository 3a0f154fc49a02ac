// Parameters of the steps that find thresholds for the whole picture.
#pragma once

#include <vector>

namespace trine::segment {

// Otsu 1979: the threshold t that maximises the variance between {v <= t} and {v > t}. Sets the
// threshold result and the mask (v > t). A constant picture's threshold is its value (EXACT,
// SKIMAGE, IMAGEJ of 16 bits), 0 (OPENCV, MATLAB) or 254 (IMAGEJ). Floats and wide integers: EXACT
// takes the lower of the two distinct values that it parts, SKIMAGE of floats the centre of one of
// 256 bins. OPENCV and IMAGEJ take uint8 and uint16, MATLAB also int16, SKIMAGE integers that span
// 65536 values at most; what a profile does not take is UNIMPLEMENTED.
struct OtsuStep {};

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

}  // namespace trine::segment
