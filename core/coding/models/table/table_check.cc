#include "core/coding/table.h"

#include <algorithm>
#include <array>
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

// Each of them is there only once.
template <typename T>
absl::Status CheckDistinct(std::string_view field, const std::vector<T>& symbols,
                           const CancelToken& cancel) {
  TRINE_ASSIGN_OR_RETURN(const size_t duplicate, FindDuplicate(symbols, cancel));
  if (duplicate == symbols.size()) return absl::OkStatus();
  return InvalidField(At(field, duplicate), ToStd(absl::StrCat(symbols[duplicate])),
                      "must be there only once");
}

// The lists of symbols, of which the kind uses one.
struct SymbolList {
  std::string_view field;
  size_t size;
  bool is_used;
};

std::array<SymbolList, 3> ListsOf(const ProbabilityTable& table) {
  const bool text = table.kind == SymbolKind::kText;
  const bool is_signed = table.kind == SymbolKind::kSigned;
  return {{{"text", table.text.size(), text},
           {"signed_integers", table.signed_integers.size(), is_signed},
           {"integers", table.integers.size(), !text && !is_signed}}};
}

absl::Status ValidateSymbols(const ProbabilityTable& table, const CancelToken& cancel) {
  for (const SymbolList& list : ListsOf(table)) {
    if (!list.is_used && list.size != 0) {
      return InvalidField(absl::StrCat("table.", ToAbsl(list.field)),
                          static_cast<int64_t>(list.size),
                          absl::StrCat("must be empty for a table of ",
                                       table.kind == SymbolKind::kText     ? "text"
                                       : table.kind == SymbolKind::kSigned ? "signed integers"
                                                                           : "numbers"));
    }
  }
  for (size_t i = 0; i < table.text.size(); ++i) {
    if (table.text[i].empty() || table.text[i].size() > kMaxNumberText) {
      return InvalidField(At("text", i), table.text[i], "must have 1 to 256 bytes");
    }
  }
  const uint64_t max = table.kind == SymbolKind::kBytes ? 255 : 0xFFFFFFFFu;
  for (size_t i = 0; i < table.integers.size(); ++i) {
    if (table.integers[i] > max) {
      return InvalidField(At("integers", i), ToStd(absl::StrCat(table.integers[i])),
                          absl::StrCat("must be at most ", max));
    }
  }
  TRINE_RETURN_IF_ERROR(CheckDistinct("text", table.text, cancel));
  TRINE_RETURN_IF_ERROR(CheckDistinct("signed_integers", table.signed_integers, cancel));
  return CheckDistinct("integers", table.integers, cancel);
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
  if (table.kind < SymbolKind::kBytes || table.kind > SymbolKind::kSigned) {
    return InvalidField("table.kind", static_cast<int64_t>(table.kind),
                        "must be 1 (bytes), 2 (text), 3 (integers) or 4 (signed integers)");
  }
  std::string symbols;
  // The largest: a list that does not belong to the kind is bounded too.
  size_t listed = 0;
  for (const SymbolList& list : ListsOf(table)) {
    if (list.is_used) symbols = absl::StrCat("table.", ToAbsl(list.field));
    listed = std::max(listed, list.size);
  }
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
      if (table.counts[i] > kMaxSum - sum) {
        return InvalidField(At("counts", i), shown, "the sum of the counts must be below 2^63");
      }
      sum += table.counts[i];
    }
    if (sum == 0) return InvalidField("table.counts", int64_t{0}, "one must be above 0");
    return absl::OkStatus();
  }
  if (!table.weights.empty()) {
    TRINE_RETURN_IF_ERROR(ValidateSize("weights", table.weights.size(), table.size()));
    for (size_t i = 0; i < table.weights.size(); ++i) {
      if (!std::isfinite(table.weights[i]) || table.weights[i] < 0) {
        return InvalidField(At("weights", i), table.weights[i], "must be finite and at least 0");
      }
    }
    return absl::OkStatus();
  }
  TRINE_RETURN_IF_ERROR(ValidateSize("probabilities", table.probabilities.size(), table.size()));
  for (size_t i = 0; i < table.probabilities.size(); ++i) {
    if (i % kPollEntries == 0) TRINE_RETURN_IF_ERROR(cancel.Check());
    const std::string field = At("probabilities", i);
    TRINE_ASSIGN_OR_RETURN(const mpq_class p, ParseRational(table.probabilities[i], field));
    if (p < 0 || p > 1) {
      return InvalidField(field, table.probabilities[i], "must be 0 to 1");
    }
  }
  return absl::OkStatus();
}

}  // namespace trine::coding
