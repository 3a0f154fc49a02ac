#include "core/coding/stream/layout.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/base/polled.h"
#include "core/base/strings.h"
#include "core/coding/container/head_cursor.h"

namespace trine::coding {
namespace {

constexpr uint64_t kPollBlocks = 4096;

// The length of the tail that begins at coded[0]: to the end of the trailer. 0: cut off.
absl::StatusOr<uint64_t> TailLength(Poller& poller, ByteView coded, const Header& header,
                                    size_t mark_bytes, uint64_t blocks) {
  if (!header.has_index()) return mark_bytes;
  // The index has no length in front: step over its entries.
  size_t at = mark_bytes;
  for (uint64_t i = 0; i < blocks; ++i) {
    TRINE_RETURN_IF_ERROR(poller.Spend(1));
    at += 3;
    for (int varint = 0; varint < 3; ++varint) {
      while (at < coded.size() && coded[at] >= 0x80) ++at;
      ++at;
    }
    if (at > coded.size()) return uint64_t{0};
  }
  at += format::kTrailerBytes;
  return at <= coded.size() ? at : uint64_t{0};
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

// The blocks of an index, one after the other, at their places in a stream that is not an excerpt.
class IndexedBlocks {
 public:
  explicit IndexedBlocks(uint64_t header_bytes) : coded_(header_bytes) {}

  // REQUIRES: ParseIndexEntry took the entry or EntryOf gave it, and all sums are bounded.
  BlockRef Next(const IndexEntry& entry) {
    BlockRef block = RefOf(entry, PayloadBytes(entry).value());
    block.raw_offset = raw_;
    block.coded_offset = block.at = coded_;
    raw_ += entry.raw_bytes;
    coded_ += entry.coded_bytes;
    return block;
  }
  uint64_t raw_bytes() const { return raw_; }
  uint64_t coded_bytes() const { return coded_; }

 private:
  uint64_t raw_ = 0;
  uint64_t coded_;
};

class Walker {
 public:
  Walker(const Context& context, ByteView coded, TakeBlockRef take)
      : context_(context), coded_(coded), take_(take) {}

  absl::StatusOr<Layout> Walk() {
    if (coded_.empty()) return Corrupt(kNoBlock, 0, "there are no bytes");
    while (at_ < coded_.size()) {
      // Compact streams are as short as blocks, and each takes more memory here.
      TRINE_RETURN_IF_ERROR(poller_.Spend(1));
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
      return CorruptHere(kNoBlock, "unexpected bytes after the end of the stream");
    }
    if (!parsed.ok()) return parsed.status();
    if (!parsed->complete()) return CorruptHere(kNoBlock, "the header is cut off");
    if (!layout_.streams.empty() &&
        (stream.header.is_excerpt() || layout_.streams[0].header.is_excerpt())) {
      return CorruptHere(kNoBlock, "an excerpt is next to another stream");
    }
    TRINE_ASSIGN_OR_RETURN(stream.plan, PlanOf(stream.header, *context_.limits, at_));
    stream.header_bytes = parsed->consumed;
    stream.raw_begin = layout_.raw_bytes;
    stream.first_block = layout_.blocks_total;
    at_ += parsed->consumed;
    original_bytes_ += parsed->consumed;
    layout_.streams.push_back(std::move(stream));
    if (layout_.streams.back().header.is_compact) return WalkCompact();
    heads_at_ = at_;
    for (uint64_t i = 0;; ++i) {
      TRINE_RETURN_IF_ERROR(poller_.Spend(1));
      TRINE_ASSIGN_OR_RETURN(const bool ended, WalkBlock(i));
      if (ended) return absl::OkStatus();
    }
  }

  // The block of a compact stream: all that comes after the header is its payload.
  absl::Status WalkCompact() {
    const BlockHead& head = layout_.streams.back().header.compact_block;
    if (head.raw_bytes == 0) return absl::OkStatus();
    if (head.coded_bytes > coded_.size() - at_) {
      return CorruptHere(0, "the stream is cut off in a block");
    }
    TRINE_RETURN_IF_ERROR(CountBlock());
    IndexEntry entry = EntryOf(head);
    entry.coded_bytes = head.coded_bytes;  // the head is the header
    const BlockRef block =
        BlockAt(at_, original_bytes_, layout_.raw_bytes, entry, head.coded_bytes);
    layout_.raw_bytes += head.raw_bytes;
    if (layout_.raw_bytes > format::kMaxStreamBytes) {
      return CorruptHere(0, "the raw length is out of range");
    }
    take_(block);
    at_ += static_cast<size_t>(head.coded_bytes);
    original_bytes_ += head.coded_bytes;
    return absl::OkStatus();
  }

  // The block at `at`, in the stream that is walked.
  BlockRef BlockAt(size_t at, uint64_t coded_offset, uint64_t raw_offset, const IndexEntry& entry,
                   uint64_t payload_bytes) const {
    BlockRef block = RefOf(entry, payload_bytes);
    block.raw_offset = raw_offset;
    block.coded_offset = coded_offset;
    block.at = at;
    block.stream = static_cast<uint32_t>(layout_.streams.size() - 1);
    return block;
  }

  absl::Status CountBlock() {
    if (layout_.blocks_total == format::kMaxListedBlocks) {
      return LimitExceeded("data", layout_.blocks_total + 1, "blocks listed at a time",
                           format::kMaxListedBlocks);
    }
    ++layout_.blocks_total;
    return absl::OkStatus();
  }

  // True at the end of the stream.
  absl::StatusOr<bool> WalkBlock(uint64_t number) {
    const StreamLayout& stream = layout_.streams.back();
    const auto named = static_cast<int64_t>(number);
    BlockHead head;
    TRINE_ASSIGN_OR_RETURN(
        const Parsed parsed,
        ParseBlockHead(coded_.subspan(at_), stream.header, layout_.raw_bytes - stream.raw_begin,
                       in_excerpt() ? kNoBlock : named, place(), &head));
    if (!parsed.complete()) return CorruptHere(named, "the stream is cut off in a block's head");
    if (head.is_end()) {
      TRINE_RETURN_IF_ERROR(WalkTail(parsed.consumed, head, number));
      return true;
    }
    if (head.coded_bytes > coded_.size() - at_ - parsed.consumed) {
      return CorruptHere(named, "the stream is cut off in a block");
    }
    const uint64_t raw_offset = stream.raw_begin + head.raw_offset;
    if (stream.header.is_excerpt() && raw_offset < layout_.raw_bytes) {
      return CorruptHere(named, "the blocks of the excerpt are not in order");
    }
    layout_.raw_bytes = raw_offset + head.raw_bytes;
    if (layout_.raw_bytes > format::kMaxStreamBytes) {
      return CorruptHere(named, "the raw length is out of range");
    }
    if (stream.header.is_excerpt() && number >= format::kMaxExcerptBlocks) {
      return CorruptHere(named, "the excerpt holds too many blocks");
    }
    TRINE_RETURN_IF_ERROR(CountBlock());
    at_ += parsed.consumed + static_cast<size_t>(head.coded_bytes);
    return false;
  }

  absl::Status WalkTail(size_t mark_bytes, const BlockHead& end, uint64_t blocks) {
    StreamLayout& stream = layout_.streams.back();
    const Header& header = stream.header;
    if (!header.is_excerpt() && end.block_count != blocks) {
      return CorruptHere(kNoBlock, "the number of blocks in the end mark differs");
    }
    if (header.raw_bytes.value_or(end.raw_offset) != end.raw_offset) {
      return CorruptHere(kNoBlock, "the header states another raw length than the end mark");
    }
    if (header.is_excerpt() && !header.has_index()) {
      return CorruptHere(kNoBlock, "the excerpt has no index");
    }
    TRINE_ASSIGN_OR_RETURN(const uint64_t length, TailLength(poller_, coded_.subspan(at_), header,
                                                             mark_bytes, end.block_count));
    if (length == 0) return CorruptHere(kNoBlock, "the stream is cut off in its index");
    const ByteView tail = coded_.subspan(at_, static_cast<size_t>(length));
    // First by itself: what is wrong in its sums is said so.
    const auto pass = [&](size_t, const IndexEntry&) { return poller_.Spend(1); };
    TRINE_RETURN_IF_ERROR(ReadTail(tail, header, place(), pass).status());
    stream.index_bytes = length;
    if (header.is_excerpt()) {
      TRINE_RETURN_IF_ERROR(TakeExcerpt(tail));
    } else {
      TRINE_RETURN_IF_ERROR(TakeBlocks(tail, blocks));
    }
    layout_.raw_bytes = stream.raw_begin + end.raw_offset;
    at_ += static_cast<size_t>(length);
    original_bytes_ += length;
    return absl::OkStatus();
  }

  // The blocks of a stream that is not an excerpt; each must be as its index says.
  absl::Status TakeBlocks(ByteView tail, uint64_t blocks) {
    const StreamLayout& stream = layout_.streams.back();
    HeadCursor cursor(coded_, heads_at_, stream.header);
    const auto take = [&](size_t i, const IndexEntry* expected) -> absl::Status {
      TRINE_RETURN_IF_ERROR(poller_.Spend(1));
      const BlockHead& head = cursor.head();
      const IndexEntry entry = EntryOf(head);
      if (expected != nullptr && *expected != entry) {
        return CorruptHere(static_cast<int64_t>(i), "the index differs from the block's head");
      }
      take_(BlockAt(cursor.at(), original_bytes_, stream.raw_begin + head.raw_offset, entry,
                    head.coded_bytes));
      original_bytes_ += entry.coded_bytes;
      cursor.Advance();
      return absl::OkStatus();
    };
    if (!stream.header.has_index()) {
      for (uint64_t i = 0; i < blocks; ++i) TRINE_RETURN_IF_ERROR(take(i, nullptr));
      return absl::OkStatus();
    }
    return ReadTail(tail, stream.header, place(),
                    [&](size_t i, const IndexEntry& entry) { return take(i, &entry); })
        .status();
  }

  // The blocks of an excerpt's index, which must know those that are there.
  absl::Status TakeExcerpt(ByteView tail) {
    const StreamLayout& stream = layout_.streams.back();
    layout_.blocks_total = 0;
    IndexedBlocks indexed(stream.header_bytes);
    HeadCursor cursor(coded_, heads_at_, stream.header);
    bool fits = true;
    const auto take = [&](size_t, const IndexEntry& entry) -> absl::Status {
      TRINE_RETURN_IF_ERROR(poller_.Spend(1));
      BlockRef block = indexed.Next(entry);
      block.at = BlockRef::kAbsent;
      if (!cursor.head().is_end() && cursor.head().raw_offset == block.raw_offset) {
        fits = fits && EntryOf(cursor.head()) == entry;
        block.at = cursor.at();
        if (fits) cursor.Advance();
      }
      ++layout_.blocks_total;
      take_(block);
      return absl::OkStatus();
    };
    TRINE_RETURN_IF_ERROR(ReadTail(tail, stream.header, place(), take).status());
    if (!fits || !cursor.head().is_end()) {
      return CorruptHere(kNoBlock, "the excerpt has a block that its index does not know");
    }
    original_bytes_ = indexed.coded_bytes();
    return absl::OkStatus();
  }

  const Context& context_;
  Poller poller_{context_.cancel, kPollBlocks};
  const ByteView coded_;
  const TakeBlockRef take_;
  size_t at_ = 0;
  size_t heads_at_ = 0;  // of the stream that is walked
  uint64_t original_bytes_ = 0;
  Layout layout_;
};

}  // namespace

IndexEntry EntryOf(const BlockRef& block) {
  return {block.mode,      block.model,       block.variant,
          block.raw_bytes, block.coded_bytes, block.side_bytes};
}

absl::StatusOr<Layout> WalkStreams(const Context& context, ByteView coded, TakeBlockRef take) {
  return Walker(context, coded, take).Walk();
}

absl::StatusOr<Layout> ListBlocks(const Context& context, ByteView coded) {
  std::vector<BlockRef> blocks;
  TRINE_ASSIGN_OR_RETURN(Layout layout, WalkStreams(context, coded, [&](const BlockRef& block) {
                           blocks.push_back(block);
                         }));
  layout.blocks = std::move(blocks);
  return layout;
}

absl::Status ReadIndexedBlocks(const Context& context, ByteView tail, uint64_t offset,
                               Layout* layout) {
  const StreamLayout& stream = layout->streams.front();
  IndexedBlocks indexed(stream.header_bytes);
  Poller poller(context.cancel, kPollBlocks);
  const auto take = [&](size_t, const IndexEntry& entry) -> absl::Status {
    TRINE_RETURN_IF_ERROR(poller.Spend(1));
    layout->blocks.push_back(indexed.Next(entry));
    return absl::OkStatus();
  };
  TRINE_RETURN_IF_ERROR(ReadTail(tail, stream.header, offset, take).status());
  layout->raw_bytes = indexed.raw_bytes();
  layout->blocks_total = layout->blocks.size();
  return absl::OkStatus();
}

void AddIndexedBlocks(const std::vector<IndexEntry>& index, Layout* layout) {
  IndexedBlocks indexed(layout->streams.front().header_bytes);
  for (const IndexEntry& entry : index) layout->blocks.push_back(indexed.Next(entry));
  layout->raw_bytes = indexed.raw_bytes();
  layout->blocks_total = layout->blocks.size();
}

absl::StatusOr<Parsed> ReadHead(ByteView coded, const Layout& layout, size_t block,
                                BlockHead* head) {
  const BlockRef& ref = layout.blocks[block];
  const int64_t number = layout.NumberOf(block);
  if (ref.at > coded.size()) {
    return Corrupt(number, ref.coded_offset, "the index points beyond the end");
  }
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
