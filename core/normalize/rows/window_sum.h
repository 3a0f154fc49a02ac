// Sums over a sliding window, without a subtraction anywhere.
//
// A sum of n terms is always taken in the same order, whatever computes it: n is cut into its
// powers of two, smallest first, and each power of two is summed as a balanced binary tree:
//   n = 5:  q0 + ((q1 + q2) + (q3 + q4))       n = 3:  q0 + (q1 + q2)
// So the rounding error grows with log2 n, a result does not depend on layout, tile or thread, and
// the two ways below agree to the last bit: direct (n - 1 additions an element) for small n, and
// doubling (sums of 2^j terms from those of 2^(j-1); at most 2 log2 n additions) for large n.
#pragma once

#include <cstddef>

#include "core/base/cancel.h"
#include "core/normalize/geometry.h"
#include "core/normalize/rows/scratch.h"

namespace trine::normalize {

// Elements computed between two polls of the cancellation.
inline constexpr size_t kPollElements = 65536;

// Calls body(begin, end) for consecutive parts of [0, count); false if it was told to stop.
template <typename Body>
bool ForParts(const CancelToken& cancel, size_t count, Body body) {
  for (size_t begin = 0; begin < count; begin += kPollElements) {
    if (begin > 0 && cancel.ShouldStop()) return false;
    body(begin, count - begin < kPollElements ? count : begin + kPollElements);
  }
  return true;
}

// out[i] = sum of q[i + t * stride], t = 0..n-1, for i in [0, count). n >= 1; `out` overlaps
// nothing. `a` and `b` hold count + (n - 1) * stride elements where n > kMaxDirectTaps (else they
// may be null). False if it was told to stop.
template <typename T>
bool SlidingSum(const CancelToken& cancel, const T* q, size_t count, size_t stride, size_t n,
                T* out, T* a, T* b);

inline constexpr size_t kMaxDirectTaps = 16;

// Window sums of everything in `box`, axis by axis, the last axis first. The terms lie in `slot`
// (kPing or kPong) and cover `reach`, a box that holds every tap of `box` that is inside the
// tensor; what is outside `reach` counts as zero. `slot` becomes the one that holds the sums over
// `box`. An error when it was told to stop or memory is short.
template <typename T>
absl::Status BoxSum(const CancelToken& cancel, const Window& window, const Box& reach,
                    const Box& box, Scratch<T>& scratch, typename Scratch<T>::Slot& slot);

}  // namespace trine::normalize
