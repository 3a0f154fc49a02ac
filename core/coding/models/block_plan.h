// What a stream's blocks are coded with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/coding/coding.h"
#include "core/coding/container/header.h"
#include "core/coding/table.h"

namespace trine::coding {

// A table of TABLE as the header holds it.
struct TableRef {
  uint64_t id = 0;
  bool by_id = false;  // how the header names it
  TablePtr table;      // null: named by id and not found yet
};

// An element of the content: how many bytes, and whether they are an integer in two's complement.
struct Element {
  size_t bytes = 1;
  bool is_signed = false;
};

inline Element ElementOf(const Content& content) {
  return {ElementBytes(content),
          HasElements(content) && content.dtype >= DType::kInt8 && content.dtype <= DType::kInt64};
}

struct BlockPlan {
  Model model = Model::kAuto;
  Effort effort = Effort::kBalanced;
  int order = 0;  // of models that have orders
  Element element;
  std::vector<TableRef> tables;  // TABLE: at least one
  // Where there are several tables: which one codes each symbol of the stream.
  ByteView table_index;
};

}  // namespace trine::coding
