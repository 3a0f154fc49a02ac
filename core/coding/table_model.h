// TABLE: a dictionary of the caller, rounded to frequencies that sum to a power of two.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/base/limits.h"
#include "core/coding/coding.h"
#include "core/coding/interleaved.h"
#include "core/coding/payload.h"

namespace trine::coding {

// Symbols stand in the order of their cumulative frequencies ("rank"): ascending values, but the
// most frequent one (the smallest of several) last. Immutable; shared by all threads.
class FrequencyDictionary {
 public:
  // Rounds a caller's table: by largest remainder, every frequency >= 1, ties to the smaller value;
  // in integers, so everywhere the same. Errors name "table...." (see table.h), also for sums that
  // are not within 1e-6 of 1 and for text that is not one character.
  static absl::StatusOr<FrequencyDictionary> Fit(const ProbabilityTable& table,
                                                 const Limits& limits, const CancelToken& cancel);
  // Reads the model's parameters from a header. DATA_LOSS, RESOURCE_EXHAUSTED.
  static absl::StatusOr<FrequencyDictionary> Parse(ByteView params, const Limits& limits);

  void AppendParams(std::string* out) const;

  SymbolKind kind() const { return kind_; }
  int total_bits() const { return total_bits_; }
  bool wide() const { return total_bits_ > format::kMaxNarrowTotalBits; }
  size_t size() const { return values_.size(); }
  const SymbolFrequency* frequencies() const { return frequencies_.data(); }
  // Bytes with a narrow total: what STATIC's loops code too. By value then:
  bool is_narrow_bytes() const { return kind_ == SymbolKind::kBytes && !wide(); }
  const std::array<uint32_t, 256>& byte_starts() const { return byte_starts_; }
  const std::array<uint32_t, 256>& byte_freqs() const { return byte_freqs_; }
  uint32_t value(size_t rank) const { return values_[rank]; }
  // -log2 of the probability as the caller gave it; only after Fit.
  double ideal_bits(size_t rank) const { return ideal_bits_[rank]; }

  // The rank of a value; size() for a value that is not in the dictionary.
  size_t Rank(uint32_t value) const;
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
  void Build(SymbolKind kind, int total_bits, const std::vector<uint32_t>& values,
             const std::vector<uint32_t>& frequencies);

  SymbolKind kind_ = SymbolKind::kBytes;
  int total_bits_ = 0;
  std::vector<uint32_t> values_;              // by rank
  std::vector<SymbolFrequency> frequencies_;  // by rank
  std::vector<double> ideal_bits_;            // by rank
  std::array<uint32_t, 256> byte_starts_{};   // by value, kBytes
  std::array<uint32_t, 256> byte_freqs_{};
  std::vector<uint32_t> rank_of_small_;                       // by value below 65536
  std::vector<std::pair<uint32_t, uint32_t>> rank_of_large_;  // (value, rank), ascending
  // buckets_[b]: the rank that holds the first slot of bucket b; one more at the end.
  std::vector<uint32_t> buckets_;
  int bucket_shift_ = 0;
};

// The ranks of the symbols of `raw`. INVALID_ARGUMENT naming "data" and the position (`raw_offset`
// + that in `raw`) for a symbol that the dictionary does not hold. `element_bytes`: of kIntegers.
absl::StatusOr<std::vector<uint16_t>> RanksOf(const FrequencyDictionary& dictionary, ByteView raw,
                                              size_t element_bytes, uint64_t raw_offset,
                                              const CancelToken& cancel);

absl::StatusOr<Payload> EncodeTable(const FrequencyDictionary& dictionary,
                                    const std::vector<uint16_t>& ranks, uint64_t raw_bytes,
                                    const CancelToken& cancel);

// The same for bytes that are all in the dictionary. REQUIRES: dictionary.is_narrow_bytes().
absl::StatusOr<Payload> EncodeTableBytes(const FrequencyDictionary& dictionary, ByteView raw,
                                         const CancelToken& cancel);

// Fills `raw`. DATA_LOSS (without block and offset) for a payload that is not one of its length.
absl::Status DecodeTable(const FrequencyDictionary& dictionary, ByteView payload,
                         size_t element_bytes, MutableByteView raw, const CancelToken& cancel);

}  // namespace trine::coding
