// A histogram as a picture and as text, with axes and a mark at each threshold.
#pragma once

#include <string>
#include <vector>

#include "core/base/tensor.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::cli {

// uint8 [360,640,3]: bars, both axes with ticks at round numbers, a red line a threshold. Counts
// rise linearly. Without bins the axes alone.
Tensor DrawHistogram(const v1::Histogram& histogram, const std::vector<double>& thresholds);

// Lines of at most `columns` characters (at least 20), ASCII: ten rows of bars, a ^ under each
// threshold, and the values at both ends. Empty without bins.
std::vector<std::string> HistogramText(const v1::Histogram& histogram,
                                       const std::vector<double>& thresholds, int columns);

}  // namespace trine::cli
