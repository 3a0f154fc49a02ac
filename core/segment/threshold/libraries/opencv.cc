#include "core/segment/threshold/libraries/opencv.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace trine::segment {

absl::StatusOr<double> OpencvTriangle(const MethodInput& of) {
  std::vector<uint64_t> counts = of.counts;
  const auto size = static_cast<int64_t>(counts.size());
  // An empty bin beyond either end, where there is one.
  const auto is_used = [](uint64_t count) { return count > 0; };
  int64_t left = std::find_if(counts.begin(), counts.end(), is_used) - counts.begin();
  int64_t right =
      size - 1 - (std::find_if(counts.rbegin(), counts.rend(), is_used) - counts.rbegin());
  left = std::max<int64_t>(left - 1, 0);
  right = std::min(right + 1, size - 1);
  int64_t peak = std::max_element(counts.begin(), counts.end()) - counts.begin();
  const bool is_flipped = peak - left < right - peak;
  if (is_flipped) {
    std::reverse(counts.begin(), counts.end());
    left = size - 1 - right;
    peak = size - 1 - peak;
  }
  // Counts are below 2^30, bins below 2^8.
  const auto highest = static_cast<int64_t>(counts[static_cast<size_t>(peak)]);
  int64_t most = 0, farthest = left;
  for (int64_t i = left + 1; i <= peak; ++i) {
    const auto count = static_cast<int64_t>(counts[static_cast<size_t>(i)]);
    const int64_t distance = highest * i + (left - peak) * count;
    if (distance <= most) continue;
    most = distance;
    farthest = i;
  }
  const int64_t threshold = farthest - 1;
  return static_cast<double>(is_flipped ? size - 1 - threshold : threshold);
}

}  // namespace trine::segment
