// Maximum entropy (Kapur, Sahoo, Wong 1985): the largest sum of the entropies of the two classes,
// log w - (sum of h log h) / w each.
#include <cmath>
#include <vector>

#include "core/base/error.h"
#include "core/segment/threshold/auto/contest.h"
#include "core/segment/threshold/auto/logarithm.h"
#include "core/segment/threshold/auto/methods.h"

namespace trine::segment {
namespace {

struct Cut {
  size_t bin = 0;
  double weight = 0;
};

// Sums of h log h up to each bin, to 100 bits.
std::vector<DoubleDouble> SumsOf(const Levels& bins) {
  std::vector<DoubleDouble> sums(bins.size());
  DoubleDouble sum;
  for (size_t i = 0; i < bins.size(); ++i) {
    const DoubleDouble h(static_cast<double>(bins.counts[i]));
    sum = sum + h * Log(h);
    sums[i] = sum;
  }
  return sums;
}

DoubleDouble Entropies(const std::vector<DoubleDouble>& sums, const Cut& cut, double total) {
  const DoubleDouble below(cut.weight), above(total - cut.weight);
  const DoubleDouble sum = sums[cut.bin];
  return Log(below) - sum / below + Log(above) - (sums.back() - sum) / above;
}

}  // namespace

absl::StatusOr<size_t> MaxEntropyCut(const MethodInput& of) {
  const Levels& bins = of.bins;
  Poller poll = PixelPoller(of.context);
  const auto part = [&](size_t i) {
    const double h = static_cast<double>(bins.counts[i]);
    return h * std::log(h);
  };
  DoubleDouble sum;
  for (size_t i = 0; i < bins.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(16));
    sum = sum + DoubleDouble(part(i));
  }
  const double total = static_cast<double>(bins.total);
  Contest<Cut> contest(1e-9);
  Cut cut;
  DoubleDouble below;
  for (size_t i = 0; i + 1 < bins.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(64));
    below = below + DoubleDouble(part(i));
    cut.bin = i;
    cut.weight += static_cast<double>(bins.counts[i]);
    const double rest = total - cut.weight;
    contest.Offer(
        std::log(cut.weight) - below.hi / cut.weight + std::log(rest) - (sum - below).hi / rest,
        cut);
  }
  std::vector<DoubleDouble> sums;  // seldom needed
  const auto best = contest.Winner([&](const Cut& c) {
    if (sums.empty()) sums = SumsOf(bins);
    return Entropies(sums, c, total);
  });
  return best->bin;
}

absl::StatusOr<double> MaxEntropy(const MethodInput& of) {
  TRINE_ASSIGN_OR_RETURN(const size_t cut, MaxEntropyCut(of));
  return of.bins.values[cut];
}

}  // namespace trine::segment
