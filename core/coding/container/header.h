// The header of a stream, in both forms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/coding/coding.h"
#include "core/coding/container/block_head.h"
#include "core/coding/container/format.h"

namespace trine::coding {

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

// Parses a header from the front of `in`, which may be cut off. `offset`: where `in` begins in the
// stream, for messages. Takes both forms. DATA_LOSS, UNIMPLEMENTED for a major version or a flag
// that is not known.
absl::StatusOr<Parsed> ParseHeader(ByteView in, uint64_t offset, Header* header);

// For a search, which tries many places: the bytes of a header that its checksum covers, found
// without a checksum or a status. Neither is set where no header begins `in`.
struct HeaderExtent {
  size_t checked_bytes = 0;  // 0: they are not all in `in`
  bool is_cut_off = false;
};
HeaderExtent FindHeaderExtent(ByteView in);
// Whether the checksum holds. REQUIRES: extent.checked_bytes != 0.
bool IsHeaderSound(ByteView in, const HeaderExtent& extent);

// Bytes of one value of a tensor's content; 1 where HasElements is false.
size_t ElementBytes(const Content& content);
// Raw bytes that the content's shape asks for; nullopt for plain bytes or when it overflows.
std::optional<uint64_t> ContentBytes(const Content& content);

}  // namespace trine::coding
