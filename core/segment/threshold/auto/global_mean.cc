// The mean (Glasbey 1993), rounded down to a float64: v > threshold is v > mean, exactly, where the
// sum is (of integers always).
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/segment/double_double.h"
#include "core/segment/threshold/auto/methods.h"

namespace trine::segment {

absl::StatusOr<double> GlobalMean(const MethodInput& of) {
  Poller poll = PixelPoller(of.context);
  const double low = of.levels.values.front();
  DoubleDouble sum;
  for (size_t i = 0; i < of.levels.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(16));
    sum = sum + DoubleDouble(static_cast<double>(of.levels.counts[i])) *
                    DoubleDouble::TwoSum(of.levels.values[i], -low);
  }
  const DoubleDouble mean =
      sum / DoubleDouble(static_cast<double>(of.levels.total)) + DoubleDouble(low);
  if (mean.lo >= 0) return mean.hi;
  return std::nextafter(mean.hi, -std::numeric_limits<double>::infinity());
}

}  // namespace trine::segment
