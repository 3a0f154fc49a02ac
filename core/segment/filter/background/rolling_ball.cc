#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/segment/filter/background/background.h"
#include "core/segment/filter/background/tiles.h"

namespace trine::segment {
namespace {

// A point of the ball: how far its surface lies below its top.
template <typename T>
struct BallPoint {
  int16_t dy = 0, dx = 0;
  T depth{};
};
static_assert(kMostBackgroundRadius <= std::numeric_limits<int16_t>::max());

// How far the ball reaches from a pixel of a picture to others of it.
struct BallReach {
  int64_t radius, down, across;

  BallReach(const Picture& gray, int64_t of_radius)
      : radius(of_radius),
        down(std::min(of_radius, gray.height - 1)),
        across(std::min(of_radius, gray.width - 1)) {}
  // In the row dy, |dy| <= down.
  int64_t Half(int64_t dy) const {
    // Of perfect squares the root is exact.
    const double root = std::sqrt(static_cast<double>(radius * radius - dy * dy));
    return std::min(across, static_cast<int64_t>(root));
  }
  uint64_t points() const {
    int64_t sum = 0;
    for (int64_t dy = -down; dy <= down; ++dy) sum += 2 * Half(dy) + 1;
    return static_cast<uint64_t>(sum);
  }
};

template <typename T>
std::vector<BallPoint<T>> BallPoints(const BallReach& reach) {
  std::vector<BallPoint<T>> out;
  out.reserve(reach.points());
  const int64_t radius = reach.radius, square = radius * radius;
  for (int64_t dy = -reach.down; dy <= reach.down; ++dy) {
    const int64_t half = reach.Half(dy);
    for (int64_t dx = -half; dx <= half; ++dx) {
      const double height = std::sqrt(static_cast<double>(square - dy * dy - dx * dx));
      const auto y = static_cast<int16_t>(dy), x = static_cast<int16_t>(dx);
      if constexpr (std::is_integral_v<T>) {
        // Of perfect squares the root is exact, of others never an integer.
        const int64_t depth = radius - static_cast<int64_t>(std::ceil(height));
        if (depth <= int64_t{std::numeric_limits<T>::max()})  // deeper ones reach no pixel
          out.push_back({y, x, static_cast<T>(depth)});
      } else {
        out.push_back({y, x, static_cast<T>(radius) - static_cast<T>(height)});
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
  const BallReach ball(gray, radius);
  const int64_t reach = std::max(ball.down, ball.across);
  const TileSize size = TileSize::Of(gray, reach);
  TRINE_RETURN_IF_ERROR(
      ReserveTiles(context, size, sizeof(T), ball.points() * sizeof(BallPoint<T>)));
  const std::vector<BallPoint<T>> points = BallPoints<T>(ball);
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
            rows.push_back(tile.Row(y + point.dy) + reach + point.dx);
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
