// The tables of a TABLE stream as its header holds them: by value, or by id.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/limits.h"
#include "core/coding/models/table/dictionary.h"

namespace trine::coding {

struct TableRef {
  uint64_t id = 0;
  bool by_id = false;  // as it stands in the header
  TablePtr table;      // null: it stands by id and was not found yet
};

// REQUIRES: every `table` is set.
void AppendTableParams(const std::vector<TableRef>& tables, std::string* out);

// DATA_LOSS without block and offset; RESOURCE_EXHAUSTED beyond max_tables, or max_table_symbols in
// sum.
absl::StatusOr<std::vector<TableRef>> ParseTableParams(ByteView params, const Limits& limits);

// Finds the tables that stand by id among `known`, which may hold nulls. INVALID_ARGUMENT naming
// "tables" and the id where one is missing; DATA_LOSS where the tables are not of one kind, or
// several and of text.
absl::Status FindTables(const std::vector<TablePtr>& known, std::vector<TableRef>* tables);

}  // namespace trine::coding
