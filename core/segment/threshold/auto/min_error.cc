// Minimum error (Kittler, Illingworth 1986) over all cuts: the least P0 log v0 + P1 log v1 - 2 (P0
// log P0
// + P1 log P1) with P the shares of the pixels and v the variances of the classes, both above 0.
// With V = w q - s^2 from integers (q the sum of x^2) that is, but for a constant, the sum of w
// (log V - 4 log w).
#include <cmath>

#include "core/base/error.h"
#include "core/segment/threshold/auto/contest.h"
#include "core/segment/threshold/auto/logarithm.h"
#include "core/segment/threshold/auto/methods.h"

namespace trine::segment {
namespace {

struct Class {
  uint64_t weight = 0, sum = 0, squares = 0;  // squares < 2^62

  void Add(uint64_t count, uint64_t place) {
    weight += count;
    sum += count * place;
    squares += count * place * place;
  }
  Class Rest(const Class& all) const {
    return {all.weight - weight, all.sum - sum, all.squares - squares};
  }
  Uint128 Spread() const { return Uint128{weight} * squares - Uint128{sum} * sum; }
};

double NearError(const Class& c, double total) {
  const double w = static_cast<double>(c.weight);
  return w / total * (std::log(static_cast<double>(c.Spread())) - 4 * std::log(w));
}

DoubleDouble Error(const Class& c, double total) {
  const DoubleDouble w(static_cast<double>(c.weight));
  return w / DoubleDouble(total) * (Log(ToDoubleDouble(c.Spread())) - DoubleDouble(4) * Log(w));
}

struct Cut {
  size_t bin = 0;
  Class below;
};

}  // namespace

absl::StatusOr<double> MinError(const MethodInput& of) {
  const Levels& bins = of.bins;
  Poller poll = PixelPoller(of.context);
  Class all;
  for (size_t i = 0; i < bins.size(); ++i) all.Add(bins.counts[i], bins.offset[i]);
  const double total = static_cast<double>(all.weight);
  Contest<Cut> contest(1e-9);
  Cut cut;
  for (size_t i = 0; i + 1 < bins.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(64));
    cut.bin = i;
    cut.below.Add(bins.counts[i], bins.offset[i]);
    const Class above = cut.below.Rest(all);
    if (cut.below.Spread() == 0 || above.Spread() == 0) continue;
    contest.Offer(-(NearError(cut.below, total) + NearError(above, total)), cut);
  }
  const auto best = contest.Winner(
      [&](const Cut& c) { return -(Error(c.below, total) + Error(c.below.Rest(all), total)); });
  if (!best) return NoThreshold("no threshold leaves two values or more on both sides");
  return bins.values[best->bin];
}

}  // namespace trine::segment
