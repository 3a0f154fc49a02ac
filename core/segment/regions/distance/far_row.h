// Rows with distances that the search of near columns does not find: the lower envelope of the
// columns' parabolas (Felzenszwalb, Huttenlocher 2012), as the lower hull of the points
// (x, x^2 + g^2), g being a column's distance: no division but one for each parabola that is on it.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/segment/picture.h"

namespace trine::segment {

// The columns of a row that have background, and their distances.
class FarRow {
 public:
  explicit FarRow(int64_t width)
      : width_(width), site_(MakeScratch<int32_t>(width)), height_(MakeScratch<int64_t>(width)) {}

  // Bytes of one [a column].
  static constexpr uint64_t kBytesAColumn = sizeof(int32_t) + sizeof(int64_t);

  void Clear() { top_ = 0; }
  // A column behind those that were added, and the square of its distance. REQUIRES:
  // squared <= (2^30)^2.
  absl::Status Add(int64_t column, int64_t squared, Poller& poll);
  // The row's distances, +infinity where nothing was added.
  absl::Status Solve(Poller& poll, float* distance) const;

 private:
  // Whether the line from the last but one to `column` is nowhere above the last.
  template <typename Integer>
  bool IsHidden(int64_t column, int64_t height) const;
  absl::Status Fill(int64_t site, int64_t squared, int64_t begin, int64_t end, Poller& poll,
                    float* distance) const;

  int64_t width_;
  int64_t top_ = 0;  // how many are on the hull
  Scratch<int32_t> site_;
  Scratch<int64_t> height_;  // x^2 + g^2
};

}  // namespace trine::segment
