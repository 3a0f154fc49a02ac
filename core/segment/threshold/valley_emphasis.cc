#include <algorithm>
#include <cstdlib>

#include "core/base/error.h"
#include "core/segment/threshold/auto/methods.h"
#include "core/segment/threshold/otsu.h"
#include "core/segment/threshold/wide_uint.h"

namespace trine::segment {
namespace {

// (N - h) (S0^2 w1 + S1^2 w0) / (w0 w1): S < 2^46, so that the numerator is below 2^154, and times
// another's denominator below 2^212.
struct Criterion {
  using Wide = WideUint<4>;
  Wide numerator;
  uint64_t weights = 1;

  Criterion() = default;
  Criterion(uint64_t others, int64_t sum0, uint64_t w0, int64_t sum1, uint64_t w1)
      : weights(w0 * w1) {
    const auto square = [](int64_t sum) {
      const uint64_t s = static_cast<uint64_t>(std::llabs(sum));
      return Uint128{s} * s;
    };
    numerator = Wide(square(sum0) * w1 + square(sum1) * w0);
    numerator *= others;
  }
  std::strong_ordering Compare(const Criterion& other) const {
    return Wide::Product(numerator, other.weights) <=> Wide::Product(other.numerator, weights);
  }
};

}  // namespace

absl::StatusOr<ThresholdResult> OtsuWithValleyEmphasis(const Context& context,
                                                       const Picture& gray) {
  TRINE_ASSIGN_OR_RETURN(const MethodInput of, MakeMethodInput(context, gray));
  const Levels& bins = of.bins;
  // Of integers of up to 16 bits the values themselves.
  const int64_t first = IsFloat(gray.dtype) ? 0 : static_cast<int64_t>(bins.values[0]);
  const auto sum_of = [&](size_t i) {
    return static_cast<int64_t>(bins.counts[i]) * (first + static_cast<int64_t>(bins.offset[i]));
  };
  Poller poll = PixelPoller(context);
  int64_t sum = 0;
  for (size_t i = 0; i < bins.size(); ++i) sum += sum_of(i);
  Criterion best;
  OtsuCuts cuts;
  uint64_t weight = 0;
  int64_t below = 0;
  for (size_t i = 0; i + 1 < bins.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(32));
    weight += bins.counts[i];
    below += sum_of(i);
    const bool gap = bins.offset[i + 1] > bins.offset[i] + 1;
    const Criterion here(gap ? bins.total : bins.total - bins.counts[i], below, weight, sum - below,
                         bins.total - weight);
    const std::strong_ordering order = here.Compare(best);
    if (std::is_lt(order)) continue;
    if (std::is_gt(order) || i == 0) {
      best = here;
      cuts.first = i;
    }
    cuts.last = i;
  }
  ThresholdResult result;
  result.plateau_low = result.plateau_high = bins.values[cuts.first];
  if (bins.size() > 1) {
    // The next value in use above the bin.
    const auto next =
        std::upper_bound(of.levels.values.begin(), of.levels.values.end(), bins.values[cuts.last]);
    result.plateau_high = HighestThreshold(*next, gray);
  }
  result.thresholds = {result.plateau_low};
  TRINE_RETURN_IF_ERROR(DescribeClasses(context, of.levels, result));
  return result;
}

}  // namespace trine::segment
