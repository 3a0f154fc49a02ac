// What is done at each element once the window's sum of squares is known: s = k + a * sum.
//
// For float and double all but Rectify are the row kernels (row_kernels.h), on one row, which may
// find that their type does not suffice (RowFindings). For long double, the last resort, they are
// plain loops (wide.cc): its exponents hold whatever doubles lead to.
// A NaN is always stored as the one quiet NaN: which of two NaN an addition returns depends on how
// the compiler ordered its operands.
#pragma once

#include <cstddef>

#include "core/normalize/lrn.h"

namespace trine::normalize {

struct RowArithmetic;  // kernels/row_shape.h

enum class PowerKind { kHalf, kThreeQuarters, kOne, kGeneral };

PowerKind ChoosePower(double beta);

// Whether float32 arithmetic keeps the promised accuracy for ordinary inputs with windows of up to
// `taps` elements, and its steps notice where it does not; else the sums and powers of float32 and
// narrower types are double from the start.
bool FloatSuffices(const Resolved& resolved, double taps);
bool FloatSufficesForGradient(const Resolved& resolved, double taps);

// Rectifies in place: negative numbers and zeros become +0, NaN stays.
template <typename T>
void Rectify(T* x, size_t count);

// out[i] = x[i]^2. No overlap, here and below, but for what is said to be in and out.
template <typename T>
void Square(const T* x, size_t count, T* out);

// y[i] = x[i] * s[i]^-beta.
template <typename T>
void Scale(const RowArithmetic& arithmetic, const T* x, const T* sum, size_t count, T* y);

// passed[i] = dy[i] * s[i]^-beta; sum_to_term[i] (sum of squares in) =
// dy[i] * x[i] * s[i]^-beta / s[i] out.
template <typename T>
void GradientTerm(const RowArithmetic& arithmetic, const T* x, const T* dy, size_t count,
                  T* sum_to_term, T* passed);

// dx[i] = passed[i] - 2 a beta x[i] * sum[i]; with ReLU +0 where x[i] <= 0.
template <typename T>
void GradientCombine(const RowArithmetic& arithmetic, const T* x, const T* passed, const T* sum,
                     size_t count, T* dx);

// What long double has of its own.
template <>
void Square(const long double* x, size_t count, long double* out);
template <>
void Scale(const RowArithmetic& arithmetic, const long double* x, const long double* sum,
           size_t count, long double* y);
template <>
void GradientTerm(const RowArithmetic& arithmetic, const long double* x, const long double* dy,
                  size_t count, long double* sum_to_term, long double* passed);
template <>
void GradientCombine(const RowArithmetic& arithmetic, const long double* x,
                     const long double* passed, const long double* sum, size_t count,
                     long double* dx);

}  // namespace trine::normalize
