// Where the blocks of a stream stand: found by walking the block heads, or from the index.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/coding/stream/block.h"
#include "core/coding/coding.h"
#include "core/coding/container/index.h"
#include "core/runtime/context.h"

namespace trine::coding {

// Small, because a hostile stream may have millions of them.
struct BlockRef {
  uint64_t raw_offset = 0;    // in all streams together
  uint64_t coded_offset = 0;  // of the head in the original stream
  // Where the head stands in the bytes at hand; kAbsent where an excerpt lacks the block.
  static constexpr uint64_t kAbsent = ~uint64_t{0};
  uint64_t at = 0;
  uint32_t raw_bytes = 0;
  uint32_t coded_bytes = 0;  // head and payload in the original stream
  uint32_t payload_bytes = 0;
  uint32_t side_bytes = 0;  // of the payload
  uint32_t stream = 0;
  format::Mode mode = format::Mode::kStored;
  uint8_t model = 0;
  uint8_t variant = 0;
};

IndexEntry EntryOf(const BlockRef& block);

struct StreamLayout {
  Header header;
  BlockPlan plan;
  uint64_t raw_begin = 0;  // raw bytes of the streams before this one: heads count from there
  uint64_t header_bytes = 0;
  uint64_t index_bytes = 0;  // end mark, index, trailer
};

// One stream or several behind each other.
struct Layout {
  std::vector<StreamLayout> streams;
  std::vector<BlockRef> blocks;
  uint64_t raw_bytes = 0;
  uint64_t coded_bytes = 0;  // of the original streams

  // kBytes where there are several streams.
  Content content() const { return streams.size() == 1 ? streams[0].header.content : Content{}; }
};

// Reads headers, block heads, end marks and indices of all that is in `coded`, and checks that they
// agree. No payload is read. DATA_LOSS for everything else than whole streams.
absl::StatusOr<Layout> WalkStreams(const Context& context, ByteView coded);

// Adds the blocks of an index, of entries that ParseIndexEntry took or EntryOf gave, to a layout
// that has one stream; their `at` is where they stand in a stream that is not an excerpt.
void AddIndexedBlocks(const Tail& tail, Layout* layout);

// Parses the head of `block`, which is at hand, and compares it with the block.
absl::StatusOr<Parsed> ReadHead(ByteView coded, const Layout& layout, size_t block,
                                BlockHead* head);

// OUT_OF_RANGE when `range` does not lie in [0, raw_bytes].
absl::Status CheckRange(const ByteRange& range, uint64_t raw_bytes);

// The blocks [first, last) that hold a byte of `range`.
struct BlockSpan {
  size_t first = 0;
  size_t last = 0;
};
BlockSpan BlocksOf(const std::vector<BlockRef>& blocks, const ByteRange& range);

}  // namespace trine::coding
