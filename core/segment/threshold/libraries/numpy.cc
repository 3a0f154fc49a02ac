#include "core/segment/threshold/libraries/numpy.h"

#include <algorithm>
#include <cmath>

namespace trine::segment {
namespace {

constexpr size_t kBins = 256;

// numpy.histogram(picture, 256): numpy.linspace's edges in the picture's type, and each value in
// the bin whose edges are around it, the last one with its upper edge.
template <typename F>
absl::StatusOr<NumpyBins> BinsOfFloats(const MethodInput& of) {
  F first = static_cast<F>(of.levels.values.front()),
    last = static_cast<F>(of.levels.values.back());
  if (first == last) {
    first -= F{0.5};
    last += F{0.5};
  }
  const F range = last - first;
  const F step = range / F{kBins};
  if (!std::isfinite(range) || step == 0)
    return NotOffered("gray", "the skimage profile has no bins for so wide or narrow a range");
  std::vector<F> edges(kBins + 1);
  for (size_t i = 0; i < kBins; ++i) edges[i] = static_cast<F>(i) * step + first;
  edges[kBins] = last;
  NumpyBins bins;
  bins.exact_counts.assign(kBins, 0);
  Poller poll = PixelPoller(of.context);
  for (size_t i = 0; i < of.levels.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(8));
    const F value = static_cast<F>(of.levels.values[i]);
    size_t bin = static_cast<size_t>((value - first) / range * F{kBins});
    bin = std::min(bin, kBins - 1);
    if (value < edges[bin]) {
      --bin;
    } else if (bin != kBins - 1 && value >= edges[bin + 1]) {
      ++bin;
    }
    bins.exact_counts[bin] += of.levels.counts[i];
  }
  for (size_t i = 0; i < kBins; ++i)
    bins.centers.push_back(double{(edges[i] + edges[i + 1]) / F{2}});
  return bins;
}

absl::StatusOr<NumpyBins> ExactBins(const MethodInput& of) {
  if (IsFloat(of.gray.dtype) && !of.gray.whole)
    return of.gray.dtype == DType::kFloat32 ? BinsOfFloats<float>(of) : BinsOfFloats<double>(of);
  const Levels& levels = of.levels;
  if (levels.values.back() - levels.values.front() > 65535)
    return NotOffered("profile",
                      "the skimage profile has a bin for each integer and takes pictures that span "
                      "65536 of them at most");
  NumpyBins bins;
  bins.exact_counts = DenseCounts(levels);
  for (size_t i = 0; i < bins.exact_counts.size(); ++i)
    bins.centers.push_back(levels.values[0] + static_cast<double>(i));
  return bins;
}

}  // namespace

absl::StatusOr<NumpyBins> BinsOf(const MethodInput& of) {
  TRINE_ASSIGN_OR_RETURN(NumpyBins bins, ExactBins(of));
  for (const uint64_t count : bins.exact_counts) bins.counts.push_back(static_cast<float>(count));
  return bins;
}

}  // namespace trine::segment
