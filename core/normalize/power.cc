#include "core/normalize/power.h"

#include <cmath>
#include <limits>

namespace trine::normalize {
namespace {

template <typename T>
inline T OneNan(T value) {
  return value == value ? value : std::numeric_limits<T>::quiet_NaN();
}

// k + a * sum with double factors and one rounding at the end: rounding a, k and the product to
// float32 first would cost more accuracy than the sum itself does for small windows.
template <typename T>
inline T Base(const Resolved& resolved, T sum) {
  return static_cast<T>(resolved.k + resolved.a * static_cast<double>(sum));
}

// The three powers with a closed form: D(s) = s^beta.
struct PowHalf {
  template <typename T>
  static T Denominator(T s) {
    return std::sqrt(s);
  }
};
struct PowThreeQuarters {
  template <typename T>
  static T Denominator(T s) {
    const T root = std::sqrt(s);
    return root * std::sqrt(root);
  }
};
struct PowOne {
  template <typename T>
  static T Denominator(T s) {
    return s;
  }
};

template <typename Pow, typename T>
void ScaleBy(const Resolved& resolved, const T* __restrict x, const T* __restrict sum, size_t count,
             T* __restrict y) {
  const Resolved r = resolved;  // a copy of which the compiler knows that no store changes it
  for (size_t i = 0; i < count; ++i) y[i] = OneNan(x[i] / Pow::Denominator(Base(r, sum[i])));
}

template <typename Pow, typename T>
void TermBy(const Resolved& resolved, const T* __restrict x, const T* __restrict dy, size_t count,
            T* __restrict sum_to_term, T* __restrict power) {
  const Resolved r = resolved;  // a copy of which the compiler knows that no store changes it
  for (size_t i = 0; i < count; ++i) {
    const T s = Base(r, sum_to_term[i]);
    power[i] = T{1} / Pow::Denominator(s);
    sum_to_term[i] = dy[i] * (x[i] * power[i] / s);
  }
}

}  // namespace

PowerKind ChoosePower(double beta) {
  if (beta == 0) return PowerKind::kNone;
  if (beta == 0.5) return PowerKind::kHalf;
  if (beta == 0.75) return PowerKind::kThreeQuarters;
  if (beta == 1) return PowerKind::kOne;
  return PowerKind::kGeneral;
}

bool FloatSuffices(const Resolved& resolved, double taps) {
  const double a = resolved.a;
  const double k = resolved.k;
  // |beta| multiplies the relative error of s, and s cancels where a and k differ in sign.
  if (std::fabs(resolved.beta) > 1 || a < 0 || k < 0) return false;
  // The sum and s stay within float's normal range for squares of 1e-30 to 1e30.
  const bool no_overflow = taps <= 1e7 && a * taps <= 1e7 && k <= 1e30;
  const bool no_underflow = k >= 1e-30 || a >= 1e-7;
  if (!no_overflow || !no_underflow) return false;
  // Two square roots, a product and a quotient leave too little of the 4 and 5 units that windows
  // of 1 and 2 have: 4.3 and 4.6 were seen.
  return resolved.size > 2 || ChoosePower(resolved.beta) != PowerKind::kThreeQuarters;
}

bool FloatSufficesForGradient(const Resolved& resolved, double taps) {
  // The terms are of the order of x * s^-(beta+1), which leaves float's range sooner.
  return FloatSuffices(resolved, taps) && resolved.beta >= 0 && resolved.beta <= 0.75 &&
         resolved.k >= 1e-4 && resolved.a <= 1;
}

template <typename T>
void Rectify(T* x, size_t count) {
  for (size_t i = 0; i < count; ++i) x[i] = x[i] <= 0 ? T{0} : x[i];
}

template <typename T>
void Square(const T* __restrict x, size_t count, T* __restrict out) {
  for (size_t i = 0; i < count; ++i) out[i] = x[i] * x[i];
}

template <typename T>
void Scale(const Resolved& resolved, const T* x, const T* sum, size_t count, T* y) {
  switch (ChoosePower(resolved.beta)) {
    case PowerKind::kNone:
      for (size_t i = 0; i < count; ++i) y[i] = OneNan(x[i]);
      return;
    case PowerKind::kHalf:
      return ScaleBy<PowHalf>(resolved, x, sum, count, y);
    case PowerKind::kThreeQuarters:
      return ScaleBy<PowThreeQuarters>(resolved, x, sum, count, y);
    case PowerKind::kOne:
      return ScaleBy<PowOne>(resolved, x, sum, count, y);
    case PowerKind::kGeneral:
      break;
  }
  for (size_t i = 0; i < count; ++i) {
    const double s = resolved.k + resolved.a * static_cast<double>(sum[i]);
    y[i] = OneNan(static_cast<T>(static_cast<double>(x[i]) * std::pow(s, -resolved.beta)));
  }
}

template <typename T>
void GradientTerm(const Resolved& resolved, const T* x, const T* dy, size_t count, T* sum_to_term,
                  T* power) {
  switch (ChoosePower(resolved.beta)) {
    case PowerKind::kHalf:
      return TermBy<PowHalf>(resolved, x, dy, count, sum_to_term, power);
    case PowerKind::kThreeQuarters:
      return TermBy<PowThreeQuarters>(resolved, x, dy, count, sum_to_term, power);
    case PowerKind::kOne:
      return TermBy<PowOne>(resolved, x, dy, count, sum_to_term, power);
    case PowerKind::kNone:
    case PowerKind::kGeneral:
      break;
  }
  for (size_t i = 0; i < count; ++i) {
    const double s = resolved.k + resolved.a * static_cast<double>(sum_to_term[i]);
    const double p = std::pow(s, -resolved.beta);
    power[i] = static_cast<T>(p);
    sum_to_term[i] =
        static_cast<T>(static_cast<double>(dy[i]) * (static_cast<double>(x[i]) * p / s));
  }
}

template <typename T>
void GradientCombine(const Resolved& resolved, const T* __restrict x, const T* __restrict dy,
                     const T* __restrict power, const T* __restrict sum, size_t count,
                     T* __restrict dx) {
  const T factor = static_cast<T>(2 * resolved.a * resolved.beta);
  for (size_t i = 0; i < count; ++i) dx[i] = OneNan(dy[i] * power[i] - factor * x[i] * sum[i]);
  if (resolved.activation == Activation::kRelu)
    for (size_t i = 0; i < count; ++i) dx[i] = x[i] <= 0 ? T{0} : dx[i];
}

#define TRINE_INSTANTIATE(T)                                                                \
  template void Rectify<T>(T*, size_t);                                                     \
  template void Square<T>(const T*, size_t, T*);                                            \
  template void Scale<T>(const Resolved&, const T*, const T*, size_t, T*);                  \
  template void GradientTerm<T>(const Resolved&, const T*, const T*, size_t, T*, T*);       \
  template void GradientCombine<T>(const Resolved&, const T*, const T*, const T*, const T*, \
                                   size_t, T*);
TRINE_INSTANTIATE(float)
TRINE_INSTANTIATE(double)
#undef TRINE_INSTANTIATE

}  // namespace trine::normalize
