// Histograms of 256 levels of a part of a picture, and Otsu's threshold of one.
#pragma once

#include <array>
#include <cstdint>

#include "core/segment/int128.h"

namespace trine::segment {

using SmallHistogram = std::array<uint32_t, 256>;

// Otsu's criterion of the levels up to one, times the squared total: a^2 / b with a = total * sum
// below - count below * sum and b = count below * count above.
struct OtsuCriterion {
  double value = 0;
  int64_t numerator = 0;  // exact of at most 2^16 pixels, as is the denominator
  uint64_t denominator = 1;

  // Exactly of at most 2^16 pixels; of more as doubles compare.
  bool IsBelow(const OtsuCriterion& other, bool exact) const {
    if (!exact || value < other.value * (1 - 1e-9) || value > other.value * (1 + 1e-9))
      return value < other.value;
    const auto square = [](int64_t a) { return static_cast<Uint128>(Int128{a} * a); };
    return square(numerator) * other.denominator < square(other.numerator) * denominator;
  }
};

// The level t that maximises the variance between {<= t} and {> t}, the lowest of equal ones; of
// one level that level. REQUIRES: a pixel, and at most 2^32 - 1.
inline int OtsuLevel(const SmallHistogram& counts) {
  int64_t total = 0, sum = 0;
  int first = 256;
  for (int level = 255; level >= 0; --level) {
    const int64_t count = counts[static_cast<size_t>(level)];
    if (count == 0) continue;
    first = level;
    total += count;
    sum += count * level;
  }
  const bool exact = total <= 65536;
  int64_t below = 0, below_sum = 0;
  OtsuCriterion best;
  int threshold = first;
  for (int level = first; level < 255; ++level) {
    const int64_t count = counts[static_cast<size_t>(level)];
    if (count == 0) continue;  // the lowest of equal ones
    below += count;
    below_sum += count * level;
    const int64_t above = total - below;
    if (above == 0) break;
    OtsuCriterion here;
    const double apart = static_cast<double>(total) * static_cast<double>(below_sum) -
                         static_cast<double>(below) * static_cast<double>(sum);
    here.value = apart * apart / (static_cast<double>(below) * static_cast<double>(above));
    if (exact) {
      here.numerator = total * below_sum - below * sum;
      here.denominator = static_cast<uint64_t>(below * above);
    }
    if (!best.IsBelow(here, exact)) continue;
    best = here;
    threshold = level;
  }
  return threshold;
}

}  // namespace trine::segment
