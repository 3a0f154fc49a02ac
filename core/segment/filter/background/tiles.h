// Pieces of a picture with the surroundings that a disk or ball reaches, for least values: what
// does not count is higher than every pixel.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "core/segment/filter/background/background.h"
#include "core/runtime/thread_pool.h"
#include "core/segment/filter/background/least_kernels.h"
#include "core/segment/picture.h"

namespace trine::segment {

template <typename T>
inline constexpr T kNotThere = std::is_integral_v<T> ? std::numeric_limits<T>::max()
                                                     : std::numeric_limits<T>::infinity();

// The order of values turned round: largest values are least ones of these.
template <typename T>
T Negative(T value) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(std::numeric_limits<T>::max() - value);
  } else {
    return -value;
  }
}

// Rows and columns of the pieces: long against the reach, short enough for the second cache or
// little more.
struct TileSize {
  int64_t rows = 0, columns = 0, reach = 0;

  static TileSize Of(const Picture& gray, int64_t reach) {
    const int64_t wide = 2048 / static_cast<int64_t>(DTypeSize(gray.dtype));
    return {std::min(gray.height, std::max<int64_t>(96, 2 * reach)),
            std::min(gray.width, std::max(wide, 2 * reach)), reach};
  }
  int64_t stride() const { return columns + 2 * reach + kLeastSlack; }
  // Of a piece with its surroundings.
  int64_t cells() const { return (rows + 2 * reach + 1) * stride(); }
};

// A piece: rows [begin, end) and columns [first, last) of the picture, and around them what is
// there.
template <typename T>
class Tile {
 public:
  explicit Tile(const TileSize& size) : size_(size), cells_(MakeScratch<T>(size.cells())) {}

  // What read(y, first, count, to) writes of row y; kNotThere beyond the picture.
  template <typename ReadRow>
  absl::Status Read(const Picture& gray, int64_t begin, int64_t end, int64_t first, int64_t last,
                    Poller& poll, const ReadRow& read) {
    top_ = std::max<int64_t>(0, begin - size_.reach);
    bottom_ = std::min(gray.height, end + size_.reach);
    const int64_t left = first - size_.reach;
    const int64_t from = std::max<int64_t>(0, left);
    const int64_t to = std::min(gray.width, last + size_.reach);
    for (int64_t y = top_; y < bottom_; ++y) {
      TRINE_RETURN_IF_ERROR(poll.Spend(size_.stride() / 4));
      T* const row = Row(y);
      std::fill(row, row + (from - left), kNotThere<T>);
      read(y, from, to - from, row + (from - left));
      std::fill(row + (to - left), row + size_.stride(), kNotThere<T>);
    }
    return absl::OkStatus();
  }

  bool Has(int64_t y) const { return y >= top_ && y < bottom_; }
  int64_t top() const { return top_; }
  int64_t bottom() const { return bottom_; }
  // Element 0 is column first - reach.
  T* Row(int64_t y) { return cells_.data() + (y - top_) * size_.stride(); }

 private:
  TileSize size_;
  Scratch<T> cells_;
  int64_t top_ = 0, bottom_ = 0;
};

// Pixels [y][first, first + count), turned round where the background is light; kNotThere outside.
template <typename T>
void ReadInside(const Picture& gray, bool light, int64_t y, int64_t first, int64_t count, T* to) {
  const int64_t start = y * gray.width + first;
  std::memcpy(to, gray.data + start * static_cast<int64_t>(sizeof(T)),
              static_cast<size_t>(count) * sizeof(T));
  if (light) {
    for (int64_t x = 0; x < count; ++x) to[x] = Negative(to[x]);
  }
  if (gray.inside == nullptr) return;
  for (int64_t x = 0; x < count; ++x) {
    if (gray.inside[start + x] == 0) to[x] = kNotThere<T>;
  }
}

// A pixel over the background, which is at least the pixel.
template <typename T>
T Quotient(const Picture& gray, const Removal& removal, T pixel, T background) {
  if (std::is_floating_point_v<T> && !gray.whole) return pixel > 0 ? pixel / background : T{0};
  const double value = static_cast<double>(pixel) + static_cast<double>(gray.origin);
  if (value <= 0) return static_cast<T>(-removal.origin);
  const double whole = static_cast<double>(background) + static_cast<double>(gray.origin);
  // Rounded to the nearest, halves up. Of 16 bits a quotient that is no integer is farther from one
  // than it is rounded.
  const double parts = std::floor((2 * removal.white * value + whole) / (2 * whole));
  return static_cast<T>(parts - static_cast<double>(removal.origin));
}

// Those pixels over the background, whose negative is `negative`; pixels outside as they are.
template <typename T>
void WriteQuotients(const Picture& gray, const Removal& removal, int64_t start, int64_t count,
                    const T* negative, uint8_t* out) {
  for (int64_t x = 0; x < count; ++x) {
    T pixel = PixelAt<T>(gray.data, start + x);
    if (gray.Contains(start + x)) pixel = Quotient(gray, removal, pixel, Negative(negative[x]));
    StoreLE<T>(out + (start + x) * static_cast<int64_t>(sizeof(T)), pixel);
  }
}

// What stays of those pixels above `background`, turned back; pixels outside as they are.
template <typename T>
void WriteStays(const Picture& gray, const Removal& removal, int64_t y, int64_t first,
                int64_t count, const T* background, T* row, uint8_t* out) {
  constexpr int64_t kBytes = static_cast<int64_t>(sizeof(T));
  const int64_t start = y * gray.width + first;
  if (removal.divide) {
    WriteQuotients(gray, removal, start, count, background, out);
    return;
  }
  const bool light = removal.light;
  ReadInside(gray, light, y, first, count, row);
  for (int64_t x = 0; x < count; ++x) {
    if constexpr (std::is_integral_v<T>) {
      row[x] = static_cast<T>(row[x] - background[x]);
    } else {
      row[x] = Saturated<T>(row[x] - background[x]);
    }
  }
  if (light) {
    for (int64_t x = 0; x < count; ++x) {
      if constexpr (std::is_integral_v<T>) {
        row[x] = Negative(row[x]);
      } else {
        row[x] = T{0} - row[x];  // no negative 0
      }
    }
  }
  std::memcpy(out + start * kBytes, row, static_cast<size_t>(count) * sizeof(T));
  if (gray.inside == nullptr) return;
  for (int64_t i = start; i < start + count; ++i) {
    if (gray.inside[i] == 0) std::memcpy(out + i * kBytes, gray.data + i * kBytes, sizeof(T));
  }
}

// Calls body(begin, end, first, last) for pieces that cover the picture, in parallel.
template <typename Body>
absl::Status ForTiles(const Context& context, const Picture& gray, const TileSize& size,
                      const Body& body) {
  const int64_t across = (gray.width + size.columns - 1) / size.columns;
  const int64_t down = (gray.height + size.rows - 1) / size.rows;
  return ParallelFor(context, static_cast<size_t>(across * down), 1, [&](size_t piece, size_t) {
    const int64_t begin = static_cast<int64_t>(piece) / across * size.rows;
    const int64_t first = static_cast<int64_t>(piece) % across * size.columns;
    return body(begin, std::min(gray.height, begin + size.rows), first,
                std::min(gray.width, first + size.columns));
  });
}

// What threads hold at once, and `beside` it, on top of what the row says [bytes].
inline absl::Status ReserveTiles(const Context& context, const TileSize& size, size_t pixel_bytes,
                                 uint64_t beside = 0) {
  return context.Reserve(
      beside + ThreadsOf(context) *
                   static_cast<uint64_t>(size.cells() + size.rows * size.stride()) * pixel_bytes);
}

}  // namespace trine::segment
