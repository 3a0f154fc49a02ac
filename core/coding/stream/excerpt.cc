// MakeExcerpt: reads header, index and chosen blocks of a stream of any length.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/coding/coding.h"
#include "core/coding/container/bytes_io.h"
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

  absl::StatusOr<std::string> Make(const std::optional<ByteRange>& range) {
    TRINE_RETURN_IF_ERROR(ReadHeader());
    const Header& header = layout_.streams[0].header;
    if (header.is_compact) return MakeCompact(range);
    if (header.is_excerpt()) {
      return NotOffered("data", "an excerpt is not cut out of an excerpt");
    }
    if (header.has_index()) {
      TRINE_RETURN_IF_ERROR(ReadIndex());
    } else {
      TRINE_RETURN_IF_ERROR(WalkHeads());
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
    std::string out;
    AppendHeader(excerpt, &out);
    for (size_t i = span.first; i < span.last; ++i) TRINE_RETURN_IF_ERROR(CopyBlock(i, &out));
    out += tail_;
    return out;
  }

 private:
  // A compact stream is its own excerpt.
  absl::StatusOr<std::string> MakeCompact(const std::optional<ByteRange>& range) {
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
    return std::string(bytes.begin(), bytes.end());
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
      return Corrupt(kNoBlock, size_, "the stream is cut off");
    }
    const uint64_t body = size_ - format::kTrailerBytes;
    TRINE_ASSIGN_OR_RETURN(std::vector<uint8_t> bytes, Read(body, format::kTrailerBytes));
    TRINE_ASSIGN_OR_RETURN(const Trailer trailer, ParseTrailer(bytes, body));
    if (trailer.tail_bytes > body - stream.header_bytes) {
      return Corrupt(kNoBlock, body, "the length of the index is out of range");
    }
    const uint64_t tail_at = body - trailer.tail_bytes;
    TRINE_ASSIGN_OR_RETURN(bytes, Read(tail_at, size_ - tail_at));
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
  absl::Status WalkHeads() {
    const Header& header = layout_.streams[0].header;
    uint64_t at = layout_.streams[0].header_bytes;
    uint64_t raw = 0;
    std::vector<IndexEntry> index;
    for (int64_t number = 0;; ++number) {
      const uint64_t length = std::min<uint64_t>(format::kMaxBlockHead, size_ - at);
      TRINE_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, Read(at, length));
      BlockHead head;
      TRINE_ASSIGN_OR_RETURN(const Parsed parsed,
                             ParseBlockHead(bytes, header, raw, number, at, &head));
      if (!parsed.complete())
        return Corrupt(kNoBlock, at, "the stream is cut off in a block's head");
      if (head.is_end()) {
        if (at + parsed.consumed != size_ || head.block_count != index.size()) {
          return Corrupt(kNoBlock, at, "the end mark does not close the stream");
        }
        AppendBlockHead(head, false, &tail_);
        const std::string end_mark = tail_;
        AppendIndex(index, ViewOf(end_mark), &tail_);
        AddIndexedBlocks(index, &layout_);
        return CheckRawBytes(at);
      }
      if (index.size() == format::kMaxListedBlocks) {
        return LimitExceeded("data", index.size() + 1, "blocks listed at a time",
                             format::kMaxListedBlocks);
      }
      index.push_back(EntryOf(head));
      const uint64_t bytes_of_block = index.back().coded_bytes;
      if (bytes_of_block > size_ - at)
        return Corrupt(kNoBlock, at, "the stream is cut off in a block");
      raw += head.raw_bytes;
      at += bytes_of_block;
    }
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
  std::string tail_;  // end mark, index, trailer
};

}  // namespace

absl::StatusOr<std::string> MakeExcerpt(const Context& context, uint64_t size, ReadAt read,
                                        const std::optional<ByteRange>& range) {
  return ExcerptMaker(context, size, read).Make(range);
}

}  // namespace trine::coding
