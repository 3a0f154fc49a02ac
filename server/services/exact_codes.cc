#include "server/services/exact_codes.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/base/text/field_names.h"
#include "core/coding/coding.h"
#include "core/coding/exact.h"
#include "core/coding/stats.h"
#include "server/convert/coding.h"
#include "server/convert/enum.h"
#include "server/convert/error.h"
#include "server/convert/output_bounds.h"

namespace trine::server {
namespace {

uint64_t LongestSymbolBytes(const coding::ProbabilityTable& table) {
  size_t longest = 0;
  for (const std::string& symbol : table.text) longest = std::max(longest, symbol.size());
  return longest;
}

// The dictionary of the exact coder, whose symbols are text.
absl::StatusOr<coding::ProbabilityTable> ExactTable(const v1::ProbabilityTable& table,
                                                    const Limits& limits, std::string_view field) {
  TRINE_ASSIGN_OR_RETURN(coding::ProbabilityTable out, TableFromProto(table, limits, field));
  if (out.kind != coding::SymbolKind::kText) {
    return InvalidField(Path(field, "kind"), v1::SymbolKind_Name(static_cast<int>(out.kind)),
                        "the exact coder's symbols are TEXT");
  }
  // Before a message is split by it.
  TRINE_RETURN_IF_ERROR(TranslateField(coding::ValidateTable(out, limits), TableNames(field)));
  return out;
}

void ExactStats(const coding::ExactCode& code, uint64_t raw_bytes,
                const std::vector<std::string>& symbols, v1::EncodeStatistics* out) {
  const uint64_t bits = code.shortest.size();
  out->set_raw_bytes(raw_bytes);
  out->set_coded_bytes(CeilDiv(bits, 8));
  out->set_symbols(symbols.size());
  out->set_model_bits(bits);
  out->set_ideal_bits(code.ideal_bits);
  out->set_model(v1::CODING_MODEL_EXACT);
  if (symbols.empty()) return;
  std::map<std::string_view, uint64_t> occurrences;
  for (const std::string& symbol : symbols) ++occurrences[symbol];
  std::vector<uint64_t> counts;
  counts.reserve(occurrences.size());
  for (const auto& [symbol, count] : occurrences) counts.push_back(count);
  const auto n = static_cast<double>(symbols.size());
  out->set_entropy_bits_per_symbol(coding::EntropyBits(counts) / n);
  out->set_huffman_bits_per_symbol(static_cast<double>(coding::HuffmanBits(counts)) / n);
  // The codeword is counted in bits: whole bytes would hide what a short message costs.
  out->set_bits_per_symbol(static_cast<double>(bits) / n);
}

// What a stream is coded with, and a codeword is not.
absl::Status CheckUnused(const v1::EncodeOptions& options) {
  TRINE_ASSIGN_OR_RETURN(const std::optional<coding::Effort> effort,
                         EnumFromProto<coding::Effort>(options.effort(), "options.effort"));
  if (effort.value_or(coding::Effort::kBalanced) != coding::Effort::kBalanced) {
    return InvalidField("options.effort", v1::Effort_Name(options.effort()),
                        "model EXACT has one way, BALANCED");
  }
  if (options.has_order()) {
    return InvalidField("options.order", int64_t{options.order()}, "model EXACT has no orders");
  }
  if (options.block_bytes() != 0) {
    return InvalidField("options.block_bytes", absl::StrCat(options.block_bytes()),
                        "model EXACT codes a message as a whole, without blocks");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status EncodeExact(const Context& context, const Request<v1::EncodeRequest>& request,
                         v1::EncodeResponse* out) {
  const v1::EncodeRequest& m = request.message();
  const Limits& limits = *context.limits;
  if (request.PayloadSize(m.table_index()) != 0) {
    return InvalidField("table_index", "given", "model EXACT has one table");
  }
  if (m.input_case() != v1::EncodeRequest::kMessage) {
    return MissingField("message", "model EXACT codes a message");
  }
  if (m.has_bits() || m.has_picture()) {
    return InvalidField(m.has_bits() ? "bits" : "picture", "given",
                        "it describes data, not a message");
  }
  if (!m.options().has_table()) {
    return MissingField("options.table", "model EXACT needs its probabilities");
  }
  const v1::EncodeOptions& options = m.options();
  TRINE_RETURN_IF_ERROR(CheckUnused(options));
  if (options.tables_size() > 0 || options.table_ids_size() > 0 || options.tables_by_id()) {
    return InvalidField(options.tables_size() > 0      ? "options.tables"
                        : options.table_ids_size() > 0 ? "options.table_ids"
                                                       : "options.tables_by_id",
                        "given", "model EXACT has one table, in options.table");
  }
  TRINE_ASSIGN_OR_RETURN(const coding::ProbabilityTable table,
                         ExactTable(m.options().table(), limits, "options.table"));
  // Before the message is split: a longer one cannot have so few symbols.
  const uint64_t symbol_bytes = LongestSymbolBytes(table) + 1;
  if (m.message().size() / symbol_bytes > limits.max_exact_symbols) {
    return LimitExceeded("message", m.message().size() / symbol_bytes, "max_exact_symbols",
                         limits.max_exact_symbols);
  }
  const auto named = [](const absl::Status& status) {
    return TranslateField(status, RequestNames({"message", "options.table", "options.max_steps"}));
  };
  const auto symbols = coding::SplitMessage(m.message(), table);
  if (!symbols.ok()) return named(symbols.status());
  auto code = coding::ExactEncode(context, table, *symbols, m.options().max_steps());
  if (!code.ok()) return named(code.status());
  ExactStats(*code, m.message().size(), *symbols, out->mutable_statistics());
  ExactCodeToProto(*std::move(code), symbols->size(), out->mutable_exact());
  // Core bounds the text of the steps; an answer may have to be shorter.
  return CheckOutputBytes(out->ByteSizeLong(), limits, "options.max_steps");
}

absl::Status DecodeExact(const Context& context, const Request<v1::DecodeRequest>& request,
                         v1::DecodeResponse* out) {
  const v1::DecodeRequest& m = request.message();
  if (request.PayloadSize(m.table_index()) != 0) {
    return InvalidField("table_index", "given", "a codeword has one table");
  }
  const Limits& limits = *context.limits;
  const v1::ExactCodeword& exact = m.exact();
  if (m.has_range()) return InvalidField("range", "given", "a codeword is decoded whole");
  if (m.tables_size() > 0) {
    return InvalidField("tables", "given", "a codeword has its dictionary in exact.table");
  }
  if (!exact.has_table()) return MissingField("exact.table", "the dictionary is required");
  if (exact.count() > limits.max_exact_symbols) {
    return LimitExceeded("exact.count", exact.count(), "max_exact_symbols",
                         limits.max_exact_symbols);
  }
  TRINE_ASSIGN_OR_RETURN(const coding::ProbabilityTable table,
                         ExactTable(exact.table(), limits, "exact.table"));
  const uint64_t most_bytes = exact.count() * LongestSymbolBytes(table);
  TRINE_RETURN_IF_ERROR(CheckOutputBytes(most_bytes, limits, "exact.count"));
  TRINE_RETURN_IF_ERROR(context.ReserveResult(most_bytes));
  auto symbols = coding::ExactDecode(context, table, exact.bits(), exact.count());
  if (!symbols.ok()) return TranslateField(symbols.status(), RequestNames({"exact"}));
  for (std::string& symbol : *symbols) out->add_message(std::move(symbol));
  return absl::OkStatus();
}

}  // namespace trine::server
