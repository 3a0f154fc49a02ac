// Otsu's threshold of each window, and of tiles.
#include <algorithm>
#include <cmath>

#include "core/segment/gray.h"
#include "core/segment/local/local_threshold.h"
#include "core/segment/local/windows/small_histogram.h"

namespace trine::segment {
namespace {

// Each pixel's level: of 8 bits the value, else one of 256 classes of the picture's range.
struct Levels256 {
  Scratch<uint8_t> levels;
  const uint8_t* at = nullptr;
};

template <typename T>
absl::StatusOr<Levels256> LevelsOf(const Context& context, const Picture& gray) {
  Levels256 out;
  if constexpr (sizeof(T) == 1) {
    out.at = gray.data;
  } else {
    TRINE_RETURN_IF_ERROR(context.Reserve(static_cast<uint64_t>(gray.pixels())));
    TRINE_ASSIGN_OR_RETURN(const ValueRange values, RangeOf(context, gray));
    const double range = values.high - values.low, origin = static_cast<double>(gray.origin);
    out.levels = MakeScratch<uint8_t>(gray.pixels());
    out.at = out.levels.data();
    TRINE_RETURN_IF_ERROR(ParallelFor(
        context, static_cast<size_t>(gray.pixels()), static_cast<size_t>(kPixelGrain),
        [&](size_t begin, size_t end) -> absl::Status {
          for (size_t i = begin; i < end; ++i) {
            out.levels[i] = 0;
            if (!(range > 0) || !gray.Contains(static_cast<int64_t>(i))) continue;
            const double value =
                static_cast<double>(PixelAt<T>(gray.data, static_cast<int64_t>(i))) + origin;
            out.levels[i] =
                static_cast<uint8_t>(std::min(255.0, (value - values.low) / range * 256.0));
          }
          return absl::OkStatus();
        }));
  }
  return out;
}

absl::StatusOr<Levels256> LevelsOf(const Context& context, const Picture& gray) {
  return WithPixelType(gray.dtype,
                       [&](auto type) { return LevelsOf<decltype(type)>(context, gray); });
}

// Adds `weight` for each pixel inside of a part of the picture.
void Count(const Picture& gray, const uint8_t* levels, int64_t top, int64_t bottom, int64_t left,
           int64_t right, uint32_t weight, SmallHistogram* counts) {
  for (int64_t y = top; y <= bottom; ++y) {
    for (int64_t i = y * gray.width + left; i <= y * gray.width + right; ++i) {
      if (gray.Contains(i)) (*counts)[levels[i]] += weight;
    }
  }
}

// The tiles' levels, as doubles between which can be interpolated.
struct Tiles {
  int64_t side = 0, rows = 0, columns = 0;
  Scratch<double> levels;
};

absl::StatusOr<Tiles> MakeTiles(const Context& context, const Picture& gray, const uint8_t* levels,
                                int64_t side) {
  Tiles tiles;
  tiles.side = side;
  tiles.rows = (gray.height + side - 1) / side;
  tiles.columns = (gray.width + side - 1) / side;
  const int64_t count = tiles.rows * tiles.columns;
  TRINE_RETURN_IF_ERROR(context.Reserve(static_cast<uint64_t>(count) * sizeof(double)));
  tiles.levels = MakeScratch<double>(count);
  const size_t grain =
      static_cast<size_t>(std::max<int64_t>(1, kPixelGrain / (side * side + 1024)));
  const auto fill = [&](size_t begin, size_t end) -> absl::Status {
    Poller poll = PixelPoller(context);
    for (size_t tile = begin; tile < end; ++tile) {
      const int64_t top = static_cast<int64_t>(tile) / tiles.columns * side;
      const int64_t left = static_cast<int64_t>(tile) % tiles.columns * side;
      const int64_t right = std::min(gray.width, left + side) - 1;
      SmallHistogram counts{};
      for (int64_t y = top; y < std::min(gray.height, top + side); ++y) {
        TRINE_RETURN_IF_ERROR(poll.Spend(right - left + 1));
        Count(gray, levels, y, y, left, right, 1, &counts);
      }
      const bool empty =
          std::all_of(counts.begin(), counts.end(), [](uint32_t n) { return n == 0; });
      tiles.levels[tile] = empty ? 127 : OtsuLevel(counts);
    }
    return absl::OkStatus();
  };
  TRINE_RETURN_IF_ERROR(ParallelFor(context, static_cast<size_t>(count), grain, fill));
  return tiles;
}

// Where pixel `i` lies between the centres of tiles: the tile before it, the one after it, and how
// far it is from the first to the second.
struct Blend {
  int64_t before, after;
  double part;
};
Blend TilesAround(int64_t i, int64_t side, int64_t count) {
  const double at = static_cast<double>(2 * i + 1 - side) / static_cast<double>(2 * side);
  const double floor = std::floor(at);
  const int64_t tile = static_cast<int64_t>(floor);
  return {std::clamp<int64_t>(tile, 0, count - 1), std::clamp<int64_t>(tile + 1, 0, count - 1),
          at - floor};
}

}  // namespace

absl::Status SlidingOtsuMask(const Context& context, const Picture& gray, int64_t window,
                             bool invert, uint8_t* mask) {
  TRINE_ASSIGN_OR_RETURN(const Levels256 levels, LevelsOf(context, gray));
  const int64_t radius = window / 2, width = gray.width, height = gray.height;
  const int64_t reach = std::min(radius, width);  // along the row
  const size_t grain = std::max<size_t>(1, RowGrain(width) / 256);
  return ParallelFor(
      context, static_cast<size_t>(height), grain, [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
          const int64_t top = std::max<int64_t>(0, y - radius);
          const int64_t bottom = std::min(height - 1, y + radius);
          SmallHistogram counts{};
          for (int64_t x = -reach; x < width; ++x) {
            const int64_t in = x + reach, out = x - reach - 1;
            if (in < width) Count(gray, levels.at, top, bottom, in, in, 1, &counts);
            if (out >= 0) Count(gray, levels.at, top, bottom, out, out, ~uint32_t{0}, &counts);
            TRINE_RETURN_IF_ERROR(poll.Spend(512 + 4 * (bottom - top)));
            const int64_t i = y * width + x;
            if (x < 0 || !gray.Contains(i)) continue;
            mask[i] = (levels.at[i] > OtsuLevel(counts)) != invert ? 255 : 0;
          }
        }
        return absl::OkStatus();
      });
}

absl::Status TiledOtsuMask(const Context& context, const Picture& gray, int64_t window, bool invert,
                           uint8_t* mask) {
  TRINE_ASSIGN_OR_RETURN(const Levels256 levels, LevelsOf(context, gray));
  TRINE_ASSIGN_OR_RETURN(const Tiles tiles, MakeTiles(context, gray, levels.at, window));
  return ParallelFor(
      context, static_cast<size_t>(gray.height), RowGrain(4 * gray.width),
      [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
          const Blend rows = TilesAround(y, tiles.side, tiles.rows);
          const double* const above = tiles.levels.data() + rows.before * tiles.columns;
          const double* const below = tiles.levels.data() + rows.after * tiles.columns;
          for (int64_t x = 0; x < gray.width; ++x) {
            if (x % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * 4096));
            const int64_t i = y * gray.width + x;
            if (!gray.Contains(i)) continue;
            const Blend columns = TilesAround(x, tiles.side, tiles.columns);
            const auto along = [&](const double* row) {
              return row[columns.before] +
                     columns.part * (row[columns.after] - row[columns.before]);
            };
            const double upper = along(above);
            const double threshold = upper + rows.part * (along(below) - upper);
            mask[i] = (levels.at[i] > threshold) != invert ? 255 : 0;
          }
        }
        return absl::OkStatus();
      });
}

}  // namespace trine::segment
