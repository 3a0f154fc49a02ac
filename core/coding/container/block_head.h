// The head of a block, and the end mark, which has the place of one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/coding/container/corrupt.h"
#include "core/coding/container/format.h"

namespace trine::coding {

struct Header;  // core/coding/container/header.h

// A block's head, or the end mark (then the raw offset is the stream's raw length). End mark, index
// and trailer of an excerpt are those of the whole stream.
struct BlockHead {
  uint64_t raw_offset = 0;  // read from an excerpt; counted by the reader elsewhere
  format::Mode mode = format::Mode::kStored;
  uint8_t model = 0;    // kModel
  uint8_t variant = 0;  // kModel: ADAPTIVE's order; else 0
  uint64_t raw_bytes = 0;
  uint64_t coded_bytes = 0;  // of the payload
  uint64_t side_bytes = 0;   // of the payload: parameters and tables, not symbols
  uint64_t checksum = 0;     // of the raw bytes
  uint64_t block_count = 0;  // end mark

  bool is_end() const { return mode == format::Mode::kEnd; }
};

// What a parser of a part says: how many bytes it took, or that it needs more of them to go on
// (`consumed` 0). A status other than OK is final.
struct Parsed {
  size_t consumed = 0;
  bool complete() const { return consumed != 0; }
};

void AppendBlockHead(const BlockHead& head, bool in_excerpt, std::string* out);

// `raw_offset`: raw bytes before this block; an excerpt states it itself. Checks the head against
// its own checksum and the header's block size, and the payload's length against its mode.
absl::StatusOr<Parsed> ParseBlockHead(ByteView in, const Header& header, uint64_t raw_offset,
                                      int64_t block, uint64_t offset, BlockHead* head);

// The same for a search, which tries many places: what is wrong is said without a status.
struct TriedHead {
  std::string_view wrong;    // a literal; empty when nothing is
  Parsed parsed;             // nothing where something is wrong
  size_t checked_bytes = 0;  // that were checksummed
};
TriedHead TryBlockHead(ByteView in, const Header& header, uint64_t raw_offset, BlockHead* head);

// What looks like the head of a block in a stream that is not an excerpt: read once, to be tried
// at many raw offsets, each for no more than a checksum.
class HeadProbe {
 public:
  // `in` begins with the block's mode.
  explicit HeadProbe(ByteView in);

  // Whether its check is that of a block at `raw_offset`.
  bool FitsAt(uint64_t raw_offset);

 private:
  // Raw offset and mode, then the fields.
  static constexpr size_t kBefore = sizeof(uint64_t) + 1;

  std::array<uint8_t, kBefore + format::kMaxBlockHead> checked_;
  size_t bytes_ = 0;  // 0: it does not even have the fields of a head
  uint32_t check_ = 0;
};

// Bytes of a block's head in a stream that is not an excerpt.
uint64_t HeadBytes(const BlockHead& head);

// What is wrong with the lengths of a block of at most `max_raw` bytes; empty where nothing is.
std::string_view CheckLengths(const BlockHead& head, uint64_t max_raw);

}  // namespace trine::coding
