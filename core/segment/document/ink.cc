#include "core/segment/document/ink.h"

#include <algorithm>
#include <type_traits>
#include <vector>

namespace trine::segment {
namespace {

// How many pixels are marked, the sum of their values and that of the squares. Of a window of
// 255 x 255 bytes the last is below 2^32, of words the sum is.
template <typename T>
struct Sums {
  using Square = std::conditional_t<sizeof(T) == 1, uint32_t, uint64_t>;
  uint32_t count = 0, sum = 0;
  Square square = 0;

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

// Of dark ones value <= mean + k deviation: value count - sum is at most k times the root of
// count square - sum^2.
template <typename T>
bool IsLike(const Sums<T>& marked, const Likeness& likeness, int64_t value) {
  if (marked.count < likeness.least) return false;
  const int64_t count = marked.count, sum = marked.sum;
  const int64_t off = likeness.dark ? value * count - sum : sum - value * count;
  if (off <= 0 && likeness.k >= 0) return true;
  // Both products may be beyond 2^63; their difference, at most 2^62, is not.
  const uint64_t spread =
      uint64_t{marked.square} * marked.count - uint64_t{marked.sum} * marked.sum;
  const double left = static_cast<double>(off) * static_cast<double>(off);
  const double right = likeness.k * likeness.k * static_cast<double>(spread);
  return likeness.k >= 0 ? left <= right : off <= 0 && left >= right;
}

// The sums of the columns of a window's rows, for the columns [left, right).
template <typename T>
class ColumnSums {
 public:
  ColumnSums(const Page& page, const uint8_t* pixels, const uint8_t* marked, int64_t left,
             int64_t right)
      : page_(page),
        pixels_(pixels),
        marked_(marked),
        left_(left),
        sums_(static_cast<size_t>(right - left)) {
    static_assert(sizeof(Sums<T>) <= static_cast<size_t>(kLikeColumnBytes<T>));
  }

  const Sums<T>& At(int64_t x) const { return sums_[static_cast<size_t>(x - left_)]; }

  template <bool kAdd>
  void Row(int64_t y) {
    if (y < 0 || y >= page_.height) return;
    const int64_t start = y * page_.width + left_;
    const uint8_t* const marked = marked_ + start;
    for (size_t i = 0; i < sums_.size(); ++i) {
      if (marked[i] == 0) continue;
      const uint32_t value = PixelAt<T>(pixels_, start + static_cast<int64_t>(i));
      const Sums<T> here{1, value, typename Sums<T>::Square{value} * value};
      if constexpr (kAdd) {
        sums_[i].Add(here);
      } else {
        sums_[i].Subtract(here);
      }
    }
  }

 private:
  const Page& page_;
  const uint8_t* pixels_;
  const uint8_t* marked_;
  int64_t left_;
  std::vector<Sums<T>> sums_;
};

}  // namespace

template <typename T>
absl::Status MarkLike(const Context& context, const Page& page, const uint8_t* pixels,
                      const uint8_t* marked, const Likeness& likeness, int32_t darkest,
                      uint8_t* like) {
  const int64_t window = likeness.window, reach = window / 2;
  return ForPageTiles(context, page.height, page.width, 4 * window, [&](const PageTile& tile) {
    Poller poll = PixelPoller(context);
    const int64_t left = std::max<int64_t>(0, tile.left - reach);
    const int64_t right = std::min(page.width, tile.right + reach);
    ColumnSums<T> columns(page, pixels, marked, left, right);
    for (int64_t y = tile.top - reach; y < tile.top + reach; ++y) {
      TRINE_RETURN_IF_ERROR(poll.Spend(right - left));
      columns.template Row<true>(y);
    }
    for (int64_t y = tile.top; y < tile.bottom; ++y) {
      TRINE_RETURN_IF_ERROR(poll.Spend(4 * (right - left)));
      columns.template Row<true>(y + reach);
      Sums<T> sums;
      for (int64_t x = left; x < std::min(right, tile.left + reach); ++x) sums.Add(columns.At(x));
      for (int64_t x = tile.left; x < tile.right; ++x) {
        if (x + reach < right) sums.Add(columns.At(x + reach));
        const int64_t i = y * page.width + x;
        const T value = PixelAt<T>(pixels, i);
        const bool is_like = value <= darkest || IsLike(sums, likeness, value);
        like[i] = is_like && page.Contains(i) ? 255 : 0;
        if (x - reach >= left) sums.Subtract(columns.At(x - reach));
      }
      columns.template Row<false>(y - reach);
    }
    return absl::OkStatus();
  });
}

template absl::Status MarkLike<uint8_t>(const Context&, const Page&, const uint8_t*, const uint8_t*,
                                        const Likeness&, int32_t, uint8_t*);
template absl::Status MarkLike<uint16_t>(const Context&, const Page&, const uint8_t*,
                                         const uint8_t*, const Likeness&, int32_t, uint8_t*);

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
