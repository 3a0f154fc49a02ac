// Window sums of bytes, compiled once for every instruction set: the inner loops of the mean and of
// Sauvola's threshold where each pixel of an 8-bit picture counts and windows end at the border.
//
// A window's sum moves down by the sum along the row of what enters below minus what leaves above,
// which is a difference of two prefix sums of that row; all modulo 2^32, so that it is exact while
// the sums of windows are below that. Four pixels lie in a word of 32 bits: pixel 4 i + p is lane i
// of phase p, and the phases' sums are kept apart, so that one prefix sum does for four pixels.
// Integers decide; where a float is near to its pixel, the double of the same formula.
// All instruction sets give the same masks. Thread safety: a ByteSums belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace trine::segment {

// Words that loops come in: ranges of words begin and end at multiples.
inline constexpr size_t kWordBlock = 16;

// Arrays of a band of rows. What is before the first and after the last word of a prefix is what
// windows at the border see: zeros and the row's total, for Margin() words.
struct ByteSums {
  static size_t Words(size_t width) {
    return (width + 4 * kWordBlock - 1) / (4 * kWordBlock) * kWordBlock;
  }
  size_t Margin() const { return (radius / 4 / kWordBlock + 2) * kWordBlock; }

  size_t width = 0;
  size_t radius = 0;
  // By phase, [Words(width)]; of a prefix the element after its margin.
  std::array<uint32_t*, 4> sums{}, prefix{};
  std::array<uint32_t*, 4> squares{}, squares_prefix{};  // null: not kept
};

// The carries of a row's prefix sums from one piece of it to the next.
struct ByteCarry {
  uint32_t sum = 0, square = 0;
};

// Adds words [begin, end) of a row to `at.sums` and `at.squares`.
void AddBytes(const uint8_t* row, size_t begin, size_t end, const ByteSums& at);

// The prefix sums of `at.sums` and `at.squares`, which become 0.
void PrefixOfSums(size_t begin, size_t end, const ByteSums& at, ByteCarry* carry);

// The prefix sums of row `in` minus row `out`; null: zeros.
void PrefixOfRows(const uint8_t* in, const uint8_t* out, size_t begin, size_t end,
                  const ByteSums& at, ByteCarry* carry);

// Moves the sums of words [begin, end) by the prefix sums and decides the pixels of `row`.
// REQUIRES: (2 radius + 1)^2 * 255 < 2^31.
struct ByteMean {
  size_t rows = 0;  // of the window, in the picture
  // By columns of the window in the picture, 1 to 2 radius + 1: v is above where v n - sum is.
  const int32_t* bounds = nullptr;
  uint32_t invert = 0;  // ~0: what is not above
};
void DecideMean(const ByteSums& at, const ByteMean& mean, const uint8_t* row, size_t begin,
                size_t end, uint8_t* mask);

// The same with squares. REQUIRES: radius <= 127.
struct ByteSauvola {
  size_t rows = 0;
  double k = 0, r = 0;
  // A float threshold less than this from its pixel is computed in double.
  float near = 0;
  uint32_t invert = 0;
};
void DecideSauvola(const ByteSums& at, const ByteSauvola& sauvola, const uint8_t* row, size_t begin,
                   size_t end, uint8_t* mask);

// Instruction sets that these loops are compiled for, as Highway's bits.
int64_t ByteWindowTargets();

}  // namespace trine::segment
