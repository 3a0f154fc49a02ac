// What a call of a row kernel is told besides its data: which rows, and what to compute with.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <limits>

#include "core/base/dtype.h"
#include "core/normalize/lrn.h"
#include "core/normalize/rows/power.h"

namespace trine::normalize {

struct RowShape {
  size_t count = 1;
  size_t width = 0;
  size_t pitch = 0;
  size_t scratch_pitch = 0;
  // How many rows of the tensor after the present one are the rows that will be read from memory
  // soon, to be prefetched; 0: none, as where each row follows the last in memory.
  size_t ahead = 0;
  // Whether results go past the caches: for tensors that do not fit them.
  bool stream = false;
};

// What the steps of a call came upon. Thread safety: set by any thread, read after all.
struct RowFindings {
  // Something left the range in which T keeps the promised accuracy. What depends on it was stored
  // as NaN, in gradients perhaps as infinity, and is to be computed again in a wider type.
  std::atomic<bool> left_range{false};
  // A base k + a * sum of finite numbers has no power: it is 0, or below 0 and beta not whole.
  std::atomic<bool> no_power{false};
  // A result of finite numbers is beyond what the dtype holds: it was, or will be, stored as
  // infinity.
  std::atomic<bool> overflow{false};
};

// The least magnitude that is infinity where a T is stored as `dtype`: halfway from the largest
// number to what would be the next. Infinity where they are one type.
template <typename T>
T OverflowFrom(DType dtype) {
  constexpr int kDigits = std::numeric_limits<T>::digits;
  if (dtype == DType::kFloat16) return T{65520};
  if (dtype == DType::kBfloat16) return static_cast<T>(0x1.FFp127);
  if constexpr (kDigits > 24) {
    if (dtype == DType::kFloat32) return static_cast<T>(0x1.FFFFFFp127);
  }
  if constexpr (kDigits > 53) {
    if (dtype == DType::kFloat64) return 0x1p1023L * (2 - 0x1p-53L);
  }
  return std::numeric_limits<T>::infinity();
}

// What a step computes with.
struct RowArithmetic {
  // For a tensor of dtype `of`, in whatever type is computed in. `found` outlives this.
  RowArithmetic(const Resolved& resolved, DType of, RowFindings& found)
      : power(ChoosePower(resolved.beta)),
        a(resolved.a),
        k(resolved.k),
        beta(resolved.beta),
        factor(2 * resolved.a * resolved.beta),
        plain(0x1p24 / std::max(1.0, std::fabs(resolved.a))),
        may_overflow(MayOverflow(resolved, of)),
        rectify(resolved.activation == Activation::kRelu),
        dtype(of),
        findings(&found) {}

  PowerKind power;
  double a;
  double k;
  double beta;
  double factor;  // 2 a beta
  // Up to this base, 2 a beta x is at most 2^13: what a term loses by underflow stays invisible.
  double plain;
  bool may_overflow;  // whether a y may be beyond what the dtype holds
  bool rectify;
  DType dtype;
  RowFindings* findings;
};

// Window sums that a step takes the terms of: the tree over `taps` rows (window_sum.h),
// `stride` elements apart. REQUIRES: taps is 1 or FusesTaps(taps).
template <typename T>
struct RowWindow {
  const T* first = nullptr;
  size_t stride = 0;
  size_t taps = 1;
};

// A window over rows: `taps` of them, of which the row itself is in the middle. The plane has
// `before` rows before the first that is asked for and `after` rows after the last; what the window
// covers outside the plane counts as zero. REQUIRES: SlidesOver(taps).
struct RowSlide {
  size_t taps = 0;
  size_t before = 0;
  size_t after = 0;
};

// Window lengths that `slide` serves, and that `scale`, `term` and `combine` sum by themselves.
constexpr bool SlidesOver(size_t taps) { return taps == 3 || taps == 5; }
constexpr bool FusesTaps(size_t taps) { return taps == 1 || SlidesOver(taps); }

}  // namespace trine::normalize
