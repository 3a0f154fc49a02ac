#include <memory>
#include <utility>
#include <vector>

#include "core/segment/filter/background/background.h"
#include "core/segment/filter/background/tiles.h"
#include "core/segment/spares.h"

namespace trine::segment {
namespace {

// The least values in the disk around the pixels of a piece.
template <typename T>
class DiskLeast {
 public:
  DiskLeast(const TileSize& size, const Window& disk)
      : size_(size), disk_(disk), tile_(size), least_(MakeScratch<T>(size.rows * size.stride())) {}

  template <typename ReadRow>
  absl::Status Make(const Picture& gray, int64_t begin, int64_t end, int64_t first, int64_t last,
                    Poller& poll, const ReadRow& read) {
    TRINE_RETURN_IF_ERROR(tile_.Read(gray, begin, end, first, last, poll, read));
    const int64_t columns = last - first, stride = size_.stride();
    for (int64_t y = begin; y < end; ++y)
      std::fill_n(Row(y, begin), columns + kLeastSlack, kNotThere<T>);
    // Rows of the disk from its ends to its middle. Windows of `length` pixels start at their
    // element.
    int64_t length = 1;
    for (int64_t out = disk_.radius(); out >= 0;) {
      const int64_t half = disk_.Half(out);
      int64_t in = out;
      while (in > 0 && disk_.Half(in - 1) == half) --in;
      while (length < 2 * half + 1) {
        const int64_t shift = std::min(length, 2 * half + 1 - length);
        for (int64_t y = tile_.top(); y < tile_.bottom(); ++y) {
          TRINE_RETURN_IF_ERROR(poll.Spend(stride / 8));
          WidenLeast(tile_.Row(y), shift, columns + 2 * size_.reach - shift);
        }
        length += shift;
      }
      for (int64_t y = begin; y < end; ++y) {
        rows_.clear();
        for (int64_t dy = in; dy <= out; ++dy) {
          if (tile_.Has(y + dy)) rows_.push_back(tile_.Row(y + dy) + size_.reach - half);
          if (dy > 0 && tile_.Has(y - dy)) rows_.push_back(tile_.Row(y - dy) + size_.reach - half);
        }
        const int64_t count = static_cast<int64_t>(rows_.size());
        TRINE_RETURN_IF_ERROR(poll.Spend((count + 1) * columns / 8));
        LeastOfRows(rows_.data(), count, columns, Row(y, begin));
      }
      out = in - 1;
    }
    return absl::OkStatus();
  }
  // Of row y of the piece that begins at row `begin`; element 0 is its first column.
  T* Row(int64_t y, int64_t begin) { return least_.data() + (y - begin) * size_.stride(); }

 private:
  TileSize size_;
  const Window& disk_;
  Tile<T> tile_;
  Scratch<T> least_;
  std::vector<const T*> rows_;
};

template <typename T>
absl::Status TopHat(const Context& context, const Picture& gray, const Window& window,
                    const Removal& removal, uint8_t* out) {
  const TileSize size = TileSize::Of(gray, window.radius());
  TRINE_RETURN_IF_ERROR(ReserveTiles(context, size, sizeof(T)));
  Spares<DiskLeast<T>> disks;
  const auto make = [&] { return std::make_unique<DiskLeast<T>>(size, window); };
  Scratch<T> least = MakeScratch<T>(gray.pixels());
  const absl::Status eroded = ForTiles(
      context, gray, size,
      [&](int64_t begin, int64_t end, int64_t first, int64_t last) -> absl::Status {
        Poller poll = PixelPoller(context);
        std::unique_ptr<DiskLeast<T>> disk = disks.Take(make);
        TRINE_RETURN_IF_ERROR(disk->Make(gray, begin, end, first, last, poll,
                                         [&](int64_t y, int64_t x, int64_t count, T* to) {
                                           ReadInside(gray, removal.light, y, x, count, to);
                                         }));
        for (int64_t y = begin; y < end; ++y)
          std::copy_n(disk->Row(y, begin), last - first, least.data() + y * gray.width + first);
        disks.Give(std::move(disk));
        return absl::OkStatus();
      });
  TRINE_RETURN_IF_ERROR(eroded);
  return ForTiles(
      context, gray, size,
      [&](int64_t begin, int64_t end, int64_t first, int64_t last) -> absl::Status {
        Poller poll = PixelPoller(context);
        std::unique_ptr<DiskLeast<T>> disk = disks.Take(make);
        TRINE_RETURN_IF_ERROR(disk->Make(gray, begin, end, first, last, poll,
                                         [&](int64_t y, int64_t x, int64_t count, T* to) {
                                           const T* const from = least.data() + y * gray.width + x;
                                           for (int64_t i = 0; i < count; ++i)
                                             to[i] = Negative(from[i]);
                                         }));
        Scratch<T> row = MakeScratch<T>(size.stride());
        for (int64_t y = begin; y < end; ++y) {
          T* const opened = disk->Row(y, begin);
          TRINE_RETURN_IF_ERROR(poll.Spend((last - first) / 2));
          for (int64_t x = 0; x < last - first; ++x) opened[x] = Negative(opened[x]);
          WriteStays(gray, removal, y, first, last - first, opened, row.data(), out);
        }
        disks.Give(std::move(disk));
        return absl::OkStatus();
      });
}

}  // namespace

absl::Status RemoveTopHat(const Context& context, const Picture& gray, const Window& disk,
                          const Removal& removal, uint8_t* out) {
  return WithPixelType(gray.dtype, [&](auto type) {
    return TopHat<decltype(type)>(context, gray, disk, removal, out);
  });
}

}  // namespace trine::segment
