// Rows of a mask as bits, their runs, and painting runs: vector code, compiled for several
// instruction sets. What it computes is the same on all of them.
//
// Thread safety: all functions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace trine::segment {

inline constexpr size_t kBitsAWord = 64;

// Bit i % 64 of words[i / 64] is set where (bytes[i] != 0) == set, for `count` bytes; the bits of
// the last word from `count` on are 0. Returns how many runs of set bits begin; `before` is the bit
// before the first (0 or 1).
uint64_t BitsOf(const uint8_t* bytes, size_t count, bool set, uint64_t before, uint64_t* words);

// Where runs begin and end, ascending: beginnings and ends in turn, an end being the column after
// the last. `words` are `count` of them, the first of which holds the columns from `column` on;
// `before` as above. Returns how many columns were written.
size_t EdgesOf(const uint64_t* words, size_t count, int32_t column, uint64_t before,
               int32_t* edges);

// out[x - begin] for the columns [begin, end): values[r] where run r, [edges[2 r], edges[2 r + 1]),
// has the column, 0 elsewhere. `runs` of them, ascending, that overlap the columns. REQUIRES: room
// for kPaintSpare more in `out`, of which any may be overwritten.
inline constexpr size_t kPaintSpare = 64;
void PaintRuns(const int32_t* edges, const int32_t* values, size_t runs, int32_t begin, int32_t end,
               int32_t* out);

// A copy past the caches, of memory that nobody reads soon.
void CopyStreamed(const int32_t* from, size_t count, int32_t* to);

// Highway's bits of the instruction sets that these are compiled for.
int64_t RunKernelTargets();

}  // namespace trine::segment
