// What a stream's blocks are coded with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/coding/coding.h"
#include "core/coding/table.h"

namespace trine::coding {

// A table of TABLE as the header holds it.
struct TableRef {
  uint64_t id = 0;
  bool by_id = false;  // how the header names it
  TablePtr table;      // null: named by id and not found yet
};

struct BlockPlan {
  Model model = Model::kAuto;
  Effort effort = Effort::kBalanced;
  int order = 0;  // of models that have orders
  size_t element_bytes = 1;
  std::vector<TableRef> tables;  // TABLE: at least one
  // Where there are several tables: which one codes each symbol of the stream.
  ByteView table_index;
};

}  // namespace trine::coding
