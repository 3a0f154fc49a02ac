// What a call of a row kernel is told besides its data: which rows, and what to compute with.
#pragma once

#include <cstddef>

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

// What a step computes with.
struct RowArithmetic {
  explicit RowArithmetic(const Resolved& resolved)
      : power(ChoosePower(resolved.beta)),
        a(resolved.a),
        k(resolved.k),
        beta(resolved.beta),
        factor(2 * resolved.a * resolved.beta),
        rectify(resolved.activation == Activation::kRelu) {}

  PowerKind power;
  double a;
  double k;
  double beta;
  double factor;  // 2 a beta
  bool rectify;
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
