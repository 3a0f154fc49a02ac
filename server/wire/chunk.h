// Messages of payloads that come or leave in chunks.
#pragma once

#include <cstddef>
#include <cstdint>

namespace trine::server {

inline constexpr size_t kMaxChunkBytes = size_t{2} << 20;  // of a payload, in one message
// What a chunk's message has beside them, at most [bytes]; messages may have 1 KiB at least.
inline constexpr uint64_t kRestOfChunk = 16;

}  // namespace trine::server
