// A probability table made ready to code with: frequencies that sum to a power of two.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/base/limits.h"
#include "core/coding/coder/interleaved.h"
#include "core/coding/container/format.h"
#include "core/coding/table.h"

namespace trine::coding {

// Symbols are in the order of their cumulative frequencies ("rank"): ascending values, but the
// most frequent one (the smallest of several) last. Immutable; shared by all threads. Its memory is
// in proportion to its symbols and to 2^min(total_bits, 14), so that a few bytes of a stream do not
// buy much of it.
class FrequencyDictionary {
 public:
  // Rounds a caller's table: by largest remainder, every frequency >= 1 but for probabilities of 0,
  // ties to the smaller value; in integers, so everywhere the same. Errors name "table...." (see
  // table.h), also for sums that are not within 1e-6 of 1 and for text that is not one character.
  static absl::StatusOr<FrequencyDictionary> Fit(const ProbabilityTable& table,
                                                 const Limits& limits, const CancelToken& cancel);
  // Reads its bytes in a header. DATA_LOSS, RESOURCE_EXHAUSTED.
  static absl::StatusOr<FrequencyDictionary> Parse(ByteView bytes, const Limits& limits);

  // The bytes that Parse reads.
  void AppendBytes(std::string* out) const;
  // XXH3 of those bytes: what a stream may name the dictionary by.
  uint64_t id() const { return id_; }

  SymbolKind kind() const { return kind_; }
  int total_bits() const { return total_bits_; }
  bool wide() const { return total_bits_ > format::kMaxNarrowTotalBits; }
  size_t size() const { return values_.size(); }
  const SymbolFrequency* frequencies() const { return frequencies_.data(); }
  int64_t value(size_t rank) const { return values_[rank]; }
  // Whether its symbols are elements of a tensor: kIntegers or kSigned.
  bool is_of_elements() const {
    return kind_ == SymbolKind::kIntegers || kind_ == SymbolKind::kSigned;
  }
  // Whether the caller gave the value a probability of 0: it is not in the dictionary then. False
  // after Parse, which knows of none.
  bool HasZero(int64_t value) const;
  // -log2 of the probability as the caller gave it; after Parse, of the frequency.
  double ideal_bits(size_t rank) const;

  // Memory that it takes.
  uint64_t HeldBytes() const {
    return sizeof(*this) + sizeof(values_[0]) * values_.size() +
           sizeof(SymbolFrequency) * (frequencies_.size() + byte_frequencies_.size()) +
           sizeof(double) * ideal_bits_.size() + sizeof(zeros_[0]) * zeros_.size() +
           sizeof(uint32_t) * rank_of_small_.size() +
           sizeof(rank_of_large_[0]) * rank_of_large_.size() +
           sizeof(buckets_[0]) * buckets_.size();
  }

  // True for bytes that the narrow coder serves: what a fast kernel takes.
  bool is_bytes_narrow() const { return kind_ == SymbolKind::kBytes && !wide(); }
  // Start and frequency by value, 256 of them, {0, 0} for a value that is not in the dictionary.
  // REQUIRES: kind() == kBytes.
  const SymbolFrequency* byte_frequencies() const { return byte_frequencies_.data(); }

  // The rank of a value; size() for a value that is not in the dictionary.
  size_t Rank(int64_t value) const;
  // The rank whose frequencies hold `slot` < 2^total_bits.
  uint32_t Find(uint32_t slot) const {
    const uint32_t bucket = slot >> bucket_shift_;
    uint32_t low = buckets_[bucket], high = buckets_[bucket + 1];
    while (low < high) {  // the last rank that starts at or below the slot
      const uint32_t middle = (low + high + 1) / 2;
      if (frequencies_[middle].start <= slot) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

 private:
  // From values in ascending order.
  void Build(SymbolKind kind, int total_bits, const std::vector<int64_t>& values,
             const std::vector<uint32_t>& frequencies);

  SymbolKind kind_ = SymbolKind::kBytes;
  int total_bits_ = 0;
  uint64_t id_ = 0;
  std::vector<int64_t> values_;                    // by rank
  std::vector<SymbolFrequency> frequencies_;       // by rank
  std::vector<SymbolFrequency> byte_frequencies_;  // by value; kBytes
  std::vector<double> ideal_bits_;                 // by rank; after Fit
  std::vector<int64_t> zeros_;                     // values of probability 0, ascending; after Fit
  int64_t small_begin_ = 0;
  std::vector<uint32_t> rank_of_small_;  // by value - small_begin_, for those below its size
  std::vector<std::pair<int64_t, uint32_t>> rank_of_large_;  // (value, rank), ascending
  // buckets_[b]: the rank that holds the first slot of bucket b; one more at the end.
  std::vector<uint16_t> buckets_;
  int bucket_shift_ = 0;
};

}  // namespace trine::coding
