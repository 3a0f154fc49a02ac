// The relief that a watershed floods, as levels of a queue.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/segment/picture.h"

namespace trine::segment {

// Heights of pixels as levels in [0, count()), read from the picture or the distance map itself
// where that gives them at once. Pixels outside the region have any level. What it was made of must
// outlive it. Thread safety: concurrent reads.
class FloodRelief {
 public:
  static absl::StatusOr<FloodRelief> OfGray(const Context& context, const Picture& gray,
                                            const uint8_t* region);
  // The negated distance map: the highest distance is level 0. Exact distances between pixels are
  // levelled by their squares, others by rank.
  static absl::StatusOr<FloodRelief> OfDistance(const Context& context, const float* distance,
                                                const uint8_t* region, int64_t pixels);

  // 0: the region is empty.
  int64_t count() const { return count_; }
  // The levels of pixels begin, ..., begin + n - 1.
  void Read(int64_t begin, int64_t n, uint32_t* levels) const;
  // Gives back the memory that it has of its own. REQUIRES: Read is not called after it.
  void Forget() { ranks_ = {}; }

 private:
  enum class Kind { kBytes, kWords, kSquares, kRanks };

  Kind kind_ = Kind::kRanks;
  int64_t count_ = 0;
  const uint8_t* data_ = nullptr;    // kBytes, kWords
  const float* distance_ = nullptr;  // kSquares
  Scratch<int32_t> ranks_;           // kRanks
  bool falling_ = false;             // kRanks: the highest rank is level 0
};

// The greatest of the squares of the distances in the region, where they are integers up to
// kMostSquare and the distances their roots rounded to float; below 0 otherwise.
inline constexpr int32_t kMostSquare = 1 << 20;
absl::StatusOr<int32_t> GreatestSquare(const Context& context, const float* distance,
                                       const uint8_t* region, int64_t pixels);
// REQUIRES: GreatestSquare is not below 0, or the value is not used.
inline int32_t SquareOf(float distance) {
  constexpr float kHalf = 0.5f;
  return static_cast<int32_t>(distance * distance + kHalf);
}

}  // namespace trine::segment
