// Bands of rows that threads share, of loops that start with a window of rows of their own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/runtime/thread_pool.h"
#include "core/segment/picture.h"

namespace trine::segment {

// Rows of a band: many windows of them, as far as the threads all get some.
inline size_t RowsOfBand(const Context& context, int64_t height, int64_t width, int64_t window) {
  const int64_t threads = static_cast<int64_t>(ThreadsOf(context));
  const int64_t least =
      std::max(static_cast<int64_t>(RowGrain(width)), 4 * std::min(window, height));
  return static_cast<size_t>(std::max(least, std::min(16 * window, height / (4 * threads))));
}

}  // namespace trine::segment
