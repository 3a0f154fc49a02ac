// Solves the rows of a band, from its last to its first.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/segment/picture.h"
#include "core/segment/regions/distance/bands.h"
#include "core/segment/regions/distance/far_row.h"

namespace trine::segment {

// A thread's. Column distances upwards live in the first bytes of each row of the distance map
// until it is solved.
class BandSolver {
 public:
  explicit BandSolver(int64_t width);
  // What one allocates [bytes].
  static uint64_t BytesOf(int64_t width);

  // `distance` is the whole map.
  absl::Status Solve(const Bands& bands, int64_t band, Poller& poll, float* distance);

 private:
  absl::Status StepDownAll(const Bands& bands, int64_t band, Poller& poll, float* distance);
  absl::Status SolveRow(const Bands& bands, int64_t band, int64_t row, Poller& poll,
                        float* distance);
  // How much the near columns are looked at before the other way is taken to be faster.
  int64_t EffortOfFar() const;
  absl::Status FindSites(const Bands& bands, int64_t band, Poller& poll);
  absl::Status SolveFar(const Bands& bands, int64_t band, int64_t row, Poller& poll,
                        float* distance);
  uint16_t* Squares();
  const uint16_t* Squares() const;

  int64_t width_;
  Scratch<uint8_t> column_;
  Scratch<uint16_t> squares_;
  // Columns that have background anywhere, of the band that has far rows.
  Scratch<int32_t> sites_;
  int64_t site_count_ = -1;  // -1: not found yet
  // After rows that gave up, so many are not tried, and twice as many the next time.
  int64_t untried_ = 0, next_untried_ = 1;
  FarRow far_row_;
};

}  // namespace trine::segment
