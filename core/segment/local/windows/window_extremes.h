// The lowest and the highest value of each window, in three comparisons a pixel and direction
// whatever its size (van Herk 1992; Gil, Werman 1993).
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "core/segment/picture.h"

namespace trine::segment {

enum class Extreme : uint8_t { kLowest, kHighest };

// Memory of one call, what it returns included [bytes].
template <typename T>
uint64_t ExtremesBytes(const Picture& gray) {
  return 3 * static_cast<uint64_t>(gray.pixels()) * sizeof(T);
}

// Lines are cut into blocks of the window's length; a window is the end of one block and the
// beginning of the next, and the extremes of both are known from one pass forward and one back.
// A window that the line's end cuts may lie in one block, and then is one of the two.
template <typename T>
T JoinExtremes(const T* forward, const T* back, int64_t stride, int64_t first, int64_t last,
               int64_t window, Extreme which) {
  const T a = back[first * stride], b = forward[last * stride];
  if (first / window == last / window) return first % window == 0 ? b : a;
  return which == Extreme::kHighest ? std::max(a, b) : std::min(a, b);
}

// [height, width], of the pixels inside; where none is in a window anything. Windows end at the
// border: those that mirror or replicate it see no other values. The caller reserves
// ExtremesBytes.
template <typename T>
absl::StatusOr<Scratch<T>> WindowExtremes(const Context& context, const Picture& gray,
                                          int64_t window, Extreme which) {
  const int64_t width = gray.width, height = gray.height, radius = window / 2;
  const bool highest = which == Extreme::kHighest;
  const T none = highest ? std::numeric_limits<T>::lowest() : std::numeric_limits<T>::max();
  const auto join = [highest](T a, T b) { return highest ? std::max(a, b) : std::min(a, b); };
  Scratch<T> out = MakeScratch<T>(gray.pixels());
  // Along the rows, into `out`.
  const auto along_rows = [&](size_t begin, size_t end) -> absl::Status {
    Poller poll = PixelPoller(context);
    Scratch<T> forward = MakeScratch<T>(width), back = MakeScratch<T>(width);
    for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
      for (int64_t x = 0; x < width; ++x) {
        if (x % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(2 * 4096));
        const int64_t i = y * width + x;
        const T value = gray.Contains(i) ? PixelAt<T>(gray.data, i) : none;
        back[static_cast<size_t>(x)] = value;
        forward[static_cast<size_t>(x)] =
            x % window == 0 ? value : join(forward[static_cast<size_t>(x - 1)], value);
      }
      for (int64_t x = width - 2; x >= 0; --x) {
        if (x % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
        T& value = back[static_cast<size_t>(x)];
        if ((x + 1) % window != 0) value = join(value, back[static_cast<size_t>(x + 1)]);
      }
      for (int64_t x = 0; x < width; ++x) {
        if (x % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(2 * 4096));
        out[static_cast<size_t>(y * width + x)] =
            JoinExtremes(forward.data(), back.data(), 1, std::max<int64_t>(0, x - radius),
                         std::min(width - 1, x + radius), window, which);
      }
    }
    return absl::OkStatus();
  };
  TRINE_RETURN_IF_ERROR(
      ParallelFor(context, static_cast<size_t>(height), RowGrain(4 * width), along_rows));
  // Down the columns, many at a time.
  Scratch<T> forward = MakeScratch<T>(gray.pixels()), back = MakeScratch<T>(gray.pixels());
  const size_t columns = static_cast<size_t>(std::max<int64_t>(64, kPixelGrain / height));
  const auto down_columns = [&](size_t begin, size_t end) -> absl::Status {
    Poller poll = PixelPoller(context);
    const int64_t first = static_cast<int64_t>(begin), last = static_cast<int64_t>(end);
    // body(index) for a row's part of the columns.
    const auto row = [&](int64_t y, const auto& body) -> absl::Status {
      for (int64_t x = first; x < last; x += kPixelGrain) {
        const int64_t stop = std::min(last, x + kPixelGrain);
        TRINE_RETURN_IF_ERROR(poll.Spend(4 * (stop - x) + 8));
        for (int64_t i = y * width + x; i < y * width + stop; ++i) body(static_cast<size_t>(i));
      }
      return absl::OkStatus();
    };
    const size_t line = static_cast<size_t>(width);
    for (int64_t y = 0; y < height; ++y) {
      TRINE_RETURN_IF_ERROR(row(y, [&, starts = y % window == 0](size_t i) {
        forward[i] = starts ? out[i] : join(forward[i - line], out[i]);
      }));
    }
    for (int64_t y = height - 1; y >= 0; --y) {
      const bool ends = y == height - 1 || (y + 1) % window == 0;
      TRINE_RETURN_IF_ERROR(
          row(y, [&, ends](size_t i) { back[i] = ends ? out[i] : join(back[i + line], out[i]); }));
    }
    for (int64_t y = 0; y < height; ++y) {
      const int64_t top = std::max<int64_t>(0, y - radius);
      const int64_t bottom = std::min(height - 1, y + radius);
      TRINE_RETURN_IF_ERROR(row(y, [&, top, bottom](size_t i) {
        const size_t x = i % line;
        out[i] =
            JoinExtremes(forward.data() + x, back.data() + x, width, top, bottom, window, which);
      }));
    }
    return absl::OkStatus();
  };
  TRINE_RETURN_IF_ERROR(ParallelFor(context, static_cast<size_t>(width), columns, down_columns));
  return out;
}

}  // namespace trine::segment
