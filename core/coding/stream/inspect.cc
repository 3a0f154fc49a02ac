// Inspect: what a stream holds, in memory that does not grow with the number of its blocks.
#include <algorithm>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/coding/coding.h"
#include "core/coding/models/model_list.h"
#include "core/coding/models/table/dictionary.h"
#include "core/coding/stream/layout.h"

namespace trine::coding {
namespace {

// Adds up blocks by mode. Modes are told apart by their numbers; only of each new one the name is
// made, which several may share.
class ModeSums {
 public:
  void Add(const BlockRef& block) {
    ModeInfo& sum = SumOf(block);
    ++sum.blocks;
    sum.raw_bytes += block.raw_bytes;
    sum.coded_bytes += block.coded_bytes;
    sum.side_bytes += block.side_bytes;
  }
  // In the order in which they came first.
  std::vector<ModeInfo> Take() { return std::move(sums_); }

 private:
  ModeInfo& SumOf(const BlockRef& block) {
    const uint32_t number = static_cast<uint32_t>(block.mode) << 16 |
                            static_cast<uint32_t>(block.model) << 8 | block.variant;
    const auto [slot, is_new] = by_number_.try_emplace(number, 0);
    if (is_new) {
      const std::string name = ModeName(block.mode, block.model, block.variant);
      const auto [named, is_new_name] = by_name_.try_emplace(name, sums_.size());
      if (is_new_name) sums_.push_back(ModeInfo{.mode = name});
      slot->second = named->second;
    }
    return sums_[slot->second];
  }

  std::vector<ModeInfo> sums_;
  std::unordered_map<uint32_t, size_t> by_number_;
  std::unordered_map<std::string, size_t> by_name_;
};

// Room for as many blocks again, asked for before it is taken: how many are listed is the caller's
// wish, and a block is a few bytes of the stream.
absl::Status Grow(const Context& context, ByteView coded, std::vector<BlockInfo>* blocks) {
  constexpr size_t kFirst = 1024;
  const size_t more = std::max(kFirst, 2 * blocks->capacity());
  TRINE_RETURN_IF_ERROR(context.Reserve(InspectMemory(coded.size(), blocks->capacity() + more)));
  blocks->reserve(more);
  return absl::OkStatus();
}

}  // namespace

uint64_t InspectMemory(uint64_t coded_bytes, uint64_t blocks) {
  // Of blocks no longer than their heads are; tests/server/memory measures it.
  constexpr uint64_t kFactor = 4;
  return SaturatingAdd(SaturatingMul(kFactor, coded_bytes),
                       SaturatingMul(sizeof(BlockInfo), blocks));
}

absl::StatusOr<StreamInfo> Inspect(const Context& context, ByteView coded, size_t max_blocks) {
  StreamInfo info;
  ModeSums modes;
  uint64_t payload_bytes = 0;
  absl::Status listed;
  const auto take = [&](const BlockRef& block) {
    modes.Add(block);
    payload_bytes += block.payload_bytes;
    info.side_bytes += block.side_bytes;
    if (info.blocks.size() >= max_blocks || !listed.ok()) return;
    if (info.blocks.size() == info.blocks.capacity()) listed = Grow(context, coded, &info.blocks);
    if (!listed.ok()) return;
    info.blocks.push_back({block.raw_offset, block.raw_bytes, block.coded_offset, block.coded_bytes,
                           block.payload_bytes, block.side_bytes,
                           ModeName(block.mode, block.model, block.variant)});
  };
  TRINE_RETURN_IF_ERROR(context.Reserve(InspectMemory(coded.size(), 0)));
  TRINE_ASSIGN_OR_RETURN(const Layout layout, WalkStreams(context, coded, take));
  TRINE_RETURN_IF_ERROR(listed);
  const StreamLayout& first = layout.streams.front();
  info.format_major = first.header.major;
  info.format_minor = first.header.minor;
  info.content = layout.content();
  info.streams = layout.streams.size();
  info.raw_bytes = layout.raw_bytes;
  info.coded_bytes = layout.coded_bytes;
  info.block_bytes = first.header.block_bytes;
  info.blocks_total = layout.blocks_total;
  info.model = static_cast<Model>(first.header.model);
  info.order = first.plan.order;
  for (const TableRef& ref : first.plan.tables) {
    info.tables.push_back({ref.id, ref.by_id, ref.table == nullptr ? 0 : ref.table->size()});
  }
  info.is_excerpt = first.header.is_excerpt();
  info.is_compact = first.header.is_compact;
  info.modes = modes.Take();
  info.model_bytes = payload_bytes - info.side_bytes;
  for (const StreamLayout& stream : layout.streams) {
    info.header_bytes += stream.header_bytes;
    info.index_bytes += stream.index_bytes;
    if (!stream.plan.tables.empty()) info.side_bytes += stream.header.params.size();
  }
  info.container_bytes = info.coded_bytes - info.model_bytes - info.side_bytes;
  return info;
}

}  // namespace trine::coding
