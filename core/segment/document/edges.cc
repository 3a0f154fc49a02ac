#include "core/segment/document/edges.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <type_traits>
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

// Lengths in bins of four units.
template <typename T>
uint8_t BinOf(SquareOf<T> square, double unit) {
  // The root of a square of bytes, below 2^22, that is none is farther from an integer than it is
  // rounded.
  if constexpr (std::is_same_v<T, uint8_t>) {
    return static_cast<uint8_t>(
        std::min(255, static_cast<int32_t>(std::sqrt(static_cast<float>(square))) / 4));
  } else {
    const double length = std::sqrt(static_cast<double>(square));
    return static_cast<uint8_t>(std::min(255.0, length / (4 * unit)));
  }
}

template <typename T>
absl::StatusOr<Counts256> CountLengths(const Context& context, const Page& page,
                                       const uint8_t* pixels, double unit) {
  Counts256 all{};
  std::mutex mutex;  // counts: the order of the tiles does not matter
  TRINE_RETURN_IF_ERROR(
      ForPageTiles(context, page.height, page.width, 1, [&](const PageTile& tile) -> absl::Status {
        std::array<uint32_t, 256> counts{};
        GradientRow<T> row(tile);
        std::vector<uint8_t> bins(static_cast<size_t>(tile.width()));
        for (int64_t y = tile.top; y < tile.bottom; ++y) {
          row.Set(page, pixels, y);
          for (size_t i = 0; i < bins.size(); ++i)
            bins[i] = BinOf<T>(row.SquareAt(tile.left + static_cast<int64_t>(i)), unit);
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
template <typename T>
bool IsRidge(const GradientRow<T>& above, const GradientRow<T>& here, const GradientRow<T>& below,
             int64_t x) {
  using Product = std::conditional_t<std::is_floating_point_v<T>, double, int64_t>;
  const SquareOf<T> square = here.SquareAt(x);
  const SlopeOf<T> dx = here.XAt(x), dy = here.YAt(x);
  // The tangent of 22.5 degrees is 13573 / 2^15; that of 67.5 degrees is 2 more.
  const Product across = std::abs(dx), down = Product{32768} * std::abs(dy);
  const Product flat = across * 13573;
  if (down < flat) return square > here.SquareAt(x - 1) && square >= here.SquareAt(x + 1);
  if (down > flat + across * 65536)
    return square > above.SquareAt(x) && square >= below.SquareAt(x);
  const int64_t side = (dx < 0) == (dy < 0) ? 1 : -1;
  return square > above.SquareAt(x - side) && square > below.SquareAt(x + side);
}

// What a square must be above to be above `bound`; of integers the bound rounded down.
template <typename T>
SquareOf<T> BoundOf(double bound) {
  using Square = SquareOf<T>;
  if constexpr (std::is_integral_v<Square>) {
    constexpr Square kMost = std::numeric_limits<Square>::max();
    return bound < static_cast<double>(kMost) ? static_cast<Square>(bound) : kMost;
  } else {
    return bound;
  }
}

template <typename T>
absl::Status MarkRidges(const Context& context, const Page& page, const uint8_t* pixels,
                        const EdgeSquares& squares, uint8_t* edges) {
  const SquareOf<T> weak = BoundOf<T>(squares.weak), strong = BoundOf<T>(squares.strong);
  return ForPageTiles(context, page.height, page.width, 1, [&](const PageTile& tile) {
    GradientRow<T> above(tile), here(tile), below(tile);
    here.Set(page, pixels, tile.top - 1);
    below.Set(page, pixels, tile.top);
    for (int64_t y = tile.top; y < tile.bottom; ++y) {
      std::swap(above, here);
      std::swap(here, below);
      below.Set(page, pixels, y + 1);
      for (int64_t x = tile.left; x < tile.right; ++x) {
        const SquareOf<T> square = here.SquareAt(x);
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

template <typename T>
absl::StatusOr<EdgeSquares> SquaresOf(const Context& context, const Page& page,
                                      const uint8_t* pixels, double unit) {
  TRINE_ASSIGN_OR_RETURN(const Counts256 lengths, CountLengths<T>(context, page, pixels, unit));
  const int32_t split = SplitOf(lengths).value_or(255);
  // 1.4 times Otsu's threshold of bins of 4 is 5.6 times that in lengths. Of bytes a quotient that
  // is no integer parts integers as the rational number does.
  const double strong = 784.0 * split * split / 25 * (unit * unit);
  return EdgeSquares{strong / 4, strong};
}

template <typename T>
absl::Status MarkEdges(const Context& context, const Page& page, const uint8_t* pixels,
                       const EdgeSquares& squares, uint8_t* edges) {
  TRINE_RETURN_IF_ERROR(MarkRidges<T>(context, page, pixels, squares, edges));
  Parts<PartCounts> lines(context, page.height, page.width, edges);
  TRINE_RETURN_IF_ERROR(lines.Find(
      [&](int64_t i, PartCounts& counts) { counts.marked += edges[i] == kStrong ? 1 : 0; }));
  return lines.Keep([](const PartCounts& counts) { return counts.marked > 0; });
}

absl::Status FindEdges(const Context& context, const Page& page, const uint8_t* smooth,
                       uint8_t* edges) {
  TRINE_ASSIGN_OR_RETURN(const EdgeSquares squares, SquaresOf<uint8_t>(context, page, smooth, 1));
  return MarkEdges<uint8_t>(context, page, smooth, squares, edges);
}

#define TRINE_EDGES_OF(T)                                                                        \
  template absl::StatusOr<EdgeSquares> SquaresOf<T>(const Context&, const Page&, const uint8_t*, \
                                                    double);                                     \
  template absl::Status MarkEdges<T>(const Context&, const Page&, const uint8_t*,                \
                                     const EdgeSquares&, uint8_t*)
TRINE_EDGES_OF(uint8_t);
TRINE_EDGES_OF(uint16_t);
TRINE_EDGES_OF(float);
TRINE_EDGES_OF(double);
#undef TRINE_EDGES_OF

}  // namespace trine::segment
