// A page of text as the stages of DOCUMENT see it, and going over it in tiles.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "core/runtime/context.h"
#include "core/runtime/thread_pool.h"
#include "core/segment/picture.h"

namespace trine::segment {

// [height, width] of 8 bits, dense; dark is ink. Does not own.
struct Page {
  int64_t height = 0;
  int64_t width = 0;
  const uint8_t* gray = nullptr;
  const uint8_t* inside = nullptr;  // 0 where a pixel is no part of the page; or null

  int64_t pixels() const { return height * width; }
  bool Contains(int64_t i) const { return inside == nullptr || inside[i] != 0; }
};

// Rows [top, bottom) and columns [left, right).
struct PageTile {
  int64_t top = 0, bottom = 0, left = 0, right = 0;

  int64_t width() const { return right - left; }
};

// Columns of a tile, at most: a row may be longer than what is to be done between two polls.
inline constexpr int64_t kTileWidth = 16384;
// Rows, unless a stage asks for more: a row costs something however short it is.
inline constexpr int64_t kTileRows = 4096;

// Calls body(tile) for tiles that cover [height, width], in parallel; each has at least `rows` rows
// where the picture has, and at most about kPixelGrain pixels otherwise.
template <typename Body>
absl::Status ForPageTiles(const Context& context, int64_t height, int64_t width, int64_t rows,
                          const Body& body) {
  const int64_t across = (width + kTileWidth - 1) / kTileWidth;
  const int64_t columns = (width + across - 1) / across;
  const int64_t deep = std::max<int64_t>({1, rows, std::min(kTileRows, kPixelGrain / columns)});
  const int64_t down = (height + deep - 1) / deep;
  return ParallelFor(
      context, static_cast<size_t>(across * down), 1,
      [&](size_t begin, size_t end) -> absl::Status {
        for (size_t i = begin; i < end; ++i) {
          const int64_t row = static_cast<int64_t>(i) / across * deep;
          const int64_t column = static_cast<int64_t>(i) % across * columns;
          TRINE_RETURN_IF_ERROR(body(PageTile{row, std::min(height, row + deep), column,
                                              std::min(width, column + columns)}));
        }
        return absl::OkStatus();
      });
}

// Calls use(source, x) for the columns [left, right) of a row of `width`, those outside it standing
// for the nearest inside.
template <typename Use>
void ForClampedColumns(int64_t left, int64_t right, int64_t width, const Use& use) {
  const int64_t inner_left = std::clamp<int64_t>(0, left, right);
  const int64_t inner_right = std::clamp<int64_t>(width, inner_left, right);
  for (int64_t x = left; x < inner_left; ++x) use(int64_t{0}, x);
  for (int64_t x = inner_left; x < inner_right; ++x) use(x, x);
  for (int64_t x = inner_right; x < right; ++x) use(width - 1, x);
}

}  // namespace trine::segment
