// Sobel's gradient along rows of a picture.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "core/segment/document/page.h"

namespace trine::segment {

// What gradients of pixels T are exact in; of floats they are rounded to float64.
template <typename T>
using SlopeOf =
    std::conditional_t<std::is_floating_point_v<T>, double,
                       std::conditional_t<std::is_same_v<T, uint8_t>, int16_t, int32_t>>;
template <typename T>
using SquareOf =
    std::conditional_t<std::is_floating_point_v<T>, double,
                       std::conditional_t<std::is_same_v<T, uint8_t>, int32_t, int64_t>>;

// The gradient of columns [left - 1, right + 1) of one row; squares are 0 outside the page, and
// where pixels that are not inside it are within two. Thread safety: one thread at a time.
template <typename T>
class GradientRow {
 public:
  using Slope = SlopeOf<T>;
  using Square = SquareOf<T>;

  // Of a column, beside constants [bytes].
  static constexpr int64_t kColumnBytes = static_cast<int64_t>(4 * sizeof(Slope) + sizeof(Square));

  explicit GradientRow(const PageTile& tile)
      : left_(tile.left),
        right_(tile.right),
        sums_(static_cast<size_t>(tile.width() + 4)),
        steps_(sums_.size()),
        x_(static_cast<size_t>(tile.width() + 2)),
        y_(x_.size()),
        square_(x_.size()) {}

  // Of `pixels`, T of the page's size at any address.
  void Set(const Page& page, const uint8_t* pixels, int64_t y) {
    if (y < 0 || y >= page.height) {
      std::fill(square_.begin(), square_.end(), 0);
      return;
    }
    const int64_t row_bytes = page.width * static_cast<int64_t>(sizeof(T));
    const uint8_t* const row_above = pixels + std::max<int64_t>(0, y - 1) * row_bytes;
    const uint8_t* const row_here = pixels + y * row_bytes;
    const uint8_t* const row_below = pixels + std::min(page.height - 1, y + 1) * row_bytes;
    ForClampedColumns(left_ - 2, right_ + 2, page.width, [&](int64_t from, int64_t x) {
      const size_t i = static_cast<size_t>(x - left_ + 2);
      const Square above = PixelAt<T>(row_above, from), here = PixelAt<T>(row_here, from),
                   below = PixelAt<T>(row_below, from);
      sums_[i] = static_cast<Slope>(above + 2 * here + below);
      steps_[i] = static_cast<Slope>(below - above);
    });
    for (size_t i = 0; i < square_.size(); ++i) {
      const Square dx = Square{sums_[i + 2]} - sums_[i];
      const Square dy = Square{steps_[i]} + 2 * Square{steps_[i + 1]} + steps_[i + 2];
      x_[i] = static_cast<Slope>(dx);
      y_[i] = static_cast<Slope>(dy);
      square_[i] = dx * dx + dy * dy;
    }
    if (left_ == 0) square_.front() = 0;
    if (right_ == page.width) square_.back() = 0;
    if (page.inside != nullptr) ClearNearOutside(page, y);
  }

  // Of the columns of the tile, and one more on each side.
  Square SquareAt(int64_t x) const { return square_[Index(x)]; }
  Slope XAt(int64_t x) const { return x_[Index(x)]; }
  Slope YAt(int64_t x) const { return y_[Index(x)]; }

 private:
  size_t Index(int64_t x) const { return static_cast<size_t>(x - left_ + 1); }

  void ClearNearOutside(const Page& page, int64_t y) {
    for (int64_t x = std::max<int64_t>(0, left_ - 1); x < std::min(page.width, right_ + 1); ++x) {
      for (int64_t at_y = std::max<int64_t>(0, y - 2); at_y < std::min(page.height, y + 3);
           ++at_y) {
        for (int64_t at_x = std::max<int64_t>(0, x - 2); at_x < std::min(page.width, x + 3);
             ++at_x) {
          if (page.inside[at_y * page.width + at_x] == 0) square_[Index(x)] = 0;
        }
      }
    }
  }

  int64_t left_, right_;
  std::vector<Slope> sums_, steps_, x_, y_;
  std::vector<Square> square_;
};

}  // namespace trine::segment
