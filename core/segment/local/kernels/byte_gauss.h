// Gaussian means of bytes, compiled once for every instruction set: down the columns into rows of
// 64ths of a gray level, then along those rows, both by integer weights that add up to 2^15.
// All instruction sets give the same results.
#pragma once

#include <cstddef>
#include <cstdint>

namespace trine::segment {

// Pixels that a call takes at least.
inline constexpr size_t kLeastGaussPixels = 64;

// Weights of distance 0, 1, ... radius from the centre, and a 0 where these are of odd number.
struct ByteGauss {
  const int16_t* weights = nullptr;
  size_t radius = 0;
};

// sums[x] = the weighted sum of column x over rows[0] to rows[2 radius] times `scale`, rounded to
// the nearest, ties to even, for x in [begin, end).
void GaussColumns(const ByteGauss& gauss, const uint8_t* const* rows, float scale, size_t begin,
                  size_t end, int16_t* sums);

// mask[x] = 255 where 2^21 row[x] minus the weighted sum of sums[x - radius] to sums[x + radius] is
// above `bound`, else 0; the other way round with `invert` ~0.
void GaussRow(const ByteGauss& gauss, const int16_t* sums, const uint8_t* row, int32_t bound,
              uint8_t invert, size_t begin, size_t end, uint8_t* mask);

// Instruction sets that these loops are compiled for, as Highway's bits.
int64_t ByteGaussTargets();

}  // namespace trine::segment
