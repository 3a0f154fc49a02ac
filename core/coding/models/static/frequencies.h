// Frequency tables of order 0: from counts to integers that sum to a power of two, and their form
// in a stream.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/bytes.h"
#include "core/coding/models/histogram.h"

namespace trine::coding {

// Frequencies that sum to 2^total_bits, >= 1 exactly where a count is not 0, chosen to code the
// counted message in the fewest bits. REQUIRES: at least two counts above 0, sum of counts < 2^32,
// no more symbols than 2^total_bits, at most 256.
void QuantizeCounts(absl::Span<const uint64_t> counts, int total_bits, uint32_t* frequencies);
std::array<uint32_t, 256> QuantizeCounts(const Histogram& counts, int total_bits);

// Bits that the counted message costs with `frequencies`, in units of 2^-16.
uint64_t CostOfFrequencies(const Histogram& counts, const std::array<uint32_t, 256>& frequencies,
                           int total_bits);

// Appends the coded form of a table (FORMAT.md, "Frequency table").
void AppendFrequencies(const std::array<uint32_t, 256>& frequencies, int total_bits,
                       std::string* out);

struct FrequencyTable {
  std::array<uint32_t, 256> frequencies;
  ByteView rest;  // what follows the table
};

// DATA_LOSS for a table that is cut off, has fewer than two symbols or a sum other than
// 2^total_bits.
absl::StatusOr<FrequencyTable> ParseFrequencies(ByteView in, int total_bits);

}  // namespace trine::coding
