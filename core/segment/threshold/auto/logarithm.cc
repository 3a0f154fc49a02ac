#include "core/segment/threshold/auto/logarithm.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

namespace trine::segment {
namespace {

constexpr double kSqrtHalf = 0x1.6a09e667f3bcdp-1;
constexpr DoubleDouble kLn2(0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56);

// log m = 2 (z + z^3 / 3 + z^5 / 5 + ...) with z = (m - 1) / (m + 1), |z| < 0.1716: 21 terms leave
// less than 2^-106.
constexpr int kTerms = 21;

std::array<DoubleDouble, kTerms> Coefficients() {
  std::array<DoubleDouble, kTerms> out;
  for (int i = 0; i < kTerms; ++i)
    out[static_cast<size_t>(i)] = DoubleDouble(1) / DoubleDouble(2 * i + 1);
  return out;
}

// value = fraction * 2^exponent with the fraction in [sqrt(1/2), sqrt(2)).
DoubleDouble Reduced(DoubleDouble value, int* exponent) {
  const double fraction = std::frexp(value.hi, exponent);
  if (fraction < kSqrtHalf) --*exponent;
  return {std::ldexp(value.hi, -*exponent), std::ldexp(value.lo, -*exponent)};
}

}  // namespace

DoubleDouble Log(DoubleDouble value) {
  static const std::array<DoubleDouble, kTerms> coefficients = Coefficients();
  int exponent = 0;
  const DoubleDouble m = Reduced(value, &exponent);
  const DoubleDouble z = (m - DoubleDouble(1)) / (m + DoubleDouble(1));
  const DoubleDouble square = z * z;
  DoubleDouble sum = coefficients.back();
  for (size_t i = coefficients.size() - 1; i-- > 0;) sum = sum * square + coefficients[i];
  const DoubleDouble of_fraction = z * sum;
  return DoubleDouble(2 * of_fraction.hi, 2 * of_fraction.lo) + kLn2 * DoubleDouble(exponent);
}

double LogToDouble(double value) {
  if (value == 0) return -std::numeric_limits<double>::infinity();
  if (!(value > 0)) return std::numeric_limits<double>::quiet_NaN();
  if (std::isinf(value)) return value;
  int exponent = 0;
  const DoubleDouble m = Reduced(DoubleDouble(value), &exponent);
  const DoubleDouble z = DoubleDouble::TwoSum(m.hi, -1) / DoubleDouble::TwoSum(m.hi, 1);
  const double square = z.hi * z.hi;
  double tail = 0;
  for (int i = kTerms - 1; i > 0; --i) tail = (tail + 1.0 / (2 * i + 1)) * square;
  const DoubleDouble of_fraction =
      DoubleDouble(2 * z.hi, 2 * z.lo) + DoubleDouble::TwoProduct(2 * z.hi, tail);
  return (of_fraction + kLn2 * DoubleDouble(exponent)).value();
}

DoubleDouble SquareRoot(DoubleDouble value) {
  if (value.hi == 0) return {};
  const double root = std::sqrt(value.hi);
  const DoubleDouble rest = value - DoubleDouble::TwoProduct(root, root);
  return DoubleDouble::QuickTwoSum(root, rest.value() / (2 * root));
}

DoubleDouble ToDoubleDouble(Uint128 value) {
  DoubleDouble out;
  for (int shift = 96; shift >= 0; shift -= 32) {
    const double part = static_cast<double>(static_cast<uint64_t>(value >> shift) & 0xffffffffu);
    out = out + DoubleDouble(std::ldexp(part, shift));
  }
  return out;
}

}  // namespace trine::segment
