#include "core/segment/document/edges.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

#include "core/segment/document/gradient.h"
#include "core/segment/document/parts.h"
#include "core/segment/document/split.h"

namespace trine::segment {
namespace {

// What a pixel is before edges are followed.
constexpr uint8_t kWeak = 1;
constexpr uint8_t kStrong = 2;

// A threshold is 1.4 times Otsu's of quarters of lengths: 5.6 times that in lengths, and half of it
// for weak edges. Squares are compared, times 25.
constexpr int32_t kStrongSquare = 28 * 28;
constexpr int32_t kWeakSquare = 14 * 14;

// Lengths in bins of four; a square is below 2^22.
absl::StatusOr<Counts256> CountLengths(const Context& context, const Page& page,
                                       const uint8_t* smooth) {
  Counts256 all{};
  std::mutex mutex;  // counts: the order of the tiles does not matter
  TRINE_RETURN_IF_ERROR(
      ForPageTiles(context, page.height, page.width, 1, [&](const PageTile& tile) -> absl::Status {
        std::array<uint32_t, 256> counts{};
        GradientRow row(tile);
        std::vector<uint8_t> bins(static_cast<size_t>(tile.width()));
        for (int64_t y = tile.top; y < tile.bottom; ++y) {
          row.Set(page, smooth, y);
          for (size_t i = 0; i < bins.size(); ++i) {
            // The root of a square that is none is farther from an integer than it is rounded.
            const float length =
                std::sqrt(static_cast<float>(row.SquareAt(tile.left + static_cast<int64_t>(i))));
            bins[i] = static_cast<uint8_t>(std::min(255, static_cast<int32_t>(length) / 4));
          }
          for (size_t i = 0; i < bins.size(); ++i) {
            const int64_t x = tile.left + static_cast<int64_t>(i);
            if (page.Contains(y * page.width + x)) ++counts[bins[i]];
          }
        }
        const std::lock_guard<std::mutex> lock(mutex);
        for (size_t bin = 0; bin < all.size(); ++bin) all[bin] += counts[bin];
        return absl::OkStatus();
      }));
  return all;
}

// Whether the gradient is longest at column x of `here` along its direction.
bool IsRidge(const GradientRow& above, const GradientRow& here, const GradientRow& below,
             int64_t x) {
  const int32_t square = here.SquareAt(x);
  const int32_t dx = here.XAt(x), dy = here.YAt(x);
  // Twice the tangent of 22.5 degrees is 27146 / 2^15; that of 67.5 degrees is 2 more.
  const int64_t across = std::abs(dx), down = int64_t{std::abs(dy)} << 15;
  const int64_t flat = across * 13573;
  if (down < flat) return square > here.SquareAt(x - 1) && square >= here.SquareAt(x + 1);
  if (down > flat + (across << 16))
    return square > above.SquareAt(x) && square >= below.SquareAt(x);
  const int64_t side = (dx < 0) == (dy < 0) ? 1 : -1;
  return square > above.SquareAt(x - side) && square > below.SquareAt(x + side);
}

absl::Status MarkRidges(const Context& context, const Page& page, const uint8_t* smooth,
                        int32_t split, uint8_t* edges) {
  const int32_t weak = kWeakSquare * split * split, strong = kStrongSquare * split * split;
  return ForPageTiles(context, page.height, page.width, 1, [&](const PageTile& tile) {
    GradientRow above(tile), here(tile), below(tile);
    here.Set(page, smooth, tile.top - 1);
    below.Set(page, smooth, tile.top);
    for (int64_t y = tile.top; y < tile.bottom; ++y) {
      std::swap(above, here);
      std::swap(here, below);
      below.Set(page, smooth, y + 1);
      for (int64_t x = tile.left; x < tile.right; ++x) {
        const int32_t square = 25 * here.SquareAt(x);
        uint8_t kind = 0;
        if (square > weak && IsRidge(above, here, below, x))
          kind = square > strong ? kStrong : kWeak;
        edges[y * page.width + x] = kind;
      }
    }
    return absl::OkStatus();
  });
}

}  // namespace

absl::Status SmoothPage(const Context& context, const Page& page, uint8_t* smooth) {
  return ForPageTiles(context, page.height, page.width, 1, [&](const PageTile& tile) {
    std::vector<int16_t> sums(static_cast<size_t>(tile.width() + 2));
    for (int64_t y = tile.top; y < tile.bottom; ++y) {
      const uint8_t* const above = page.gray + std::max<int64_t>(0, y - 1) * page.width;
      const uint8_t* const here = page.gray + y * page.width;
      const uint8_t* const below = page.gray + std::min(page.height - 1, y + 1) * page.width;
      ForClampedColumns(tile.left - 1, tile.right + 1, page.width, [&](int64_t from, int64_t x) {
        sums[static_cast<size_t>(x - tile.left + 1)] =
            static_cast<int16_t>(above[from] + 2 * here[from] + below[from]);
      });
      uint8_t* const to = smooth + y * page.width + tile.left;
      for (size_t i = 0; i + 2 < sums.size(); ++i)
        to[i] = static_cast<uint8_t>((sums[i] + 2 * sums[i + 1] + sums[i + 2] + 8) >> 4);
    }
    return absl::OkStatus();
  });
}

absl::Status FindEdges(const Context& context, const Page& page, const uint8_t* smooth,
                       uint8_t* edges) {
  TRINE_ASSIGN_OR_RETURN(const Counts256 lengths, CountLengths(context, page, smooth));
  const int32_t split = SplitOf(lengths).value_or(255);
  TRINE_RETURN_IF_ERROR(MarkRidges(context, page, smooth, split, edges));
  Parts<PartCounts> lines(context, page.height, page.width, edges);
  TRINE_RETURN_IF_ERROR(lines.Find(
      [&](int64_t i, PartCounts& counts) { counts.marked += edges[i] == kStrong ? 1 : 0; }));
  return lines.Keep([](const PartCounts& counts) { return counts.marked > 0; });
}

}  // namespace trine::segment
