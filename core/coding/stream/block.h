// One block: which mode and model, the payload, the checksum.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/coding/coding.h"
#include "core/coding/container/block_head.h"
#include "core/coding/container/format.h"
#include "core/coding/container/index.h"
#include "core/coding/models/block_plan.h"
#include "core/coding/models/model.h"
#include "core/runtime/context.h"

namespace trine::coding {

struct EncodedBlock {
  BlockHead head;
  std::string payload;
  uint64_t side_bytes = 0;  // of the payload: tables, parameters, a constant's pattern
  // The model that was chosen, and in `content` its variant, also where the block was stored at
  // last (AUTO).
  Model model = Model::kStatic;
  BlockSymbols content;
};

// `raw` is not empty; `raw_offset` is where it begins in the input.
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

// The plan that a header asks for: of the tables of TABLE those by id are still to be found
// (FindTables). An unknown model is no error here.
absl::StatusOr<BlockPlan> PlanOf(const Header& header, const Limits& limits, uint64_t offset);

// The plans where the header is lost; never none. Heads say all that blocks need but for TABLE's
// table: each that is given may be the one. The length of its elements is told by the payload.
std::vector<BlockPlan> PlansWithoutHeader(const std::vector<TablePtr>& tables);

// Whether it is a table that codes the block.
inline bool IsOfTable(const BlockHead& head) {
  return head.mode == format::Mode::kModel && head.model == static_cast<uint8_t>(Model::kTable);
}

}  // namespace trine::coding
