// Blocks of one stream that have arrived, decoded together: in parallel, and in memory that the
// blocks' own lengths bound, not the block size that the stream's header claims.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/base/bytes.h"
#include "core/base/long_array.h"
#include "core/coding/coding.h"
#include "core/coding/container/block_head.h"
#include "core/coding/container/header.h"
#include "core/coding/container/input_buffer.h"
#include "core/coding/stream/block.h"
#include "core/runtime/context.h"

namespace trine::coding {

// Whether it is the stream that is at fault, and not the work on it that has ended (a cancellation,
// a deadline).
bool IsDamage(const absl::Status& status);

// Of a block at these raw bytes of all streams: what of it is wanted, from its start on; of length
// 0 where the range does not touch it.
inline ByteRange PartOf(const ByteRange& block, const std::optional<ByteRange>& range) {
  if (!range.has_value()) return {0, block.length};
  // Written so that a range near 2^64 does not wrap.
  const uint64_t skip = range->offset > block.offset ? range->offset - block.offset : 0;
  if (skip >= block.length) return {};
  const uint64_t passed = block.offset + skip - range->offset;
  if (passed >= range->length) return {};
  return {skip, std::min(block.length - skip, range->length - passed)};
}

// Decoded bytes that are to be handed out, in order.
class Pieces {
 public:
  bool empty() const { return pieces_.empty(); }
  uint64_t bytes() const { return bytes_; }
  void Add(LongArray<uint8_t> piece) {
    bytes_ += piece.size();
    pieces_.push_back(std::move(piece));
  }
  // REQUIRES: not empty.
  LongArray<uint8_t> TakeFirst() {
    LongArray<uint8_t> piece = std::move(pieces_.front());
    pieces_.pop_front();
    bytes_ -= piece.size();
    return piece;
  }

 private:
  std::deque<LongArray<uint8_t>> pieces_;
  uint64_t bytes_ = 0;
};

// Add until IsFull; Decode; read blocks(); Take. Serves one thread at a time.
class DecodeBatch {
 public:
  struct Block {
    BlockHead head;
    size_t payload_at = 0;      // in the input buffer
    int64_t number = kNoBlock;  // for messages, as is the offset of the head in the stream
    uint64_t offset = kNoOffset;
    ByteRange part;       // of the raw bytes: those to hand out
    absl::Status status;  // before Decode: not OK for a block that is not to be decoded
    // Set by Decode.
    bool is_decoded = false;
    size_t plan = 0;     // by which it is decoded
    MutableByteView to;  // the place of the part
  };
  enum class AtDamage {
    kStop,  // what comes after the first block that is damaged does not count
    kGoOn,  // each block is decoded, or says in its status what is wrong with it
  };

  explicit DecodeBatch(const Context& context) : context_(context) {}

  bool empty() const { return blocks_.empty(); }
  // Whether another block of the stream might be too much. REQUIRES: blocks are no longer than
  // limits.max_block_bytes.
  bool IsFull(const Header& header) const;
  // REQUIRES: not IsFull, or empty; `part` is not empty.
  void Add(Block block);

  // Decodes the blocks that `input` holds. Says what is wrong with the first block that is damaged
  // (kStop), or why the work ended. `held_bytes`: what the reader holds by now, of which the memory
  // account is told along with what is allocated here. `plans`: one, or those among which the right
  // one is not known: a block of TABLE is decoded by the first with which it verifies.
  absl::Status Decode(absl::Span<const BlockPlan> plans, const InputBuffer& input,
                      uint64_t held_bytes, AtDamage at_damage);
  std::vector<Block>& blocks() { return blocks_; }
  // Whether a block of TABLE was decoded. Leaves of several plans the one by which it was: its
  // stream has one table.
  bool KeepFound(std::vector<BlockPlan>* plans) const;
  // Puts zeros in place of a block that is damaged, which then counts as decoded.
  absl::Status FillWithZeros(Block* block) const;

  // The parts of the blocks that are decoded, in order; several short ones are in one piece, of up
  // to 1 MiB. Empties the batch.
  Pieces Take();

  uint64_t HeldBytes() const { return blocks_.capacity() * sizeof(Block); }

 private:
  void LayOut();
  void DecodeByOneOf(absl::Span<const BlockPlan> plans, ByteView payload, Block* block) const;

  const Context context_;
  std::vector<Block> blocks_;
  std::vector<LongArray<uint8_t>> pieces_;
  uint64_t memory_bytes_ = 0;  // that decoding takes
};

}  // namespace trine::coding
