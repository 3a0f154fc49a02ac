// Where a damaged stream goes on: the next header, or the next head of a block of the same stream.
//
// The search goes byte by byte. A head's check covers its raw offset, so that only one of this
// stream and a whole number of blocks further on is taken. The length of a block may be lost with
// the header: then what looks like a head says it itself. What looks like a header or a head costs
// a checksum to try: up to 1 MiB for a header, whose length its bytes claim. So the search has a
// budget of checksummed bytes, one for both: kBurstBytes at first, and kBytesAByte more for each
// byte of the stream that was passed since, but never more than kBurstBytes at a time. Bytes that
// look like heads or headers throughout thus cost about as much time as any others.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/coding/container/header.h"

namespace trine::coding {

class HeadSearch {
 public:
  static constexpr uint64_t kBurstBytes = uint64_t{4} << 20;
  static constexpr uint64_t kBytesAByte = 16;

  // What is known of the stream.
  struct Stream {
    const Header& header;
    uint64_t raw_offset = 0;  // of the first block that is missing
    // Raw bytes of a whole block: as the header says, and of the longest one that came; 0 where
    // that is not known. Without either, a head that is found is taken for one of a whole block.
    uint64_t block_bytes = 0;
    uint64_t longest_block = 0;
    // A block may have so many bytes less than the header says, for it ends between two characters.
    uint32_t most_short = 0;
    bool only_headers = false;  // its blocks are over: what follows is another stream
  };
  enum class Found {
    kNothing,  // up to where more bytes are needed to go on
    kEnd,      // nothing, and there are no more bytes
    kHeader,
    kHead,  // of a block, or the end mark
  };
  struct Step {
    Found found = Found::kNothing;
    size_t passed = 0;          // bytes before what was found
    uint64_t raw_offset = 0;    // kHead: of the block, or of the end mark
    uint64_t blocks_ahead = 0;  // kHead: whole blocks that are missing before a block
  };

  // Searches `in`, which begins at `offset` of all the bytes; `ended`: none follow.
  absl::StatusOr<Step> Find(ByteView in, uint64_t offset, bool ended, const Stream& stream,
                            const CancelToken& cancel);

  // Checksummed so far [bytes]; a head counts as 128. At most kBurstBytes + kBytesAByte *
  // the last offset.
  uint64_t checked_bytes() const { return checked_bytes_; }

 private:
  void Refill(uint64_t offset);
  void Spend(uint64_t bytes);
  enum class Answer { kNo, kYes, kWait };
  absl::StatusOr<Answer> TryHeader(ByteView in, bool ended, const CancelToken& cancel);
  bool TryHeads(ByteView in, const Stream& stream, Step* step);
  bool TryAhead(ByteView in, const Stream& stream, uint64_t block_bytes, uint32_t most_short,
                Step* step);
  bool TryHead(ByteView in, const Stream& stream, uint64_t raw_offset, Step* step);

  uint64_t budget_ = kBurstBytes;
  uint64_t refilled_at_ = 0;  // offset
  uint64_t checked_bytes_ = 0;
};

}  // namespace trine::coding
