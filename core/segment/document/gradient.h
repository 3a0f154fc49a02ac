// Sobel's gradient along rows of a smoothed page.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "core/segment/document/page.h"

namespace trine::segment {

// The gradient of columns [left - 1, right + 1) of one row; squares are 0 outside the page, and
// where pixels that are not inside it are within two. Thread safety: one thread at a time.
class GradientRow {
 public:
  explicit GradientRow(const PageTile& tile)
      : left_(tile.left),
        right_(tile.right),
        sums_(static_cast<size_t>(tile.width() + 4)),
        steps_(sums_.size()),
        x_(static_cast<size_t>(tile.width() + 2)),
        y_(x_.size()),
        square_(x_.size()) {}

  void Set(const Page& page, const uint8_t* smooth, int64_t y) {
    if (y < 0 || y >= page.height) {
      std::fill(square_.begin(), square_.end(), 0);
      return;
    }
    const uint8_t* const above = smooth + std::max<int64_t>(0, y - 1) * page.width;
    const uint8_t* const here = smooth + y * page.width;
    const uint8_t* const below = smooth + std::min(page.height - 1, y + 1) * page.width;
    ForClampedColumns(left_ - 2, right_ + 2, page.width, [&](int64_t from, int64_t x) {
      const size_t i = static_cast<size_t>(x - left_ + 2);
      sums_[i] = static_cast<int16_t>(above[from] + 2 * here[from] + below[from]);
      steps_[i] = static_cast<int16_t>(below[from] - above[from]);
    });
    for (size_t i = 0; i < square_.size(); ++i) {
      const int32_t dx = sums_[i + 2] - sums_[i];
      const int32_t dy = steps_[i] + 2 * steps_[i + 1] + steps_[i + 2];
      x_[i] = static_cast<int16_t>(dx);
      y_[i] = static_cast<int16_t>(dy);
      square_[i] = dx * dx + dy * dy;
    }
    if (left_ == 0) square_.front() = 0;
    if (right_ == page.width) square_.back() = 0;
    if (page.inside != nullptr) ClearNearOutside(page, y);
  }

  // Of the columns of the tile, and one more on each side.
  int32_t SquareAt(int64_t x) const { return square_[Index(x)]; }
  int32_t XAt(int64_t x) const { return x_[Index(x)]; }
  int32_t YAt(int64_t x) const { return y_[Index(x)]; }

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
  std::vector<int16_t> sums_, steps_, x_, y_;
  std::vector<int32_t> square_;
};

}  // namespace trine::segment
