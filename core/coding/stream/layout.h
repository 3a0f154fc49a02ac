// Where the blocks of a stream are: found by walking the block heads, or from the index.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/coding/coding.h"
#include "core/coding/container/index.h"
#include "core/coding/stream/block.h"
#include "core/runtime/context.h"

namespace trine::coding {

// Small, because a hostile stream may have millions of them.
struct BlockRef {
  uint64_t raw_offset = 0;    // in all streams together
  uint64_t coded_offset = 0;  // of the head in the original stream
  // Where the head is in the given bytes; kAbsent where an excerpt lacks the block.
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
  uint64_t raw_begin = 0;    // raw bytes of the streams before this one: heads count from there
  uint64_t first_block = 0;  // of all streams together
  uint64_t header_bytes = 0;
  uint64_t index_bytes = 0;  // end mark, index, trailer
};

// One stream, or several one after the other.
struct Layout {
  std::vector<StreamLayout> streams;
  std::vector<BlockRef> blocks;
  uint64_t raw_bytes = 0;
  uint64_t coded_bytes = 0;  // of the original streams
  uint64_t blocks_total = 0;

  // kBytes where there are several streams.
  Content content() const { return streams.size() == 1 ? streams[0].header.content : Content{}; }
  // The number of a block in its stream, of which messages speak.
  int64_t NumberOf(size_t block) const {
    return static_cast<int64_t>(block - streams[blocks[block].stream].first_block);
  }
};

// Takes a block, in order.
using TakeBlockRef = absl::FunctionRef<void(const BlockRef& block)>;

// Reads headers, block heads, end marks and indices of all that is in `coded`, and checks that they
// agree. No payload is read. DATA_LOSS for everything else than whole streams. `take` sees the
// blocks of each stream that was found to be whole, and the layout's own list stays empty: memory
// does not grow with the number of blocks.
absl::StatusOr<Layout> WalkStreams(const Context& context, ByteView coded, TakeBlockRef take);
// The same, with a list of the blocks.
absl::StatusOr<Layout> ListBlocks(const Context& context, ByteView coded);

// Lists the blocks of an index in a layout that has one stream, which is not an excerpt. `tail`:
// end mark, index and trailer, which begin at `offset`.
absl::Status ReadIndexedBlocks(const Context& context, ByteView tail, uint64_t offset,
                               Layout* layout);
// The same of entries that EntryOf gave.
void AddIndexedBlocks(const std::vector<IndexEntry>& index, Layout* layout);

// Parses the head of `block`, which is not absent, and compares it with the block.
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
