// The convex hull of a region, and what is measured of it, exactly: as scikit-image's
// convex_hull_image and feret_diameter_max.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/segment/picture.h"

namespace trine::segment {

// Pixels of a row, columns [begin, end).
struct RowSpan {
  int32_t row = 0;
  int32_t begin = 0, end = 0;
};

struct HullMeasures {
  int64_t area_convex = 0;  // pixels whose centres the hull of the pixels' diamonds has
  double feret_max = 0;     // the largest distance of two points of the outline of those [pixels]
};

// Both of one region after another. A pixel counts as the diamond of the middles of its sides.
// Thread safety: one thread at a time.
class HullMeasurer {
 public:
  // Extremes of two half rows, and corners of both sides and of all around, in vectors that double.
  static constexpr uint64_t kBytesARow = 320;

  // Spans by ascending row, at least one, of a picture of at most kMaxPixels. Memory: kBytesARow a
  // row from the first to the last.
  absl::StatusOr<HullMeasures> Measure(const RowSpan* spans, int64_t count, Poller& poll);

 private:
  // In half pixels, so that corners of diamonds are integers.
  struct Corner {
    int64_t y = 0, x = 0;
  };
  // The least and the largest x of each y from the first on; least > largest: none.
  using Extremes = std::vector<std::pair<int64_t, int64_t>>;

  void Clear(int64_t first_row, int64_t rows);
  void Cover(int64_t row, int64_t begin, int64_t end);
  // Corners of the hull's left (sign 1) or right side (-1), by ascending y.
  absl::Status FindSide(int64_t sign, Poller& poll, std::vector<Corner>* side) const;
  // The first x from the side towards the inside at which a pixel of the row has its centre.
  static int64_t InnerColumn(const std::vector<Corner>& side, int64_t sign, int64_t y, size_t* at);
  absl::StatusOr<int64_t> LargestSquare(Poller& poll) const;

  int64_t first_ = 0;  // y of extremes_[0]
  Extremes extremes_;
  std::vector<Corner> left_, right_;
};

}  // namespace trine::segment
