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

// What all weights of a window add up to.
inline constexpr int32_t kGaussOne = 1 << 15;

// sums[x] = the weighted sum of column x over rows[0] to rows[2 radius] times 64 / norm, rounded to
// the nearest, for x in [begin, end); halves up where norm is kGaussOne, otherwise to even.
void GaussColumns(const ByteGauss& gauss, const uint8_t* const* rows, int32_t norm, size_t begin,
                  size_t end, int16_t* sums);

// mask[x] = 255 where 2^21 row[x] minus the weighted sum of sums[x - radius] to sums[x + radius] is
// above `bound`, else 0; the other way round with `invert` ~0.
void GaussRow(const ByteGauss& gauss, const int16_t* sums, const uint8_t* row, int32_t bound,
              uint8_t invert, size_t begin, size_t end, uint8_t* mask);

// The loops of pictures halved beforehand, of rows of 128ths of a gray level above 128: word X of a
// halved row is at 2 X + 1/2. They take kLeastGaussWords words at least.
inline constexpr size_t kLeastGaussWords = 64;

// words[X] = 2 sum(w_i w_j (rows[i][2 X - 1 + j] - 128)), w = 1 3 3 1, for X in [begin, end), all
// of whose pixels there are.
void HalveBytes(const uint8_t* const* rows, size_t begin, size_t end, int16_t* words);

// words[X] = the weighted sum of column X over rows[0] to rows[2 radius] by 2^-15, rounded, halves
// up.
void GaussWordColumns(const ByteGauss& gauss, const int16_t* const* rows, size_t begin, size_t end,
                      int16_t* words);

// The same of from[X - radius] to from[X + radius].
void GaussWordRow(const ByteGauss& gauss, const int16_t* from, size_t begin, size_t end,
                  int16_t* words);

// A row between two: words[X] = (3 near[X] + far[X]) / 4, rounded, halves up.
void ExpandWords(const int16_t* near, const int16_t* far, size_t begin, size_t end, int16_t* words);

// Columns 2 begin to 2 end - 1 between their words in the same way, which are the means: mask[x] =
// 255 where 128 (row[x] - 128) minus the mean is above `bound`, else 0; the other way round with
// `invert` ~0.
void DecideHalved(const int16_t* words, const uint8_t* row, int16_t bound, uint8_t invert,
                  size_t begin, size_t end, uint8_t* mask);

// The means as bytes, 128 added and rounded, halves up, to pixels[2 begin] to pixels[2 end - 1].
void StoreHalved(const int16_t* words, size_t begin, size_t end, uint8_t* pixels);

// Instruction sets that these loops are compiled for, as Highway's bits.
int64_t ByteGaussTargets();

}  // namespace trine::segment
