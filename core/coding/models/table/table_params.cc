#include "core/coding/models/table/table_params.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/corrupt.h"
#include "core/coding/models/table/dictionary.h"

namespace trine::coding {
namespace {

static_assert(kMaxTables == format::kMaxTables);

absl::Status Malformed(std::string_view text) {
  return Corrupt(ToStd(absl::StrCat("the header's tables: ", ToAbsl(text))));
}

// Of those that are known: a table by id is not before it is found.
absl::Status CheckKinds(const std::vector<TableRef>& tables) {
  const FrequencyDictionary* first = nullptr;
  for (const TableRef& ref : tables) {
    if (ref.table == nullptr) continue;
    if (first == nullptr) first = ref.table.get();
    const bool is_mixed = ref.table->kind() != first->kind() &&
                          !(ref.table->is_of_elements() && first->is_of_elements());
    if (is_mixed) return Malformed("they are not of one kind");
    if (tables.size() > 1 && ref.table->kind() == SymbolKind::kText) {
      return Malformed("there are several, and of text");
    }
  }
  return absl::OkStatus();
}

}  // namespace

Element SymbolElement(const BlockPlan& plan) {
  return plan.tables[0].table->is_of_elements() ? plan.element : Element{};
}

uint32_t MostBytesCut(const BlockPlan& plan) {
  constexpr uint32_t kMostUtf8Bytes = 4;
  const bool text = !plan.tables.empty() && plan.tables[0].table->kind() == SymbolKind::kText;
  return text ? kMostUtf8Bytes - 1 : 0;
}

uint64_t HeldTableBytes(const BlockPlan& plan) {
  uint64_t bytes = 0;
  for (const TableRef& ref : plan.tables) {
    bytes += ref.table.use_count() == 1 ? ref.table->HeldBytes() : 0;
  }
  return bytes;
}

void AppendTableParams(const std::vector<TableRef>& tables, std::string* out) {
  AppendVarint(tables.size(), out);
  for (const TableRef& ref : tables) {
    out->push_back(ref.by_id ? format::kTableById : format::kTableByValue);
    if (ref.by_id) {
      AppendLE(ref.id, out);
      continue;
    }
    std::string bytes;
    ref.table->AppendBytes(&bytes);
    AppendVarint(bytes.size(), out);
    *out += bytes;
  }
}

absl::StatusOr<std::vector<TableRef>> ParseTableParams(ByteView params, const Limits& limits) {
  ByteReader in(params);
  const uint64_t count = in.Varint();
  if (in.failed() || count < 1 || count > format::kMaxTables) {
    return Malformed("their number is out of range");
  }
  if (count > limits.max_tables) {
    return LimitExceeded("data", count, "max_tables", limits.max_tables);
  }
  std::vector<TableRef> tables(count);
  uint64_t symbols = 0;
  for (TableRef& ref : tables) {
    const uint8_t how = in.Byte();
    if (in.failed() || how > format::kTableById)
      return Malformed("one is not there in a known way");
    ref.by_id = how == format::kTableById;
    if (ref.by_id) {
      ref.id = in.Fixed<uint64_t>();
      if (in.failed()) return Malformed("they are cut off");
      continue;
    }
    const ByteView bytes = in.Take(in.Varint());
    if (in.failed()) return Malformed("they are cut off");
    Limits left = limits;
    left.max_table_symbols -= symbols;
    absl::StatusOr<FrequencyDictionary> dictionary = FrequencyDictionary::Parse(bytes, left);
    if (!dictionary.ok()) {
      if (dictionary.status().code() != absl::StatusCode::kResourceExhausted || symbols == 0) {
        return dictionary.status();
      }
      return LimitExceeded("data", limits.max_table_symbols + 1,
                           "max_table_symbols (of all tables)", limits.max_table_symbols);
    }
    symbols += dictionary->size();
    ref.id = dictionary->id();
    ref.table = std::make_shared<const FrequencyDictionary>(*std::move(dictionary));
  }
  if (in.left() != 0) return Malformed("bytes follow them");
  TRINE_RETURN_IF_ERROR(CheckKinds(tables));
  return tables;
}

absl::Status FindTables(const std::vector<TablePtr>& known, std::vector<TableRef>* tables,
                        std::set<uint64_t>* found) {
  bool found_any = false;
  for (TableRef& ref : *tables) {
    if (ref.table != nullptr) continue;
    for (const TablePtr& table : known) {
      if (table != nullptr && table->id() == ref.id) ref.table = table;
    }
    if (ref.table == nullptr) {
      return InvalidField("tables", TableIdText(ref.id),
                          "the stream names this table by its id: it must be given");
    }
    found->insert(ref.id);
    found_any = true;
  }
  return found_any ? CheckKinds(*tables) : absl::OkStatus();
}

}  // namespace trine::coding
