// Masks and class maps from gray values, and counting in masks: vector code, compiled for several
// instruction sets. What it computes is the same on all of them.
//
// `values` are `count` pixels of the limit's type at any address. With `streamed` stores go past
// the caches, for memory that nobody reads soon: where it is aligned for them.
// Thread safety: all functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace trine::segment {

// What marking has in common for all types.
struct Marking {
  bool invert = false;              // marks what is not above
  const uint8_t* inside = nullptr;  // 0 where a pixel is never marked; or null
  bool streamed = false;
};

// mask[i] = 255 where values[i] > limit, else 0. How many are 255.
uint64_t MarkAbove(const uint8_t* values, size_t count, uint8_t limit, const Marking& how,
                   uint8_t* mask);
uint64_t MarkAbove(const uint8_t* values, size_t count, uint16_t limit, const Marking& how,
                   uint8_t* mask);
uint64_t MarkAbove(const uint8_t* values, size_t count, float limit, const Marking& how,
                   uint8_t* mask);
uint64_t MarkAbove(const uint8_t* values, size_t count, double limit, const Marking& how,
                   uint8_t* mask);

// labels[i] = `first` and how many of `limits` are below values[i]; 0 where `inside`, if not null,
// is 0. REQUIRES: `first` and the number of limits are at most 255 in sum.
void CountBelow(const uint8_t* values, size_t count, const std::vector<uint8_t>& limits,
                uint8_t first, const uint8_t* inside, bool streamed, int32_t* labels);
void CountBelow(const uint8_t* values, size_t count, const std::vector<uint16_t>& limits,
                uint8_t first, const uint8_t* inside, bool streamed, int32_t* labels);
void CountBelow(const uint8_t* values, size_t count, const std::vector<float>& limits,
                uint8_t first, const uint8_t* inside, bool streamed, int32_t* labels);
void CountBelow(const uint8_t* values, size_t count, const std::vector<double>& limits,
                uint8_t first, const uint8_t* inside, bool streamed, int32_t* labels);

// How many of `count` bytes are not 0.
uint64_t CountSet(const uint8_t* bytes, size_t count);

// Highway's bits of the instruction sets that these are compiled for.
int64_t MaskKernelTargets();

}  // namespace trine::segment
