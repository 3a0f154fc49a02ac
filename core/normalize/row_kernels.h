// What normalization does to rows of elements, compiled once for every instruction set.
//
// A call covers `count` rows of `width` elements. Rows of the tensor lie `pitch` elements apart;
// rows of the float32 buffers that stand between two steps lie `scratch_pitch` apart. All is done
// element by element, in an order of operations that depends on nothing else: results are the same
// in whatever rows a tensor is cut. Between instruction sets they may differ in the last units,
// for the sake of fused multiplications and of estimates that each has its own of.
//
// s = k + a * sum. The power s^-beta, for s in float's normal range:
//   beta 1/2 and 3/4: from the processor's estimate of an inverse square root and one step of the
//     series p (1 - e)^-1/2 with e = 1 - p^2 s, or p (1 - e)^-1/4 with e = 1 - p^4 s^3, for which
//     square roots and a division would take several times as long and round more often.
//   any other: 2^(-beta log2 s), where the exponent of s takes part in the product exactly.
// Both are off by at most 2.5 units of 2^-24 relative for |beta| <= 1. Zeros, infinities, NaN and
// denormal s go the slow way by square roots and pow.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/dtype.h"
#include "core/normalize/power.h"

namespace trine::normalize {

struct RowShape {
  size_t count = 1;
  size_t width = 0;
  size_t pitch = 0;
  size_t scratch_pitch = 0;
  // Rows of the tensor ahead of the present one that are soon read from memory; 0: none worth
  // naming, as where rows lie behind each other.
  size_t ahead = 0;
  // Whether results go past the caches: for tensors that do not fit them.
  bool stream = false;
};

// What a step computes with.
struct RowArithmetic {
  explicit RowArithmetic(const Resolved& resolved)
      : power(ChoosePower(resolved.beta)),
        a(static_cast<float>(resolved.a)),
        k(static_cast<float>(resolved.k)),
        beta(resolved.beta),
        factor(static_cast<float>(2 * resolved.a * resolved.beta)),
        rectify(resolved.activation == Activation::kRelu) {}

  PowerKind power;
  float a;
  float k;
  double beta;
  float factor;  // 2 a beta
  bool rectify;
};

// Window sums that a step takes the terms of: the tree over `taps` float32 rows (window_sum.h),
// `stride` elements apart. REQUIRES: taps is 1 or FusesTaps(taps).
struct RowWindow {
  const float* first = nullptr;
  size_t stride = 0;
  size_t taps = 1;
};

// The steps for tensors of one dtype. None of the float32 rows may overlap, but for what is said.
// Nothing is written beyond a row's width.
struct RowKernels {
  // squares = rectified x^2.
  void (*square)(const RowShape& shape, bool rectify, const void* x, float* squares);
  // y = x s^-beta. `y` may be `x`.
  void (*scale)(const RowShape& shape, const RowArithmetic& arithmetic, const void* x,
                const RowWindow& sums, void* y);
  // terms = dy x s^-beta / s; passed = dy s^-beta. `terms` may be where the window's only tap is.
  void (*term)(const RowShape& shape, const RowArithmetic& arithmetic, const void* x,
               const void* dy, const RowWindow& sums, float* terms, float* passed);
  // dx = passed - 2 a beta x * (sum of terms); with ReLU +0 where x <= 0. `dx` may be `x`.
  void (*combine)(const RowShape& shape, const RowArithmetic& arithmetic, const void* x,
                  const float* passed, const RowWindow& sums, void* dx);
};

// Window lengths that `scale`, `term` and `combine` sum by themselves.
constexpr bool FusesTaps(size_t taps) { return taps == 1 || taps == 3 || taps == 5; }

// For this machine. `dtype` is float16, bfloat16 or float32.
const RowKernels& RowKernelsFor(DType dtype);

// out[i] = the tree over q[i + t * stride], t = 0 to taps - 1. REQUIRES: 1 <= taps <=
// kMaxDirectTaps.
void SumTaps(const float* q, size_t count, size_t stride, size_t taps, float* out);
// out[i] = a[i] + b[i]. `out` may be `a`.
void AddRows(const float* a, const float* b, size_t count, float* out);

// What was streamed (RowShape) by this thread can be read by others after it.
void FlushStreams();

// Elements of the longest vector.
inline constexpr size_t kLongestVector = 16;
// Highway's bits of the targets that the kernels are compiled for.
int64_t RowKernelTargets();

}  // namespace trine::normalize
