// Moment preserving (Tsai 1985): the lowest threshold up to which at least the share p of the
// pixels lies that the darker of two values has whose mean, variance and third moment are the
// picture's. From the moments about the mean p = (1 + g / sqrt(g^2 + 4)) / 2, g their skewness:
// with M2 = N q - s^2 and M3 = N^2 c - 3 N s q + 2 s^3 (s, q, c the sums of x, x^2, x^3), g^2 =
// M3^2 / M2^3 is rational, and so is the comparison of squares. M2 < 2^90, M3 < 2^138, and what is
// compared stays below 2^339.
#include "core/base/error.h"
#include "core/segment/threshold/auto/methods.h"
#include "core/segment/threshold/wide_uint.h"

namespace trine::segment {
namespace {

using Wide = WideUint<6>;

Wide Product(const Wide& a, const Wide& b) {
  Wide out;
  for (size_t i = 0; i < 6; ++i) {
    Wide part = a.ShiftedLimbs(i);
    part *= b.limb(i);
    out += part;
  }
  return out;
}

}  // namespace

absl::StatusOr<double> Moments(const MethodInput& of) {
  const Levels& bins = of.bins;
  const uint64_t total = bins.total;
  Poller poll = PixelPoller(of.context);
  uint64_t sum = 0, squares = 0;
  Uint128 cubes = 0;
  for (size_t i = 0; i < bins.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(4));
    const uint64_t x = bins.offset[i];
    sum += bins.counts[i] * x;
    squares += bins.counts[i] * x * x;
    cubes += Uint128{bins.counts[i] * x * x} * x;
  }
  const Wide second(Uint128{total} * squares - Uint128{sum} * sum);
  Wide plus = Wide::Product(Wide(Uint128{total} * total), cubes);
  plus += Wide::Product(Wide(Uint128{sum} * sum), Uint128{2} * sum);
  const Wide minus = Wide::Product(Wide(Uint128{3} * total * sum), squares);
  const bool bright_tail = plus > minus;
  Wide third = bright_tail ? plus : minus;
  third -= bright_tail ? minus : plus;

  const Wide third_squared = Product(third, third);
  Wide spread = Product(Product(second, second), second);
  spread *= 4;
  spread += third_squared;
  const Wide limit = Wide::Product(third_squared, Uint128{total} * total);
  uint64_t weight = 0;
  for (size_t i = 0; i < bins.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(32));
    weight += bins.counts[i];
    const bool over = 2 * weight >= total;  // 2 w / N - 1 against g / sqrt(g^2 + 4)
    if (over != bright_tail) {
      if (over) return bins.values[i];
      continue;
    }
    const uint64_t excess = over ? 2 * weight - total : total - 2 * weight;
    const Wide here = Wide::Product(spread, Uint128{excess} * excess);
    if (over ? here >= limit : here <= limit) return bins.values[i];
  }
  return absl::InternalError("no share of the pixels is large enough");
}

}  // namespace trine::segment
