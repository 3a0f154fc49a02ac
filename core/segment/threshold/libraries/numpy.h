// What of numpy 2 and scikit-image's histogram decides the last bits of a threshold.
//
// Thread safety: all functions. All poll cancellation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/error.h"
#include "core/segment/threshold/auto/logarithm.h"
#include "core/segment/threshold/auto/methods.h"

namespace trine::segment {

// Bins and their centres, as float64: of float32 pictures numbers that float32 holds.
struct NumpyBins {
  std::vector<uint64_t> exact_counts;
  std::vector<float> counts;
  std::vector<double> centers;
};
// UNIMPLEMENTED naming "gray" for floats of a range that numpy has no bins for, "profile" for
// integers that span more than 65536 values.
absl::StatusOr<NumpyBins> BinsOf(const MethodInput& of);

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
  size_t half = count / 2;
  half -= half % 8;
  return PairwiseSum(values, half) + PairwiseSum(values + half, count - half);
}

template <typename F>
F Mean(const F* values, uint64_t count) {
  return PairwiseSum(values, count) / static_cast<F>(count);
}

// To the nearest number of the type, which numpy's is within a bit of.
inline double NumpyLog(double value) { return LogToDouble(value); }
inline float NumpyLog(float value) { return static_cast<float>(LogToDouble(double{value})); }

// The pixels inside, in raster order. REQUIRES: the picture is of F.
template <typename F>
absl::StatusOr<Scratch<F>> PixelsInside(const MethodInput& of) {
  Scratch<F> out = MakeScratch<F>(static_cast<int64_t>(of.levels.total));
  Poller poll = PixelPoller(of.context);
  size_t taken = 0;
  for (int64_t i = 0; i < of.gray.pixels(); ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    if (of.gray.Contains(i)) out[taken++] = PixelAt<F>(of.gray.data, i);
  }
  return out;
}

// Calls body with a number of the picture's type.
template <typename Body>
absl::StatusOr<double> WithFloats(const MethodInput& of, const Body& body) {
  if (of.gray.dtype == DType::kFloat32) return body(float{});
  return body(double{});
}

}  // namespace trine::segment
