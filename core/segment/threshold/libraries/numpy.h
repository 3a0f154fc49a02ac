// What of numpy 2 and scikit-image's histogram decides the last bits of a threshold.
//
// Thread safety: all functions. All poll cancellation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/error.h"
#include "core/base/polled.h"
#include "core/segment/kernels/pairwise_sum.h"
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

template <typename F>
absl::StatusOr<F> PolledSum(const F* values, uint64_t count, Poller& poll) {
  if (count <= static_cast<uint64_t>(kPixelGrain)) {
    TRINE_RETURN_IF_ERROR(poll.Spend(count));
    return PairwiseSum(values, count);
  }
  const uint64_t half = PairwiseHalf(count);
  TRINE_ASSIGN_OR_RETURN(const F low, PolledSum(values, half, poll));
  TRINE_ASSIGN_OR_RETURN(const F high, PolledSum(values + half, count - half, poll));
  return low + high;
}
template <typename F>
absl::StatusOr<F> Mean(const F* values, uint64_t count, Poller& poll) {
  TRINE_ASSIGN_OR_RETURN(const F sum, PolledSum(values, count, poll));
  return sum / static_cast<F>(count);
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
