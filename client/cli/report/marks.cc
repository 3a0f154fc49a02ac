#include "client/cli/report/marks.h"

#include <algorithm>

#include "client/cli/flags/named_steps.h"
#include "client/cli/spelling.h"

namespace trine::cli {

std::optional<Hysteresis> HysteresisOf(const v1::SegmentRequest& request) {
  std::optional<Hysteresis> out;
  for (const v1::SegmentStep& step : request.steps()) {
    if (!IsMethod(SpecOf(step))) continue;
    out.reset();
    if (!step.has_hysteresis()) continue;
    const double low = step.hysteresis().low(), high = step.hysteresis().high();
    // Profile skimage takes a low one above the high one for the high one; others refuse it.
    out = Hysteresis{std::min(low, high), high};
  }
  return out;
}

std::vector<Mark> MarksOf(const v1::SegmentResponse& response,
                          const std::optional<Hysteresis>& hysteresis) {
  std::vector<Mark> marks;
  for (const double threshold : response.threshold().thresholds()) marks.push_back({threshold, ""});
  for (const v1::MethodThreshold& method : response.method_thresholds()) {
    if (method.has_threshold()) marks.push_back({method.threshold(), Dashed(method.name())});
  }
  if (hysteresis) {
    marks.push_back({hysteresis->low, "low"});
    marks.push_back({hysteresis->high, "high"});
  }
  return marks;
}

}  // namespace trine::cli
