#include "core/coding/container/index.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/container/checksum.h"

namespace trine::coding {

using format::Mode;

IndexEntry EntryOf(const BlockHead& head) {
  return {
      head.mode,      head.model, head.variant, head.raw_bytes, HeadBytes(head) + head.coded_bytes,
      head.side_bytes};
}

std::optional<uint64_t> PayloadBytes(const IndexEntry& entry) {
  BlockHead head{.raw_bytes = entry.raw_bytes, .side_bytes = entry.side_bytes};
  // The head holds the payload's length, which takes one byte here and may take more.
  const uint64_t shortest = HeadBytes(head);
  for (uint64_t more = 0; more < format::kMaxVarintBytes && shortest + more <= entry.coded_bytes;
       ++more) {
    head.coded_bytes = entry.coded_bytes - shortest - more;
    if (HeadBytes(head) == shortest + more) return head.coded_bytes;
  }
  return std::nullopt;
}

void AppendIndexEntry(const IndexEntry& entry, std::string* out) {
  for (uint8_t byte : {static_cast<uint8_t>(entry.mode), entry.model, entry.variant}) {
    out->push_back(static_cast<char>(byte));
  }
  AppendVarint(entry.raw_bytes, out);
  AppendVarint(entry.coded_bytes, out);
  AppendVarint(entry.side_bytes, out);
}

absl::StatusOr<Parsed> ParseIndexEntry(ByteView in, uint64_t block_bytes, int64_t number,
                                       uint64_t offset, IndexEntry* entry) {
  const auto malformed = [&] {
    return Corrupt(number, offset, "the block's entry in the index is malformed");
  };
  ByteReader reader(in.subspan(0, std::min(in.size(), format::kMaxIndexEntry)));
  const uint8_t mode = reader.Byte();
  entry->mode = static_cast<Mode>(mode);
  entry->model = reader.Byte();
  entry->variant = reader.Byte();
  entry->raw_bytes = reader.Varint();
  entry->coded_bytes = reader.Varint();
  entry->side_bytes = reader.Varint();
  if (reader.short_of_bytes() && in.size() < format::kMaxIndexEntry) return Parsed{};
  if (reader.failed() || mode < 1 || mode > static_cast<uint8_t>(Mode::kModel)) {
    return malformed();
  }
  // It must be that of some head, which an excerpt need not hold.
  const std::optional<uint64_t> payload = PayloadBytes(*entry);
  if (!payload.has_value()) return malformed();
  const BlockHead head{.mode = entry->mode,
                       .model = entry->model,
                       .variant = entry->variant,
                       .raw_bytes = entry->raw_bytes,
                       .coded_bytes = *payload,
                       .side_bytes = entry->side_bytes};
  if (!CheckLengths(head, block_bytes).empty()) return malformed();
  return Parsed{reader.position()};
}

void AppendIndex(const std::vector<IndexEntry>& index, ByteView end_mark, std::string* out) {
  std::string tail(end_mark.begin(), end_mark.end());
  for (const IndexEntry& entry : index) AppendIndexEntry(entry, &tail);
  *out += tail.substr(end_mark.size());
  AppendLE(static_cast<uint64_t>(tail.size()), out);
  AppendLE(Checksum(ViewOf(tail)), out);
  AppendView(format::kEndMagic, out);
}

absl::StatusOr<Trailer> ParseTrailer(ByteView in, uint64_t offset) {
  ByteReader reader(in);
  Trailer trailer;
  trailer.tail_bytes = reader.Fixed<uint64_t>();
  trailer.checksum = reader.Fixed<uint64_t>();
  const ByteView magic = reader.Take(format::kEndMagic.size());
  if (reader.failed() || reader.left() != 0 ||
      !std::equal(magic.begin(), magic.end(), format::kEndMagic.begin())) {
    return Corrupt(kNoBlock, offset, "the stream does not end with its end mark");
  }
  return trailer;
}

absl::StatusOr<BlockHead> ReadTail(ByteView in, const Header& header, uint64_t offset,
                                   TakeEntry take) {
  BlockHead end;
  if (in.empty() || in[0] != static_cast<uint8_t>(Mode::kEnd)) {
    return Corrupt(kNoBlock, offset, "the index does not begin with the end mark");
  }
  ByteReader peek(in.subspan(1));
  const uint64_t raw_bytes = peek.Varint();
  TRINE_ASSIGN_OR_RETURN(const Parsed mark,
                         ParseBlockHead(in, header, raw_bytes, -1, offset, &end));
  if (!mark.complete()) return Corrupt(kNoBlock, offset, "the end mark is cut off");
  const size_t mark_bytes = mark.consumed;
  if (!header.has_index()) {
    if (in.size() != mark_bytes)
      return Corrupt(kNoBlock, offset, "unexpected bytes after the end mark");
    return end;
  }
  if (in.size() < mark_bytes + format::kTrailerBytes) {
    return Corrupt(kNoBlock, offset, "the index is cut off");
  }
  const size_t tail_bytes = in.size() - format::kTrailerBytes;
  TRINE_ASSIGN_OR_RETURN(const Trailer trailer, ParseTrailer(in.subspan(tail_bytes), offset));
  if (trailer.tail_bytes != tail_bytes || trailer.checksum != Checksum(in.subspan(0, tail_bytes))) {
    return Corrupt(kNoBlock, offset, "the checksum of the index differs");
  }
  if (end.block_count > (tail_bytes - mark_bytes) / format::kMinIndexEntry) {
    return Corrupt(kNoBlock, offset, "the index has fewer entries than the stream has blocks");
  }
  if (end.block_count > format::kMaxListedBlocks) {
    return LimitExceeded("data", end.block_count, "blocks listed at a time",
                         format::kMaxListedBlocks);
  }
  ByteView entries = in.subspan(mark_bytes, tail_bytes - mark_bytes);
  uint64_t raw_sum = 0;  // each is at most 2^30, and there are fewer than 2^32 in memory
  uint64_t coded_sum = 0;
  for (size_t i = 0; i < end.block_count; ++i) {
    IndexEntry entry;
    TRINE_ASSIGN_OR_RETURN(
        const Parsed parsed,
        ParseIndexEntry(entries, header.block_bytes, static_cast<int64_t>(i), offset, &entry));
    if (!parsed.complete()) return Corrupt(kNoBlock, offset, "the index is cut off");
    entries.remove_prefix(parsed.consumed);
    raw_sum += entry.raw_bytes;
    coded_sum += entry.coded_bytes;
    TRINE_RETURN_IF_ERROR(take(i, entry));
  }
  if (!entries.empty()) return Corrupt(kNoBlock, offset, "the index goes on after its last entry");
  if (raw_sum != raw_bytes || coded_sum >> 62 != 0) {
    return Corrupt(kNoBlock, offset, "the raw lengths in the index do not add up to the stream's");
  }
  return end;
}

}  // namespace trine::coding
