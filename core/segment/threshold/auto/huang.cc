// Minimum fuzziness (Huang, Wang 1995) with Shannon's entropy: a pixel belongs to its class by 1 /
// (1 + d / C), d its distance in bins from the class's mean, rounded to a bin with halves up, C the
// span of all. The entropies of the C + 1 distances are rounded to multiples of 2^-32, and their
// sums are integers. Where C is 4096 or more, 2^k neighbouring bins count as one, for the least k
// that makes it less.
#include <cmath>
#include <vector>

#include "core/base/error.h"
#include "core/segment/threshold/auto/logarithm.h"
#include "core/segment/threshold/auto/methods.h"

namespace trine::segment {
namespace {

constexpr uint64_t kMostSpan = 4096;

std::vector<uint64_t> Entropies(uint64_t span) {
  const DoubleDouble c(static_cast<double>(span));
  const DoubleDouble c_log_c = c * Log(c);
  std::vector<uint64_t> out = {0};
  for (uint64_t d = 1; d <= span; ++d) {
    const DoubleDouble distance(static_cast<double>(d));
    const DoubleDouble sum = c + distance;
    const DoubleDouble entropy = Log(sum) - (c_log_c + distance * Log(distance)) / sum;
    out.push_back(
        static_cast<uint64_t>(std::floor((entropy * DoubleDouble(0x1p32)).value() + 0.5)));
  }
  return out;
}

// Neighbouring bins as one, so that the places stay below kMostSpan.
Levels Merged(const Levels& bins) {
  int shift = 0;
  while ((bins.offset.back() >> shift) >= kMostSpan) ++shift;
  if (shift == 0) return bins;
  Levels out;
  out.total = bins.total;
  for (size_t i = 0; i < bins.size(); ++i) {
    const uint64_t place = bins.offset[i] >> shift;
    if (out.offset.empty() || out.offset.back() != place) {
      out.offset.push_back(place);
      out.counts.push_back(0);
      out.values.push_back(0);
    }
    out.counts.back() += bins.counts[i];
    out.values.back() = bins.values[i];
  }
  return out;
}

uint64_t RoundedMean(uint64_t sum, uint64_t weight) { return (2 * sum + weight) / (2 * weight); }

}  // namespace

absl::StatusOr<double> Huang(const MethodInput& of) {
  const Levels bins = Merged(of.bins);
  const std::vector<uint64_t> entropies = Entropies(bins.offset.back());
  Poller poll = PixelPoller(of.context);
  uint64_t sum = 0;
  for (size_t i = 0; i < bins.size(); ++i) sum += bins.counts[i] * bins.offset[i];
  const auto fuzziness = [&](size_t begin, size_t end, uint64_t mean) {
    uint64_t out = 0;
    for (size_t i = begin; i < end; ++i) {
      const uint64_t place = bins.offset[i];
      out += bins.counts[i] * entropies[place > mean ? place - mean : mean - place];
    }
    return out;
  };
  uint64_t weight = 0, below = 0, least = UINT64_MAX;
  size_t best = 0;
  for (size_t i = 0; i + 1 < bins.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(2 * bins.size()));
    weight += bins.counts[i];
    below += bins.counts[i] * bins.offset[i];
    const uint64_t here =
        fuzziness(0, i + 1, RoundedMean(below, weight)) +
        fuzziness(i + 1, bins.size(), RoundedMean(sum - below, bins.total - weight));
    if (here >= least) continue;
    least = here;
    best = i;
  }
  return bins.values[best];
}

}  // namespace trine::segment
