#include "core/coding/stats.h"

#include <algorithm>
#include <cmath>

#include "core/coding/container/polled.h"

namespace trine::coding {

double EntropyBits(absl::Span<const uint64_t> counts) {
  double n = 0;
  for (uint64_t c : counts) n += static_cast<double>(c);
  double bits = 0;
  for (uint64_t c : counts) {
    if (c != 0) bits += static_cast<double>(c) * std::log2(n / static_cast<double>(c));
  }
  return bits;
}

uint64_t HuffmanBits(absl::Span<const uint64_t> counts) {
  std::vector<uint64_t> leaves;
  for (uint64_t c : counts) {
    if (c != 0) leaves.push_back(c);
  }
  if (leaves.empty()) return 0;
  if (leaves.size() == 1) return leaves[0];
  // Two queues (van Leeuwen 1976): inner nodes are made in ascending order. Each inner node's
  // weight is one bit for every symbol below it, so that their sum is the message's length.
  std::sort(leaves.begin(), leaves.end());
  std::vector<uint64_t> inner;
  size_t leaf = 0, node = 0;
  const auto take = [&] {
    const bool from_leaves =
        node == inner.size() || (leaf < leaves.size() && leaves[leaf] <= inner[node]);
    return from_leaves ? leaves[leaf++] : inner[node++];
  };
  uint64_t bits = 0;
  for (size_t k = 1; k < leaves.size(); ++k) {
    const uint64_t a = take();
    const uint64_t sum = a + take();
    bits += sum;
    inner.push_back(sum);
  }
  return bits;
}

absl::Status Order1Counts::Add(ByteView bytes, const CancelToken& cancel) {
  return InPieces(bytes.size(), cancel, [&](size_t begin, size_t n) {
    for (const uint8_t byte : bytes.subspan(begin, n)) {
      ++counts_[size_t{before_} << 8 | byte];
      before_ = byte;
    }
  });
}

double Order1Counts::EntropyBits() const {
  double bits = 0;
  const absl::Span<const uint64_t> counts = counts_;
  for (size_t a = 0; a < 256; ++a) bits += coding::EntropyBits(counts.subspan(a << 8, 256));
  return bits;
}

}  // namespace trine::coding
