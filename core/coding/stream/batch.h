// How many blocks are worked on at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/runtime/context.h"
#include "core/runtime/thread_pool.h"

namespace trine::coding {

// A task works on at least this much [bytes], so that small blocks do not drown in scheduling.
inline constexpr uint64_t kTaskBytes = uint64_t{128} << 10;

inline uint64_t ThreadsOf(const Context& context) {
  const int pool = context.pool == nullptr ? 1 : context.pool->threads();
  return static_cast<uint64_t>(context.max_threads > 0 ? std::min(pool, context.max_threads)
                                                       : pool);
}

// Raw bytes of a batch: a block, or two tasks of small ones, for each thread.
inline uint64_t BatchBytes(const Context& context, uint64_t block_bytes) {
  return ThreadsOf(context) * std::max(block_bytes, 2 * kTaskBytes);
}

inline size_t BlocksPerTask(uint64_t block_bytes) {
  return static_cast<size_t>(std::max<uint64_t>(1, kTaskBytes / block_bytes));
}

}  // namespace trine::coding
