#include "core/coding/table.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/coding/models/table/rational_text.h"
#include "core/coding/models/table/table_fit.h"

namespace trine::coding {
namespace {

constexpr size_t kPollEntries = 1024;

std::string At(std::string_view field, size_t i) {
  return absl::StrCat("table.", ToAbsl(field), "[", i, "]");
}

// The first symbol that was there before, or the table's size.
template <typename T>
absl::StatusOr<size_t> FindDuplicate(const std::vector<T>& symbols, const CancelToken& cancel) {
  std::unordered_set<T> seen;
  for (size_t i = 0; i < symbols.size(); ++i) {
    if (i % kPollEntries == 0) TRINE_RETURN_IF_ERROR(cancel.Check());
    if (!seen.insert(symbols[i]).second) return i;
  }
  return symbols.size();
}

absl::Status ValidateSymbols(const ProbabilityTable& table, const CancelToken& cancel) {
  if (table.kind == SymbolKind::kText) {
    if (!table.integers.empty()) {
      return InvalidField("table.integers", static_cast<int64_t>(table.integers.size()),
                          "must be empty for a table of text");
    }
    for (size_t i = 0; i < table.text.size(); ++i) {
      if (table.text[i].empty() || table.text[i].size() > kMaxNumberText) {
        return InvalidField(At("text", i), table.text[i], "must have 1 to 256 bytes");
      }
    }
    TRINE_ASSIGN_OR_RETURN(const size_t duplicate, FindDuplicate(table.text, cancel));
    if (duplicate < table.text.size()) {
      return InvalidField(At("text", duplicate), table.text[duplicate], "must be there only once");
    }
    return absl::OkStatus();
  }
  if (!table.text.empty()) {
    return InvalidField("table.text", static_cast<int64_t>(table.text.size()),
                        "must be empty for a table of numbers");
  }
  const uint64_t max = table.kind == SymbolKind::kBytes ? 255 : 0xFFFFFFFFu;
  for (size_t i = 0; i < table.integers.size(); ++i) {
    if (table.integers[i] > max) {
      return InvalidField(At("integers", i), ToStd(absl::AlphaNum(table.integers[i]).Piece()),
                          absl::StrCat("must be at most ", max));
    }
  }
  TRINE_ASSIGN_OR_RETURN(const size_t duplicate, FindDuplicate(table.integers, cancel));
  if (duplicate < table.integers.size()) {
    return InvalidField(At("integers", duplicate),
                        ToStd(absl::AlphaNum(table.integers[duplicate]).Piece()),
                        "must be there only once");
  }
  return absl::OkStatus();
}

absl::Status ValidateSize(std::string_view field, size_t entries, size_t symbols) {
  if (entries == symbols) return absl::OkStatus();
  return InvalidField(absl::StrCat("table.", ToAbsl(field)), static_cast<int64_t>(entries),
                      absl::StrCat("must have an entry for each of the ", symbols, " symbols"));
}

}  // namespace

absl::Status ValidateTable(const ProbabilityTable& table, const Limits& limits) {
  return ValidateTablePolled(table, limits, {});
}

absl::Status ValidateTablePolled(const ProbabilityTable& table, const Limits& limits,
                                 const CancelToken& cancel) {
  if (table.kind != SymbolKind::kBytes && table.kind != SymbolKind::kText &&
      table.kind != SymbolKind::kIntegers) {
    return InvalidField("table.kind", static_cast<int64_t>(table.kind),
                        "must be 1 (bytes), 2 (text) or 3 (integers)");
  }
  const std::string_view symbols =
      table.kind == SymbolKind::kText ? "table.text" : "table.integers";
  // The larger of the two: a list that does not belong to the kind is bounded too.
  const size_t listed = std::max(table.text.size(), table.integers.size());
  if (listed > limits.max_table_symbols) {
    return LimitExceeded(symbols, listed, "max_table_symbols", limits.max_table_symbols);
  }
  if (table.size() == 0 && listed == 0) {
    return InvalidField(symbols, int64_t{0}, "must have at least one symbol");
  }
  TRINE_RETURN_IF_ERROR(ValidateSymbols(table, cancel));
  const int filled = !table.probabilities.empty() + !table.counts.empty() + !table.weights.empty();
  if (filled != 1) {
    return InvalidField("table.probabilities", static_cast<int64_t>(filled),
                        "exactly one of probabilities, counts and weights must be given");
  }
  if (!table.counts.empty()) {
    TRINE_RETURN_IF_ERROR(ValidateSize("counts", table.counts.size(), table.size()));
    constexpr uint64_t kMaxSum = ~uint64_t{0} >> 1;
    uint64_t sum = 0;
    for (size_t i = 0; i < table.counts.size(); ++i) {
      const std::string shown = absl::StrCat(table.counts[i]);
      if (table.counts[i] == 0) return InvalidField(At("counts", i), shown, "must be at least 1");
      if (table.counts[i] > kMaxSum - sum) {
        return InvalidField(At("counts", i), shown, "the sum of the counts must be below 2^63");
      }
      sum += table.counts[i];
    }
    return absl::OkStatus();
  }
  if (!table.weights.empty()) {
    TRINE_RETURN_IF_ERROR(ValidateSize("weights", table.weights.size(), table.size()));
    for (size_t i = 0; i < table.weights.size(); ++i) {
      if (!std::isfinite(table.weights[i]) || table.weights[i] <= 0) {
        return InvalidField(At("weights", i), table.weights[i], "must be finite and above 0");
      }
    }
    return absl::OkStatus();
  }
  TRINE_RETURN_IF_ERROR(ValidateSize("probabilities", table.probabilities.size(), table.size()));
  for (size_t i = 0; i < table.probabilities.size(); ++i) {
    if (i % kPollEntries == 0) TRINE_RETURN_IF_ERROR(cancel.Check());
    const std::string field = At("probabilities", i);
    TRINE_ASSIGN_OR_RETURN(const mpq_class p, ParseRational(table.probabilities[i], field));
    if (p <= 0 || p > 1) {
      return InvalidField(field, table.probabilities[i], "must be above 0 and at most 1");
    }
  }
  return absl::OkStatus();
}

}  // namespace trine::coding
