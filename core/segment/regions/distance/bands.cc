#include "core/segment/regions/distance/bands.h"

#include "core/base/error.h"
#include "core/segment/regions/distance/distance_kernels.h"

namespace trine::segment {
namespace {

// Indices of rows fit a byte. In wide pictures the bands are lower, as their rows take long.
constexpr int64_t kMostRows = 128;
constexpr int64_t kLeastRows = 16;
constexpr int64_t kPixels = int64_t{1} << 22;

// Columns that are measured at once: their bytes stay in the nearest cache.
constexpr int64_t kColumns = 4096;

}  // namespace

int64_t Bands::RowsOf(int64_t width) { return std::clamp(kPixels / width, kLeastRows, kMostRows); }

uint64_t Bands::BytesOf(int64_t height, int64_t width) {
  return 2 * sizeof(int32_t) * static_cast<uint64_t>(CountOf(height, RowsOf(width)) * width);
}

Bands::Bands(const uint8_t* mask, int64_t height, int64_t width)
    : mask_(mask),
      height_(height),
      width_(width),
      rows_(RowsOf(width)),
      above_(MakeScratch<int32_t>(count() * width)),
      below_(MakeScratch<int32_t>(count() * width)) {}

absl::Status Bands::MeasureBand(int64_t band, Poller& poll) {
  const int64_t rows = Rows(band);
  const bool is_last = band + 1 == count();
  for (int64_t begin = 0; begin < width_; begin += kColumns) {
    const int64_t columns = std::min(width_ - begin, kColumns);
    // Each row of a wide picture is in pages of its own.
    TRINE_RETURN_IF_ERROR(poll.Spend(rows * columns + 2 * 16 * columns));
    uint8_t first[kColumns + kColumnSpare], last[kColumns + kColumnSpare];
    std::fill(first, first + columns + kColumnSpare, kFarColumn);
    std::fill(last, last + columns + kColumnSpare, uint8_t{0});
    NoteZeros(mask_ + First(band) * width_ + begin, width_, rows, static_cast<size_t>(columns), 0,
              first, last);
    for (int64_t x = 0; x < columns; ++x) {
      const int64_t i = band * width_ + begin + x;
      if (band == 0) above_[static_cast<size_t>(i)] = kNoBackground;
      if (is_last) below_[static_cast<size_t>(i)] = kNoBackground;
      if (band > 0) {
        below_[static_cast<size_t>(i - width_)] =
            first[x] == kFarColumn ? kNoBackground : first[x] + 1;
      }
      if (!is_last) {
        above_[static_cast<size_t>(i + width_)] =
            last[x] == 0 ? kNoBackground : static_cast<int32_t>(rows) - last[x] + 1;
      }
    }
  }
  return absl::OkStatus();
}

absl::Status Bands::PassOn(int64_t begin, int64_t end, Poller& poll) {
  const auto pass = [&](int64_t from, int64_t to, int32_t rows, int32_t* distances) {
    for (int64_t x = begin; x < end; ++x) {
      const int32_t farther = std::min(distances[from * width_ + x] + rows, kNoBackground);
      int32_t& distance = distances[to * width_ + x];
      distance = distance == kNoBackground ? farther : distance;
    }
    return poll.Spend(end - begin + 4);
  };
  for (int64_t band = 1; band < count(); ++band)
    TRINE_RETURN_IF_ERROR(
        pass(band - 1, band, static_cast<int32_t>(Rows(band - 1)), above_.data()));
  for (int64_t band = count() - 1; band > 0; --band)
    TRINE_RETURN_IF_ERROR(pass(band, band - 1, static_cast<int32_t>(Rows(band)), below_.data()));
  return absl::OkStatus();
}

absl::StatusOr<Bands> Bands::Of(const Context& context, const uint8_t* mask, int64_t height,
                                int64_t width) {
  Bands out(mask, height, width);
  const absl::Status measured = ParallelFor(
      context, static_cast<size_t>(out.count()), 1, [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        for (size_t band = begin; band < end; ++band)
          TRINE_RETURN_IF_ERROR(out.MeasureBand(static_cast<int64_t>(band), poll));
        return absl::OkStatus();
      });
  TRINE_RETURN_IF_ERROR(measured);
  TRINE_RETURN_IF_ERROR(
      ParallelFor(context, static_cast<size_t>(width), kColumns, [&](size_t begin, size_t end) {
        Poller poll = PixelPoller(context);
        return out.PassOn(static_cast<int64_t>(begin), static_cast<int64_t>(end), poll);
      }));
  return out;
}

}  // namespace trine::segment
