#include "core/normalize/rows/power.h"

#include <cmath>

#include "core/normalize/kernels/row_kernels.h"

namespace trine::normalize {
namespace {

// The dtype of T itself.
template <typename T>
constexpr DType kOwn = sizeof(T) == sizeof(double) ? DType::kFloat64 : DType::kFloat32;

// One row that lies anywhere.
RowShape OneRow(size_t count) { return {.count = 1, .width = count}; }

}  // namespace

PowerKind ChoosePower(double beta) {
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
  // The sum and s stay within float's normal range for squares of 1e-30 to 1e30. Beyond it the row
  // kernels take care, as long as a * taps is bounded; an `a` that is denormal they cannot have.
  const bool no_overflow = taps <= 1e7 && a * taps <= 1e7 && k <= 1e30;
  const bool no_underflow = (k >= 1e-30 && (a == 0 || a >= 1e-37)) || a >= 1e-7;
  return no_overflow && no_underflow;
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
void Square(const T* x, size_t count, T* out) {
  RowKernelsFor<T>(kOwn<T>).square(OneRow(count), /*rectify=*/false, x, out);
}

template <typename T>
void Scale(const RowArithmetic& arithmetic, const T* x, const T* sum, size_t count, T* y) {
  RowKernelsFor<T>(kOwn<T>).scale(OneRow(count), arithmetic, x, {.first = sum}, y);
}

template <typename T>
void GradientTerm(const RowArithmetic& arithmetic, const T* x, const T* dy, size_t count,
                  T* sum_to_term, T* passed) {
  RowKernelsFor<T>(kOwn<T>).term(OneRow(count), arithmetic, x, dy, {.first = sum_to_term},
                                 sum_to_term, passed);
}

// The row kernel rectifies for itself; x that has been rectified does not change by it.
template <typename T>
void GradientCombine(const RowArithmetic& arithmetic, const T* x, const T* passed, const T* sum,
                     size_t count, T* dx) {
  RowKernelsFor<T>(kOwn<T>).combine(OneRow(count), arithmetic, x, passed, {.first = sum}, dx);
}

#define TRINE_INSTANTIATE(T)                                                               \
  template void Rectify<T>(T*, size_t);                                                    \
  template void Square<T>(const T*, size_t, T*);                                           \
  template void Scale<T>(const RowArithmetic&, const T*, const T*, size_t, T*);            \
  template void GradientTerm<T>(const RowArithmetic&, const T*, const T*, size_t, T*, T*); \
  template void GradientCombine<T>(const RowArithmetic&, const T*, const T*, const T*, size_t, T*);
TRINE_INSTANTIATE(float)
TRINE_INSTANTIATE(double)
#undef TRINE_INSTANTIATE
template void Rectify<long double>(long double*, size_t);

}  // namespace trine::normalize
