// MakeExcerpt and SalvageExcerpt: read header, index and chosen blocks of a stream of any length.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/coding/coding.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/checksum.h"
#include "core/coding/container/index.h"
#include "core/coding/stream/block.h"
#include "core/coding/stream/layout.h"

namespace trine::coding {
namespace {

constexpr uint64_t kFirstHeaderRead = 4096;
constexpr uint64_t kReadBytes = uint64_t{1} << 20;

class ExcerptMaker {
 public:
  ExcerptMaker(const Context& context, uint64_t size, ReadAt read)
      : context_(context), size_(size), read_(read) {}

  // `salvage`: a lost tail is made up for.
  absl::StatusOr<SalvagedExcerpt> Make(const std::optional<ByteRange>& range, bool salvage) {
    TRINE_RETURN_IF_ERROR(ReadHeader());
    const Header& header = layout_.streams[0].header;
    if (header.is_compact) return MakeCompact(range);
    if (header.is_excerpt()) {
      return NotOffered("data", "an excerpt is not cut out of an excerpt");
    }
    const absl::Status listed = header.has_index() ? ReadIndex() : ReadHeads();
    const bool without_tail = tail_is_lost_ && salvage && range.has_value();
    if (without_tail) {
      TRINE_RETURN_IF_ERROR(ReadHeadsOf(*range, listed));
    } else {
      TRINE_RETURN_IF_ERROR(listed);
    }
    BlockSpan span;
    if (range.has_value()) {
      TRINE_RETURN_IF_ERROR(CheckRange(*range, layout_.raw_bytes));
      span = BlocksOf(layout_.blocks, *range);
      if (span.last - span.first > format::kMaxExcerptBlocks) {
        return LimitExceeded("range", span.last - span.first, "blocks of an excerpt",
                             format::kMaxExcerptBlocks);
      }
    }
    Header excerpt = header;
    excerpt.flags |= format::kFlagExcerpt;
    excerpt.flags &= static_cast<uint8_t>(~format::kFlagNoIndex);
    SalvagedExcerpt out;
    AppendHeader(excerpt, &out.bytes);
    for (size_t i = span.first; i < span.last; ++i) {
      TRINE_RETURN_IF_ERROR(CopyBlock(i, &out.bytes));
    }
    out.bytes += tail_;
    out.is_tail_lost = without_tail;
    return out;
  }

 private:
  // A compact stream is its own excerpt.
  absl::StatusOr<SalvagedExcerpt> MakeCompact(const std::optional<ByteRange>& range) {
    const StreamLayout& stream = layout_.streams[0];
    const BlockHead& block = stream.header.compact_block;
    if (block.coded_bytes > size_ - stream.header_bytes) {
      return Corrupt(kNoBlock, size_, "the stream is cut off");
    }
    const uint64_t length = stream.header_bytes + block.coded_bytes;
    if (length != size_) {
      return NotOffered("data", "an excerpt is cut out of one stream, not of several");
    }
    if (range.has_value()) TRINE_RETURN_IF_ERROR(CheckRange(*range, block.raw_bytes));
    TRINE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, Read(0, length));
    return SalvagedExcerpt{.bytes = std::string(bytes.begin(), bytes.end())};
  }

  // `length` bytes at `offset`, read in pieces so that a cancellation is noticed.
  absl::StatusOr<std::vector<uint8_t>> Read(uint64_t offset, uint64_t length) {
    std::vector<uint8_t> bytes;
    if (offset > size_ || length > size_ - offset)
      return Corrupt(kNoBlock, offset, "the stream is cut off");
    while (bytes.size() < length) {
      TRINE_RETURN_IF_ERROR(context_.cancel.Check());
      const size_t done = bytes.size();
      bytes.resize(done + static_cast<size_t>(std::min(kReadBytes, length - done)));
      TRINE_RETURN_IF_ERROR(read_(offset + done, absl::MakeSpan(bytes).subspan(done)));
    }
    return bytes;
  }

  absl::Status ReadHeader() {
    layout_.streams.resize(1);
    StreamLayout& stream = layout_.streams[0];
    for (uint64_t want = kFirstHeaderRead;; want *= 16) {
      const uint64_t length = std::min(want, size_);
      TRINE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, Read(0, length));
      TRINE_ASSIGN_OR_RETURN(const Parsed parsed, ParseHeader(bytes, 0, &stream.header));
      if (parsed.complete()) {
        stream.header_bytes = parsed.consumed;
        return PlanOf(stream.header, *context_.limits, 0).status();
      }
      if (length == size_) return Corrupt(kNoBlock, 0, "the header is cut off");
    }
  }

  absl::Status ReadIndex() {
    const StreamLayout& stream = layout_.streams[0];
    if (size_ < stream.header_bytes + format::kTrailerBytes) {
      tail_is_lost_ = true;
      return Corrupt(kNoBlock, size_, "the stream is cut off");
    }
    const uint64_t body = size_ - format::kTrailerBytes;
    TRINE_ASSIGN_OR_RETURN(std::vector<uint8_t> bytes, Read(body, format::kTrailerBytes));
    const absl::StatusOr<Trailer> trailer = ParseTrailer(bytes, body);
    tail_is_lost_ = !trailer.ok();
    TRINE_RETURN_IF_ERROR(trailer.status());
    if (trailer->tail_bytes > body - stream.header_bytes) {
      tail_is_lost_ = true;
      return Corrupt(kNoBlock, body, "the length of the index is out of range");
    }
    const uint64_t tail_at = body - trailer->tail_bytes;
    TRINE_ASSIGN_OR_RETURN(bytes, Read(tail_at, size_ - tail_at));
    const ByteView checked = ByteView(bytes).subspan(0, static_cast<size_t>(trailer->tail_bytes));
    TRINE_ASSIGN_OR_RETURN(const uint64_t checksum, ChecksumPolled(checked, context_.cancel));
    tail_is_lost_ = checksum != trailer->checksum;
    TRINE_RETURN_IF_ERROR(ReadIndexedBlocks(context_, bytes, tail_at, &layout_));
    uint64_t end = stream.header_bytes;
    if (!layout_.blocks.empty()) {
      end = layout_.blocks.back().coded_offset + layout_.blocks.back().coded_bytes;
    }
    if (end != tail_at) {
      return NotOffered("data", "an excerpt is cut out of one stream, not of several");
    }
    TRINE_RETURN_IF_ERROR(CheckRawBytes(tail_at));
    tail_.assign(bytes.begin(), bytes.end());
    return absl::OkStatus();
  }

  // Rebuilds the index of a stream that has none.
  absl::Status ReadHeads() {
    BlockHead end;
    uint64_t at = 0;
    TRINE_RETURN_IF_ERROR(WalkHeads(&end, &at));
    if (at != size_ || end.block_count != index_.size()) {
      return Corrupt(kNoBlock, at, "the end mark does not close the stream");
    }
    return CloseIndex(end, at);
  }

  // The index of a stream whose own is lost, as far as the range needs it: of the blocks up to the
  // first that is not there. `why` is the error where that is not enough.
  absl::Status ReadHeadsOf(const ByteRange& range, const absl::Status& why) {
    layout_.blocks.clear();
    BlockHead end;
    uint64_t at = 0;
    const absl::Status walked = WalkHeads(&end, &at);
    if (!walked.ok() && walked.code() != absl::StatusCode::kDataLoss) return walked;
    if (walked.ok()) TRINE_RETURN_IF_ERROR(CheckNoneFollows(end, at));
    uint64_t raw = 0;
    for (const IndexEntry& entry : index_) raw += entry.raw_bytes;
    if (!CheckRange(range, raw).ok()) return why;
    // What the header's raw length has beyond them stands in the index as if it were stored.
    const Header& header = layout_.streams[0].header;
    for (const uint64_t whole = header.raw_bytes.value_or(raw); raw < whole;) {
      if (index_.size() == format::kMaxListedBlocks) return why;
      BlockHead head;
      head.raw_bytes = head.coded_bytes = std::min(whole - raw, header.block_bytes);
      index_.push_back(EntryOf(head));
      raw += head.raw_bytes;
    }
    end = BlockHead{};
    end.mode = format::Mode::kEnd;
    end.raw_offset = raw;
    end.block_count = index_.size();
    return CloseIndex(end, at);
  }

  // The stream ends as it should, and no end of it was lost, where another begins behind its index.
  // `at`: behind its end mark, which `end` is.
  absl::Status CheckNoneFollows(const BlockHead& end, uint64_t at) {
    std::string end_mark, index;
    AppendBlockHead(end, false, &end_mark);
    if (layout_.streams[0].header.has_index()) AppendIndex(index_, ViewOf(end_mark), &index);
    if (at > size_ || index.size() >= size_ - at) return absl::OkStatus();
    const uint64_t next = at + index.size();
    TRINE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                           Read(next, std::min(kFirstHeaderRead, size_ - next)));
    Header header;
    if (!ParseHeader(bytes, next, &header).ok()) return absl::OkStatus();
    return NotOffered("data", "an excerpt is cut out of one stream, not of several");
  }

  // Steps from head to head, and lists the blocks in `index_`. `at` ends behind the end mark, or
  // where no block or end mark is.
  absl::Status WalkHeads(BlockHead* head, uint64_t* at) {
    const Header& header = layout_.streams[0].header;
    *at = layout_.streams[0].header_bytes;
    uint64_t raw = 0;
    for (int64_t number = 0;; ++number) {
      const uint64_t length = std::min<uint64_t>(format::kMaxBlockHead, size_ - *at);
      TRINE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, Read(*at, length));
      TRINE_ASSIGN_OR_RETURN(const Parsed parsed,
                             ParseBlockHead(bytes, header, raw, number, *at, head));
      if (!parsed.complete()) {
        return Corrupt(kNoBlock, *at, "the stream is cut off in a block's head");
      }
      if (head->is_end()) {
        *at += parsed.consumed;
        return absl::OkStatus();
      }
      if (index_.size() == format::kMaxListedBlocks) {
        return LimitExceeded("data", index_.size() + 1, "blocks listed at a time",
                             format::kMaxListedBlocks);
      }
      const IndexEntry entry = EntryOf(*head);
      if (entry.coded_bytes > size_ - *at) {
        return Corrupt(kNoBlock, *at, "the stream is cut off in a block");
      }
      index_.push_back(entry);
      raw += head->raw_bytes;
      *at += entry.coded_bytes;
    }
  }

  // Writes the tail of `index_`, and lists its blocks.
  absl::Status CloseIndex(const BlockHead& end, uint64_t at) {
    AppendBlockHead(end, false, &tail_);
    const std::string end_mark = tail_;
    AppendIndex(index_, ViewOf(end_mark), &tail_);
    AddIndexedBlocks(index_, &layout_);
    return CheckRawBytes(at);
  }

  absl::Status CheckRawBytes(uint64_t end_mark_at) const {
    if (layout_.streams[0].header.raw_bytes.value_or(layout_.raw_bytes) == layout_.raw_bytes) {
      return absl::OkStatus();
    }
    return Corrupt(kNoBlock, end_mark_at, "the header states another raw length than the end mark");
  }

  absl::Status CopyBlock(size_t i, std::string* out) {
    const BlockRef& block = layout_.blocks[i];
    TRINE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes,
                           Read(block.coded_offset, block.coded_bytes));
    BlockHead head;
    TRINE_ASSIGN_OR_RETURN(const Parsed parsed,
                           ParseBlockHead(bytes, layout_.streams[0].header, block.raw_offset,
                                          static_cast<int64_t>(i), block.coded_offset, &head));
    if (!parsed.complete() || EntryOf(head) != EntryOf(block)) {
      return Corrupt(static_cast<int64_t>(i), block.coded_offset,
                     "the index differs from the block's head");
    }
    AppendBlockHead(head, /*in_excerpt=*/true, out);
    AppendView(ByteView(bytes).subspan(parsed.consumed), out);
    return absl::OkStatus();
  }

  const Context& context_;
  const uint64_t size_;
  const ReadAt read_;
  Layout layout_;
  std::vector<IndexEntry> index_;  // that is made here
  std::string tail_;               // end mark, index, trailer
  bool tail_is_lost_ = false;      // cut off, or damaged: known after ReadIndex
};

}  // namespace

absl::StatusOr<SalvagedExcerpt> SalvageExcerpt(const Context& context, uint64_t size, ReadAt read,
                                               const ByteRange& range) {
  return ExcerptMaker(context, size, read).Make(range, /*salvage=*/true);
}

absl::StatusOr<std::string> MakeExcerpt(const Context& context, uint64_t size, ReadAt read,
                                        const std::optional<ByteRange>& range) {
  TRINE_ASSIGN_OR_RETURN(SalvagedExcerpt excerpt,
                         ExcerptMaker(context, size, read).Make(range, /*salvage=*/false));
  return std::move(excerpt.bytes);
}

}  // namespace trine::coding
