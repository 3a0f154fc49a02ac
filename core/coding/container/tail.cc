#include "core/coding/container/tail.h"

#include "core/base/error.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/corrupt.h"

namespace trine::coding {
TailParser::TailParser(const Header& header)
    : excerpt_(header.is_excerpt()),
      has_index_(header.has_index()),
      block_bytes_(header.block_bytes) {}

absl::Status TailParser::AddBlock(const BlockHead& head) {
  const IndexEntry entry = EntryOf(head);
  if (excerpt_) {
    if (found_.size() == format::kMaxExcerptBlocks) {
      return Corrupt(kNoBlock, kNoOffset, "the excerpt holds too many blocks");
    }
    found_.push_back(entry);
    found_at_.push_back(head.raw_offset);
    return absl::OkStatus();
  }
  std::string bytes;
  AppendIndexEntry(entry, &bytes);
  expected_.Add(ViewOf(bytes));
  return absl::OkStatus();
}

absl::StatusOr<size_t> TailParser::TakeMark(ByteView in, uint64_t offset) {
  Header header;  // an end mark needs no more of it; its raw length was compared before
  header.block_bytes = block_bytes_;
  header.flags = format::kFlagExcerpt;
  BlockHead end;
  TRINE_ASSIGN_OR_RETURN(const Parsed mark, ParseBlockHead(in, header, 0, -1, offset, &end));
  if (!mark.complete()) return size_t{0};
  if (!end.is_end()) return Corrupt(kNoBlock, offset, "the index does not begin with the end mark");
  raw_bytes_ = end.raw_offset;
  entries_left_ = end.block_count;
  state_ = State::kEntries;
  return mark.consumed;
}

absl::StatusOr<size_t> TailParser::TakeEntry(ByteView in, uint64_t offset) {
  IndexEntry entry;
  TRINE_ASSIGN_OR_RETURN(const Parsed parsed,
                         ParseIndexEntry(in, block_bytes_, -1, offset, &entry));
  if (!parsed.complete()) return size_t{0};
  if (next_found_ < found_.size() && found_at_[next_found_] == raw_sum_) {
    if (found_[next_found_] == entry) ++next_found_;
  }
  actual_.Add(in.subspan(0, parsed.consumed));
  raw_sum_ += entry.raw_bytes;
  if (raw_sum_ > raw_bytes_) {
    return Corrupt(kNoBlock, offset, "the raw lengths in the index do not add up to the stream's");
  }
  --entries_left_;
  return parsed.consumed;
}

absl::StatusOr<TailParser::Step> TailParser::Take(ByteView in, uint64_t offset) {
  Step step;
  const auto place = [&] { return offset == kNoOffset ? offset : offset + step.consumed; };
  while (true) {
    const ByteView rest = in.subspan(step.consumed);
    const uint64_t at = place();
    if (state_ == State::kEntries && !has_index_) {
      step.done = true;
      return step;
    }
    if (state_ == State::kEntries && entries_left_ == 0) state_ = State::kTrailer;
    if (state_ == State::kTrailer) break;
    TRINE_ASSIGN_OR_RETURN(const size_t taken,
                           state_ == State::kMark ? TakeMark(rest, at) : TakeEntry(rest, at));
    if (taken == 0) return step;
    tail_.Add(rest.subspan(0, taken));
    tail_bytes_ += taken;
    step.consumed += taken;
  }
  const ByteView rest = in.subspan(step.consumed);
  if (rest.size() < format::kTrailerBytes) return step;
  TRINE_ASSIGN_OR_RETURN(const Trailer trailer,
                         ParseTrailer(rest.subspan(0, format::kTrailerBytes), place()));
  if (trailer.tail_bytes != tail_bytes_ || trailer.checksum != tail_.Value()) {
    return Corrupt(kNoBlock, place(), "the checksum of the index differs");
  }
  if (raw_sum_ != raw_bytes_) {
    return Corrupt(kNoBlock, offset, "the raw lengths in the index do not add up to the stream's");
  }
  if (excerpt_ ? next_found_ != found_.size() : actual_.Value() != expected_.Value()) {
    return Corrupt(kNoBlock, offset, "the index differs from the blocks' heads");
  }
  step.consumed += format::kTrailerBytes;
  step.done = true;
  return step;
}

}  // namespace trine::coding
