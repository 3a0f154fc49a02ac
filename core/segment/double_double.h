// Sums and products of doubles to about 106 bits as unevaluated pairs (Dekker 1971; Knuth, TAOCP
// 4.2.2). Every operation is a fixed sequence of IEEE operations: the same bits on every machine,
// where long double has 53, 64 or 113 bits.
#pragma once

#include <cmath>

namespace trine::segment {

struct DoubleDouble {
  double hi = 0;
  double lo = 0;

  constexpr DoubleDouble() = default;
  constexpr explicit DoubleDouble(double value) : hi(value) {}
  constexpr DoubleDouble(double high, double low) : hi(high), lo(low) {}

  static DoubleDouble TwoSum(double a, double b) {
    const double sum = a + b;
    const double bb = sum - a;
    return {sum, (a - (sum - bb)) + (b - bb)};
  }
  static DoubleDouble QuickTwoSum(double a, double b) {
    const double sum = a + b;
    return {sum, b - (sum - a)};
  }
  static DoubleDouble TwoProduct(double a, double b) {
    const double product = a * b;
    return {product, std::fma(a, b, -product)};
  }

  DoubleDouble operator-() const { return {-hi, -lo}; }
  double value() const { return hi + lo; }

  friend DoubleDouble operator+(DoubleDouble a, DoubleDouble b) {
    DoubleDouble s = TwoSum(a.hi, b.hi);
    const DoubleDouble t = TwoSum(a.lo, b.lo);
    s = QuickTwoSum(s.hi, s.lo + t.hi);
    return QuickTwoSum(s.hi, s.lo + t.lo);
  }
  friend DoubleDouble operator-(DoubleDouble a, DoubleDouble b) { return a + (-b); }
  friend DoubleDouble operator*(DoubleDouble a, DoubleDouble b) {
    const DoubleDouble p = TwoProduct(a.hi, b.hi);
    return QuickTwoSum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
  }
  friend DoubleDouble operator/(DoubleDouble a, DoubleDouble b) {
    const double q1 = a.hi / b.hi;
    DoubleDouble r = a - b * DoubleDouble(q1);
    const double q2 = r.hi / b.hi;
    r = r - b * DoubleDouble(q2);
    const double q3 = r.hi / b.hi;
    return QuickTwoSum(q1, q2) + DoubleDouble(q3);
  }
  friend bool operator<(DoubleDouble a, DoubleDouble b) {
    return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
  }
  friend bool operator==(DoubleDouble a, DoubleDouble b) { return a.hi == b.hi && a.lo == b.lo; }
};

}  // namespace trine::segment
