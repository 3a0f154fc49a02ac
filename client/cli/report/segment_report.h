// What a segmentation found, for people, programs and spreadsheets.
#pragma once

#include <optional>
#include <string>

#include "client/cli/report/json.h"
#include "client/cli/report/marks.h"
#include "client/cli/session.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::cli {

// What is known of a request beside its answer.
struct Asked {
  // The largest label is their number, which is otherwise told of measured ones only.
  bool counts_labels = false;
  bool has_mask = true;
  std::string steps;  // as --steps names them, of a request that makes no mask
  std::optional<Hysteresis> hysteresis;
};

// height, width, threshold (where there is exactly one), thresholds, plateau, separability,
// classes, local_threshold, mask_metrics (MetricsJson), method_thresholds (name, and threshold or
// none), foreground_fraction (null without a mask), ignored_pixels, label_count, regions.
Json SegmentJson(const v1::SegmentResponse& response, const Asked& asked);

// Under a title: thresholds, also the two of hysteresis, those of all methods in a table,
// foreground (or that there is no mask), and the first ten regions.
void PrintSegment(const Session& session, const std::string& title,
                  const v1::SegmentResponse& response, const Asked& asked);

// The same in a line an input, under a line that names the columns, both without their ends:
// aligned for names of up to `name_width` bytes.
// `compares`: with a column of the F-measure against the ground truth [%].
std::string SegmentLineHead(size_t name_width, bool compares);
std::string SegmentLine(const std::string& input, size_t name_width,
                        const v1::SegmentResponse& response, const Asked& asked);

// "label,area,min_y,...,file": a line a region, numbers with full precision. The head once, then
// the regions of each input, whose name stays as it is.
std::string RegionsCsvHead();
std::string RegionsCsv(const std::string& input, const v1::SegmentResponse& response);

// {"height", "width", "contours": [{"points": [[x, y], ...], "label", "is_hole", "next", ...}]}
std::string ContoursFile(const v1::SegmentResponse& response);

}  // namespace trine::cli
