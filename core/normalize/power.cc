#include "core/normalize/power.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/normalize/row_kernels.h"

namespace trine::normalize {
namespace {

double OneNan(double value) {
  return value == value ? value : std::numeric_limits<double>::quiet_NaN();
}

// s^beta where it has a closed form.
struct RootHalf {
  static double Denominator(double s) { return std::sqrt(s); }
};
struct RootThreeQuarters {
  static double Denominator(double s) {
    const double root = std::sqrt(s);
    return root * std::sqrt(root);
  }
};
struct RootOne {
  static double Denominator(double s) { return s; }
};

template <typename Root>
void ScaleBy(const Resolved& resolved, const double* __restrict x, const double* __restrict sum,
             size_t count, double* __restrict y) {
  const Resolved r = resolved;  // a copy of which the compiler knows that no store changes it
  for (size_t i = 0; i < count; ++i) y[i] = OneNan(x[i] / Root::Denominator(r.k + r.a * sum[i]));
}

template <typename Root>
void TermBy(const Resolved& resolved, const double* __restrict x, const double* __restrict dy,
            size_t count, double* __restrict sum_to_term, double* __restrict passed) {
  const Resolved r = resolved;  // a copy of which the compiler knows that no store changes it
  for (size_t i = 0; i < count; ++i) {
    const double s = r.k + r.a * sum_to_term[i];
    const double power = 1 / Root::Denominator(s);
    passed[i] = dy[i] * power;
    sum_to_term[i] = dy[i] * (x[i] * power / s);
  }
}

// The float32 kernels on one row that lies anywhere.
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
  // The sum and s stay within float's normal range for squares of 1e-30 to 1e30.
  const bool no_overflow = taps <= 1e7 && a * taps <= 1e7 && k <= 1e30;
  const bool no_underflow = k >= 1e-30 || a >= 1e-7;
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

template <>
void Square(const float* x, size_t count, float* out) {
  RowKernelsFor(DType::kFloat32).square(OneRow(count), /*rectify=*/false, x, out);
}

template <>
void Square(const double* __restrict x, size_t count, double* __restrict out) {
  for (size_t i = 0; i < count; ++i) out[i] = x[i] * x[i];
}

template <>
void Scale(const Resolved& resolved, const float* x, const float* sum, size_t count, float* y) {
  RowKernelsFor(DType::kFloat32)
      .scale(OneRow(count), RowArithmetic(resolved), x, {.first = sum}, y);
}

template <>
void Scale(const Resolved& resolved, const double* x, const double* sum, size_t count, double* y) {
  switch (ChoosePower(resolved.beta)) {
    case PowerKind::kHalf:
      return ScaleBy<RootHalf>(resolved, x, sum, count, y);
    case PowerKind::kThreeQuarters:
      return ScaleBy<RootThreeQuarters>(resolved, x, sum, count, y);
    case PowerKind::kOne:
      return ScaleBy<RootOne>(resolved, x, sum, count, y);
    case PowerKind::kGeneral:
      break;
  }
  for (size_t i = 0; i < count; ++i)
    y[i] = OneNan(x[i] * std::pow(resolved.k + resolved.a * sum[i], -resolved.beta));
}

template <>
void GradientTerm(const Resolved& resolved, const float* x, const float* dy, size_t count,
                  float* sum_to_term, float* passed) {
  RowKernelsFor(DType::kFloat32)
      .term(OneRow(count), RowArithmetic(resolved), x, dy, {.first = sum_to_term}, sum_to_term,
            passed);
}

template <>
void GradientTerm(const Resolved& resolved, const double* x, const double* dy, size_t count,
                  double* sum_to_term, double* passed) {
  switch (ChoosePower(resolved.beta)) {
    case PowerKind::kHalf:
      return TermBy<RootHalf>(resolved, x, dy, count, sum_to_term, passed);
    case PowerKind::kThreeQuarters:
      return TermBy<RootThreeQuarters>(resolved, x, dy, count, sum_to_term, passed);
    case PowerKind::kOne:
      return TermBy<RootOne>(resolved, x, dy, count, sum_to_term, passed);
    case PowerKind::kGeneral:
      break;
  }
  for (size_t i = 0; i < count; ++i) {
    const double s = resolved.k + resolved.a * sum_to_term[i];
    const double power = std::pow(s, -resolved.beta);
    passed[i] = dy[i] * power;
    sum_to_term[i] = dy[i] * (x[i] * power / s);
  }
}

// The row kernel rectifies for itself; x that has been rectified does not change by it.
template <>
void GradientCombine(const Resolved& resolved, const float* x, const float* passed,
                     const float* sum, size_t count, float* dx) {
  RowKernelsFor(DType::kFloat32)
      .combine(OneRow(count), RowArithmetic(resolved), x, passed, {.first = sum}, dx);
}

template <>
void GradientCombine(const Resolved& resolved, const double* __restrict x,
                     const double* __restrict passed, const double* __restrict sum, size_t count,
                     double* __restrict dx) {
  const double factor = 2 * resolved.a * resolved.beta;
  for (size_t i = 0; i < count; ++i) dx[i] = OneNan(passed[i] - factor * x[i] * sum[i]);
  if (resolved.activation == Activation::kRelu)
    for (size_t i = 0; i < count; ++i) dx[i] = x[i] <= 0 ? 0 : dx[i];
}

template void Rectify<float>(float*, size_t);
template void Rectify<double>(double*, size_t);

}  // namespace trine::normalize
