// From a caller's probabilities to integer frequencies, in integers only.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/cancel.h"
#include "core/base/limits.h"
#include "core/coding/table.h"

namespace trine::coding {

// ValidateTable (table.h) of a table that may be long.
absl::Status ValidateTablePolled(const ProbabilityTable& table, const Limits& limits,
                                 const CancelToken& cancel);

struct FittedTable {
  std::vector<int64_t> values;        // ascending; those of probability 0 are not among them
  std::vector<uint32_t> frequencies;  // sum 2^total_bits, each >= 1
  std::vector<double> ideal_bits;     // -log2 of the probabilities as given (not for coding)
  std::vector<int64_t> zeros;         // the values of probability 0, ascending
  int total_bits = 0;
};

// Largest remainder: floor of the exact share, at least 1; what is left goes to the largest
// remainders, what is too much is taken from the largest frequencies; ties to the smaller index.
// `shares`: in units of 2^-62, sum within 2^-40 of 1. REQUIRES: shares.size() <= 2^(total_bits-2).
std::vector<uint32_t> RoundShares(const std::vector<uint64_t>& shares, int total_bits);

absl::StatusOr<FittedTable> FitTable(const ProbabilityTable& table, const Limits& limits,
                                     const CancelToken& cancel);

}  // namespace trine::coding
