#include "core/coding/stream/decode_batch.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "core/coding/container/corrupt.h"
#include "core/coding/container/polled.h"
#include "core/coding/stream/batch.h"
#include "core/runtime/thread_pool.h"

namespace trine::coding {
namespace {

// Parts shorter than this are handed out together, up to so many bytes.
constexpr size_t kPieceBytes = size_t{1} << 20;

}  // namespace

bool IsDamage(const absl::Status& status) {
  return status.code() == absl::StatusCode::kDataLoss ||
         status.code() == absl::StatusCode::kUnimplemented ||
         status.code() == absl::StatusCode::kInvalidArgument ||
         status.code() == absl::StatusCode::kResourceExhausted;
}

bool DecodeBatch::IsFull(const Header& header) const {
  const uint64_t block_bytes = std::min(header.block_bytes, context_.limits->max_block_bytes);
  return memory_bytes_ + block_bytes > BatchBytes(context_, block_bytes) ||
         blocks_.size() >= kMaxBatchBlocks;
}

void DecodeBatch::Add(Block block) {
  memory_bytes_ += block.head.raw_bytes;
  // Of which only a part is wanted: it is decoded whole beside its part.
  if (block.part.length < block.head.raw_bytes) memory_bytes_ += block.part.length;
  blocks_.push_back(std::move(block));
}

void DecodeBatch::DecodeByOneOf(absl::Span<const BlockPlan> plans, ByteView payload,
                                Block* block) const {
  const size_t n = IsOfTable(block->head) ? plans.size() : 1;
  for (size_t i = 0; i < n; ++i) {
    block->plan = i;
    block->status = DecodeBlockPart(context_, plans[i], block->head, payload, block->number,
                                    block->offset, block->part, block->to);
    if (block->status.ok() || !IsDamage(block->status)) return;
  }
  if (n == 1) return;
  block->status =
      Corrupt(block->number, block->offset, "none of the tables that are given decodes it");
}

absl::Status DecodeBatch::Decode(absl::Span<const BlockPlan> plans, const InputBuffer& input,
                                 uint64_t held_bytes, AtDamage at_damage) {
  TRINE_RETURN_IF_ERROR(context_.Reserve(held_bytes + memory_bytes_));
  LayOut();
  const auto decode_some = [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      Block& block = blocks_[i];
      if (block.status.ok()) {
        const ByteView payload =
            input.Bytes(block.payload_at, static_cast<size_t>(block.head.coded_bytes));
        DecodeByOneOf(plans, payload, &block);
      }
      block.is_decoded = block.status.ok();
      if (!block.is_decoded && (at_damage == AtDamage::kStop || !IsDamage(block.status))) {
        return block.status;
      }
    }
    return absl::OkStatus();
  };
  absl::Status status = ParallelFor(context_, blocks_.size(),
                                    BlocksPerTask(memory_bytes_, blocks_.size()), decode_some);
  if (!status.ok()) {
    auto block =
        std::find_if(blocks_.begin(), blocks_.end(), [](const Block& b) { return !b.is_decoded; });
    for (; block != blocks_.end(); ++block) block->is_decoded = false;
  }
  return status;
}

bool DecodeBatch::KeepFound(std::vector<BlockPlan>* plans) const {
  for (const Block& block : blocks_) {
    if (!block.is_decoded || !IsOfTable(block.head)) continue;
    std::swap(plans->front(), (*plans)[block.plan]);
    plans->resize(1);
    return true;
  }
  return false;
}

absl::Status DecodeBatch::FillWithZeros(Block* block) const {
  block->is_decoded = true;
  return InPieces(block->to.size(), context_.cancel, [block](size_t begin, size_t bytes) {
    std::fill_n(block->to.begin() + begin, bytes, uint8_t{0});
  });
}

// Gives the blocks their places: a piece for each, or for several short ones.
void DecodeBatch::LayOut() {
  std::vector<size_t> sizes;
  for (const Block& block : blocks_) {
    const auto bytes = static_cast<size_t>(block.part.length);
    if (sizes.empty() || sizes.back() + bytes > kPieceBytes) sizes.push_back(0);
    sizes.back() += bytes;
  }
  MutableByteView room;
  for (Block& block : blocks_) {
    if (room.empty()) {
      pieces_.push_back(LongArray<uint8_t>::ForOverwrite(sizes[pieces_.size()]));
      room = absl::MakeSpan(pieces_.back());
    }
    block.to = room.subspan(0, static_cast<size_t>(block.part.length));
    room.remove_prefix(block.to.size());
  }
}

Pieces DecodeBatch::Take() {
  Pieces taken;
  auto block = blocks_.begin();
  for (LongArray<uint8_t>& piece : pieces_) {
    // Closes the gaps of blocks that were not decoded; a long block has its piece to itself.
    size_t kept = 0;
    for (size_t at = 0; at < piece.size(); at += block->to.size(), ++block) {
      if (!block->is_decoded) continue;
      if (kept != at) std::memmove(piece.data() + kept, block->to.data(), block->to.size());
      kept += block->to.size();
    }
    piece.Truncate(kept);
    if (kept != 0) taken.Add(std::move(piece));
  }
  blocks_.clear();
  pieces_.clear();
  memory_bytes_ = 0;
  return taken;
}

}  // namespace trine::coding
