// numpy's sums.
#pragma once

#include <cstddef>

namespace trine::segment {

// Where numpy parts more than 128 values.
constexpr size_t PairwiseHalf(size_t count) { return count / 2 - count / 2 % 8; }

// numpy.add.reduce over contiguous memory: eight sums side by side in blocks of 128, halves above.
template <typename F>
F PairwiseSum(const F* values, size_t count) {
  if (count < 8) {
    F sum = F(-0.0);
    for (size_t i = 0; i < count; ++i) sum += values[i];
    return sum;
  }
  if (count <= 128) {
    F sums[8];
    for (size_t k = 0; k < 8; ++k) sums[k] = values[k];
    size_t i = 8;
    for (; i < count - count % 8; i += 8) {
      for (size_t k = 0; k < 8; ++k) sums[k] += values[i + k];
    }
    F sum =
        ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    for (; i < count; ++i) sum += values[i];
    return sum;
  }
  const size_t half = PairwiseHalf(count);
  return PairwiseSum(values, half) + PairwiseSum(values + half, count - half);
}

}  // namespace trine::segment
