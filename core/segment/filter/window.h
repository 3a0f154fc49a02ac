// Windows around a pixel: how far each of their rows reaches to either side.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace trine::segment {

// Symmetric, and the further a row from the middle, the shorter.
class Window {
 public:
  static Window Square(int64_t radius) {
    return Window(std::vector<int64_t>(static_cast<size_t>(2 * radius + 1), radius));
  }
  // dx^2 + dy^2 <= radius^2.
  static Window Disk(int64_t radius) { return Round(radius, radius * radius); }
  // OpenCV's MORPH_ELLIPSE of side 2 radius + 1: half a row is the root of radius^2 - dy^2,
  // rounded.
  static Window OpencvDisk(int64_t radius) {
    std::vector<int64_t> half;
    for (int64_t dy = -radius; dy <= radius; ++dy) {
      // No root of an integer lies within 2^-14 of a half.
      const double square = static_cast<double>(radius * radius - dy * dy);
      half.push_back(std::llround(std::sqrt(square)));
    }
    return Window(std::move(half));
  }
  // ImageJ's: dx^2 + dy^2 <= radius^2 + 1, |dx| and |dy| at most radius.
  static Window ImagejDisk(int64_t radius) { return Round(radius, radius * radius + 1); }

  int64_t radius() const { return static_cast<int64_t>(half_.size() / 2); }
  // Of the row dy, |dy| <= radius().
  int64_t Half(int64_t dy) const { return half_[static_cast<size_t>(dy + radius())]; }
  int64_t pixels() const {
    int64_t sum = 0;
    for (const int64_t half : half_) sum += 2 * half + 1;
    return sum;
  }

 private:
  static Window Round(int64_t radius, int64_t most) {
    std::vector<int64_t> half;
    for (int64_t dy = -radius; dy <= radius; ++dy) {
      // At most 2^25: the root of a square is exact.
      const double root = std::sqrt(static_cast<double>(most - dy * dy));
      half.push_back(std::min(radius, static_cast<int64_t>(root)));
    }
    return Window(std::move(half));
  }
  explicit Window(std::vector<int64_t> half) : half_(std::move(half)) {}

  std::vector<int64_t> half_;
};

}  // namespace trine::segment
