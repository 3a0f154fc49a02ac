#include "core/coding/container/loose_tail.h"

#include "core/base/error.h"
#include "core/coding/container/corrupt.h"
#include "core/coding/container/format.h"

namespace trine::coding {

void LooseTail::Begin(const Header& header, const BlockHead& end, ByteView mark) {
  block_bytes_ = header.block_bytes;
  entries_left_ = end.block_count;
  checksum_ = RunningChecksum();
  bytes_ = 0;
  Add(mark);
}

void LooseTail::Add(ByteView bytes) {
  checksum_.Add(bytes);
  bytes_ += bytes.size();
}

absl::StatusOr<LooseTail::Step> LooseTail::Take(ByteView in, uint64_t offset) {
  if (entries_left_ != 0) {
    IndexEntry entry;
    TRINE_ASSIGN_OR_RETURN(const Parsed parsed,
                           ParseIndexEntry(in, block_bytes_, kNoBlock, offset, &entry));
    if (!parsed.complete()) return Step{};
    Add(in.subspan(0, parsed.consumed));
    --entries_left_;
    return Step{parsed.consumed, false};
  }
  if (in.size() < format::kTrailerBytes) return Step{};
  TRINE_ASSIGN_OR_RETURN(const Trailer trailer,
                         ParseTrailer(in.subspan(0, format::kTrailerBytes), offset));
  if (trailer.tail_bytes != bytes_ || trailer.checksum != checksum_.Value()) {
    return Corrupt(kNoBlock, offset, "the checksum of the index differs");
  }
  return Step{format::kTrailerBytes, true};
}

}  // namespace trine::coding
