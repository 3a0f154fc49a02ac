// How label maps compare, for people and as JSON.
#pragma once

#include <string>
#include <vector>

#include "client/cli/report/json.h"
#include "core/segment/label_metrics.h"

namespace trine::cli {

// A line a figure.
std::vector<std::string> LabelMetricsLines(const segment::LabelMetrics& metrics);
// The same under their names.
Json LabelMetricsJson(const segment::LabelMetrics& metrics);

}  // namespace trine::cli
