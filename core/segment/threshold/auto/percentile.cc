// A given share of the pixels (Doyle 1962): the threshold up to which the share that lies is
// nearest to it. Between two levels that is where w + w' = 2 f N, with f N exact in two doubles.
#include "core/base/error.h"
#include "core/segment/double_double.h"
#include "core/segment/threshold/auto/methods.h"

namespace trine::segment {

absl::StatusOr<double> Percentile(const MethodInput& of) {
  const Levels& levels = of.levels;
  Poller poll = PixelPoller(of.context);
  const DoubleDouble wanted =
      DoubleDouble::TwoProduct(of.fraction, 2 * static_cast<double>(levels.total));
  uint64_t weight = 0;
  for (size_t i = 0; i + 1 < levels.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(4));
    weight += levels.counts[i];
    const uint64_t twice = 2 * weight + levels.counts[i + 1];
    if (!(DoubleDouble(static_cast<double>(twice)) < wanted)) return levels.values[i];
  }
  return levels.values.back();
}

}  // namespace trine::segment
