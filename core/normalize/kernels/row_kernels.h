// What normalization does to rows of elements, compiled once for every instruction set.
//
// A call covers `count` rows of `width` elements. Rows of the tensor lie `pitch` elements apart;
// rows of the buffers between two steps lie `scratch_pitch` apart. T, float or double,
// is what is computed in and what those buffers hold. All is done element by element, in an order
// of operations that depends on nothing else: results are the same in whatever rows a tensor is
// cut. Between instruction sets they may differ in the last units: some have fused multiplications,
// and each has its own estimates.
//
// Thread safety: all functions may be called by any number of threads at once.
//
// s = k + a * sum. In double the power s^-beta is taken from square roots and a division, or by
// pow. In float, for s in its normal range:
//   beta 1/2 and 3/4: from the processor's estimate of an inverse square root and one step of the
//     series p (1 - e)^-1/2 with e = 1 - p^2 s, or u^3 (1 - e)^-3/4 with e = 1 - u^4 s; square
//     roots and a division would take several times as long.
//   any other: 2^(-beta log2 s), where the exponent of s takes part in the product exactly.
// Both are off by at most 3.5 units of 2^-24 relative for |beta| <= 1. Where s or what is made of
// it leaves the range in which that holds, the step stores NaN and says so (row_range-inl.h);
// zeros, infinities and NaN that the input itself leads to go the slow way by square roots and pow.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/dtype.h"
#include "core/normalize/kernels/row_shape.h"

namespace trine::normalize {

// The steps for tensors of one dtype. None of the rows of T may overlap, but for what is said.
// Nothing is written beyond a row's width.
template <typename T>
struct RowKernels {
  // squares = rectified x^2.
  void (*square)(const RowShape& shape, bool rectify, const void* x, T* squares);
  // y = x s^-beta. `y` may be `x`.
  void (*scale)(const RowShape& shape, const RowArithmetic& arithmetic, const void* x,
                const RowWindow<T>& sums, void* y);
  // The same for a window over rows of x themselves: square and scale in one go. `y` may not be
  // `x`. REQUIRES: nothing may overflow (RowArithmetic).
  void (*slide)(const RowShape& shape, const RowArithmetic& arithmetic, const RowSlide& slide,
                const void* x, void* y);
  // terms = dy x s^-beta / s; passed = dy s^-beta. `terms` may be where the window's only tap is.
  void (*term)(const RowShape& shape, const RowArithmetic& arithmetic, const void* x,
               const void* dy, const RowWindow<T>& sums, T* terms, T* passed);
  // dx = passed - 2 a beta x * (sum of terms); with ReLU +0 where x <= 0. `dx` may be `x`.
  void (*combine)(const RowShape& shape, const RowArithmetic& arithmetic, const void* x,
                  const T* passed, const RowWindow<T>& sums, void* dx);
};

// For this machine, of one dtype each (row_float16.cc and its neighbours).
const RowKernels<float>& RowKernelsFloat16();
const RowKernels<float>& RowKernelsBfloat16();
const RowKernels<float>& RowKernelsFloat32();
const RowKernels<double>& RowKernelsFloat64();

// The same by name. `dtype` is float16, bfloat16 or float32 for float, and float64 for double.
template <typename T>
const RowKernels<T>& RowKernelsFor(DType dtype);
template <>
const RowKernels<float>& RowKernelsFor(DType dtype);
template <>
const RowKernels<double>& RowKernelsFor(DType dtype);

// out[i] = the tree over q[i + t * stride], t = 0 to taps - 1. REQUIRES: 1 <= taps <=
// kMaxDirectTaps.
void SumTaps(const float* q, size_t count, size_t stride, size_t taps, float* out);
void SumTaps(const double* q, size_t count, size_t stride, size_t taps, double* out);
// out[i] = a[i] + b[i]. `out` may be `a`.
void AddRows(const float* a, const float* b, size_t count, float* out);
void AddRows(const double* a, const double* b, size_t count, double* out);
// The same in plain loops (rows/wide.cc).
void SumTaps(const long double* q, size_t count, size_t stride, size_t taps, long double* out);
void AddRows(const long double* a, const long double* b, size_t count, long double* out);

// The largest magnitude in rows of floats of `element_bytes` (2, 4 or 8), as its bits, which are
// ordered as magnitudes are, with NaN above infinity.
uint64_t LargestBits(const RowShape& rows, size_t element_bytes, const void* x);

// What was streamed (RowShape) by this thread can be read by others after it.
void FlushStreams();

// Elements of the longest vector.
inline constexpr size_t kLongestVector = 16;
// Highway's bits of the targets that the kernels are compiled for.
int64_t RowKernelTargets();

}  // namespace trine::normalize
