// Intermeans (Ridler, Calvard 1978): the lowest bin t with t <= (m0 + m1) / 2 < t + 1, where m are
// the means of the classes that it parts. There is always one: the middle of the means starts at or
// above the first bin, ends below the last and never falls as t grows. In integers.
#include "core/base/error.h"
#include "core/segment/int128.h"
#include "core/segment/threshold/auto/methods.h"

namespace trine::segment {

absl::StatusOr<double> Isodata(const MethodInput& of) {
  const Levels& bins = of.bins;
  Poller poll = PixelPoller(of.context);
  uint64_t sum = 0;
  for (size_t i = 0; i < bins.size(); ++i) sum += bins.counts[i] * bins.offset[i];
  uint64_t weight = 0, below = 0;
  for (size_t i = 0; i + 1 < bins.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(32));
    weight += bins.counts[i];
    below += bins.counts[i] * bins.offset[i];
    const uint64_t rest = bins.total - weight;
    const Uint128 means = Uint128{below} * rest + Uint128{sum - below} * weight;
    // The same classes for all t up to the next bin in use.
    const uint64_t middle = static_cast<uint64_t>(means / (Uint128{2} * weight * rest));
    if (middle >= bins.offset[i] && middle < bins.offset[i + 1]) return bins.values[i];
  }
  return absl::InternalError("no bin is between its means");
}

}  // namespace trine::segment
