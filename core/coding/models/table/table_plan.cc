#include "core/coding/models/table/table_plan.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/coding/container/format.h"
#include "core/coding/models/table/dictionary.h"

namespace trine::coding {
namespace {

// Leaves room for what else a header has: model, lengths, content with 8 dimensions and a palette,
// block size.
constexpr uint64_t kMaxParamsBytes =
    format::kMaxHeaderFields - 128 - kMaxPictureEntries * kMaxPictureEntryBytes;

// Whether its elements may be symbols.
bool HasIntegers(const Content& content) {
  return HasElements(content) &&
         (content.dtype == DType::kUint8 || content.dtype == DType::kUint16 ||
          content.dtype == DType::kUint32 || ElementOf(content).is_signed);
}

// The kind of a table against what it is to code.
absl::Status CheckSymbolKind(SymbolKind kind, const Content& content, std::string_view field) {
  if (kind == SymbolKind::kText && content.kind != ContentKind::kBytes) {
    return InvalidField(field, "text", "codes bytes, not tensors");
  }
  if ((kind == SymbolKind::kIntegers || kind == SymbolKind::kSigned) && !HasIntegers(content)) {
    return InvalidField(field, kind == SymbolKind::kSigned ? "signed integers" : "integers",
                        "codes tensors of uint8, uint16, uint32, int8, int16, int32 or int64");
  }
  return absl::OkStatus();
}

// Number, kinds and sizes of several tables.
absl::Status CheckTables(const std::vector<TablePtr>& tables, const Content& content,
                         const Limits& limits) {
  const uint64_t max_tables = std::min<uint64_t>(limits.max_tables, format::kMaxTables);
  if (tables.size() > max_tables) {
    return LimitExceeded("options.tables", tables.size(), "max_tables", max_tables);
  }
  uint64_t symbols = 0;
  for (size_t i = 0; i < tables.size(); ++i) {
    const std::string field = absl::StrCat("options.tables[", i, "]");
    if (tables[i] == nullptr) return InvalidField(field, "null", "must be a table");
    const SymbolKind kind = tables[i]->kind();
    if (kind != tables[0]->kind() &&
        !(tables[i]->is_of_elements() && tables[0]->is_of_elements())) {
      return InvalidField(
          absl::StrCat(field, ".kind"), static_cast<int64_t>(kind),
          absl::StrCat("must be that of the first table, ", static_cast<int>(tables[0]->kind())));
    }
    if (kind == SymbolKind::kText && tables.size() > 1) {
      return InvalidField(absl::StrCat(field, ".kind"), "text",
                          "several tables have symbols of a fixed size: bytes or integers");
    }
    TRINE_RETURN_IF_ERROR(CheckSymbolKind(kind, content, absl::StrCat(field, ".kind")));
    symbols += tables[i]->size();
  }
  if (symbols > limits.max_table_symbols) {
    return LimitExceeded("options.tables", symbols, "max_table_symbols (of all tables)",
                         limits.max_table_symbols);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<TableRef>> PlanTables(const Context& context, const Content& content,
                                                 const EncodeOptions& options) {
  const bool is_given = options.table.has_value() || !options.tables.empty();
  if ((options.model == Model::kTable) != is_given) {
    return InvalidField(options.tables.empty() ? "options.table" : "options.tables",
                        is_given ? "given" : "absent",
                        "must be given for the model table, and for no other");
  }
  if (options.tables_by_id && options.model != Model::kTable) {
    return InvalidField("options.tables_by_id", "true", "only the model table has tables");
  }
  if (options.table.has_value() && !options.tables.empty()) {
    return InvalidField("options.tables", static_cast<int64_t>(options.tables.size()),
                        "must be empty where options.table is given");
  }
  if (options.tables.size() < 2 && !options.table_index.empty()) {
    return InvalidField("table_index", static_cast<int64_t>(options.table_index.size()),
                        "must be absent unless there are several tables");
  }
  std::vector<TableRef> refs;
  const auto add = [&](const TablePtr& table) {
    refs.push_back({TableId(table), options.tables_by_id, table});
  };
  if (options.table.has_value()) {
    TRINE_RETURN_IF_ERROR(CheckSymbolKind(options.table->kind, content, "options.table.kind"));
    absl::StatusOr<TablePtr> table = MakeTable(*options.table, *context.limits, context.cancel);
    if (!table.ok()) return TranslateField(table.status(), {{"", "options"}});
    add(*std::move(table));
    return refs;
  }
  TRINE_RETURN_IF_ERROR(CheckTables(options.tables, content, *context.limits));
  for (const TablePtr& table : options.tables) add(table);
  // More symbols than by default may be more than a header holds.
  std::string params;
  AppendTableParams(refs, &params);
  if (params.size() > kMaxParamsBytes) {
    return LimitExceeded("options.tables", params.size(), "bytes of tables in a header",
                         kMaxParamsBytes);
  }
  return refs;
}

}  // namespace trine::coding
