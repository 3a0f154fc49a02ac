// Otsu's threshold of a histogram of 256 bins, as DOCUMENT's stages want it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/segment/int128.h"

namespace trine::segment {

using Counts256 = std::array<uint64_t, 256>;

// The lowest value t of the largest variance between {v <= t} and {v > t}; nullopt where fewer than
// two values occur. The criterion is one division of correctly rounded doubles: the same on every
// machine. REQUIRES: at most 2^30 values.
inline std::optional<int> SplitOf(const Counts256& counts) {
  uint64_t total = 0, sum = 0;
  for (uint64_t v = 0; v < counts.size(); ++v) {
    total += counts[v];
    sum += counts[v] * v;
  }
  std::optional<int> best;
  double best_variance = 0;
  uint64_t below = 0, sum_below = 0;
  for (uint64_t v = 0; v < counts.size(); ++v) {
    below += counts[v];
    sum_below += counts[v] * v;
    if (below == 0 || below == total) continue;
    // total^2 times the variance: (total * sum_below - below * sum)^2 / (below * above).
    const double apart = static_cast<double>(static_cast<Int128>(Uint128{below} * sum) -
                                             static_cast<Int128>(Uint128{total} * sum_below));
    const double variance = apart * apart / static_cast<double>(below * (total - below));
    if (variance <= best_variance) continue;
    best_variance = variance;
    best = static_cast<int>(v);
  }
  return best;
}

}  // namespace trine::segment
