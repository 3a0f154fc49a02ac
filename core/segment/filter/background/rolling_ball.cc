#include <cmath>
#include <vector>

#include "core/segment/filter/background/background.h"
#include "core/segment/filter/background/tiles.h"

namespace trine::segment {
namespace {

// A point of the ball: how far its surface lies below its top.
template <typename T>
struct BallPoint {
  int64_t dy = 0, dx = 0;
  T depth{};
};

template <typename T>
std::vector<BallPoint<T>> BallPoints(int64_t radius) {
  std::vector<BallPoint<T>> out;
  const int64_t square = radius * radius;
  for (int64_t dy = -radius; dy <= radius; ++dy) {
    for (int64_t dx = -radius; dx <= radius; ++dx) {
      const int64_t height2 = square - dy * dy - dx * dx;
      if (height2 < 0) continue;
      const double height = std::sqrt(static_cast<double>(height2));
      if constexpr (std::is_integral_v<T>) {
        // Of perfect squares the root is exact, of others never an integer.
        const int64_t depth = radius - static_cast<int64_t>(std::ceil(height));
        if (depth <= int64_t{std::numeric_limits<T>::max()})  // deeper ones reach no pixel
          out.push_back({dy, dx, static_cast<T>(depth)});
      } else {
        out.push_back({dy, dx, static_cast<T>(radius) - static_cast<T>(height)});
      }
    }
  }
  return out;
}

// Points that are passed over a row at once: between two polls.
constexpr int64_t kPoints = 512;

template <typename T>
absl::Status RollBall(const Context& context, const Picture& gray, int64_t radius,
                      const Removal& removal, uint8_t* out) {
  const std::vector<BallPoint<T>> points = BallPoints<T>(radius);
  const TileSize size = TileSize::Of(gray, radius);
  TRINE_RETURN_IF_ERROR(ReserveTiles(context, size, sizeof(T)));
  return ForTiles(
      context, gray, size,
      [&](int64_t begin, int64_t end, int64_t first, int64_t last) -> absl::Status {
        Poller poll = PixelPoller(context);
        Tile<T> tile(size);
        TRINE_RETURN_IF_ERROR(tile.Read(gray, begin, end, first, last, poll,
                                        [&](int64_t y, int64_t x, int64_t count, T* to) {
                                          ReadInside(gray, removal.light, y, x, count, to);
                                        }));
        Scratch<T> row = MakeScratch<T>(size.stride());
        Scratch<T> least = MakeScratch<T>(size.stride());
        std::vector<const T*> rows;
        std::vector<T> depths;
        for (int64_t y = begin; y < end; ++y) {
          std::fill(least.data(), least.data() + least.size(), kNotThere<T>);
          const auto pass = [&]() -> absl::Status {
            const int64_t count = static_cast<int64_t>(rows.size());
            LeastOfLifted(rows.data(), depths.data(), count, last - first, least.data());
            rows.clear();
            depths.clear();
            return poll.Spend((count + 8) * (last - first + 64) / 8);
          };
          for (const BallPoint<T>& point : points) {
            if (!tile.Has(y + point.dy)) continue;
            rows.push_back(tile.Row(y + point.dy) + radius + point.dx);
            depths.push_back(point.depth);
            if (static_cast<int64_t>(rows.size()) == kPoints) TRINE_RETURN_IF_ERROR(pass());
          }
          TRINE_RETURN_IF_ERROR(pass());
          if constexpr (!std::is_integral_v<T>) {
            for (int64_t x = 0; gray.whole && x < last - first; ++x)
              least[static_cast<size_t>(x)] = std::floor(least[static_cast<size_t>(x)]);
          }
          WriteStays(gray, removal, y, first, last - first, least.data(), row.data(), out);
        }
        return absl::OkStatus();
      });
}

}  // namespace

absl::Status RemoveBall(const Context& context, const Picture& gray, int64_t radius,
                        const Removal& removal, uint8_t* out) {
  return WithPixelType(gray.dtype, [&](auto type) {
    return RollBall<decltype(type)>(context, gray, radius, removal, out);
  });
}

}  // namespace trine::segment
