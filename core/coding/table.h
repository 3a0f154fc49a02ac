// Probability dictionaries given by the caller, for TABLE and for the exact coder.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/cancel.h"
#include "core/base/limits.h"

namespace trine::coding {

// Tables of one stream, at most: the index that chooses among them has a byte a symbol.
inline constexpr uint64_t kMaxTables = 256;

// Numbers equal those of the proto enum and of the stream.
enum class SymbolKind : uint8_t {
  kBytes = 1,     // values 0 to 255, one byte each
  kText = 2,      // characters: one Unicode code point, UTF-8 in the message
  kIntegers = 3,  // values of a tensor's elements (int8 to int64, uint8 to uint32) below 2^32
  kSigned = 4,    // the same, and below 0 or above 2^32
};

// A dictionary. Exactly one of `probabilities`, `counts` and `weights` is filled, with an entry
// for each symbol; symbols are distinct; at least one and at most limits.max_table_symbols.
struct ProbabilityTable {
  SymbolKind kind = SymbolKind::kText;
  // kText. The exact coder: any strings of 1 to 256 bytes; where one of them is longer than a
  // character, none holds a space, which is what parts the symbols of a message then.
  std::vector<std::string> text;
  std::vector<uint64_t> integers;        // kBytes, kIntegers
  std::vector<int64_t> signed_integers;  // kSigned

  // Of all three: a symbol of probability 0 may be there, and coding it is the error. At least one
  // has another.
  // Decimal text of at most 256 bytes ("0.7", "7e-1", "1/3"), each 0 to 1. EXACT: the sum must be
  // exactly 1; TABLE: within 1e-6 of 1, and is normalised.
  std::vector<std::string> probabilities;
  // Need not sum to anything. Sum 1 to 2^63 - 1.
  std::vector<uint64_t> counts;
  // Binary doubles, finite, >= 0; TABLE only; sum within 1e-6 of 1.
  std::vector<double> weights;

  // Symbols of its kind.
  size_t size() const {
    switch (kind) {
      case SymbolKind::kText:
        return text.size();
      case SymbolKind::kSigned:
        return signed_integers.size();
      default:
        return integers.size();
    }
  }
};

// Checks all that is said above but the sums. Errors name "table.<field>[i]".
absl::Status ValidateTable(const ProbabilityTable& table, const Limits& limits);

// A table made ready to code with: probabilities rounded to frequencies. Immutable; held by
// pointer, because tables are large and many calls and threads use the same.
class FrequencyDictionary;  // core/coding/models/table/dictionary.h
using TablePtr = std::shared_ptr<const FrequencyDictionary>;

// Errors name "table...." as ValidateTable's do, also for sums that are not within 1e-6 of 1 and
// for text that is not one character.
absl::StatusOr<TablePtr> MakeTable(const ProbabilityTable& table, const Limits& limits,
                                   const CancelToken& cancel = {});

// What a stream may hold in place of the table (FORMAT.md): the same for every way to write the
// same frequencies. REQUIRES: not null.
uint64_t TableId(const TablePtr& table);
// "00c0ffee00c0ffee": an id as messages show it.
std::string TableIdText(uint64_t id);

}  // namespace trine::coding
