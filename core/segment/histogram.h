// Histograms: counts of each value, or of each distinct value where there are too many.
//
// Thread safety: all functions. All poll cancellation.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/segment/picture.h"

namespace trine::segment {

// The distinct values of a picture in ascending order, each with how many pixels hold it.
//
// `offset` are the values as integers on a common scale, value = values[0] + scale * offset, where
// that is exact and offset < 2^32: always for 8 and 16 bits (scale 1), and for floats whose
// values are multiples of one power of two over a range of 2^32 of them. Empty otherwise: then the
// criteria are computed from the values.
struct Levels {
  std::vector<double> values;
  std::vector<uint64_t> counts;  // same length, all above 0
  std::vector<uint64_t> offset;
  uint64_t total = 0;  // sum of the counts, at most kMaxPixels

  size_t size() const { return values.size(); }
};

// Counts of each value of the pixels inside: 256 of a uint8, 65536 of a uint16 picture.
// REQUIRES: the picture is of integers.
absl::StatusOr<std::vector<uint64_t>> CountValues(const Context& context, const Picture& gray);
// Memory of the tables that each thread counts values of `dtype` into [bytes]; 0 where they are too
// small to matter.
uint64_t CountingBytes(DType dtype, uint64_t pixels);

// The levels of a histogram of one bin a value, bin i holding value origin + i.
Levels LevelsOfCounts(const std::vector<uint64_t>& counts, int64_t origin = 0);

// The levels of a float32 or float64 picture; -0 counts as 0. REQUIRES: pixels inside are finite.
absl::StatusOr<Levels> LevelsOfFloats(const Context& context, const Picture& gray);

// Either, after the picture's dtype.
absl::StatusOr<Levels> LevelsOf(const Context& context, const Picture& gray);

// The ranks of values of `dtype`, float32 or float64, among the distinct ones: rank[i] in
// [0, return value). Pixels where `inside` is 0 get rank 0 and are not counted. `values` may be
// unaligned.
absl::StatusOr<int32_t> RankFloats(const Context& context, DType dtype, const uint8_t* values,
                                   const uint8_t* inside, int64_t count, int32_t* rank);

}  // namespace trine::segment
