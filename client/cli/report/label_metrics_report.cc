#include "client/cli/report/label_metrics_report.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace trine::cli {
namespace {

struct Figure {
  std::string_view name, title;
  double segment::LabelMetrics::*value;
};

// In the order in which they are told.
constexpr Figure kFigures[] = {
    {"f1", "F1 at IoU .5", &segment::LabelMetrics::f1},
    {"precision", "precision", &segment::LabelMetrics::precision},
    {"recall", "recall", &segment::LabelMetrics::recall},
    {"mean_average_precision", "AP .5 to .95", &segment::LabelMetrics::mean_average_precision},
    {"mean_matched_iou", "IoU of matches", &segment::LabelMetrics::mean_matched_iou},
    {"dice", "Dice", &segment::LabelMetrics::dice},
    {"iou", "IoU", &segment::LabelMetrics::iou},
    {"vi_split", "VI, split [bits]", &segment::LabelMetrics::vi_split},
    {"vi_merge", "VI, merged [bits]", &segment::LabelMetrics::vi_merge},
    {"rand_index", "Rand index", &segment::LabelMetrics::rand_index},
    {"adapted_rand_error", "adapted Rand error", &segment::LabelMetrics::adapted_rand_error},
};

struct Count {
  std::string_view name;
  int64_t segment::LabelMetrics::*value;
};
constexpr Count kCounts[] = {
    {"objects", &segment::LabelMetrics::objects},
    {"true_objects", &segment::LabelMetrics::true_objects},
    {"splits", &segment::LabelMetrics::splits},
    {"merges", &segment::LabelMetrics::merges},
};

}  // namespace

std::vector<std::string> LabelMetricsLines(const segment::LabelMetrics& metrics) {
  std::vector<std::string> lines;
  for (const Figure& figure : kFigures)
    lines.push_back(
        absl::StrFormat("%-18s %.4f", std::string(figure.title), metrics.*figure.value));
  lines.push_back(absl::StrFormat("%-18s %d, %d true, %d matched, %d split, %d merged", "objects",
                                  metrics.objects, metrics.true_objects, metrics.matches[0],
                                  metrics.splits, metrics.merges));
  return lines;
}

Json LabelMetricsJson(const segment::LabelMetrics& metrics) {
  Json json;
  for (const Figure& figure : kFigures) json[std::string(figure.name)] = metrics.*figure.value;
  for (const Count& count : kCounts) json[std::string(count.name)] = metrics.*count.value;
  json["by_threshold"] = Json::array();
  for (size_t i = 0; i < segment::kIouThresholds; ++i) {
    json["by_threshold"].push_back({{"iou", segment::IouThreshold(i)},
                                    {"matches", metrics.matches[i]},
                                    {"average_precision", metrics.average_precisions[i]}});
  }
  return json;
}

}  // namespace trine::cli
