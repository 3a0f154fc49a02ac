#include "core/coding/table_store.h"

#include "core/base/error.h"
#include "core/coding/models/table/dictionary.h"

namespace trine::coding {

absl::StatusOr<TablePtr> TableStore::Add(const ProbabilityTable& table, const Limits& limits,
                                         const CancelToken& cancel) {
  // Whether it is new shows by its id; until then it takes no more room than one table may.
  TRINE_ASSIGN_OR_RETURN(TablePtr made, MakeTable(table, limits, cancel));
  if (TablePtr known = Find(made->id()); known != nullptr) return known;
  if (tables_.size() >= limits.max_tables) {
    return LimitExceeded("table", tables_.size() + 1, "max_tables (of a call)", limits.max_tables);
  }
  if (symbols_ + made->size() > limits.max_table_symbols) {
    return LimitExceeded("table", symbols_ + made->size(), "max_table_symbols (of a call's tables)",
                         limits.max_table_symbols);
  }
  symbols_ += made->size();
  tables_.push_back(made);
  return made;
}

TablePtr TableStore::Find(uint64_t id) const {
  for (const TablePtr& table : tables_) {
    if (table->id() == id) return table;
  }
  return nullptr;
}

uint64_t TableStore::HeldBytes() const {
  uint64_t bytes = 0;
  for (const TablePtr& table : tables_) bytes += table->HeldBytes();
  return bytes;
}

}  // namespace trine::coding
