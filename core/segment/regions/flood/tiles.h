// A picture in tiles of 8 x 4 pixels with a border around it: a pixel's neighbours are mostly in
// the same line of the cache.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/segment/regions/grid.h"

namespace trine::segment {

// Where pixels lie. Rows and columns count from the border's: the picture's first pixel is (1, 1).
class Tiles {
 public:
  static constexpr int64_t kWidth = 8, kHeight = 4, kPixels = kWidth * kHeight;

  Tiles(int64_t height, int64_t width)
      : across_((width + 2 + kWidth - 1) / kWidth), down_((height + 2 + kHeight - 1) / kHeight) {}

  int64_t across() const { return across_; }
  int64_t rows() const { return down_ * kHeight; }
  int64_t size() const { return across_ * down_ * kPixels; }

  // The first of the pixels of a row that lie in the tile `tile` from the left; they follow it.
  int64_t RowOf(int64_t row, int64_t tile) const {
    return ((row / kHeight) * across_ + tile) * kPixels + (row % kHeight) * kWidth;
  }
  int64_t IndexOf(int64_t row, int64_t column) const {
    return RowOf(row, column / kWidth) + column % kWidth;
  }

  // Adding steps[i % kPixels][k] to an index that is not on the border goes to its neighbour k.
  using Steps = std::array<std::array<int32_t, 8>, kPixels>;
  Steps NeighborSteps() const {
    Steps steps{};
    for (int64_t p = 0; p < kPixels; ++p) {
      for (size_t k = 0; k < kNeighbors.size(); ++k) {
        // From a tile with others on all sides.
        const int64_t y = p / kWidth + kNeighbors[k].dy + kHeight;
        const int64_t x = p % kWidth + kNeighbors[k].dx + kWidth;
        const int64_t tile = (y / kHeight - 1) * across_ + (x / kWidth - 1);
        steps[static_cast<size_t>(p)][k] =
            static_cast<int32_t>(tile * kPixels + (y % kHeight) * kWidth + x % kWidth - p);
      }
    }
    return steps;
  }

 private:
  int64_t across_, down_;
};

}  // namespace trine::segment
