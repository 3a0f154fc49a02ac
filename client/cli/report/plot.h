// A histogram as a picture and as text, with axes and its marks.
#pragma once

#include <string>
#include <vector>

#include "client/cli/report/marks.h"
#include "core/base/tensor.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::cli {

// uint8 [360,640,3]: bars, both axes with ticks at round numbers, a red line a mark with its name
// and value; an arrow at the axis' end for one beyond it. Counts rise linearly. Without pixels it
// says so.
Tensor DrawHistogram(const v1::Histogram& histogram, const std::vector<Mark>& marks);

// Lines of at most `columns` characters (at least 40), ASCII: ten rows of bars, a ^ under each mark
// (< or > for one beyond the end), the marks' names, and the values at both ends. "no pixels" where
// there are none.
std::vector<std::string> HistogramText(const v1::Histogram& histogram,
                                       const std::vector<Mark>& marks, int columns);

}  // namespace trine::cli
