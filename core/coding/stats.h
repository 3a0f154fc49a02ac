// What a message of symbols would cost others.
#pragma once

#include <cstdint>

#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"

namespace trine::coding {

// -sum c log2(c / n) [bits] of symbols that occur counts[i] times: the empirical entropy of order
// 0, times the number of symbols n.
double EntropyBits(absl::Span<const uint64_t> counts);

// Length [bits] of the message in the Huffman code of its own counts, without the code's table
// (Huffman 1952). A message of one distinct symbol takes one bit each.
uint64_t HuffmanBits(absl::Span<const uint64_t> counts);

// How often each byte follows each other one, over bytes that come in pieces; a 0 precedes the
// first one. 512 KiB; serves one thread at a time.
class Order1Counts {
 public:
  absl::Status Add(ByteView bytes, const CancelToken& cancel);
  // The empirical entropy of order 1 [bits]: -sum c(a,b) log2(c(a,b) / c(a)).
  double EntropyBits() const;
  uint64_t HeldBytes() const { return sizeof(counts_[0]) * counts_.size(); }

 private:
  std::vector<uint64_t> counts_ = std::vector<uint64_t>(size_t{1} << 16);  // [before][byte]
  uint8_t before_ = 0;
};

}  // namespace trine::coding
