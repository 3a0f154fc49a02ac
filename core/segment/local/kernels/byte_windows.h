// Window sums of bytes, compiled once for every instruction set: the inner loops of the mean and of
// Sauvola's threshold where each pixel of an 8-bit picture counts and windows end at the border; of
// the mean of 16 bits as well.
//
// Values are those of pixels minus 128 (of 16 bits 2^15), of which columns of a window add up in 16
// bits, and squares lie below 2^14, which cancel less. The sums of columns move down a row by what
// enters minus what leaves; a window's sum is that of 2 radius + 1 columns, added up where they are
// few, otherwise a difference of two prefix sums, modulo 2^32. Even and odd pixels have prefix sums
// of their own, so that one prefix sum does for two pixels: pixels 2 i and 2 i + 1 are word i.
// Integers decide; where float terms are too near to each other, the double of the formula.
// All instruction sets give the same masks. Thread safety: ByteColumns belong to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace trine::segment {

// Pixels that loops come in: ranges begin and end at multiples.
inline constexpr size_t kPixelBlock = 32;
// Windows up to this are added up column by column.
inline constexpr size_t kMostSmallRadius = 7;
// Sums of columns of windows up to this fit 16 bits, sums of their squares 32.
inline constexpr size_t kMostNarrowRadius = 127;

// By evenness of the pixel.
using EvenOdd = std::array<int32_t*, 2>;

// Sums of the columns of a window, by pixels from 0 to the width and beyond it, where they are 0,
// for the radius and 2 kPixelBlock more. Small windows read as many before the first as well.
struct ByteColumns {
  size_t pixel_bytes = 1;  // or 2, with `wide` alone
  size_t width = 0;
  size_t radius = 0;
  int16_t* sums = nullptr;  // null: `wide` holds them
  EvenOdd wide{};
  EvenOdd squares{};  // null: not kept
};

// A piece of the prefix sums of a row. `sums[0] + i` is that of pixel 2 (i + first).
struct BytePrefix {
  EvenOdd sums{};
  EvenOdd squares{};
  ptrdiff_t first = 0;
  int32_t sum = 0, square = 0;  // of all pixels up to the piece's end
};

// Adds row `in` minus row `out` to the sums of pixels [begin, end). Rows have `width` pixels; one
// of 128s, or 2^15s, is as none.
void MoveColumns(const uint8_t* in, const uint8_t* out, size_t begin, size_t end,
                 const ByteColumns& columns);

// The same, and adds pixels [begin, end) to the prefix sums.
void PrefixColumns(const uint8_t* in, const uint8_t* out, size_t begin, size_t end,
                   const ByteColumns& columns, BytePrefix* prefix);

// Where `rows` of a window lie in the picture: v is above the mean less its offset where
// v n > sum + bounds[columns], by columns of the window in the picture, 1 to 2 radius + 1. Neither
// may leave 32 bits.
struct ByteMean {
  size_t rows = 0;
  const int32_t* bounds = nullptr;
  uint8_t invert = 0;  // 255: what is not above
};

// Decides pixels [begin, end) of `row`, whose columns have moved. REQUIRES: radius <=
// kMostSmallRadius and bounds within 16 bits.
void DecideSmallMean(const ByteColumns& columns, const ByteMean& mean, const uint8_t* row,
                     size_t begin, size_t end, uint8_t* mask);

// The same by prefix sums that hold pixels from begin - radius - 1 to end + radius.
void DecideMean(const ByteColumns& columns, const BytePrefix& prefix, const ByteMean& mean,
                const uint8_t* row, size_t begin, size_t end, uint8_t* mask);

// With squares. d = v - m (1 - k) and t = m s k / r: above is d > t. The squares of both are
// compared where they are not nearer than near + near_slope |d|.
struct ByteSauvola {
  size_t rows = 0;
  double k = 0, r = 0;
  float near = 0, near_slope = 0;
  uint8_t invert = 0;
};
void DecideSauvola(const ByteColumns& columns, const BytePrefix& prefix, const ByteSauvola& sauvola,
                   const uint8_t* row, size_t begin, size_t end, uint8_t* mask);

// Instruction sets that these loops are compiled for, as Highway's bits.
int64_t ByteWindowTargets();
// Whether the one that this machine takes has vectors: the loops need them.
bool HasByteWindows();

}  // namespace trine::segment
