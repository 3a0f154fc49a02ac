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
// Of floats to about 2^-51 of the window's largest value, 2^-41 beside values of 2^10 times as
// much; 0 where all of a window are equal, whose `square` is 0.
inline double DeviationOf(DoubleDouble sum, DoubleDouble square, int64_t n) {
  const DoubleDouble count(static_cast<double>(n));
  const double variance = (count * square - sum * sum).value();
  return variance > 0 ? std::sqrt(variance) / static_cast<double>(n) : 0;
}

// exp(-x), x >= 0, from additions, multiplications and one scaling only: libraries differ in the
// last bit of std::exp, and a label must not depend on the library. Error about 2^-50.
inline double NegativeExp(double x) {
  if (x > 700) return 0;
  constexpr double kLn2High = 0x1.62e42fefa3800p-1, kLn2Low = 0x1.ef35793c76730p-45;
  const double n = std::floor(x * 0x1.71547652b82fep+0 + 0.5);
  const double r = (n * kLn2High - x) + n * kLn2Low;  // exp(-x) = 2^-n exp(r), |r| <= ln 2 / 2
  double sum = 1;
  for (int i = 16; i >= 1; --i) sum = 1 + sum * r / i;
  return std::ldexp(sum, -static_cast<int>(n));
}

inline double SauvolaThreshold(double mean, double deviation, double k, double r) {
  return mean * (1.0 + k * (deviation / r - 1.0));
}

}  // namespace trine::segment
