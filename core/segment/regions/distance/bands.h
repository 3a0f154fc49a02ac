// Bands of rows that are solved apart: what each needs to know of the others is how far from its
// edges the next background lies in each column.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/segment/picture.h"

namespace trine::segment {

// Farther than any pixel of a column is from another.
inline constexpr int32_t kNoBackground = int32_t{1} << 30;

// Thread safety: const members.
class Bands {
 public:
  // Measures the edges of the bands of `mask`, which must outlive this.
  static absl::StatusOr<Bands> Of(const Context& context, const uint8_t* mask, int64_t height,
                                  int64_t width);
  // What Of allocates, for all the bands [bytes].
  static uint64_t BytesOf(int64_t height, int64_t width);

  const uint8_t* mask() const { return mask_; }
  int64_t width() const { return width_; }
  int64_t count() const { return CountOf(height_, rows_); }
  int64_t First(int64_t band) const { return band * rows_; }
  int64_t Rows(int64_t band) const { return std::min(rows_, height_ - First(band)); }
  // How far the background above the band is from its first row, and that below it from its last,
  // in each column; kNoBackground where there is none.
  const int32_t* Above(int64_t band) const { return above_.data() + band * width_; }
  const int32_t* Below(int64_t band) const { return below_.data() + band * width_; }

 private:
  Bands(const uint8_t* mask, int64_t height, int64_t width);
  static int64_t RowsOf(int64_t width);
  static int64_t CountOf(int64_t height, int64_t rows) { return (height + rows - 1) / rows; }
  // What the band itself tells its neighbours.
  absl::Status MeasureBand(int64_t band, Poller& poll);
  // What bands without background in a column pass on there, columns [begin, end).
  absl::Status PassOn(int64_t begin, int64_t end, Poller& poll);

  const uint8_t* mask_;
  int64_t height_, width_;
  int64_t rows_;
  Scratch<int32_t> above_, below_;
};

}  // namespace trine::segment
