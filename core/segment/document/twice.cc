#include "core/segment/document/twice.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace trine::segment {
namespace {

// Four neighbours, of which the new pixel is a quarter behind the second.
int32_t Between(int32_t a, int32_t b, int32_t c, int32_t d) {
  return -27 * a + 225 * b + 67 * c - 9 * d;
}

// Rows of the page at twice their width, times 256.
class WideRow {
 public:
  explicit WideRow(const PageTile& tile)
      : left_(tile.left),
        gray_(static_cast<size_t>(tile.width() + 4)),
        wide_(static_cast<size_t>(2 * tile.width())) {}

  void Set(const Page& page, int64_t y) {
    const uint8_t* const row = page.gray + std::clamp<int64_t>(y, 0, page.height - 1) * page.width;
    const int64_t right = left_ + static_cast<int64_t>(gray_.size()) - 4;
    ForClampedColumns(left_ - 2, right + 2, page.width, [&](int64_t from, int64_t x) {
      gray_[static_cast<size_t>(x - left_ + 2)] = row[from];
    });
    for (size_t i = 0; i + 4 < gray_.size(); ++i) {
      const int32_t* const g = gray_.data() + i;
      wide_[2 * i] = Between(g[3], g[2], g[1], g[0]);
      wide_[2 * i + 1] = Between(g[1], g[2], g[3], g[4]);
    }
  }
  const int32_t* data() const { return wide_.data(); }
  size_t size() const { return wide_.size(); }

 private:
  int64_t left_;
  std::vector<int32_t> gray_, wide_;
};

void Blend(const WideRow& a, const WideRow& b, const WideRow& c, const WideRow& d, uint8_t* to) {
  constexpr int32_t kOne = 1 << 16;
  for (size_t i = 0; i < a.size(); ++i) {
    const int32_t sum = Between(a.data()[i], b.data()[i], c.data()[i], d.data()[i]);
    to[i] = static_cast<uint8_t>(std::clamp((sum + kOne / 2) >> 16, 0, 255));
  }
}

}  // namespace

absl::Status DoublePage(const Context& context, const Page& page, uint8_t* twice) {
  return ForPageTiles(context, page.height, page.width, 1, [&](const PageTile& tile) {
    Poller poll = PixelPoller(context);
    std::array<WideRow, 5> rows = {WideRow(tile), WideRow(tile), WideRow(tile), WideRow(tile),
                                   WideRow(tile)};
    for (int64_t i = 0; i < 4; ++i) rows[static_cast<size_t>(i) + 1].Set(page, tile.top - 2 + i);
    for (int64_t y = tile.top; y < tile.bottom; ++y) {
      TRINE_RETURN_IF_ERROR(poll.Spend(8 * tile.width()));
      for (size_t i = 0; i < 4; ++i) std::swap(rows[i], rows[i + 1]);
      rows[4].Set(page, y + 2);
      uint8_t* const to = twice + 4 * y * page.width + 2 * tile.left;
      Blend(rows[3], rows[2], rows[1], rows[0], to);
      Blend(rows[1], rows[2], rows[3], rows[4], to + 2 * page.width);
    }
    return absl::OkStatus();
  });
}

absl::Status DoubleMask(const Context& context, int64_t height, int64_t width, const uint8_t* mask,
                        uint8_t* twice) {
  return ForPageTiles(context, height, width, 1, [&](const PageTile& tile) {
    for (int64_t y = 2 * tile.top; y < 2 * tile.bottom; ++y) {
      for (int64_t x = 2 * tile.left; x < 2 * tile.right; ++x)
        twice[2 * y * width + x] = mask[y / 2 * width + x / 2];
    }
    return absl::OkStatus();
  });
}

absl::Status HalveMask(const Context& context, int64_t height, int64_t width, const uint8_t* twice,
                       uint8_t* mask) {
  return ForPageTiles(context, height, width, 1, [&](const PageTile& tile) {
    for (int64_t y = tile.top; y < tile.bottom; ++y) {
      const uint8_t* const above = twice + 4 * y * width;
      const uint8_t* const below = above + 2 * width;
      for (int64_t x = tile.left; x < tile.right; ++x) {
        const int set = (above[2 * x] & 1) + (above[2 * x + 1] & 1) + (below[2 * x] & 1) +
                        (below[2 * x + 1] & 1);
        mask[y * width + x] = set >= 2 ? 255 : 0;
      }
    }
    return absl::OkStatus();
  });
}

}  // namespace trine::segment
