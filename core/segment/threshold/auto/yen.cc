// Maximum correlation (Yen, Chang, Chang 1995): the largest (w0 w1)^2 / (g0 g1) with g the sums of
// the squared counts of the bins, in integers.
#include "core/base/error.h"
#include "core/segment/threshold/auto/methods.h"
#include "core/segment/threshold/wide_uint.h"

namespace trine::segment {
namespace {

// w0 w1 < 2^58, g0 g1 < 2^120.
struct Correlation {
  uint64_t weights = 0;
  Uint128 squares = 1;

  bool IsAbove(const Correlation& other) const {
    using Wide = WideUint<4>;
    const auto side = [](const Correlation& a, const Correlation& b) {
      return Wide::Product(Wide(Uint128{a.weights} * a.weights), b.squares);
    };
    return side(*this, other) > side(other, *this);
  }
};

}  // namespace

absl::StatusOr<size_t> YenCut(const MethodInput& of) {
  const Levels& bins = of.bins;
  Poller poll = PixelPoller(of.context);
  uint64_t squares = 0;
  for (const uint64_t count : bins.counts) {
    TRINE_RETURN_IF_ERROR(poll.Spend(1));
    squares += count * count;
  }
  Correlation best;
  size_t best_cut = 0;
  uint64_t weight = 0, square = 0;
  for (size_t i = 0; i + 1 < bins.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(16));
    weight += bins.counts[i];
    square += bins.counts[i] * bins.counts[i];
    const Correlation here{weight * (bins.total - weight), Uint128{square} * (squares - square)};
    if (!here.IsAbove(best)) continue;
    best = here;
    best_cut = i;
  }
  return best_cut;
}

absl::StatusOr<double> Yen(const MethodInput& of) {
  TRINE_ASSIGN_OR_RETURN(const size_t cut, YenCut(of));
  return of.bins.values[cut];
}

}  // namespace trine::segment
