// What is done at each element once the window's sum of squares is known: s = k + a * sum.
//
// All but Rectify are the row kernels (row_kernels.h), on one row.
// A NaN is always stored as the one quiet NaN: which of two NaN an addition returns depends on how
// the compiler ordered its operands.
#pragma once

#include <cstddef>

#include "core/normalize/lrn.h"

namespace trine::normalize {

enum class PowerKind { kHalf, kThreeQuarters, kOne, kGeneral };

PowerKind ChoosePower(double beta);

// Whether float32 arithmetic keeps the promised accuracy for inputs of 1e-15 to 1e15 with windows
// of up to `taps` elements; else the sums and powers of float32 and narrower types are double.
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
void Scale(const Resolved& resolved, const T* x, const T* sum, size_t count, T* y);

// passed[i] = dy[i] * s[i]^-beta; sum_to_term[i] (sum of squares in) =
// dy[i] * x[i] * s[i]^-beta / s[i] out.
template <typename T>
void GradientTerm(const Resolved& resolved, const T* x, const T* dy, size_t count, T* sum_to_term,
                  T* passed);

// dx[i] = passed[i] - 2 a beta x[i] * sum[i]; with ReLU +0 where x[i] <= 0.
template <typename T>
void GradientCombine(const Resolved& resolved, const T* x, const T* passed, const T* sum,
                     size_t count, T* dx);

}  // namespace trine::normalize
