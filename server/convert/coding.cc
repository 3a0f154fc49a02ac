#include "server/convert/coding.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text/field_names.h"
#include "server/convert/content.h"
#include "server/convert/enum.h"
#include "server/convert/error.h"

namespace trine::server {
namespace {

using coding::Model;
using coding::SymbolKind;

// A list of symbols.
struct SymbolList {
  const char* name;
  int size;
};

SymbolList UsedList(const v1::ProbabilityTable& table, SymbolKind kind) {
  switch (kind) {
    case SymbolKind::kText:
      return {"text", table.text_size()};
    case SymbolKind::kSigned:
      return {"signed_integers", table.signed_integers_size()};
    default:
      return {"integers", table.integers_size()};
  }
}

SymbolKind DefaultKind(const v1::ProbabilityTable& table) {
  if (table.text_size() > 0) return SymbolKind::kText;
  return table.signed_integers_size() > 0 ? SymbolKind::kSigned : SymbolKind::kBytes;
}

// The symbols are in the list that the kind reads, and the others are empty.
absl::Status CheckSymbols(const v1::ProbabilityTable& table, SymbolKind kind, const Limits& limits,
                          std::string_view field) {
  const SymbolList list = UsedList(table, kind);
  const auto used = static_cast<uint64_t>(list.size);
  const std::string used_path = Path(field, list.name);
  for (const SymbolKind of : {SymbolKind::kText, SymbolKind::kIntegers, SymbolKind::kSigned}) {
    const SymbolList other = UsedList(table, of);
    if (other.size == 0 || std::string_view(other.name) == list.name) continue;
    return InvalidField(Path(field, other.name), absl::StrCat("of ", other.size, " symbols"),
                        absl::StrCat("a table of this kind lists its symbols in ", list.name));
  }
  if (used == 0) return MissingField(used_path, "a table has at least one symbol");
  if (used > limits.max_table_symbols) {
    return LimitExceeded(used_path, used, "max_table_symbols", limits.max_table_symbols);
  }
  return absl::OkStatus();
}

// Exactly one of the three lists says how likely the symbols are, with an entry for each.
absl::Status CheckEntries(const v1::ProbabilityTable& table, uint64_t symbols,
                          std::string_view field) {
  const std::pair<const char*, int> lists[] = {{"decimals", table.decimals_size()},
                                               {"counts", table.counts_size()},
                                               {"weights", table.weights_size()}};
  const char* given = nullptr;
  for (const auto& [name, size] : lists) {
    if (size == 0) continue;
    if (given != nullptr) {
      return InvalidField(Path(field, name), absl::StrCat("of ", size, " entries"),
                          absl::StrCat("exactly one of decimals, counts and weights is allowed, "
                                       "and ",
                                       given, " is given"));
    }
    given = name;
    if (static_cast<uint64_t>(size) != symbols) {
      return InvalidField(Path(field, name), absl::StrCat("of ", size, " entries"),
                          absl::StrCat("each of the ", symbols, " symbols needs one"));
    }
  }
  if (given != nullptr) return absl::OkStatus();
  return MissingField(Path(field, "decimals"), "one of decimals, counts and weights is required");
}

}  // namespace

absl::StatusOr<coding::ProbabilityTable> TableFromProto(const v1::ProbabilityTable& table,
                                                        const Limits& limits,
                                                        std::string_view field) {
  TRINE_ASSIGN_OR_RETURN(const std::optional<SymbolKind> kind,
                         EnumFromProto<SymbolKind>(table.kind(), Path(field, "kind")));
  coding::ProbabilityTable out;
  out.kind = kind.value_or(DefaultKind(table));
  TRINE_RETURN_IF_ERROR(CheckSymbols(table, out.kind, limits, field));
  const int symbols = UsedList(table, out.kind).size;
  TRINE_RETURN_IF_ERROR(CheckEntries(table, static_cast<uint64_t>(symbols), field));
  out.text.assign(table.text().begin(), table.text().end());
  out.integers.assign(table.integers().begin(), table.integers().end());
  out.signed_integers.assign(table.signed_integers().begin(), table.signed_integers().end());
  out.probabilities.assign(table.decimals().begin(), table.decimals().end());
  out.counts.assign(table.counts().begin(), table.counts().end());
  out.weights.assign(table.weights().begin(), table.weights().end());
  return out;
}

std::vector<FieldName> TableNames(std::string_view field) {
  return {{"table.probabilities", Path(field, "decimals")}, {"table", std::string(field)}};
}

std::vector<FieldName> OptionTableNames(const v1::EncodeOptions& options) {
  if (options.has_table()) return RequestNames({"options.table"});
  if (options.table_ids_size() > 0) return RequestNames({"options.table_ids"});
  return {};
}

void UnusedTablesToProto(const std::vector<coding::TablePtr>& given, const std::set<uint64_t>& used,
                         google::protobuf::RepeatedField<int32_t>* out) {
  for (size_t i = 0; i < given.size(); ++i) {
    if (used.count(coding::TableId(given[i])) == 0) out->Add(static_cast<int32_t>(i));
  }
}

absl::StatusOr<std::vector<coding::TablePtr>> TablesFromProto(
    const Context& context, const google::protobuf::RepeatedPtrField<v1::ProbabilityTable>& tables,
    std::string_view field, coding::TableStore* store) {
  const auto count = static_cast<uint64_t>(tables.size());
  if (count > context.limits->max_tables) {
    return LimitExceeded(field, count, "max_tables", context.limits->max_tables);
  }
  std::vector<coding::TablePtr> out;
  for (int i = 0; i < tables.size(); ++i) {
    const std::string at = absl::StrCat(ToAbsl(field), "[", i, "]");
    TRINE_ASSIGN_OR_RETURN(const coding::ProbabilityTable table,
                           TableFromProto(tables[i], *context.limits, at));
    absl::StatusOr<coding::TablePtr> made = store->Add(table, *context.limits, context.cancel);
    if (!made.ok()) return TranslateField(made.status(), TableNames(at));
    out.push_back(*std::move(made));
  }
  return out;
}

namespace {

// The tables of TABLE, in whichever of the three ways they are given.
absl::StatusOr<std::vector<coding::TablePtr>> OptionTables(const Context& context,
                                                           const v1::EncodeOptions& options,
                                                           std::string_view field,
                                                           coding::TableStore* store) {
  const bool is_one = options.has_table();
  const int ways = is_one + (options.tables_size() > 0) + (options.table_ids_size() > 0);
  if (ways == 0) return MissingField(Path(field, "table"), "model TABLE needs its probabilities");
  if (ways > 1) {
    return InvalidField(Path(field, options.table_ids_size() > 0 ? "table_ids" : "tables"), "given",
                        "exactly one of table, tables and table_ids is allowed");
  }
  coding::TableStore none;
  if (is_one) {
    TRINE_ASSIGN_OR_RETURN(const coding::ProbabilityTable table,
                           TableFromProto(options.table(), *context.limits, Path(field, "table")));
    absl::StatusOr<coding::TablePtr> made =
        (store == nullptr ? &none : store)->Add(table, *context.limits, context.cancel);
    if (!made.ok()) return TranslateField(made.status(), TableNames(Path(field, "table")));
    return std::vector<coding::TablePtr>{*std::move(made)};
  }
  if (options.tables_size() > 0) {
    return TablesFromProto(context, options.tables(), Path(field, "tables"),
                           store == nullptr ? &none : store);
  }
  if (store == nullptr) {
    return InvalidField(Path(field, "table_ids"), "given",
                        "only EncodeStream remembers the tables of earlier headers");
  }
  const auto count = static_cast<uint64_t>(options.table_ids_size());
  if (count > context.limits->max_tables) {
    return LimitExceeded(Path(field, "table_ids"), count, "max_tables", context.limits->max_tables);
  }
  std::vector<coding::TablePtr> out;
  for (int i = 0; i < options.table_ids_size(); ++i) {
    coding::TablePtr table = store->Find(options.table_ids(i));
    if (table == nullptr) {
      return InvalidField(absl::StrCat(Path(field, "table_ids"), "[", i, "]"),
                          coding::TableIdText(options.table_ids(i)),
                          "no earlier header of this call held the table of this id");
    }
    out.push_back(std::move(table));
  }
  return out;
}

}  // namespace

absl::StatusOr<coding::EncodeOptions> EncodeOptionsFromProto(const Context& context,
                                                             const v1::EncodeOptions& options,
                                                             std::string_view field,
                                                             coding::TableStore* store) {
  if (options.model() == v1::CODING_MODEL_EXACT) {
    return InvalidField(Path(field, "model"), "EXACT",
                        "it codes the message of an Encode request only");
  }
  coding::EncodeOptions out;
  TRINE_ASSIGN_OR_RETURN(const std::optional<Model> model,
                         EnumFromProto<Model>(options.model(), Path(field, "model")));
  out.model = model.value_or(Model::kAuto);
  if (options.has_order()) out.order = options.order();
  TRINE_ASSIGN_OR_RETURN(const std::optional<coding::Effort> effort,
                         EnumFromProto<coding::Effort>(options.effort(), Path(field, "effort")));
  out.effort = effort.value_or(coding::Effort::kBalanced);
  out.full_statistics = options.full_statistics();
  out.block_bytes = options.block_bytes();
  if (options.max_steps() != 0) {
    return InvalidField(Path(field, "max_steps"), static_cast<int64_t>(options.max_steps()),
                        "only model EXACT has steps to return");
  }
  out.tables_by_id = options.tables_by_id();
  if (out.model != Model::kTable) {
    const char* given = options.has_table()            ? "table"
                        : options.tables_size() > 0    ? "tables"
                        : options.table_ids_size() > 0 ? "table_ids"
                                                       : nullptr;
    if (given == nullptr) return out;
    return InvalidField(Path(field, given), "given",
                        options.has_table() ? "only models TABLE and EXACT take one"
                                            : "only model TABLE takes several");
  }
  TRINE_ASSIGN_OR_RETURN(out.tables, OptionTables(context, options, field, store));
  return out;
}

void ReportToProto(const coding::RecoverReport& report, v1::DecodeStreamSummary* out) {
  for (const coding::Damage& damage : report.damages) {
    v1::Damage* added = out->add_damages();
    if (damage.block >= 0) added->set_block(static_cast<uint64_t>(damage.block));
    added->set_raw_offset(damage.raw_offset);
    added->set_raw_bytes(damage.raw_bytes);
    added->set_coded_offset(damage.coded_offset);
    added->set_reason(damage.reason);
  }
  out->set_damages_total(report.damages_total);
  out->set_blocks_lost(report.blocks_lost);
  out->set_raw_bytes_lost(report.raw_bytes_lost);
}

void StatsToProto(const coding::EncodeStats& stats, v1::EncodeStatistics* out) {
  out->set_raw_bytes(stats.raw_bytes);
  out->set_coded_bytes(stats.coded_bytes);
  out->set_symbols(stats.symbols);
  out->set_blocks(stats.blocks);
  out->set_entropy_bits_per_symbol(stats.entropy_bits_per_symbol);
  out->set_huffman_bits_per_symbol(stats.huffman_bits_per_symbol);
  out->set_bits_per_symbol(stats.bits_per_symbol);
  out->set_model_bits(stats.model_bits);
  out->set_side_bits(stats.side_bits);
  out->set_container_bits(stats.container_bits);
  out->set_ideal_bits(stats.ideal_bits);
  out->set_model(static_cast<v1::CodingModel>(stats.model));
  out->set_order(stats.order);
  if (stats.order1_entropy_bits_per_byte.has_value()) {
    out->set_order1_entropy_bits_per_byte(*stats.order1_entropy_bits_per_byte);
  }
  out->mutable_table_ids()->Assign(stats.table_ids.begin(), stats.table_ids.end());
}

namespace {

void RationalToProto(coding::Rational rational, v1::Rational* out) {
  out->set_fraction(std::move(rational.fraction));
  out->set_decimal(std::move(rational.decimal));
}

}  // namespace

void ExactCodeToProto(coding::ExactCode code, uint64_t symbols, v1::ExactCode* out) {
  RationalToProto(std::move(code.low), out->mutable_low());
  RationalToProto(std::move(code.high), out->mutable_high());
  out->set_shortest(std::move(code.shortest));
  out->set_prefix_free(std::move(code.prefix_free));
  for (coding::ExactStep& step : code.steps) {
    v1::ExactStep* added = out->add_steps();
    added->set_symbol(std::move(step.symbol));
    RationalToProto(std::move(step.low), added->mutable_low());
    RationalToProto(std::move(step.high), added->mutable_high());
  }
  out->set_symbols(symbols);
}

absl::Status StreamInfoToProto(const Context& context, const coding::StreamInfo& info,
                               v1::InspectResponse* out) {
  constexpr size_t kBlocksAPoll = 4096;  // less than a millisecond
  out->set_format_version(absl::StrCat(info.format_major, ".", info.format_minor));
  ContentToProto(info.content, out->mutable_content());
  out->set_streams(info.streams);
  out->set_raw_bytes(info.raw_bytes);
  out->set_coded_bytes(info.coded_bytes);
  out->set_block_bytes(info.block_bytes);
  out->set_model(static_cast<v1::CodingModel>(info.model));
  out->set_order(info.order);
  uint64_t symbols = 0;
  for (const coding::TableInfo& table : info.tables) {
    symbols += table.symbols;
    v1::TableInfo* added = out->add_tables();
    added->set_id(table.id);
    added->set_symbols(table.symbols);
    added->set_by_id(table.by_id);
  }
  out->set_table_symbols(symbols);
  out->set_header_bytes(info.header_bytes);
  out->set_index_bytes(info.index_bytes);
  out->set_blocks_total(info.blocks_total);
  out->set_is_excerpt(info.is_excerpt);
  out->set_is_compact(info.is_compact);
  out->set_model_bytes(info.model_bytes);
  out->set_side_bytes(info.side_bytes);
  out->set_container_bytes(info.container_bytes);
  for (const coding::ModeInfo& mode : info.modes) {
    v1::ModeInfo* added = out->add_modes();
    added->set_mode(mode.mode);
    added->set_blocks(mode.blocks);
    added->set_raw_bytes(mode.raw_bytes);
    added->set_coded_bytes(mode.coded_bytes);
    added->set_side_bytes(mode.side_bytes);
  }
  for (size_t i = 0; i < info.blocks.size(); ++i) {
    if (i % kBlocksAPoll == 0) TRINE_RETURN_IF_ERROR(context.cancel.Check());
    const coding::BlockInfo& block = info.blocks[i];
    v1::BlockInfo* added = out->add_blocks();
    added->set_raw_offset(block.raw_offset);
    added->set_raw_bytes(block.raw_bytes);
    added->set_coded_offset(block.coded_offset);
    added->set_coded_bytes(block.coded_bytes);
    added->set_mode(block.mode);
    added->set_side_bytes(block.side_bytes);
    added->set_payload_bytes(block.payload_bytes);
  }
  return absl::OkStatus();
}

}  // namespace trine::server
