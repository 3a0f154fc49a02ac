#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "core/segment/filter/background/least_kernels.h"
#include "core/segment/filter/libraries/libraries.h"
#include "core/segment/filter/smooth/real_rows.h"

namespace trine::segment {
namespace {

constexpr float kNone = std::numeric_limits<float>::infinity();
// Points of the ball that are passed over a row of `n` at once: between two polls.
int64_t PointsAtOnce(int64_t n) { return std::clamp<int64_t>(32 * kPixelGrain / n, 8, 512); }

// Large balls roll over a picture that is shrunk, and miss their rim.
struct Ball {
  explicit Ball(int64_t of_radius)
      : shrink(of_radius <= 10    ? 1
               : of_radius <= 30  ? 2
               : of_radius <= 100 ? 4
                                  : 8) {
    const double small =
        std::max(1.0, static_cast<double>(of_radius) / static_cast<double>(shrink));
    const double percent = of_radius <= 30 ? 24 : of_radius <= 100 ? 32 : 40;
    const int64_t rim = static_cast<int64_t>(percent * small) / 100;
    reach = static_cast<int64_t>(std::floor(small - static_cast<double>(rim) + 0.5));
    for (int64_t dy = -reach; dy <= reach; ++dy) {
      for (int64_t dx = -reach; dx <= reach; ++dx) {
        const double square =
            small * small - static_cast<double>(dx * dx) - static_cast<double>(dy * dy);
        falls.push_back(square > 0 ? -static_cast<float>(std::sqrt(square)) : 0);
      }
    }
  }

  int64_t shrink;
  int64_t reach;             // its surface is a square of this reach
  std::vector<float> falls;  // minus the height of its surface, row by row
};

absl::Status ForBands(const Context& context, int64_t height, int64_t row_cost,
                      absl::FunctionRef<absl::Status(int64_t y, Poller& poll)> body) {
  return ParallelFor(context, static_cast<size_t>(height), RowGrain(row_cost),
                     [&](size_t begin, size_t end) -> absl::Status {
                       Poller poll = PixelPoller(context);
                       for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end);
                            ++y) {
                         TRINE_RETURN_IF_ERROR(poll.Spend(row_cost));
                         TRINE_RETURN_IF_ERROR(body(y, poll));
                       }
                       return absl::OkStatus();
                     });
}

// Calls body(y, begin, end) for pieces of rows, of so much work a column, in parallel.
absl::Status ForPieces(const Context& context, int64_t height, int64_t width, int64_t column_cost,
                       absl::FunctionRef<void(int64_t y, int64_t begin, int64_t end)> body) {
  const int64_t piece = std::max<int64_t>(1, kPixelGrain / column_cost);
  return ParallelFor(context, static_cast<size_t>(height), RowGrain(column_cost * width),
                     [&](size_t first, size_t last) -> absl::Status {
                       Poller poll = PixelPoller(context);
                       for (int64_t y = static_cast<int64_t>(first); y < static_cast<int64_t>(last);
                            ++y) {
                         for (int64_t begin = 0; begin < width; begin += piece) {
                           const int64_t end = std::min(width, begin + piece);
                           TRINE_RETURN_IF_ERROR(poll.Spend(column_cost * (end - begin)));
                           body(y, begin, end);
                         }
                       }
                       return absl::OkStatus();
                     });
}

// Means of three along rows, then down columns, in place; beyond the border its pixels.
absl::Status Presmooth(const Context& context, Plane<float>* plane) {
  const int64_t width = plane->width(), height = plane->height();
  constexpr float kThird = 1.0f / 3;
  const auto along = [&](int64_t y, Poller& poll) -> absl::Status {
    float* const row = plane->Row(y);
    float before = row[0], here = row[0];
    for (int64_t begin = 0; begin < width; begin += kPixelGrain) {
      const int64_t end = std::min(width, begin + kPixelGrain);
      TRINE_RETURN_IF_ERROR(poll.Spend(end - begin));
      for (int64_t x = begin; x < end; ++x) {
        const float after = x + 1 < width ? row[x + 1] : here;
        row[x] = (before + here + after) * kThird;
        before = here;
        here = after;
      }
    }
    return absl::OkStatus();
  };
  TRINE_RETURN_IF_ERROR(ForBands(context, height, width, along));
  constexpr int64_t kStrip = 64;
  return ForBands(context, (width + kStrip - 1) / kStrip, 1,
                  [&](int64_t strip, Poller& poll) -> absl::Status {
                    const int64_t first = strip * kStrip, count = std::min(kStrip, width - first);
                    float before[kStrip], here[kStrip];
                    std::copy_n(plane->Row(0) + first, count, before);
                    std::copy_n(plane->Row(0) + first, count, here);
                    for (int64_t y = 0; y < height; ++y) {
                      TRINE_RETURN_IF_ERROR(poll.Spend(count));
                      float* const row = plane->Row(y) + first;
                      const float* const next = y + 1 < height ? plane->Row(y + 1) + first : here;
                      for (int64_t x = 0; x < count; ++x) {
                        const float after = next[x];
                        row[x] = (before[x] + here[x] + after) * kThird;
                        before[x] = here[x];
                        here[x] = after;
                      }
                    }
                    return absl::OkStatus();
                  });
}

// Columns [begin, end) of row y of a picture that is `shrink` times smaller: the least of each
// square.
void ShrinkRow(Plane<float>& plane, int64_t y, int64_t shrink, int64_t begin, int64_t end,
               float* out) {
  std::fill(out + begin, out + end, kNone);
  for (int64_t v = y * shrink; v < std::min(plane.height(), (y + 1) * shrink); ++v) {
    const float* const row = plane.Row(v);
    for (int64_t x = begin * shrink; x < std::min(plane.width(), end * shrink); ++x)
      out[x / shrink] = std::min(out[x / shrink], row[x]);
  }
}

// Rolls the ball under the shrunk picture: of each place its height, and of each pixel the highest
// surface over it.
absl::Status Roll(const Context& context, const Ball& ball, Plane<float>* small) {
  const int64_t width = small->width(), height = small->height(), reach = ball.reach;
  const int64_t side = 2 * reach + 1, wide = width + 2 * reach;
  const auto pass = [&](int64_t n, Poller& poll, const float* const* rows, const float* falls,
                        int64_t count, float* least) {
    LeastOfLifted(rows, falls, count, n, least);
    return poll.Spend(count * (n + 64) / 8);
  };
  // Element 0 of a row is column -2 reach of the picture, and -reach of the heights.
  Plane<float> padded(height, width + 4 * reach, kLeastSlack);
  TRINE_RETURN_IF_ERROR(ForBands(context, height, width + 4 * reach, [&](int64_t y, Poller&) {
    float* const row = padded.Row(y);
    std::fill(row, row + width + 4 * reach + kLeastSlack, kNone);
    std::copy_n(small->Row(y), width, row + 2 * reach);
    return absl::OkStatus();
  }));
  Plane<float> heights(height + 2 * reach, wide, kLeastSlack);  // minus them
  const auto over = [&](Plane<float>& from, int64_t top, int64_t n, Poller& poll,
                        float* least) -> absl::Status {
    std::fill(least, least + n + kLeastSlack, kNone);
    std::vector<const float*> rows;
    std::vector<float> falls;
    const int64_t points = PointsAtOnce(n);
    for (int64_t dy = 0; dy < side; ++dy) {
      const int64_t y = top + dy;
      if (y < 0 || y >= from.height()) continue;
      for (int64_t dx = 0; dx < side; ++dx) {
        rows.push_back(from.Row(y) + dx);
        falls.push_back(ball.falls[static_cast<size_t>(dy * side + dx)]);
        if (static_cast<int64_t>(rows.size()) < points) continue;
        TRINE_RETURN_IF_ERROR(pass(n, poll, rows.data(), falls.data(), points, least));
        rows.clear();
        falls.clear();
      }
    }
    return pass(n, poll, rows.data(), falls.data(), static_cast<int64_t>(rows.size()), least);
  };
  const absl::Status rolled =
      ForBands(context, heights.height(), wide, [&](int64_t y, Poller& poll) -> absl::Status {
        float* const row = heights.Row(y);
        TRINE_RETURN_IF_ERROR(over(padded, y - 2 * reach, wide, poll, row));
        for (int64_t x = 0; x < wide; ++x) row[x] = -row[x];
        std::fill(row + wide, row + wide + kLeastSlack, kNone);
        return absl::OkStatus();
      });
  TRINE_RETURN_IF_ERROR(rolled);
  return ForBands(context, height, width, [&](int64_t y, Poller& poll) -> absl::Status {
    float* const row = padded.Row(y);  // read before
    TRINE_RETURN_IF_ERROR(over(heights, y, width, poll, row));
    float* const out = small->Row(y);
    for (int64_t x = 0; x < width; ++x) out[x] = -row[x];
    return absl::OkStatus();
  });
}

// For pixel i of `length` the first of the two of the shrunk picture that it lies between, and its
// weight.
struct Between {
  int64_t first;
  float weight;

  Between(int64_t i, int64_t length, int64_t shrink) {
    first = std::min((i - shrink / 2) / shrink, length - 2);  // toward 0
    const float place = (static_cast<float>(i) + 0.5f) / static_cast<float>(shrink);
    weight = 1.0f - (place - (static_cast<float>(first) + 0.5f));
  }
};

// Columns [begin, end) of row y of the background in full size. Of a shrunk picture of one row, its
// first row is 0.
void EnlargeRow(Plane<float>& small, int64_t y, int64_t shrink, int64_t begin, int64_t end,
                float* out) {
  const Between down(y, small.height(), shrink);
  const float* const above = down.first < 0 ? nullptr : small.Row(down.first);
  const float* const below = small.Row(down.first + 1);
  for (int64_t x = begin; x < end; ++x) {
    const Between across(x, small.width(), shrink);
    const auto along = [&](const float* row) {
      return row == nullptr ? 0.0f
                            : row[across.first] * across.weight +
                                  row[across.first + 1] * (1.0f - across.weight);
    };
    out[x] = along(above) * down.weight + along(below) * (1.0f - down.weight);
  }
}

// What stays of the pixels above the background, in columns [begin, end) of row y.
template <typename T>
void WriteAbove(const Picture& gray, bool light, int64_t y, int64_t begin, int64_t end,
                const float* background, uint8_t* out) {
  constexpr int64_t kBytes = static_cast<int64_t>(sizeof(T));
  const int64_t start = y * gray.width;
  for (int64_t x = begin; x < end; ++x) {
    const float pixel = static_cast<float>(PixelAt<T>(gray.data, start + x));
    const float above = pixel - (light ? -background[x] : background[x]);
    T value;
    if constexpr (std::is_integral_v<T>) {
      const float top = static_cast<float>(std::numeric_limits<T>::max());
      value = static_cast<T>(std::clamp(above + (light ? top + 0.5f : 0.5f), 0.0f, top));
    } else {
      value = above;
    }
    StoreLE<T>(out + (start + x) * kBytes, value);
  }
}

uint64_t BytesOf(int64_t height, int64_t width, int64_t slack) {
  return static_cast<uint64_t>(height * (width + slack)) * sizeof(float);
}

template <typename T>
absl::Status RollUnder(const Context& context, const Picture& gray, const Ball& ball, bool light,
                       uint8_t* out) {
  const int64_t height = gray.height, width = gray.width, shrink = ball.shrink;
  const int64_t small_height = (height + shrink - 1) / shrink;
  const int64_t small_width = (width + shrink - 1) / shrink, reach = ball.reach;
  TRINE_RETURN_IF_ERROR(
      context.Reserve(BytesOf(small_height, small_width, kRowSlack) +
                      BytesOf(small_height, small_width + 4 * reach, kLeastSlack) +
                      BytesOf(small_height + 2 * reach, small_width + 2 * reach, kLeastSlack)));
  Plane<float> plane(height, width);
  const auto load = [&](int64_t y, int64_t begin, int64_t end) {
    float* const row = plane.Row(y);
    for (int64_t x = begin; x < end; ++x) {
      const float pixel = static_cast<float>(PixelAt<T>(gray.data, y * width + x));
      row[x] = light ? -pixel : pixel;
    }
  };
  TRINE_RETURN_IF_ERROR(ForPieces(context, height, width, 1, load));
  TRINE_RETURN_IF_ERROR(Presmooth(context, &plane));
  Plane<float> small(small_height, small_width);
  const auto shrink_row = [&](int64_t y, int64_t begin, int64_t end) {
    ShrinkRow(plane, y, shrink, begin, end, small.Row(y));
  };
  TRINE_RETURN_IF_ERROR(
      ForPieces(context, small_height, small_width, 4 * shrink * shrink, shrink_row));
  TRINE_RETURN_IF_ERROR(Roll(context, ball, &small));
  return ForPieces(context, height, width, 4, [&](int64_t y, int64_t begin, int64_t end) {
    if (shrink > 1) EnlargeRow(small, y, shrink, begin, end, plane.Row(y));
    WriteAbove<T>(gray, light, y, begin, end, shrink > 1 ? plane.Row(y) : small.Row(y), out);
  });
}

}  // namespace

int64_t ImagejShrink(int64_t radius) { return Ball(radius).shrink; }

absl::Status RemoveImagejBall(const Context& context, const Picture& gray, int64_t radius,
                              bool light, uint8_t* out) {
  const Ball ball(radius);
  switch (gray.dtype) {
    case DType::kUint8:
      return RollUnder<uint8_t>(context, gray, ball, light, out);
    case DType::kUint16:
      return RollUnder<uint16_t>(context, gray, ball, light, out);
    default:
      return RollUnder<float>(context, gray, ball, light, out);
  }
}

}  // namespace trine::segment
