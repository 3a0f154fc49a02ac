// Renyi's entropies (Kapur, Sahoo, Wong 1985; Sahoo, Wilkins, Yeager 1997) of order 1/2, 1 and 2,
// each with its threshold (order 1: MAX_ENTROPY's, order 2: YEN's), and of these three, in
// ascending order, the mean with weights by the pixels between them and by whether neighbours are
// at most 5 of 256 levels apart; the highest gray value not above it.
#include <algorithm>
#include <array>

#include "core/base/error.h"
#include "core/segment/int128.h"
#include "core/segment/threshold/auto/logarithm.h"
#include "core/segment/threshold/auto/methods.h"

namespace trine::segment {
namespace {

// Order 1/2: the largest (sum of sqrt h)^2 / w of the one class times that of the other.
absl::StatusOr<size_t> HalfCut(const MethodInput& of) {
  const Levels& bins = of.bins;
  Poller poll = PixelPoller(of.context);
  std::vector<DoubleDouble> roots;
  DoubleDouble sum;
  for (const uint64_t count : bins.counts) {
    TRINE_RETURN_IF_ERROR(poll.Spend(32));
    roots.push_back(SquareRoot(DoubleDouble(static_cast<double>(count))));
    sum = sum + roots.back();
  }
  uint64_t weight = 0;
  DoubleDouble below, largest(-1.0);
  size_t best = 0;
  for (size_t i = 0; i + 1 < bins.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(64));
    weight += bins.counts[i];
    below = below + roots[i];
    const DoubleDouble product = below * (sum - below);
    const DoubleDouble here = product * product /
                              DoubleDouble::TwoProduct(static_cast<double>(weight),
                                                       static_cast<double>(bins.total - weight));
    // What 80 bits do not tell apart is equal.
    if (!((here - largest).value() > largest.hi * 0x1p-80)) continue;
    largest = here;
    best = i;
  }
  return best;
}

std::array<uint64_t, 3> Betas(bool near_low, bool near_high) {
  if (near_low == near_high) return {1, 2, 1};
  if (near_low) return {0, 1, 3};
  return {3, 1, 0};
}

}  // namespace

absl::StatusOr<double> Renyi(const MethodInput& of) {
  const Levels& bins = of.bins;
  std::array<size_t, 3> cuts;
  TRINE_ASSIGN_OR_RETURN(cuts[0], HalfCut(of));
  TRINE_ASSIGN_OR_RETURN(cuts[1], MaxEntropyCut(of));
  TRINE_ASSIGN_OR_RETURN(cuts[2], YenCut(of));
  std::sort(cuts.begin(), cuts.end());
  std::array<uint64_t, 3> place, weight;
  for (size_t i = 0; i < 3; ++i) {
    place[i] = bins.offset[cuts[i]];
    weight[i] = 0;
    for (size_t bin = 0; bin <= cuts[i]; ++bin) weight[i] += bins.counts[bin];
  }
  const uint64_t near = std::max<uint64_t>(5, 5 * (bins.offset.back() + 1) / 256);
  const std::array<uint64_t, 3> beta =
      Betas(place[1] - place[0] <= near, place[2] - place[1] <= near);
  // In quarters of a pixel.
  const uint64_t between = weight[2] - weight[0];
  const Uint128 sum = Uint128{place[0]} * (4 * weight[0] + between * beta[0]) +
                      Uint128{place[1]} * (between * beta[1]) +
                      Uint128{place[2]} * (4 * (bins.total - weight[2]) + between * beta[2]);
  return ValueUpTo(bins, static_cast<uint64_t>(sum / (Uint128{4} * bins.total)));
}

}  // namespace trine::segment
