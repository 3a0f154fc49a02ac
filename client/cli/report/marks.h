// The thresholds that a histogram is marked with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trine/v1/segmentation.pb.h"

namespace trine::cli {

struct Mark {
  double value = 0;  // a gray value
  std::string name;  // of a method ("max-entropy") or of one of two ("low"); empty: there is none
};

// The two thresholds of hysteresis, which the answer does not hold, as they are compared with.
struct Hysteresis {
  double low = 0, high = 0;
};
// Of the last step that parts the gray picture; nullopt: it is another.
std::optional<Hysteresis> HysteresisOf(const v1::SegmentRequest& request);

// The thresholds of the answer, those of all methods, and the two of hysteresis.
std::vector<Mark> MarksOf(const v1::SegmentResponse& response,
                          const std::optional<Hysteresis>& hysteresis);

}  // namespace trine::cli
