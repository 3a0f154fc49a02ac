// One block: which mode and model, the payload, the checksum.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/coding/coding.h"
#include "core/coding/container/index.h"
#include "core/coding/models/table/indexed_table.h"
#include "core/coding/models/table/table_params.h"
#include "core/runtime/context.h"

namespace trine::coding {

// What a stream's blocks are coded with.
struct BlockPlan {
  Model model = Model::kAuto;
  Effort effort = Effort::kBalanced;
  int order = 0;  // STATIC, ADAPTIVE
  size_t element_bytes = 1;
  std::vector<TableRef> tables;  // TABLE: at least one
  // Where there are several tables: which one codes each symbol of the stream.
  ByteView table_index;

  // Memory of the tables that nobody else holds.
  uint64_t HeldBytes() const {
    uint64_t bytes = 0;
    for (const TableRef& ref : tables)
      bytes += ref.table.use_count() == 1 ? ref.table->HeldBytes() : 0;
    return bytes;
  }

  // Of TABLE's symbols, where they have a fixed size. REQUIRES: the tables are there.
  size_t symbol_bytes() const {
    return tables[0].table->kind() == SymbolKind::kIntegers ? element_bytes : 1;
  }
};

struct EncodedBlock {
  BlockHead head;
  std::string payload;
  uint64_t side_bytes = 0;  // of the payload: tables, parameters, a constant's pattern
  // The model that was chosen, also where the block was stored at last (AUTO).
  Model model = Model::kStatic;
  int order = 0;
  // Symbols, and how often each occurred: by byte, or by rank, table after table (TABLE).
  uint64_t symbols = 0;
  std::vector<uint64_t> counts;
  double ideal_bits = 0;  // TABLE
};

// `raw` is not empty; `raw_offset` is where it stands in the input.
absl::StatusOr<EncodedBlock> EncodeBlock(const Context& context, const BlockPlan& plan,
                                         ByteView raw, uint64_t raw_offset);

// Decodes into `raw` (head.raw_bytes of it) and compares the checksum. Errors name `block` and
// `offset`, that of the block's head in the stream; or, where they are -1 and kNoOffset, the
// block's raw offset. UNIMPLEMENTED for a model that is not known.
absl::Status DecodeBlock(const Context& context, const BlockPlan& plan, const BlockHead& head,
                         ByteView payload, int64_t block, uint64_t offset, MutableByteView raw);

// Likewise, but only the bytes `part` of the block's raw bytes go to `out`, which is as long.
absl::Status DecodeBlockPart(const Context& context, const BlockPlan& plan, const BlockHead& head,
                             ByteView payload, int64_t block, uint64_t offset,
                             const ByteRange& part, MutableByteView out);

// UNIMPLEMENTED where the stream has several tables: for who is given no index of them.
absl::Status CheckNoTableIndex(const BlockPlan& plan);

// The plan that a header asks for: reads TABLE's tables, of which those by id are still to be found
// (FindTables). An unknown model is no error here.
absl::StatusOr<BlockPlan> PlanOf(const Header& header, const Limits& limits, uint64_t offset);

}  // namespace trine::coding
