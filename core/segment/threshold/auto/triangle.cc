// Triangle (Zack, Rogers, Latt 1977): the bin farthest below the line from the foot of the longer
// tail (the lower where both are equal) to the top of the highest bin (the lowest of equal ones),
// of equal ones the nearest to the foot. In integers.
#include <algorithm>

#include "core/segment/threshold/auto/methods.h"

namespace trine::segment {

absl::StatusOr<double> Triangle(const MethodInput& of) {
  const std::vector<uint64_t> counts = DenseCounts(of.bins);
  const int64_t last = static_cast<int64_t>(counts.size()) - 1;
  const auto highest = std::max_element(counts.begin(), counts.end());
  const int64_t peak = highest - counts.begin(), height = static_cast<int64_t>(*highest);
  const bool upper = peak < last - peak;
  const int64_t width = upper ? last - peak : peak;
  int64_t best = -1, farthest = 0;
  for (int64_t x = 0; x < width; ++x) {
    const int64_t count = static_cast<int64_t>(counts[static_cast<size_t>(upper ? last - x : x)]);
    const int64_t distance = height * x - width * count;
    if (best >= 0 && distance <= farthest) continue;
    farthest = distance;
    best = x;
  }
  return ValueUpTo(of.bins, static_cast<uint64_t>(upper ? last - best : best));
}

}  // namespace trine::segment
