// How many blocks are worked on at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/coding/coding.h"
#include "core/runtime/context.h"
#include "core/runtime/thread_pool.h"

namespace trine::coding {

// A task works on at least this much [bytes], so that small blocks do not drown in scheduling.
inline constexpr uint64_t kTaskBytes = uint64_t{128} << 10;
// Raw bytes of a batch, at most, however many threads there are: two of the longest blocks that the
// limits allow by default. More only where one block is longer.
inline constexpr uint64_t kMaxBatchBytes = uint64_t{128} << 20;
// Blocks of a batch, at most: what lists them takes memory too (here 10 MiB), however short they
// are.
inline constexpr size_t kMaxBatchBlocks = 65536;

// Raw bytes of a batch: a block, or two tasks of small ones, for each thread. REQUIRES: the
// context's limits allow blocks of `block_bytes`: what a stream claims does not size a batch.
inline uint64_t BatchBytes(const Context& context, uint64_t block_bytes) {
  return std::min(ThreadsOf(context) * std::max(block_bytes, 2 * kTaskBytes),
                  std::max(kMaxBatchBytes, block_bytes));
}

// Of `blocks` blocks of `raw_bytes` in sum.
inline size_t BlocksPerTask(uint64_t raw_bytes, uint64_t blocks) {
  const uint64_t each = raw_bytes / std::max<uint64_t>(blocks, 1);
  return static_cast<size_t>(std::max<uint64_t>(1, kTaskBytes / std::max(each, kMinBlockBytes)));
}

}  // namespace trine::coding
