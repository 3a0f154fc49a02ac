// The parts of a stream that surround the payloads: header, block heads, end mark, index, trailer.
// Reading and writing of each, without any I/O; FORMAT.md is the specification.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/limits.h"
#include "core/coding/coding.h"
#include "core/coding/container/format.h"

namespace trine::coding {

// In place of the offset of an error where there is none: those of an excerpt, say, mean nothing in
// the stream that it was cut from.
inline constexpr uint64_t kNoOffset = ~uint64_t{0};

uint64_t Checksum(ByteView bytes);  // XXH3, 64 bits, seed 0

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

struct Header {
  uint8_t major = format::kMajor;
  uint8_t minor = format::kMinor;
  uint8_t flags = 0;
  uint8_t model = 0;   // a Model; a reader may meet one that it does not know
  std::string params;  // of the model
  Content content;
  std::optional<uint64_t> raw_bytes;  // absent where the writer did not know
  uint64_t block_bytes = 0;
  // The compact form: header and head of the one block in one; nothing follows the payload. Where
  // there are no raw bytes there is no block.
  bool is_compact = false;
  BlockHead compact_block;

  bool is_excerpt() const { return (flags & format::kFlagExcerpt) != 0; }
  bool has_index() const { return (flags & format::kFlagNoIndex) == 0 && !is_compact; }
};

void AppendHeader(const Header& header, std::string* out);
// The compact form of a stream of `block`, whose payload follows. The header gives content and
// params: only what this block needs. REQUIRES: the block's raw bytes are those of the content, at
// most kMaxCompactRaw.
void AppendCompact(const Header& header, const BlockHead& block, std::string* out);

// What a parser of a part says: how many bytes it took, or that it needs more of them to go on
// (`consumed` 0). A status other than OK is final.
struct Parsed {
  size_t consumed = 0;
  bool complete() const { return consumed != 0; }
};

// Parses a header from the front of `in`, which may be cut off. `offset`: where `in` stands in the
// stream, for messages. Takes both forms. DATA_LOSS, UNIMPLEMENTED for a major version or a flag
// that is not known.
absl::StatusOr<Parsed> ParseHeader(ByteView in, uint64_t offset, Header* header);

void AppendBlockHead(const BlockHead& head, bool in_excerpt, std::string* out);

// `raw_offset`: raw bytes before this block; an excerpt states it itself. Checks the head against
// its own checksum and the header's block size, and the payload's length against its mode.
absl::StatusOr<Parsed> ParseBlockHead(ByteView in, const Header& header, uint64_t raw_offset,
                                      int64_t block, uint64_t offset, BlockHead* head);

// The same for a search, which tries many places: what is wrong is said without a status.
struct TriedHead {
  std::string_view wrong;  // a literal; empty when nothing is
  Parsed parsed;           // nothing where something is wrong
};
TriedHead TryBlockHead(ByteView in, const Header& header, uint64_t raw_offset, BlockHead* head);

struct IndexEntry {
  format::Mode mode = format::Mode::kStored;
  uint8_t model = 0;
  uint8_t variant = 0;
  uint64_t raw_bytes = 0;
  uint64_t coded_bytes = 0;  // head and payload, in the original stream
  uint64_t side_bytes = 0;   // of the payload

  friend bool operator==(const IndexEntry&, const IndexEntry&) = default;
};

IndexEntry EntryOf(const BlockHead& head);
// Of coded_bytes those of the payload; nullopt where no head gives this entry.
std::optional<uint64_t> PayloadBytes(const IndexEntry& entry);

void AppendIndexEntry(const IndexEntry& entry, std::string* out);
// An entry from the front of `in`, which may be cut off: one that EntryOf gives for a head that
// ParseBlockHead takes. `number`: of the block, for messages.
absl::StatusOr<Parsed> ParseIndexEntry(ByteView in, uint64_t block_bytes, int64_t number,
                                       uint64_t offset, IndexEntry* entry);

// Index and trailer; `end_mark` are the bytes of the end mark before them.
void AppendIndex(const std::vector<IndexEntry>& index, ByteView end_mark, std::string* out);

struct Trailer {
  uint64_t tail_bytes = 0;  // end mark and index
  uint64_t checksum = 0;    // of those bytes
};
// `in`: the last kTrailerBytes of a stream.
absl::StatusOr<Trailer> ParseTrailer(ByteView in, uint64_t offset);

// End mark, index and trailer of a stream; `offset` is where they begin.
struct Tail {
  BlockHead end;
  std::vector<IndexEntry> index;  // empty without an index
};
// The whole tail must be in `in`, and nothing else. Its sums are checked: raw bytes against the end
// mark, coded bytes against 2^62.
absl::StatusOr<Tail> ParseTail(ByteView in, const Header& header, uint64_t offset);

// The mode that Inspect shows: "stored", "constant", "static", "adaptive-1", "table", "model-9".
std::string ModeName(format::Mode mode, uint8_t model, uint8_t variant);

// Bytes of one value of a tensor's content; 1 for bytes and bits.
size_t ElementBytes(const Content& content);
// Raw bytes that the content's shape asks for; nullopt for plain bytes or when it overflows.
std::optional<uint64_t> ContentBytes(const Content& content);

}  // namespace trine::coding
