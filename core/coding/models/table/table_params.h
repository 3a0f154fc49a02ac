// The tables of a TABLE stream as its header holds them: by value, or by id.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/limits.h"
#include "core/coding/models/block_plan.h"

namespace trine::coding {

// Of TABLE's symbols, where they have a fixed size. REQUIRES: the tables are there.
Element SymbolElement(const BlockPlan& plan);
inline size_t SymbolBytes(const BlockPlan& plan) { return SymbolElement(plan).bytes; }

// By how many bytes a block may be shorter than it was asked to be: characters of text are not cut.
// REQUIRES: the tables, if any, are there.
uint32_t MostBytesCut(const BlockPlan& plan);

// Memory of the plan's tables that nobody else holds.
uint64_t HeldTableBytes(const BlockPlan& plan);

// REQUIRES: every `table` is set.
void AppendTableParams(const std::vector<TableRef>& tables, std::string* out);

// DATA_LOSS without block and offset; RESOURCE_EXHAUSTED beyond max_tables, or max_table_symbols in
// sum.
absl::StatusOr<std::vector<TableRef>> ParseTableParams(ByteView params, const Limits& limits);

// Finds the tables that are named by id among `known`, which may hold nulls, and adds their ids to
// `found`. INVALID_ARGUMENT naming "tables" and the id where one is missing; DATA_LOSS where the
// tables are not of one kind, or several and of text.
absl::Status FindTables(const std::vector<TablePtr>& known, std::vector<TableRef>* tables,
                        std::set<uint64_t>* found);

}  // namespace trine::coding
