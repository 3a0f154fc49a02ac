// Rows of a picture as floats: what the smoothing methods weigh, and what becomes of the results.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "core/segment/filter/smooth/row_kernels.h"
#include "core/segment/picture.h"

namespace trine::segment {

// What the pixels of a type are weighed in: sums of float32 pixels may be beyond its range.
template <typename T>
using RealOf = std::conditional_t<std::is_integral_v<T>, float, double>;

// A plane of floats; rows have room for what vectors write beyond their ends.
template <typename F>
class Plane {
 public:
  Plane(int64_t height, int64_t width, int64_t slack = kRowSlack)
      : height_(height),
        width_(width),
        stride_(width + slack),
        cells_(MakeScratch<F>(height * stride_)) {}

  int64_t height() const { return height_; }
  int64_t width() const { return width_; }
  F* Row(int64_t y) { return cells_.data() + y * stride_; }
  // Of the nearest row that there is.
  const F* Nearest(int64_t y) const {
    return cells_.data() + std::clamp<int64_t>(y, 0, height_ - 1) * stride_;
  }

 private:
  int64_t height_, width_, stride_;
  Scratch<F> cells_;
};

enum class RowKind : uint8_t {
  kValues,  // pixels, 0 where they are outside
  kInside,  // 1 where they are inside, else 0
};

// Pixels [y][0, width) as floats.
template <typename T, typename F>
void ReadRow(const Picture& gray, int64_t y, RowKind kind, F* out) {
  const int64_t width = gray.width;
  const uint8_t* const inside = gray.inside == nullptr ? nullptr : gray.inside + y * width;
  if (kind == RowKind::kInside) {
    for (int64_t x = 0; x < width; ++x) out[x] = inside[x] != 0 ? F{1} : F{0};
    return;
  }
  const uint8_t* const pixels = gray.data + y * width * static_cast<int64_t>(sizeof(T));
  if constexpr (std::is_same_v<T, uint8_t> && std::is_same_v<F, float>) {
    ToReals(pixels, width, out);
  } else if constexpr (std::is_same_v<T, uint16_t> && std::is_same_v<F, float>) {
    WordsToReals(pixels, width, out);
  } else {
    for (int64_t x = 0; x < width; ++x) out[x] = static_cast<F>(PixelAt<T>(pixels, x));
  }
  if (inside == nullptr) return;
  for (int64_t x = 0; x < width; ++x) {
    if (inside[x] == 0) out[x] = 0;
  }
}

// Pixels [y][first, first + width) of the result from their sums, and with a mask from the sums of
// the weights inside.
template <typename T, typename F>
void WritePiece(const Picture& gray, int64_t y, int64_t first, int64_t width, F* sums,
                const F* norms, uint8_t* out) {
  constexpr int64_t kBytes = static_cast<int64_t>(sizeof(T));
  const int64_t start = y * gray.width + first;
  uint8_t* const to = out + start * kBytes;
  const uint8_t* const inside = gray.inside == nullptr ? nullptr : gray.inside + start;
  if (inside != nullptr) {
    for (int64_t x = 0; x < width; ++x) sums[x] = inside[x] != 0 ? sums[x] / norms[x] : F{0};
  }
  if constexpr (std::is_same_v<T, uint8_t> && std::is_same_v<F, float>) {
    FromReals(sums, width, to);
  } else if constexpr (std::is_same_v<T, uint16_t> && std::is_same_v<F, float>) {
    WordsFromReals(sums, width, to);
  } else if constexpr (std::is_integral_v<T>) {
    constexpr F kMost = sizeof(T) == 1 ? 255 : 65535;
    for (int64_t x = 0; x < width; ++x)
      StoreLE<T>(to + x * kBytes,
                 static_cast<T>(std::clamp<F>(std::floor(sums[x] + F{0.5}), 0, kMost)));
  } else {
    for (int64_t x = 0; x < width; ++x)
      StoreLE<T>(to + x * kBytes,
                 static_cast<T>(gray.whole ? std::floor(sums[x] + F{0.5}) : sums[x]));
  }
  if (inside == nullptr) return;
  for (int64_t x = 0; x < width; ++x) {
    if (inside[x] != 0) continue;
    std::memcpy(to + x * kBytes, gray.data + (start + x) * kBytes, sizeof(T));
  }
}

// Row y so. `norms` may be null without a mask.
template <typename T, typename F>
absl::Status WriteRow(const Picture& gray, int64_t y, Poller& poll, F* sums, const F* norms,
                      uint8_t* out) {
  for (int64_t first = 0; first < gray.width; first += kPixelGrain) {
    const int64_t width = std::min(kPixelGrain, gray.width - first);
    TRINE_RETURN_IF_ERROR(poll.Spend(2 * width));
    WritePiece<T>(gray, y, first, width, sums + first, norms == nullptr ? nullptr : norms + first,
                  out);
  }
  return absl::OkStatus();
}

// All pixels as they are.
inline absl::Status CopyPixels(const Context& context, const Picture& gray, uint8_t* out) {
  const size_t bytes = DTypeSize(gray.dtype);
  return ParallelFor(context, static_cast<size_t>(gray.pixels()), static_cast<size_t>(kPixelGrain),
                     [&](size_t begin, size_t end) {
                       std::memcpy(out + begin * bytes, gray.data + begin * bytes,
                                   (end - begin) * bytes);
                       return absl::OkStatus();
                     });
}

// The last rows of a picture that were asked for, as floats.
template <typename T, typename F>
class RecentRows {
 public:
  RecentRows(const Picture& gray, RowKind kind, int64_t rows)
      : gray_(gray),
        kind_(kind),
        kept_(std::min(rows, gray.height)),
        rows_(kept_, gray.width),
        number_(static_cast<size_t>(kept_), -1) {}

  // The nearest row that there is. Valid until `rows` others were asked for.
  const F* Nearest(int64_t y) {
    y = std::clamp<int64_t>(y, 0, gray_.height - 1);
    const int64_t place = y % kept_;
    F* const row = rows_.Row(place);
    int64_t& number = number_[static_cast<size_t>(place)];
    if (number != y) ReadRow<T>(gray_, y, kind_, row);
    number = y;
    return row;
  }
  int64_t width() const { return gray_.width; }
  int64_t height() const { return gray_.height; }

 private:
  const Picture& gray_;
  RowKind kind_;
  int64_t kept_;
  Plane<F> rows_;
  std::vector<int64_t> number_;
};

// Symmetric weights of distance 0, 1, ... applied down the columns, then along the rows; beyond the
// border the picture continues with its border pixels. Between them sums are rounded to `Between`.
template <typename F, typename Between = F>
class SeparableRow {
 public:
  SeparableRow(const std::vector<F>& weights, int64_t width)
      : weights_(weights),
        radius_(static_cast<int64_t>(weights.size()) - 1),
        width_(width),
        taps_(static_cast<size_t>(2 * radius_ + 1)),
        padded_(MakeScratch<F>(width + 2 * radius_ + 2 * kRowSlack)) {
    std::fill(padded_.data(), padded_.data() + padded_.size(), F{0});
  }

  // Row y of the result. `rows` has Nearest(y).
  template <typename Rows>
  absl::Status Weigh(Rows& rows, int64_t y, Poller& poll, F* out) {
    for (int64_t d = -radius_; d <= radius_; ++d)
      taps_[static_cast<size_t>(d + radius_)] = rows.Nearest(y + d);
    F* const row = padded_.data() + radius_;
    TRINE_RETURN_IF_ERROR(InPieces(poll, row));
    if constexpr (!std::is_same_v<F, Between>) {
      TRINE_RETURN_IF_ERROR(poll.Spend(width_));
      for (int64_t x = 0; x < width_; ++x) row[x] = static_cast<F>(static_cast<Between>(row[x]));
    }
    // The vectors' last writes are beyond the row; what continues it comes after them.
    std::fill(padded_.data(), row, row[0]);
    std::fill(row + width_, padded_.data() + padded_.size(), row[width_ - 1]);
    for (int64_t d = 0; d <= 2 * radius_; ++d) taps_[static_cast<size_t>(d)] = padded_.data() + d;
    return InPieces(poll, out);
  }

 private:
  absl::Status InPieces(Poller& poll, F* out) {
    const int64_t cost = std::max<int64_t>(1, radius_ / 4);
    const int64_t piece = std::max<int64_t>(1024, kPixelGrain / cost / 64 * 64);
    std::vector<const F*> taps = taps_;
    for (int64_t x = 0; x < width_; x += piece) {
      const int64_t n = std::min(piece, width_ - x);
      TRINE_RETURN_IF_ERROR(poll.Spend(n * cost));
      WeighTaps(taps.data(), weights_.data(), radius_, n, out + x);
      for (const F*& tap : taps) tap += piece;
    }
    return absl::OkStatus();
  }

  const std::vector<F>& weights_;
  int64_t radius_, width_;
  std::vector<const F*> taps_;
  Scratch<F> padded_;
};

// Rows of a band: long against the `reach` rows that each band reads beyond it, short to be shared
// between threads.
inline size_t BandRows(int64_t reach) {
  return static_cast<size_t>(std::clamp<int64_t>(4 * reach, 64, 1024));
}

// The whole picture so.
template <typename T, typename F, typename Between = F>
absl::Status WeighPicture(const Context& context, const Picture& gray,
                          const std::vector<F>& weights, uint8_t* out) {
  const int64_t reach = static_cast<int64_t>(weights.size()) - 1;
  const bool masked = gray.inside != nullptr;
  return ParallelFor(
      context, static_cast<size_t>(gray.height), BandRows(reach),
      [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        RecentRows<T, F> values(gray, RowKind::kValues, 2 * reach + 1);
        RecentRows<T, F> insides(gray, RowKind::kInside, masked ? 2 * reach + 1 : 1);
        SeparableRow<F, Between> row(weights, gray.width);
        Plane<F> sums(2, gray.width);
        for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
          TRINE_RETURN_IF_ERROR(poll.Spend(2 * gray.width));
          TRINE_RETURN_IF_ERROR(row.Weigh(values, y, poll, sums.Row(0)));
          if (masked) TRINE_RETURN_IF_ERROR(row.Weigh(insides, y, poll, sums.Row(1)));
          TRINE_RETURN_IF_ERROR(WriteRow<T>(gray, y, poll, sums.Row(0), sums.Row(1), out));
        }
        return absl::OkStatus();
      });
}

}  // namespace trine::segment
