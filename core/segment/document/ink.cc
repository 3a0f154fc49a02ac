#include "core/segment/document/ink.h"

#include <algorithm>
#include <vector>

namespace trine::segment {
namespace {

// How many edge pixels, the sum of their values and that of the squares. Of a window of 255 x 255
// the last is below 2^32.
struct Sums {
  uint32_t count = 0, sum = 0, square = 0;

  void Add(const Sums& other) {
    count += other.count;
    sum += other.sum;
    square += other.square;
  }
  void Subtract(const Sums& other) {
    count -= other.count;
    sum -= other.sum;
    square -= other.square;
  }
};

// n <= mean + deviation / 2: n count - sum is at most half the root of count square - sum^2.
bool IsInk(const Sums& edges, uint32_t least, int64_t value) {
  if (edges.count < least) return false;
  const int64_t count = edges.count, sum = edges.sum, square = edges.square;
  const int64_t above = value * count - sum;
  return above <= 0 || 4 * above * above <= square * count - sum * sum;
}

// The sums of the columns of a window's rows, for the columns [left, right).
class ColumnSums {
 public:
  ColumnSums(const Page& page, const uint8_t* edges, int64_t left, int64_t right)
      : page_(page), edges_(edges), left_(left), sums_(static_cast<size_t>(right - left)) {}

  const Sums& At(int64_t x) const { return sums_[static_cast<size_t>(x - left_)]; }

  template <bool kAdd>
  void Row(int64_t y) {
    if (y < 0 || y >= page_.height) return;
    const uint8_t* const gray = page_.gray + y * page_.width + left_;
    const uint8_t* const edge = edges_ + y * page_.width + left_;
    for (size_t i = 0; i < sums_.size(); ++i) {
      if (edge[i] == 0) continue;
      const uint32_t value = gray[i];
      const Sums here{1, value, value * value};
      if constexpr (kAdd) {
        sums_[i].Add(here);
      } else {
        sums_[i].Subtract(here);
      }
    }
  }

 private:
  const Page& page_;
  const uint8_t* edges_;
  int64_t left_;
  std::vector<Sums> sums_;
};

}  // namespace

absl::Status MarkInk(const Context& context, const Page& page, const uint8_t* edges, int64_t window,
                     int32_t darkest, uint8_t* ink) {
  const int64_t reach = window / 2;
  const uint32_t least = static_cast<uint32_t>((window + 1) / 2);
  return ForPageTiles(context, page.height, page.width, 4 * window, [&](const PageTile& tile) {
    Poller poll = PixelPoller(context);
    const int64_t left = std::max<int64_t>(0, tile.left - reach);
    const int64_t right = std::min(page.width, tile.right + reach);
    ColumnSums columns(page, edges, left, right);
    for (int64_t y = tile.top - reach; y < tile.top + reach; ++y) {
      TRINE_RETURN_IF_ERROR(poll.Spend(right - left));
      columns.Row<true>(y);
    }
    for (int64_t y = tile.top; y < tile.bottom; ++y) {
      TRINE_RETURN_IF_ERROR(poll.Spend(4 * (right - left)));
      columns.Row<true>(y + reach);
      const uint8_t* const gray = page.gray + y * page.width;
      Sums sums;
      for (int64_t x = left; x < std::min(right, tile.left + reach); ++x) sums.Add(columns.At(x));
      for (int64_t x = tile.left; x < tile.right; ++x) {
        if (x + reach < right) sums.Add(columns.At(x + reach));
        const bool is_ink = gray[x] <= darkest || IsInk(sums, least, gray[x]);
        ink[y * page.width + x] = is_ink && page.Contains(y * page.width + x) ? 255 : 0;
        if (x - reach >= left) sums.Subtract(columns.At(x - reach));
      }
      columns.Row<false>(y - reach);
    }
    return absl::OkStatus();
  });
}

absl::Status Majority(const Context& context, const Page& page, const uint8_t* mask, uint8_t* out) {
  const int64_t height = page.height, width = page.width;
  return ForPageTiles(context, height, width, 1, [&](const PageTile& tile) {
    std::vector<uint8_t> sums(static_cast<size_t>(tile.width() + 2));
    for (int64_t y = tile.top; y < tile.bottom; ++y) {
      const uint8_t* const above = mask + std::max<int64_t>(0, y - 1) * width;
      const uint8_t* const here = mask + y * width;
      const uint8_t* const below = mask + std::min(height - 1, y + 1) * width;
      ForClampedColumns(tile.left - 1, tile.right + 1, width, [&](int64_t from, int64_t x) {
        sums[static_cast<size_t>(x - tile.left + 1)] =
            static_cast<uint8_t>((above[from] & 1) + (here[from] & 1) + (below[from] & 1));
      });
      uint8_t* const to = out + y * width + tile.left;
      for (size_t i = 0; i + 2 < sums.size(); ++i)
        to[i] = sums[i] + sums[i + 1] + sums[i + 2] >= 5 ? 255 : 0;
      if (page.inside == nullptr) continue;
      for (int64_t x = tile.left; x < tile.right; ++x) {
        if (page.inside[y * width + x] == 0) out[y * width + x] = 0;
      }
    }
    return absl::OkStatus();
  });
}

}  // namespace trine::segment
