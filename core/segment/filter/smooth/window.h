// Windows around a pixel: how far each of their rows reaches to either side.
#pragma once

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace trine::segment {

// The same along rows as along columns.
class Window {
 public:
  static Window Square(int64_t radius) {
    return Window(std::vector<int64_t>(static_cast<size_t>(2 * radius + 1), radius));
  }
  // ImageJ's: dx^2 + dy^2 <= radius^2 + 1, |dx| and |dy| at most radius.
  static Window ImagejDisk(int64_t radius) {
    std::vector<int64_t> half;
    for (int64_t dy = -radius; dy <= radius; ++dy) {
      // At most 2^25: the root of a square is exact.
      const double square = static_cast<double>(radius * radius + 1 - dy * dy);
      half.push_back(static_cast<int64_t>(std::sqrt(square)));
    }
    return Window(std::move(half));
  }

  int64_t radius() const { return static_cast<int64_t>(half_.size() / 2); }
  // Of the row dy, |dy| <= radius().
  int64_t Half(int64_t dy) const { return half_[static_cast<size_t>(dy + radius())]; }
  int64_t pixels() const {
    int64_t sum = 0;
    for (const int64_t half : half_) sum += 2 * half + 1;
    return sum;
  }

 private:
  explicit Window(std::vector<int64_t> half) : half_(std::move(half)) {}

  std::vector<int64_t> half_;
};

}  // namespace trine::segment
