// Minimum cross entropy (Li, Lee 1993) over all cuts: the least -(S0 log(S0 / w0) + S1 log(S1 /
// w1)) with S the sums of the values from the lowest on, which a shift of all values does not
// change. (Li and Tam's iteration of 1998 finds one of its local minima.)
#include <cmath>

#include "core/base/error.h"
#include "core/segment/threshold/auto/contest.h"
#include "core/segment/threshold/auto/logarithm.h"
#include "core/segment/threshold/auto/methods.h"

namespace trine::segment {
namespace {

struct Cut {
  size_t level = 0;
  DoubleDouble share;  // of the sum of all
  double weight = 0;   // of the pixels, as a number of them
};

DoubleDouble Entropy(DoubleDouble share, double weight, double total) {
  if (share.hi <= 0) return {};
  return share * Log(share * DoubleDouble(total) / DoubleDouble(weight));
}

double NearEntropy(double share, double weight, double total) {
  return share <= 0 ? 0 : share * std::log(share * total / weight);
}

}  // namespace

absl::StatusOr<double> Li(const MethodInput& of) {
  const Levels& levels = of.levels;
  Poller poll = PixelPoller(of.context);
  const DoubleDouble low(-levels.values.front());
  const auto part = [&](size_t i) {
    return DoubleDouble(static_cast<double>(levels.counts[i])) *
           (DoubleDouble(levels.values[i]) + low);
  };
  DoubleDouble sum;
  for (size_t i = 0; i < levels.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(16));
    sum = sum + part(i);
  }
  const double total = static_cast<double>(levels.total);
  Contest<Cut> contest(1e-11);
  Cut cut;
  DoubleDouble below;
  for (size_t i = 0; i + 1 < levels.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(64));
    below = below + part(i);
    cut.level = i;
    cut.share = below / sum;
    cut.weight += static_cast<double>(levels.counts[i]);
    contest.Offer(NearEntropy(cut.share.hi, cut.weight, total) +
                      NearEntropy((DoubleDouble(1) - cut.share).hi, total - cut.weight, total),
                  cut);
  }
  const auto best = contest.Winner([&](const Cut& c) {
    return Entropy(c.share, c.weight, total) +
           Entropy(DoubleDouble(1) - c.share, total - c.weight, total);
  });
  return levels.values[best->level];
}

}  // namespace trine::segment
