// Otsu's threshold as other libraries compute it, to the last bit of their floating-point loops.
//
// A histogram has one bin a value: 256 or 65536 bins, at least one count. Thread safety: all.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/segment/histogram.h"

namespace trine::segment {

// OpenCV 4.x, threshold(THRESH_OTSU), 8 and 16 bit: double arithmetic, first maximum; classes of
// less than FLT_EPSILON of the pixels are passed over; 0 for a constant picture.
double OpencvOtsu(const std::vector<uint64_t>& counts);

// ImageJ 1.53, AutoThresholder "Otsu": thresholds 1 to 254, last maximum.
// REQUIRES: 256 bins.
double ImagejOtsu(const std::vector<uint64_t>& counts);

// The same of a 16-bit picture, as the Auto Threshold plugin: over the bins from minimum to
// maximum, never these two themselves where they are three or more; the minimum where they are
// fewer.
double ImagejOtsuOfWords(const std::vector<uint64_t>& counts);

// MATLAB's graythresh times the dtype's maximum: the mean of the maxima over 256 bins, to which
// 16-bit values are first reduced by round(v / 257); 0 for a constant picture.
double MatlabOtsu(const std::vector<uint64_t>& counts);

// scikit-image 0.19, threshold_otsu of an integer picture: bins from minimum to maximum, bin i
// holding value origin + i.
double SkimageOtsu(const std::vector<uint64_t>& counts, int64_t origin = 0);

// The same of a float32 or float64 picture: 256 bins between minimum and maximum as numpy.histogram
// makes them, the answer a bin's centre.
absl::StatusOr<double> SkimageOtsuOfFloats(const Context& context, const Levels& levels,
                                           DType dtype);

// numpy.histogram(picture, 256) of a float32 or float64 picture and the bins' centres. `levels` are
// those of the picture, at least two.
struct FloatBins {
  std::vector<uint64_t> counts;
  std::vector<double> centers;
};
absl::StatusOr<FloatBins> SkimageBins(const Context& context, const Levels& levels, DType dtype);

}  // namespace trine::segment
