// The end of a stream: end mark, index, trailer. Reading and writing of each, without any I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/coding/container/block_head.h"
#include "core/coding/container/format.h"
#include "core/coding/container/header.h"

namespace trine::coding {

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

// Takes the entry of block `number`.
using TakeEntry = absl::FunctionRef<absl::Status(size_t number, const IndexEntry& entry)>;

// Reads end mark, index and trailer of a stream, which are all that `in` holds; `offset` is where
// they begin. Its sums are checked in the end: raw bytes against the end mark, coded bytes against
// 2^62. Returns the end mark. Takes no memory: `take` sees one entry after the other.
absl::StatusOr<BlockHead> ReadTail(ByteView in, const Header& header, uint64_t offset,
                                   TakeEntry take);

}  // namespace trine::coding
