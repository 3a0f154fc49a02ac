#include "core/segment/regions/distance.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace trine::segment {
namespace {

constexpr int32_t kNone = std::numeric_limits<int32_t>::max();

// Column distances live in the distance map's own memory until their row is solved: four bytes
// either way, moved by memcpy.
int32_t Column(const float* map, int64_t i) { return LoadLE<int32_t>(map + i); }
void SetColumn(float* map, int64_t i, int32_t value) { StoreLE(map + i, value); }

// Columns [begin, end): the vertical distance to the nearest pixel of 0 in the same column.
absl::Status ColumnDistances(const uint8_t* mask, int64_t height, int64_t width, int64_t begin,
                             int64_t end, Poller& poll, float* map) {
  for (int64_t y = 0; y < height; ++y) {
    // Each row may be the first of its page to be touched, which takes longer than the row.
    TRINE_RETURN_IF_ERROR(poll.Spend(16 * (end - begin)));
    for (int64_t i = y * width + begin; i < y * width + end; ++i) {
      const int32_t above = y == 0 ? kNone : Column(map, i - width);
      SetColumn(map, i, mask[i] == 0 ? 0 : above == kNone ? kNone : above + 1);
    }
  }
  for (int64_t y = height - 2; y >= 0; --y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(end - begin));
    for (int64_t i = y * width + begin; i < y * width + end; ++i) {
      const int32_t below = Column(map, i + width);
      if (below != kNone) SetColumn(map, i, std::min(Column(map, i), below + 1));
    }
  }
  return absl::OkStatus();
}

// One row: the lower envelope of the parabolas (x - i)^2 + g(i)^2.
class RowEnvelope {
 public:
  explicit RowEnvelope(int64_t width)
      : squared_(MakeScratch<int64_t>(width)),
        site_(MakeScratch<int32_t>(width)),
        start_(MakeScratch<int32_t>(width)) {}

  // Replaces the row's column distances by distances.
  absl::Status Solve(int64_t width, Poller& poll, float* row) {
    int64_t top = -1;
    for (int64_t x = 0; x < width; ++x) {
      if (x % 1024 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * 1024));
      const int64_t column = Column(row, x);
      if (column == kNone) continue;
      squared_[static_cast<size_t>(x)] = column * column;
      // In sum at most once a pixel, but in a long row all at once.
      while (top >= 0 && Value(Start(top), Site(top)) > Value(Start(top), x)) {
        if (top % 1024 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * 1024));
        --top;
      }
      if (top < 0) {
        Push(top, x, 0);
        continue;
      }
      const int64_t i = Site(top);
      // The last position where i is not farther than x; at least Start(top), so not negative.
      const int64_t last = (x * x - i * i + Squared(x) - Squared(i)) / (2 * (x - i));
      if (last + 1 < width) Push(top, x, last + 1);
    }
    for (int64_t x = width - 1; x >= 0; --x) {
      if (x % 1024 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * 1024));
      if (top < 0) {
        row[x] = std::numeric_limits<float>::infinity();
        continue;
      }
      row[x] = RoundedSqrt(static_cast<uint64_t>(Value(x, Site(top))));
      if (x == Start(top)) --top;
    }
    return absl::OkStatus();
  }

 private:
  int64_t Squared(int64_t x) const { return squared_[static_cast<size_t>(x)]; }
  int64_t Site(int64_t i) const { return site_[static_cast<size_t>(i)]; }
  int64_t Start(int64_t i) const { return start_[static_cast<size_t>(i)]; }
  int64_t Value(int64_t x, int64_t site) const { return (x - site) * (x - site) + Squared(site); }
  void Push(int64_t& top, int64_t site, int64_t start) {
    ++top;
    site_[static_cast<size_t>(top)] = static_cast<int32_t>(site);
    start_[static_cast<size_t>(top)] = static_cast<int32_t>(start);
  }

  Scratch<int64_t> squared_;
  Scratch<int32_t> site_, start_;
};

}  // namespace

float RoundedSqrt(uint64_t squared) {
  const double root = std::sqrt(static_cast<double>(squared));
  const float nearest = static_cast<float>(root);
  // Rounding twice can be wrong only where the double is half way between two floats. Such a
  // double has 25 bits: its square is exact, and says on which side of it the true root lies.
  constexpr uint64_t kHalf = uint64_t{1} << 28;
  if ((std::bit_cast<uint64_t>(root) & (2 * kHalf - 1)) != kHalf) return nearest;
  const uint64_t half_way = static_cast<uint64_t>(root * root);  // an integer or just below
  if (half_way == squared && root * root == static_cast<double>(squared)) return nearest;
  const bool above = squared > half_way;
  const double infinity = std::numeric_limits<double>::infinity();
  return static_cast<float>(std::nextafter(root, above ? infinity : 0.0));
}

absl::Status DistanceMap(const Context& context, const uint8_t* mask, int64_t height, int64_t width,
                         float* distance) {
  const int64_t column_grain = std::max<int64_t>(64, kPixelGrain / std::max<int64_t>(height, 1));
  absl::Status status =
      ParallelFor(context, static_cast<size_t>(width), static_cast<size_t>(column_grain),
                  [&](size_t begin, size_t end) {
                    Poller poll = PixelPoller(context);
                    return ColumnDistances(mask, height, width, static_cast<int64_t>(begin),
                                           static_cast<int64_t>(end), poll, distance);
                  });
  TRINE_RETURN_IF_ERROR(status);
  return ParallelFor(context, static_cast<size_t>(height), std::max<size_t>(1, RowGrain(width) / 4),
                     [&](size_t begin, size_t end) -> absl::Status {
                       Poller poll = PixelPoller(context);
                       RowEnvelope row(width);
                       for (size_t y = begin; y < end; ++y) {
                         const int64_t start = static_cast<int64_t>(y) * width;
                         TRINE_RETURN_IF_ERROR(row.Solve(width, poll, distance + start));
                       }
                       return absl::OkStatus();
                     });
}

}  // namespace trine::segment
