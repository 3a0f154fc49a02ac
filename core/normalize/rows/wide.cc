// The steps in long double: one element after the other, for the few that double cannot hold. An
// 80-bit number has 15 bits of exponent and a quadruple one as many: squares of doubles, times any
// double, and what windows of them sum up to are far from both ends.
#include <atomic>
#include <cmath>
#include <limits>

#include "core/normalize/kernels/row_kernels.h"
#include "core/normalize/rows/power.h"

namespace trine::normalize {
namespace {

using Wide = long double;

constexpr Wide kNan = std::numeric_limits<Wide>::quiet_NaN();

Wide Power(const RowArithmetic& arithmetic, Wide s) {
  switch (arithmetic.power) {
    case PowerKind::kHalf:
      return 1 / std::sqrt(s);
    case PowerKind::kThreeQuarters: {
      const Wide root = std::sqrt(s);
      return 1 / (root * std::sqrt(root));
    }
    case PowerKind::kOne:
      return 1 / s;
    case PowerKind::kGeneral:
      break;
  }
  return std::pow(s, static_cast<Wide>(-arithmetic.beta));
}

// x * power, where a power of a base other than 0 counts as finite however large it is.
Wide Times(Wide x, Wide power, Wide s) {
  if (x == 0 && std::isinf(power) && s != 0) return std::signbit(power) ? -x : x;
  const Wide product = x * power;
  return std::isnan(product) ? kNan : product;
}

// Says so where a result of finite numbers is beyond what the dtype holds.
void Watch(const RowArithmetic& arithmetic, bool of_finite, Wide result) {
  if (of_finite && std::fabs(result) >= OverflowFrom<Wide>(arithmetic.dtype))
    arithmetic.findings->overflow.store(true, std::memory_order_relaxed);
}

// The base, of which a NaN needs no power. Says so where there is none.
struct Base {
  Base(const RowArithmetic& arithmetic, Wide sum)
      : s(arithmetic.k + arithmetic.a * sum), power(std::isnan(s) ? s : Power(arithmetic, s)) {
    if (std::isfinite(sum) && !std::isfinite(power) && (s == 0 || std::isnan(power)))
      arithmetic.findings->no_power.store(true, std::memory_order_relaxed);
  }
  Wide s;
  Wide power;
};

}  // namespace

void SumTaps(const Wide* q, size_t count, size_t stride, size_t taps, Wide* out) {
  for (size_t i = 0; i < count; ++i) {
    Wide sum = q[i];
    for (size_t tap = 1; tap < taps; ++tap) sum += q[i + tap * stride];
    out[i] = sum;
  }
}

void AddRows(const Wide* a, const Wide* b, size_t count, Wide* out) {
  for (size_t i = 0; i < count; ++i) out[i] = a[i] + b[i];
}

template <>
void Square(const Wide* x, size_t count, Wide* out) {
  for (size_t i = 0; i < count; ++i) out[i] = x[i] * x[i];
}

template <>
void Scale(const RowArithmetic& arithmetic, const Wide* x, const Wide* sum, size_t count, Wide* y) {
  for (size_t i = 0; i < count; ++i) {
    const Base base(arithmetic, sum[i]);
    y[i] = Times(x[i], base.power, base.s);
    Watch(arithmetic, std::isfinite(sum[i]) && base.s != 0, y[i]);
  }
}

template <>
void GradientTerm(const RowArithmetic& arithmetic, const Wide* x, const Wide* dy, size_t count,
                  Wide* sum_to_term, Wide* passed) {
  for (size_t i = 0; i < count; ++i) {
    const Base base(arithmetic, sum_to_term[i]);
    passed[i] = Times(dy[i], base.power, base.s);
    sum_to_term[i] = Times(passed[i], x[i] / base.s, base.s);
  }
}

template <>
void GradientCombine(const RowArithmetic& arithmetic, const Wide* x, const Wide* passed,
                     const Wide* sum, size_t count, Wide* dx) {
  const Wide factor = 2 * static_cast<Wide>(arithmetic.a) * static_cast<Wide>(arithmetic.beta);
  for (size_t i = 0; i < count; ++i) {
    const Wide d = passed[i] - factor * x[i] * sum[i];
    dx[i] = arithmetic.rectify && x[i] <= 0 ? 0 : std::isnan(d) ? kNan : d;
    Watch(arithmetic, std::isfinite(d), dx[i]);
  }
}

}  // namespace trine::normalize
