// Means and deviations of windows in double from their sums, and what is made of them: each a fixed
// sequence of correctly rounded operations, so that all ways of computing a threshold agree on it.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/segment/pixel_sums.h"

namespace trine::segment {

// Of `n` pixels whose stored 0 stands for `origin`; of integers rounded twice at most.
inline double MeanOf(int64_t origin, uint64_t sum, int64_t n) { return MeanFrom(origin, sum, n); }
inline double MeanOf(int64_t, DoubleDouble sum, int64_t n) {
  return (sum / DoubleDouble(static_cast<double>(n))).value();
}

// The population deviation, sqrt(n Q - S^2) / n: the same from any origin.
inline double DeviationOf(uint64_t sum, uint64_t square, int64_t n) {
  const Uint128 scaled = Uint128{static_cast<uint64_t>(n)} * square - Uint128{sum} * sum;
  const double variance = (scaled >> 64) == 0 ? static_cast<double>(static_cast<uint64_t>(scaled))
                                              : static_cast<double>(scaled);
  return std::sqrt(variance) / static_cast<double>(n);
}
inline double DeviationOf(DoubleDouble sum, DoubleDouble square, int64_t n) {
  const DoubleDouble count(static_cast<double>(n));
  const double variance = (count * square - sum * sum).value();
  return variance > 0 ? std::sqrt(variance) / static_cast<double>(n) : 0;
}

inline double SauvolaThreshold(double mean, double deviation, double k, double r) {
  return mean * (1.0 + k * (deviation / r - 1.0));
}

}  // namespace trine::segment
