// Local thresholds of a window's mean and deviation, decided in doubles: sums that slide over the
// picture are off by no more than a bound, and so is the threshold that they make. A pixel that is
// nearer to it is decided again by the exact sums of its own window; where these are many (flat
// areas, values of very different size) the whole band is, by WindowRows. Either gives what the
// exact sums give.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/segment/local/kernels/moment_bounds.h"
#include "core/segment/local/windows/double_rows.h"
#include "core/segment/local/windows/window_moments.h"
#include "core/segment/local/windows/window_sums.h"
#include "core/segment/picture.h"

namespace trine::segment {

// Pixels of a band that bounds do not tell enough of.
class NearPixels {
 public:
  explicit NearPixels(size_t most) : most_(most) {}

  // False where they are too many to be looked at one by one.
  bool Add(int64_t index) {
    if (indices_.size() == most_) return false;
    indices_.push_back(index);
    return true;
  }
  const std::vector<int64_t>& indices() const { return indices_; }

 private:
  size_t most_;
  std::vector<int64_t> indices_;
};

// Calls rough(moments, first, count, &near) for pieces of rows, `first` the index of a piece's
// first pixel, and exact(index, stored, sum, square, count) for the pixels that it found near, or,
// where it returned false, for all pixels inside of the band.
template <typename T, bool kSquares, typename Rough, typename Exact>
absl::Status VisitBounds(const Context& context, const Picture& gray, int64_t window, Border border,
                         const Rough& rough, const Exact& exact) {
  constexpr Squares kKept = kSquares ? Squares::kExact : Squares::kNone;
  constexpr int64_t kMostNear = 4096;
  const int64_t width = gray.width;
  if (window > width)
    return VisitWindows<T, kKept>(context, gray, window, border, Outside::kLeftOut, exact);

  const auto visit_rows = [&](int64_t begin, int64_t end, Poller& poll,
                              NearPixels* near) -> absl::StatusOr<bool> {
    DoubleRows<T, kSquares> rows(gray, window, border);
    TRINE_RETURN_IF_ERROR(rows.Start(begin, end, poll));
    MomentBounds moments;
    for (int64_t y = begin; y < end; ++y) {
      if (y > begin) TRINE_RETURN_IF_ERROR(rows.Next(y - 1, poll));
      for (int64_t x = 0; x < width; x += int64_t{kMomentsPiece}) {
        const int64_t count = std::min<int64_t>(width - x, kMomentsPiece);
        TRINE_RETURN_IF_ERROR(poll.Spend(4 * count));
        rows.Bound(x, count, &moments);
        if (!rough(moments, y * width + x, count, near)) return false;
      }
    }
    return true;
  };
  const auto visit_band = [&](size_t first, size_t last) -> absl::Status {
    const int64_t begin = static_cast<int64_t>(first), end = static_cast<int64_t>(last);
    Poller poll = PixelPoller(context);
    // So many have windows of as many pixels as the band, together.
    const int64_t most = std::min(kMostNear, 1 + (end - begin) * width / (window * window));
    NearPixels near(static_cast<size_t>(most));
    TRINE_ASSIGN_OR_RETURN(const bool is_enough, visit_rows(begin, end, poll, &near));
    if (is_enough) {
      for (const int64_t i : near.indices()) {
        WindowOfOne<T, kSquares> own;
        TRINE_RETURN_IF_ERROR(own.AddUp(gray, window / 2, border, i, poll));
        exact(i, PixelAt<T>(gray.data, i), own.sum, own.square, own.count);
      }
      return absl::OkStatus();
    }
    WindowRows<T, kKept> rows(gray, window, border, Outside::kLeftOut);
    TRINE_RETURN_IF_ERROR(rows.Start(begin, poll));
    for (int64_t y = begin; y < end; ++y) {
      if (y > begin) TRINE_RETURN_IF_ERROR(rows.Next(y - 1, poll));
      TRINE_RETURN_IF_ERROR(rows.Row(y, poll, exact));
    }
    return absl::OkStatus();
  };
  // Bands depend on the picture and the window only: exact sums of floats whose sizes differ by
  // more than 2^80 would show where they start. Longer ones start less often, where there are many.
  const int64_t starts = std::min(window, gray.height) * (gray.height >= 64 * window ? 4 : 2);
  const size_t band = std::max(RowGrain(width), static_cast<size_t>(starts));
  return ParallelFor(context, static_cast<size_t>(gray.height), band, visit_band);
}

// What mean and deviation with their bounds make of a window.
struct ThresholdBound {
  double value = 0;
  double error = 0;  // 0: what the exact sums make, to the bit
};

// mask = 255 where is_above(index, stored, sum, square, count) != invert, for each pixel inside.
// bound(moments, i, index) is the threshold of window i of `moments`, above which a pixel is above.
template <typename T, bool kSquares, typename Bound, typename IsAbove>
absl::Status DecideWindows(const Context& context, const Picture& gray, int64_t window,
                           Border border, bool invert, uint8_t* mask, const Bound& bound,
                           const IsAbove& is_above) {
  const double origin = static_cast<double>(gray.origin);
  const auto rough = [&, origin](const MomentBounds& moments, int64_t first, int64_t count,
                                 NearPixels* near) {
    BoundThresholds thresholds;
    const size_t size = static_cast<size_t>(count);
    for (size_t i = 0; i < size; ++i) {
      const int64_t index = first + static_cast<int64_t>(i);
      const ThresholdBound t = bound(moments, i, index);
      thresholds.threshold[i] = t.value;
      thresholds.error[i] = t.error;
    }
    const uint8_t* const data = gray.data;
    for (size_t i = 0; i < size; ++i) {
      const T stored = PixelAt<T>(data, first + static_cast<int64_t>(i));
      thresholds.value[i] = origin + static_cast<double>(stored);
    }
    const bool is_any_near =
        MarkAbove(thresholds, size, static_cast<uint8_t>(invert ? 255 : 0), mask + first);
    if (gray.inside != nullptr) {
      for (int64_t i = first; i < first + count; ++i) mask[i] = gray.Contains(i) ? mask[i] : 0;
    }
    for (size_t i = 0; is_any_near && i < size; ++i) {
      const int64_t index = first + static_cast<int64_t>(i);
      if (thresholds.IsNear(i) && gray.Contains(index) && !near->Add(index)) return false;
    }
    return true;
  };
  return VisitBounds<T, kSquares>(
      context, gray, window, border, rough,
      [&](int64_t i, T stored, const PixelSum<T>& sum, const PixelSum<T>& square, int64_t count) {
        mask[i] = is_above(i, stored, sum, square, count) != invert ? 255 : 0;
      });
}

// The largest deviation of a window around a pixel inside, as exact sums give it; 0 without one.
template <typename T>
absl::StatusOr<double> LargestDeviation(const Context& context, const Picture& gray, int64_t window,
                                        Border border) {
  std::atomic<double> largest = 0;
  const auto raise = [&largest](double to) {
    double seen = largest.load(std::memory_order_relaxed);
    while (to > seen && !largest.compare_exchange_weak(seen, to)) {
    }
  };
  const auto exact = [&](int64_t, T, const PixelSum<T>& sum, const PixelSum<T>& square,
                         int64_t count) { raise(DeviationOf(sum, square, count)); };
  // First what the bounds are sure of, then all that may be above it.
  std::atomic<bool> is_bounded = false;
  TRINE_RETURN_IF_ERROR((VisitBounds<T, true>(
      context, gray, window, border,
      [&](const MomentBounds& moments, int64_t first, int64_t count, NearPixels*) {
        double most = 0, error = 0;
        for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
          if (!gray.Contains(first + static_cast<int64_t>(i))) continue;
          most = std::max(most, moments.deviation[i] - moments.deviation_error[i]);
          error = std::max(error, moments.deviation_error[i]);
        }
        raise(most);
        if (error > 0) is_bounded.store(true, std::memory_order_relaxed);
        return true;
      },
      exact)));
  if (!is_bounded) return largest.load();
  const double sure = largest;
  TRINE_RETURN_IF_ERROR((VisitBounds<T, true>(
      context, gray, window, border,
      [&](const MomentBounds& moments, int64_t first, int64_t count, NearPixels* near) {
        for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
          const int64_t index = first + static_cast<int64_t>(i);
          const bool is_below = moments.deviation[i] + moments.deviation_error[i] < sure;
          if (!is_below && gray.Contains(index) && !near->Add(index)) return false;
        }
        return true;
      },
      exact)));
  return largest.load();
}

}  // namespace trine::segment
