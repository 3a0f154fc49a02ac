// How a mask compares with its ground truth, for people and programs.
#pragma once

#include <string>
#include <vector>

#include "client/cli/report/json.h"
#include "core/segment/metrics.h"

namespace trine::cli {

// A line a figure, aligned, without ends.
std::vector<std::string> MetricsLines(const segment::MaskMetrics& metrics);

// f_measure, pseudo_f_measure, psnr, drd, dice, iou, precision, recall, pseudo_precision,
// pseudo_recall (infinite ones: null), true_positives, false_positives, false_negatives,
// true_negatives.
Json MetricsJson(const segment::MaskMetrics& metrics);

}  // namespace trine::cli
