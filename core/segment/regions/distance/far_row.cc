#include "core/segment/regions/distance/far_row.h"

#include <algorithm>
#include <limits>

#include "core/base/error.h"
#include "core/segment/int128.h"
#include "core/segment/regions/distance.h"
#include "core/segment/regions/distance/distance_kernels.h"

namespace trine::segment {
namespace {

// Rows whose products fit 64 bits: of 2^30 pixels the heights are at most 2^40 + 2^20 there, and
// 2^60 in a single column.
constexpr int64_t kMostNarrow = int64_t{1} << 20;

constexpr int64_t kPiece = 8192;

}  // namespace

template <typename Integer>
bool FarRow::IsHidden(int64_t column, int64_t height) const {
  const size_t last = static_cast<size_t>(top_ - 1);
  const Integer before = height_[last] - height_[last - 1], after = height - height_[last];
  return before * (column - site_[last]) >= after * (site_[last] - site_[last - 1]);
}

absl::Status FarRow::Add(int64_t column, int64_t squared, Poller& poll) {
  const int64_t height = column * column + squared;
  while (top_ >= 2 && (width_ <= kMostNarrow ? IsHidden<int64_t>(column, height)
                                             : IsHidden<Int128>(column, height))) {
    // In sum at most once a pixel, but in a long row all at once.
    if (top_ % 1024 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * 1024));
    --top_;
  }
  site_[static_cast<size_t>(top_)] = static_cast<int32_t>(column);
  height_[static_cast<size_t>(top_)] = height;
  ++top_;
  return absl::OkStatus();
}

absl::Status FarRow::Fill(int64_t site, int64_t squared, int64_t begin, int64_t end, Poller& poll,
                          float* distance) const {
  for (int64_t x = begin; x < end; x += kPiece) {
    const int64_t last = std::min(end, x + kPiece);
    TRINE_RETURN_IF_ERROR(poll.Spend(4 * (last - x)));
    const int64_t reach = std::max(std::abs(x - site), std::abs(last - 1 - site));
    if (reach * reach + squared < int64_t{1} << 24) {
      FillParabola(x - site, static_cast<uint32_t>(squared), static_cast<size_t>(last - x),
                   static_cast<size_t>(width_ - x), distance + x);
      continue;
    }
    for (int64_t i = x; i < last; ++i)
      distance[i] = RoundedSqrt(static_cast<uint64_t>((i - site) * (i - site) + squared));
  }
  return absl::OkStatus();
}

absl::Status FarRow::Solve(Poller& poll, float* distance) const {
  if (top_ == 0) {
    for (int64_t x = 0; x < width_; x += kPiece) {
      const int64_t last = std::min(width_, x + kPiece);
      TRINE_RETURN_IF_ERROR(poll.Spend(last - x));
      std::fill(distance + x, distance + last, std::numeric_limits<float>::infinity());
    }
    return absl::OkStatus();
  }
  int64_t begin = 0;
  for (int64_t i = 0; i < top_ && begin < width_; ++i) {
    const int64_t site = site_[static_cast<size_t>(i)], height = height_[static_cast<size_t>(i)];
    int64_t end = width_;
    if (i + 1 < top_) {
      // Up to the last position where this is not farther than the next.
      const int64_t next = site_[static_cast<size_t>(i + 1)];
      const int64_t rise = height_[static_cast<size_t>(i + 1)] - height;
      end = rise < 0 ? 0 : std::min(width_, rise / (2 * (next - site)) + 1);
    }
    TRINE_RETURN_IF_ERROR(poll.Spend(16));
    if (end <= begin) continue;
    TRINE_RETURN_IF_ERROR(Fill(site, height - site * site, begin, end, poll, distance));
    begin = end;
  }
  return absl::OkStatus();
}

}  // namespace trine::segment
