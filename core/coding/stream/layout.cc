#include "core/coding/stream/layout.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/base/strings.h"

namespace trine::coding {
namespace {

constexpr size_t kPollBlocks = 4096;

// The length of the tail that begins at coded[0]: to the end of the trailer. 0: cut off.
uint64_t TailLength(ByteView coded, const Header& header, size_t mark_bytes, uint64_t blocks) {
  if (!header.has_index()) return mark_bytes;
  // The index has no length in front: step over its entries.
  size_t at = mark_bytes;
  for (uint64_t i = 0; i < blocks; ++i) {
    at += 3;
    for (int varint = 0; varint < 3; ++varint) {
      while (at < coded.size() && coded[at] >= 0x80) ++at;
      ++at;
    }
    if (at > coded.size()) return 0;
  }
  at += format::kTrailerBytes;
  return at <= coded.size() ? at : 0;
}

// Lengths and mode of a block; where it is remains to be said.
BlockRef RefOf(const IndexEntry& entry, uint64_t payload_bytes) {
  BlockRef block;
  block.raw_bytes = static_cast<uint32_t>(entry.raw_bytes);
  block.coded_bytes = static_cast<uint32_t>(entry.coded_bytes);
  block.payload_bytes = static_cast<uint32_t>(payload_bytes);
  block.side_bytes = static_cast<uint32_t>(entry.side_bytes);
  block.mode = entry.mode;
  block.model = entry.model;
  block.variant = entry.variant;
  return block;
}

class Walker {
 public:
  Walker(const Context& context, ByteView coded) : context_(context), coded_(coded) {}

  absl::StatusOr<Layout> Walk() {
    if (coded_.empty()) return Corrupt(kNoBlock, 0, "there are no bytes");
    while (at_ < coded_.size()) {
      // Compact streams are as short as blocks, and each takes more memory here.
      if (layout_.streams.size() % kPollBlocks == 0) {
        TRINE_RETURN_IF_ERROR(context_.cancel.Check());
      }
      if (layout_.streams.size() == format::kMaxListedStreams) {
        return LimitExceeded("data", layout_.streams.size() + 1, "streams listed at a time",
                             format::kMaxListedStreams);
      }
      TRINE_RETURN_IF_ERROR(WalkStream());
    }
    layout_.coded_bytes = original_bytes_;
    return std::move(layout_);
  }

 private:
  // Numbers and offsets in an excerpt are not those of the stream.
  bool in_excerpt() const {
    return !layout_.streams.empty() && layout_.streams[0].header.is_excerpt();
  }
  uint64_t place() const { return in_excerpt() ? kNoOffset : at_; }
  absl::Status CorruptHere(int64_t block, std::string_view text) const {
    return Corrupt(in_excerpt() ? -1 : block, place(), text);
  }

  absl::Status WalkStream() {
    StreamLayout stream;
    absl::StatusOr<Parsed> parsed = ParseHeader(coded_.subspan(at_), at_, &stream.header);
    if (!parsed.ok() && !layout_.streams.empty() &&
        parsed.status().code() == absl::StatusCode::kDataLoss) {
      return CorruptHere(kNoBlock, "bytes stand behind the stream that are not another one");
    }
    if (!parsed.ok()) return parsed.status();
    if (!parsed->complete()) return CorruptHere(kNoBlock, "the header is cut off");
    if (!layout_.streams.empty() &&
        (stream.header.is_excerpt() || layout_.streams[0].header.is_excerpt())) {
      return CorruptHere(kNoBlock, "an excerpt stands behind or before another stream");
    }
    TRINE_ASSIGN_OR_RETURN(stream.plan, PlanOf(stream.header, *context_.limits, at_));
    stream.header_bytes = parsed->consumed;
    stream.raw_begin = layout_.raw_bytes;
    at_ += parsed->consumed;
    original_bytes_ += parsed->consumed;
    layout_.streams.push_back(std::move(stream));
    if (layout_.streams.back().header.is_compact) return WalkCompact();
    const size_t first = layout_.blocks.size();
    const uint64_t raw_begin = layout_.raw_bytes;
    for (size_t i = 0;; ++i) {
      if (i % kPollBlocks == 0) TRINE_RETURN_IF_ERROR(context_.cancel.Check());
      TRINE_ASSIGN_OR_RETURN(const bool ended, WalkBlock(first, raw_begin));
      if (ended) return absl::OkStatus();
    }
  }

  // The block of a compact stream: all that comes behind the header is its payload.
  absl::Status WalkCompact() {
    const BlockHead& head = layout_.streams.back().header.compact_block;
    if (head.raw_bytes == 0) return absl::OkStatus();
    if (head.coded_bytes > coded_.size() - at_) {
      return CorruptHere(0, "the stream is cut off in a block");
    }
    if (layout_.blocks.size() == format::kMaxListedBlocks) return TooManyBlocks();
    IndexEntry entry = EntryOf(head);
    entry.coded_bytes = head.coded_bytes;  // the head is the header
    const BlockRef block = BlockHere(layout_.raw_bytes, entry, head.coded_bytes);
    layout_.raw_bytes += head.raw_bytes;
    if (layout_.raw_bytes > format::kMaxStreamBytes) {
      return CorruptHere(0, "the raw length is out of range");
    }
    layout_.blocks.push_back(block);
    at_ += static_cast<size_t>(head.coded_bytes);
    original_bytes_ += head.coded_bytes;
    return absl::OkStatus();
  }

  // The block that begins here, in the stream that is walked.
  BlockRef BlockHere(uint64_t raw_offset, const IndexEntry& entry, uint64_t payload_bytes) const {
    BlockRef block = RefOf(entry, payload_bytes);
    block.raw_offset = raw_offset;
    block.coded_offset = original_bytes_;
    block.at = at_;
    block.stream = static_cast<uint32_t>(layout_.streams.size() - 1);
    return block;
  }

  absl::Status TooManyBlocks() const {
    return LimitExceeded("data", layout_.blocks.size() + 1, "blocks listed at a time",
                         format::kMaxListedBlocks);
  }

  // True at the end of the stream.
  absl::StatusOr<bool> WalkBlock(size_t first, uint64_t raw_begin) {
    StreamLayout& stream = layout_.streams.back();
    const auto number = static_cast<int64_t>(layout_.blocks.size() - first);
    const int64_t named = in_excerpt() ? -1 : number;
    BlockHead head;
    TRINE_ASSIGN_OR_RETURN(const Parsed parsed,
                           ParseBlockHead(coded_.subspan(at_), stream.header,
                                          layout_.raw_bytes - raw_begin, named, place(), &head));
    if (!parsed.complete()) return CorruptHere(number, "the stream is cut off in a block's head");
    if (head.is_end()) {
      TRINE_RETURN_IF_ERROR(WalkTail(parsed.consumed, head, first, raw_begin));
      return true;
    }
    if (head.coded_bytes > coded_.size() - at_ - parsed.consumed) {
      return CorruptHere(number, "the stream is cut off in a block");
    }
    const BlockRef block = BlockHere(raw_begin + head.raw_offset, EntryOf(head), head.coded_bytes);
    if (stream.header.is_excerpt() && block.raw_offset < layout_.raw_bytes) {
      return CorruptHere(number, "the blocks of the excerpt are not in order");
    }
    layout_.raw_bytes = block.raw_offset + block.raw_bytes;
    if (layout_.raw_bytes > format::kMaxStreamBytes) {
      return CorruptHere(number, "the raw length is out of range");
    }
    if (stream.header.is_excerpt() && number >= static_cast<int64_t>(format::kMaxExcerptBlocks)) {
      return CorruptHere(number, "the excerpt holds too many blocks");
    }
    if (layout_.blocks.size() == format::kMaxListedBlocks) return TooManyBlocks();
    layout_.blocks.push_back(block);
    at_ += parsed.consumed + static_cast<size_t>(head.coded_bytes);
    original_bytes_ += block.coded_bytes;
    return false;
  }

  absl::Status WalkTail(size_t mark_bytes, const BlockHead& end, size_t first, uint64_t raw_begin) {
    StreamLayout& stream = layout_.streams.back();
    const Header& header = stream.header;
    if (!header.is_excerpt() && end.block_count != layout_.blocks.size() - first) {
      return CorruptHere(kNoBlock, "the number of blocks in the end mark differs");
    }
    if (header.raw_bytes.value_or(end.raw_offset) != end.raw_offset) {
      return CorruptHere(kNoBlock, "the header states another raw length than the end mark");
    }
    if (header.is_excerpt() && !header.has_index()) {
      return CorruptHere(kNoBlock, "the excerpt has no index");
    }
    const uint64_t length = TailLength(coded_.subspan(at_), header, mark_bytes, end.block_count);
    if (length == 0) return CorruptHere(kNoBlock, "the stream is cut off in its index");
    TRINE_ASSIGN_OR_RETURN(
        const Tail tail,
        ParseTail(coded_.subspan(at_, static_cast<size_t>(length)), header, place()));
    stream.index_bytes = length;
    if (header.is_excerpt()) {
      TRINE_RETURN_IF_ERROR(MergeExcerpt(tail));
    } else if (header.has_index()) {
      for (size_t i = 0; i < tail.index.size(); ++i) {
        if (tail.index[i] != EntryOf(layout_.blocks[first + i])) {
          return CorruptHere(static_cast<int64_t>(i), "the index differs from the block's head");
        }
      }
    }
    layout_.raw_bytes = raw_begin + end.raw_offset;
    at_ += static_cast<size_t>(length);
    original_bytes_ += length;
    return absl::OkStatus();
  }

  // Replaces the blocks that were found by those of the index, and marks which ones are there.
  absl::Status MergeExcerpt(const Tail& tail) {
    const std::vector<BlockRef> found = std::move(layout_.blocks);
    layout_.blocks.clear();
    AddIndexedBlocks(tail, &layout_);
    size_t next = 0;
    for (BlockRef& block : layout_.blocks) {
      block.at = BlockRef::kAbsent;
      if (next == found.size() || found[next].raw_offset != block.raw_offset) continue;
      if (EntryOf(found[next]) != EntryOf(block)) break;
      block.at = found[next++].at;
    }
    if (next != found.size()) {
      return CorruptHere(kNoBlock, "the excerpt has a block that its index does not know");
    }
    original_bytes_ = layout_.streams.back().header_bytes;
    for (const BlockRef& block : layout_.blocks) original_bytes_ += block.coded_bytes;
    return absl::OkStatus();
  }

  const Context& context_;
  const ByteView coded_;
  size_t at_ = 0;
  uint64_t original_bytes_ = 0;
  Layout layout_;
};

}  // namespace

IndexEntry EntryOf(const BlockRef& block) {
  return {block.mode,      block.model,       block.variant,
          block.raw_bytes, block.coded_bytes, block.side_bytes};
}

absl::StatusOr<Layout> WalkStreams(const Context& context, ByteView coded) {
  return Walker(context, coded).Walk();
}

void AddIndexedBlocks(const Tail& tail, Layout* layout) {
  const StreamLayout& stream = layout->streams.front();
  uint64_t raw = 0;
  uint64_t coded = stream.header_bytes;
  layout->blocks.reserve(tail.index.size());
  for (const IndexEntry& entry : tail.index) {
    BlockRef block = RefOf(entry, PayloadBytes(entry).value());
    block.raw_offset = raw;
    block.coded_offset = block.at = coded;
    layout->blocks.push_back(block);
    raw += entry.raw_bytes;  // ParseTail has bounded both sums
    coded += entry.coded_bytes;
  }
  layout->raw_bytes = raw;
}

absl::StatusOr<Parsed> ReadHead(ByteView coded, const Layout& layout, size_t block,
                                BlockHead* head) {
  const BlockRef& ref = layout.blocks[block];
  const auto number = static_cast<int64_t>(block);
  if (ref.at > coded.size())
    return Corrupt(number, ref.coded_offset, "the index points behind the end");
  const Header& header = layout.streams[ref.stream].header;
  if (header.is_compact) {  // which was parsed as a whole
    *head = header.compact_block;
    return Parsed{0};
  }
  const uint64_t raw_offset = ref.raw_offset - layout.streams[ref.stream].raw_begin;
  TRINE_ASSIGN_OR_RETURN(const Parsed parsed,
                         ParseBlockHead(coded.subspan(static_cast<size_t>(ref.at)), header,
                                        raw_offset, number, ref.coded_offset, head));
  if (!parsed.complete() || head->raw_offset != raw_offset || EntryOf(*head) != EntryOf(ref)) {
    return Corrupt(number, ref.coded_offset, "the index differs from the block's head");
  }
  if (head->coded_bytes > coded.size() - ref.at - parsed.consumed) {
    return Corrupt(number, ref.coded_offset, "the stream is cut off in a block");
  }
  return parsed;
}

absl::Status CheckRange(const ByteRange& range, uint64_t raw_bytes) {
  const std::optional<uint64_t> end = CheckedAdd(range.offset, range.length);
  if (end.has_value() && *end <= raw_bytes) return absl::OkStatus();
  const std::string value = absl::StrCat(range.offset, ":", range.length);
  const std::string limit = absl::StrCat("the stream has ", raw_bytes, " raw bytes");
  return MakeError(absl::StatusCode::kOutOfRange,
                   {.reason = "RANGE_BEYOND_END", .field = "range", .value = value, .limit = limit},
                   ToStd(absl::StrCat("is ", value, "; ", limit)));
}

BlockSpan BlocksOf(const std::vector<BlockRef>& blocks, const ByteRange& range) {
  if (range.length == 0) return {};
  const uint64_t end = range.offset + range.length;
  const auto first = std::partition_point(blocks.begin(), blocks.end(), [&](const BlockRef& b) {
    return b.raw_offset + b.raw_bytes <= range.offset;
  });
  const auto last = std::partition_point(first, blocks.end(),
                                         [&](const BlockRef& b) { return b.raw_offset < end; });
  return {static_cast<size_t>(first - blocks.begin()), static_cast<size_t>(last - blocks.begin())};
}

}  // namespace trine::coding
