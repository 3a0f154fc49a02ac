// Means and deviations of windows in double with bounds of their errors, compiled once for every
// instruction set.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace trine::segment {

// Windows that are done at once.
inline constexpr size_t kMomentsPiece = 512;

// Prefix sums of a row's columns, each within the window's rows: a window of columns i to i +
// window adds up to sums[i + window] - sums[i]. `window` + 7 may be read beyond the last.
struct PrefixSums {
  const double* values = nullptr;
  const double* squares = nullptr;  // null: deviations are not asked for
  const double* counts = nullptr;   // n: pixels of each window, at least 1
  const double* shares = nullptr;   // 1 / n
  size_t window = 0;
  double origin = 0;  // what a value of 0 stands for
  // Bounds of the errors of a window's sum S, and of n Q - S^2, which the deviation is the root of.
  // Of those that are exact mean and deviation are the correctly rounded S / n and sqrt(n Q - S^2)
  // / n, each operation rounded: no error, for this is what they are.
  double sum_error = 0, scaled_error = 0;
};

// Of each window: the mean is within mean_error of `mean`, the deviation of the population within
// deviation_error of `deviation`.
struct MomentBounds {
  std::array<double, kMomentsPiece> mean, mean_error, deviation, deviation_error;
};

// Thresholds with bounds, and what is to be above them.
struct BoundThresholds {
  std::array<double, kMomentsPiece> threshold, error, value;

  // Whether the value is too near to the threshold to tell; an error of 0 tells all.
  bool IsNear(size_t i) const {
    return !(std::fabs(value[i] - threshold[i]) > error[i]) && error[i] != 0;
  }
};

// Both REQUIRE: count <= kMomentsPiece.
void BoundMoments(const PrefixSums& sums, size_t count, MomentBounds* out);
// mask = above is not `invert` (0 or 255); whether any is near.
bool MarkAbove(const BoundThresholds& thresholds, size_t count, uint8_t invert, uint8_t* mask);

// Instruction sets that these loops are compiled for, as Highway's bits.
int64_t MomentBoundsTargets();

}  // namespace trine::segment
