#include "client/cli/report/metrics_report.h"

#include <cmath>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace trine::cli {
namespace {

struct Figure {
  std::string_view name, title, unit;
  double segment::MaskMetrics::*value;
};

// In the order in which they are told.
constexpr Figure kFigures[] = {
    {"f_measure", "F-measure", "%", &segment::MaskMetrics::f_measure},
    {"pseudo_f_measure", "pseudo-F-measure", "%", &segment::MaskMetrics::pseudo_f_measure},
    {"psnr", "PSNR", "dB", &segment::MaskMetrics::psnr},
    {"drd", "DRD", "", &segment::MaskMetrics::drd},
    {"dice", "Dice", "", &segment::MaskMetrics::dice},
    {"iou", "IoU", "", &segment::MaskMetrics::iou},
    {"precision", "precision", "%", &segment::MaskMetrics::precision},
    {"recall", "recall", "%", &segment::MaskMetrics::recall},
    {"pseudo_precision", "pseudo-precision", "%", &segment::MaskMetrics::pseudo_precision},
    {"pseudo_recall", "pseudo-recall", "%", &segment::MaskMetrics::pseudo_recall},
};

}  // namespace

std::vector<std::string> MetricsLines(const segment::MaskMetrics& metrics) {
  std::vector<std::string> lines;
  for (const Figure& figure : kFigures) {
    const double value = metrics.*figure.value;
    const std::string text =
        std::isfinite(value) ? absl::StrFormat("%.3f", value) : std::string("infinite");
    lines.push_back(absl::StrFormat("%-18s %s%s%s", std::string(figure.title), text,
                                    figure.unit.empty() ? "" : " ", std::string(figure.unit)));
  }
  lines.push_back(absl::StrFormat("%-18s %d true, %d false, %d missing", "foreground",
                                  metrics.true_positives, metrics.false_positives,
                                  metrics.false_negatives));
  return lines;
}

Json MetricsJson(const segment::MaskMetrics& metrics) {
  Json json;
  for (const Figure& figure : kFigures) {
    const double value = metrics.*figure.value;
    // No number of JSON is infinite.
    json[std::string(figure.name)] = std::isfinite(value) ? Json(value) : Json(nullptr);
  }
  json["true_positives"] = metrics.true_positives;
  json["false_positives"] = metrics.false_positives;
  json["false_negatives"] = metrics.false_negatives;
  json["true_negatives"] = metrics.true_negatives;
  return json;
}

}  // namespace trine::cli
