// What a message of symbols would cost others.
#pragma once

#include <cstdint>

#include "absl/types/span.h"

namespace trine::coding {

// -sum c log2(c / n) [bits] of symbols that occur counts[i] times: the empirical entropy of order
// 0, times the number of symbols n.
double EntropyBits(absl::Span<const uint64_t> counts);

// Length [bits] of the message in the Huffman code of its own counts, without the code's table
// (Huffman 1952). A message of one distinct symbol takes one bit each.
uint64_t HuffmanBits(absl::Span<const uint64_t> counts);

}  // namespace trine::coding
