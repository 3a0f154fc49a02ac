// Parts of a block on which models and their parameters are tried.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"

namespace trine::coding {

// In the block's order, but for the two halves of a sample in pieces.
struct Sample {
  std::vector<uint8_t> bytes;  // the whole block where it is short, else pieces spread over it
  size_t begin = 0;            // cost counts from here on; what is before only teaches the models
  bool is_even = true;         // its pieces hold about the same bytes

  bool is_whole() const { return begin == 0; }
  size_t counted() const { return bytes.size() - begin; }
  // Of the counted part [2^-16 bits]: as it is, and by a model that will not compress the block.
  uint64_t CostOfStored() const { return uint64_t{8} * counted() << 16; }
  uint64_t CostOfNoise() const { return CostOfStored() + CostOfStored() / 50; }
};

// Longest block that is a sample of itself.
inline constexpr size_t kMaxWholeSample = size_t{128} << 10;
// Of longer ones a sixteenth is the sample, in whole steps, one at least. Half a step is a multiple
// of the stripes in which lanes learn.
inline constexpr size_t kSampleStep = size_t{32} << 10;
// Longest sample of a part: no more is copied between two polls.
inline constexpr size_t kMaxSample = size_t{1} << 20;

Sample TakeSample(ByteView raw);

}  // namespace trine::coding
