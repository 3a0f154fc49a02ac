// The exact distance transform's rows: vector code, compiled for several instruction sets. What it
// computes is the same on all of them.
//
// Column distances are bytes that saturate: 255 says "255 or more, or none". Their squares are
// uint16, kFarSquare where the distance is 255. Thread safety: all functions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace trine::segment {

inline constexpr uint8_t kFarColumn = 255;
inline constexpr uint16_t kFarSquare = 65535;
// Elements behind columns of bytes that are overwritten or read.
inline constexpr size_t kColumnSpare = 256;
// Squares of kFarSquare that a row must have before and behind it.
inline constexpr size_t kSquareGuard = 512;
// The largest distance that SolveNear finds.
inline constexpr int kNearDistance = 253;

// Rows of a mask from its top: first[x] becomes the least and last[x] the highest of themselves and
// the index of a row, plus 1 for last, that is 0 in column x; rows `index` to `index` + `rows` - 1.
// REQUIRES: these are below 255; kColumnSpare behind first and last.
void NoteZeros(const uint8_t* mask, int64_t stride, int64_t rows, size_t count, uint8_t index,
               uint8_t* first, uint8_t* last);

// Rows from the top down: column[x] is the distance in the row before, and becomes that in the last
// row. `stored` gets each row's. REQUIRES: kColumnSpare behind `column`.
void StepDown(const uint8_t* mask, int64_t stride, int64_t rows, size_t count, uint8_t* column,
              uint8_t* stored, int64_t stored_stride);

// One row, from the bottom up: column[x] is the distance in the row below, downwards, and becomes
// this row's; `stored` has the distances upwards. squares[x] becomes the square of the lower of the
// two; of whole vectors, kFarSquare from `count` on. REQUIRES: kColumnSpare behind `column`.
void StepUp(const uint8_t* stored, size_t count, uint8_t* column, uint16_t* squares);

// The distances of a row's pixels from its column distances' squares. Returns `count`, or less
// where it gave up: a distance above kNearDistance, or none of `effort` left, of which each block
// of pixels takes as much as it looked at neighbours. REQUIRES: kSquareGuard valid elements on both
// sides of `squares`.
size_t SolveNear(const uint16_t* squares, size_t count, int64_t* effort, float* distance);

// distance[i] = the root of (first + i)^2 + square. May write up to `room` elements. REQUIRES:
// none of the sums reaches 2^24.
void FillParabola(int64_t first, uint32_t square, size_t count, size_t room, float* distance);

// Highway's bits of the instruction sets that these are compiled for.
int64_t DistanceKernelTargets();

}  // namespace trine::segment
