#include "core/segment/document/background.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "core/segment/int128.h"

namespace trine::segment {
namespace {

constexpr int64_t kUnit = 64;  // the interpolated paper is in units of 1/64 gray level
constexpr int64_t kReach = kAround / 2;

int64_t BlocksOf(int64_t pixels) { return (pixels + kBlock - 1) / kBlock; }

Blocks MakeBlocks(int64_t height, int64_t width) {
  return {height, width, MakeScratch<uint8_t>(height * width)};
}

uint8_t AtLeastOne(int64_t mean) { return static_cast<uint8_t>(std::max<int64_t>(1, mean)); }

uint8_t MeanOf(const Page& page, int64_t block_y, int64_t block_x) {
  int64_t sum = 0, count = 0;
  for (int64_t dy = 0; dy < kBlock; ++dy) {
    const int64_t y = std::min(page.height - 1, block_y * kBlock + dy);
    for (int64_t dx = 0; dx < kBlock; ++dx) {
      const int64_t i = y * page.width + std::min(page.width - 1, block_x * kBlock + dx);
      if (!page.Contains(i)) continue;
      sum += page.gray[i];
      ++count;
    }
  }
  return count == 0 ? uint8_t{0} : AtLeastOne((2 * sum + count) / (2 * count));
}

// A block of which all is inside the page.
uint8_t MeanOfWhole(const Page& page, int64_t block_y, int64_t block_x) {
  const uint8_t* row = page.gray + block_y * kBlock * page.width + block_x * kBlock;
  int32_t sum = 0;
  for (int64_t dy = 0; dy < kBlock; ++dy, row += page.width) {
    for (int64_t dx = 0; dx < kBlock; ++dx) sum += row[dx];
  }
  return AtLeastOne((sum + 8) >> 4);
}

// The more extreme of two values; 0 stands for none.
template <bool kSmallest>
uint8_t Pick(uint8_t a, uint8_t b) {
  if (!kSmallest) return std::max(a, b);
  // One less: 0 becomes 255.
  return static_cast<uint8_t>(std::min(static_cast<uint8_t>(a - 1), static_cast<uint8_t>(b - 1)) +
                              1);
}

// Over the squares: first down the columns, then along the rows.
template <bool kSmallest>
void ExtremesOfTile(const Blocks& blocks, const PageTile& tile, Blocks* out) {
  const int64_t left = std::max<int64_t>(0, tile.left - kReach);
  const int64_t right = std::min(blocks.width, tile.right + kReach);
  std::vector<uint8_t> columns(static_cast<size_t>(right - left));
  for (int64_t y = tile.top; y < tile.bottom; ++y) {
    std::fill(columns.begin(), columns.end(), 0);
    const int64_t last = std::min(blocks.height - 1, y + kReach);
    for (int64_t from = std::max<int64_t>(0, y - kReach); from <= last; ++from) {
      const uint8_t* row = blocks.values.data() + from * blocks.width + left;
      for (size_t i = 0; i < columns.size(); ++i) columns[i] = Pick<kSmallest>(columns[i], row[i]);
    }
    for (int64_t x = tile.left; x < tile.right; ++x) {
      uint8_t value = 0;
      const int64_t end = std::min(right, x + kReach + 1);
      for (int64_t from = std::max(left, x - kReach); from < end; ++from)
        value = Pick<kSmallest>(value, columns[static_cast<size_t>(from - left)]);
      out->values[static_cast<size_t>(y * blocks.width + x)] = value;
    }
  }
}

template <bool kSmallest>
absl::StatusOr<Blocks> ExtremesOf(const Context& context, const Blocks& blocks) {
  Blocks out = MakeBlocks(blocks.height, blocks.width);
  absl::Status status = ForPageTiles(
      context, blocks.height, blocks.width, 1, [&](const PageTile& tile) -> absl::Status {
        // Each row of a tile looks at as many rows as the square has.
        for (int64_t y = tile.top; y < tile.bottom; y += 4) {
          TRINE_RETURN_IF_ERROR(context.cancel.Check());
          ExtremesOfTile<kSmallest>(blocks,
                                    {y, std::min(tile.bottom, y + 4), tile.left, tile.right}, &out);
        }
        return absl::OkStatus();
      });
  TRINE_RETURN_IF_ERROR(status);
  return out;
}

// How many blocks of a column have a value, and their sum.
struct ColumnMean {
  int32_t count = 0, sum = 0;

  void Add(int32_t sign, uint8_t value) {
    count += value == 0 ? 0 : sign;
    sum += sign * value;
  }
};

// The sum over a tile of the cubes that IsInkDark speaks of.
absl::StatusOr<Int128> CubesOfTile(const Context& context, const Blocks& means,
                                   const PageTile& tile) {
  Poller poll = PixelPoller(context);
  const int64_t left = std::max<int64_t>(0, tile.left - kReach);
  const int64_t right = std::min(means.width, tile.right + kReach);
  std::vector<ColumnMean> columns(static_cast<size_t>(right - left));
  const auto add_row = [&](int64_t y, int32_t sign) {
    if (y < 0 || y >= means.height) return;
    const uint8_t* const row = means.values.data() + y * means.width + left;
    for (size_t i = 0; i < columns.size(); ++i) columns[i].Add(sign, row[i]);
  };
  for (int64_t y = tile.top - kReach; y < tile.top + kReach; ++y) add_row(y, 1);
  Int128 all = 0;
  for (int64_t y = tile.top; y < tile.bottom; ++y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(32 * (right - left)));
    add_row(y + kReach, 1);
    for (int64_t x = tile.left; x < tile.right; ++x) {
      const int64_t value = means.values[static_cast<size_t>(y * means.width + x)];
      if (value == 0) continue;
      int64_t count = 0, sum = 0;
      const int64_t end = std::min(right, x + kReach + 1);
      for (int64_t from = std::max(left, x - kReach); from < end; ++from) {
        count += columns[static_cast<size_t>(from - left)].count;
        sum += columns[static_cast<size_t>(from - left)].sum;
      }
      const int64_t apart = 256 * (value * count - sum) / count;
      all += apart * apart * apart;
    }
    add_row(y - kReach, -1);
  }
  return all;
}

// The paper along the row y of the page, columns [left, right) rounded out to blocks [1/64 level].
// The centre of block j is at pixel 4 j + 1.5: pixel x is 2 x - 3 eighths of a block from that of
// block 0.
class PaperRow {
 public:
  PaperRow(const Blocks& paper, int64_t left, int64_t right)
      : paper_(paper),
        first_(left / kBlock),
        last_((right - 1) / kBlock),
        down_(static_cast<size_t>(last_ - first_ + 3)),
        row_(static_cast<size_t>((last_ - first_ + 1) * kBlock)) {}

  // From the column 4 * (left / 4) on.
  const uint16_t* At(int64_t y) {
    const int64_t eighths = 2 * y - 3;
    const int64_t above = eighths < 0 ? -1 : eighths / 8;
    const int32_t weight = static_cast<int32_t>(eighths - 8 * above);
    const uint8_t* top = RowOf(above);
    const uint8_t* bottom = RowOf(above + 1);
    ForClampedColumns(first_ - 1, last_ + 2, paper_.width, [&](int64_t from, int64_t x) {
      down_[static_cast<size_t>(x - first_ + 1)] = top[from] * (8 - weight) + bottom[from] * weight;
    });
    for (size_t j = 0; j + 2 < down_.size(); ++j) {
      const int32_t before = down_[j], here = down_[j + 1], after = down_[j + 2];
      uint16_t* to = row_.data() + 4 * j;
      to[0] = Kept(3 * before + 5 * here);
      to[1] = Kept(before + 7 * here);
      to[2] = Kept(7 * here + after);
      to[3] = Kept(5 * here + 3 * after);
    }
    return row_.data();
  }

 private:
  const uint8_t* RowOf(int64_t y) const {
    return paper_.values.data() + std::clamp<int64_t>(y, 0, paper_.height - 1) * paper_.width;
  }
  static uint16_t Kept(int32_t value) {
    return static_cast<uint16_t>(std::max<int32_t>(value, kUnit));
  }

  const Blocks& paper_;
  int64_t first_, last_;
  std::vector<int32_t> down_;
  std::vector<uint16_t> row_;
};

}  // namespace

absl::StatusOr<Blocks> BlockMeans(const Context& context, const Page& page) {
  Blocks out = MakeBlocks(BlocksOf(page.height), BlocksOf(page.width));
  absl::Status status = ForPageTiles(context, out.height, out.width, 1, [&](const PageTile& tile) {
    for (int64_t y = tile.top; y < tile.bottom; ++y) {
      if ((y - tile.top) % 8 == 0) TRINE_RETURN_IF_ERROR(context.cancel.Check());
      for (int64_t x = tile.left; x < tile.right; ++x) {
        const bool is_whole = page.inside == nullptr && (y + 1) * kBlock <= page.height &&
                              (x + 1) * kBlock <= page.width;
        out.values[static_cast<size_t>(y * out.width + x)] =
            is_whole ? MeanOfWhole(page, y, x) : MeanOf(page, y, x);
      }
    }
    return absl::OkStatus();
  });
  TRINE_RETURN_IF_ERROR(status);
  return out;
}

absl::StatusOr<bool> IsInkDark(const Context& context, const Blocks& means) {
  Int128 all = 0;
  std::mutex mutex;  // sums: the order of the tiles does not matter
  absl::Status status = ForPageTiles(
      context, means.height, means.width, kAround, [&](const PageTile& tile) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(const Int128 here, CubesOfTile(context, means, tile));
        const std::lock_guard<std::mutex> lock(mutex);
        all += here;
        return absl::OkStatus();
      });
  TRINE_RETURN_IF_ERROR(status);
  return all <= 0;
}

absl::StatusOr<Blocks> PaperOf(const Context& context, const Blocks& means) {
  TRINE_ASSIGN_OR_RETURN(const Blocks largest, ExtremesOf<false>(context, means));
  return ExtremesOf<true>(context, largest);
}

absl::Status DivideByPaper(const Context& context, const Page& page, const Blocks& paper,
                           uint8_t* divided) {
  return ForPageTiles(context, page.height, page.width, 1, [&](const PageTile& tile) {
    PaperRow row(paper, tile.left, tile.right);
    for (int64_t y = tile.top; y < tile.bottom; ++y) {
      const uint16_t* const paper_at = row.At(y) - tile.left / kBlock * kBlock;
      const uint8_t* const gray = page.gray + y * page.width;
      uint8_t* const to = divided + y * page.width;
      for (int64_t x = tile.left; x < tile.right; ++x) {
        // Below 256 a quotient that is no integer is at least 2^-14 from the next one: the rounded
        // division of floats never reaches it.
        const float quotient =
            static_cast<float>(255 * kUnit * gray[x]) / static_cast<float>(paper_at[x]);
        to[x] = static_cast<uint8_t>(static_cast<int32_t>(std::min(quotient, 255.0f)));
      }
      if (page.inside == nullptr) continue;
      for (int64_t x = tile.left; x < tile.right; ++x) {
        if (page.inside[y * page.width + x] == 0) to[x] = 255;
      }
    }
    return absl::OkStatus();
  });
}

}  // namespace trine::segment
