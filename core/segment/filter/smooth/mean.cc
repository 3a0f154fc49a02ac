#include <array>

#include "core/segment/filter/smooth/real_rows.h"
#include "core/segment/filter/smooth/smooth.h"

namespace trine::segment {
namespace {

// ---- integers: column sums that slide down, and a sum that slides along them --------------------

class ColumnSums {
 public:
  ColumnSums(int64_t width, int64_t radius)
      : radius_(radius), sums_(MakeScratch<uint32_t>(width + 2 * radius)) {
    std::fill(sums_.data(), sums_.data() + sums_.size(), 0);
  }

  // Adds row[x] times `times`, which may be below 0; sums are modulo 2^32.
  template <typename Value>
  void Add(int64_t width, int64_t times, const Value& value) {
    uint32_t* const sums = sums_.data() + radius_;
    const uint32_t factor = static_cast<uint32_t>(times);
    for (int64_t x = 0; x < width; ++x) sums[x] += factor * value(x);
  }
  void Continue(int64_t width) {
    uint32_t* const sums = sums_.data() + radius_;
    std::fill(sums_.data(), sums, sums[0]);
    std::fill(sums + width, sums_.data() + sums_.size(), sums[width - 1]);
  }
  // Of the columns from x - radius on; x may be -1.
  const uint32_t* At(int64_t x) const { return sums_.data() + x; }

 private:
  int64_t radius_;
  Scratch<uint32_t> sums_;
};

// Windows end at the border where `clipped`, and their means are rounded down.
template <typename T>
absl::Status MeanOfIntegers(const Context& context, const Picture& gray, int64_t radius,
                            bool clipped, uint8_t* out) {
  const int64_t height = gray.height, width = gray.width, bytes = static_cast<int64_t>(sizeof(T));
  const int64_t side = 2 * radius + 1;
  const bool masked = gray.inside != nullptr;
  const auto band = [&](size_t begin, size_t end) -> absl::Status {
    Poller poll = PixelPoller(context);
    ColumnSums sums(width, radius), counts(masked ? width : 1, masked ? radius : 0);
    const auto add = [&](int64_t y, int64_t times) {
      const uint8_t* const row = gray.data + y * width * bytes;
      const uint8_t* const inside = masked ? gray.inside + y * width : nullptr;
      if (!masked) {
        sums.Add(width, times, [&](int64_t x) { return uint32_t{PixelAt<T>(row, x)}; });
        return poll.Spend(width);
      }
      sums.Add(width, times, [&](int64_t x) {
        return inside[x] != 0 ? uint32_t{PixelAt<T>(row, x)} : uint32_t{0};
      });
      counts.Add(width, times, [&](int64_t x) { return uint32_t{inside[x] != 0}; });
      return poll.Spend(3 * width);
    };
    const int64_t first = static_cast<int64_t>(begin), last = static_cast<int64_t>(end);
    // Rows of the first window, those at the border as often as they are continued.
    for (int64_t y = std::max<int64_t>(0, first - radius);
         y <= std::min(height - 1, first + radius); ++y) {
      int64_t times = 1;
      if (y == 0 && !clipped) times += std::max<int64_t>(0, radius - first);
      if (y == height - 1 && !clipped) times += std::max<int64_t>(0, first + radius - (height - 1));
      TRINE_RETURN_IF_ERROR(add(y, times));
    }
    for (int64_t y = first; y < last; ++y) {
      if (y > first) {
        if (!clipped || y + radius < height)
          TRINE_RETURN_IF_ERROR(add(std::min(height - 1, y + radius), 1));
        if (!clipped || y - radius > 0)
          TRINE_RETURN_IF_ERROR(add(std::max<int64_t>(0, y - radius - 1), -1));
      }
      if (!clipped) sums.Continue(width);  // else they are 0 beyond the border
      const int64_t rows = std::min(height, y + radius + 1) - std::max<int64_t>(0, y - radius);
      if (masked) counts.Continue(width);
      uint64_t sum = 0, count = masked ? 0 : static_cast<uint64_t>(side * side);
      for (int64_t d = 0; d < side; ++d) {
        sum += *sums.At(d);
        if (masked) count += *counts.At(d);
      }
      TRINE_RETURN_IF_ERROR(poll.Spend(side));
      uint8_t* const to = out + y * width * bytes;
      for (int64_t x = 0; x < width; ++x) {
        if (x % 8192 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(8 * 8192));
        if (x > 0) {
          sum += uint64_t{*sums.At(x + side - 1)} - *sums.At(x - 1);
          if (masked) count += uint64_t{*counts.At(x + side - 1)} - *counts.At(x - 1);
        }
        if (clipped) {
          const int64_t columns =
              std::min(width, x + radius + 1) - std::max<int64_t>(0, x - radius);
          count = static_cast<uint64_t>(rows * columns);
        }
        T value = PixelAt<T>(gray.data, y * width + x);
        // The quotient is at least 2^-28 from an integer that it is not: it rounds to none.
        if (gray.Contains(y * width + x))
          value = static_cast<T>(static_cast<double>(2 * sum + (clipped ? 0 : count)) /
                                 static_cast<double>(2 * count));
        StoreLE<T>(to + x * bytes, value);
      }
    }
    return absl::OkStatus();
  };
  return ParallelFor(context, static_cast<size_t>(height), BandRows(radius), band);
}

// ---- floats: sums that nothing is subtracted from -----------------------------------------------

template <size_t kLanes>
using Lanes = std::array<double, kLanes>;

// Calls put(i, sum of get(i), ..., get(i + window - 1)) for i in [0, n): windows are cut where
// blocks of `window` items meet, and are a block's last items and the next one's first.
template <size_t kLanes, typename Get, typename Put>
absl::Status SlideSums(int64_t n, int64_t window, Poller& poll, Scratch<Lanes<kLanes>>& ends,
                       const Get& get, const Put& put) {
  const auto add = [&](int64_t i, Lanes<kLanes>* sum) -> absl::Status {
    TRINE_RETURN_IF_ERROR(poll.Spend(2 * kLanes));
    const Lanes<kLanes> item = get(i);
    for (size_t lane = 0; lane < kLanes; ++lane) (*sum)[lane] += item[lane];
    return absl::OkStatus();
  };
  for (int64_t block = 0; block < n; block += window) {
    Lanes<kLanes> sum{};
    for (int64_t k = window - 1; k >= 0; --k) {
      TRINE_RETURN_IF_ERROR(add(block + k, &sum));
      ends[static_cast<size_t>(k)] = sum;
    }
    sum = {};
    for (int64_t k = 0; k < window && block + k < n; ++k) {
      Lanes<kLanes> both = ends[static_cast<size_t>(k)];
      for (size_t lane = 0; lane < kLanes; ++lane) both[lane] += sum[lane];
      put(block + k, both);
      TRINE_RETURN_IF_ERROR(add(block + window + k, &sum));
    }
  }
  return absl::OkStatus();
}

// Columns that are summed together.
constexpr int64_t kStrip = 8;

// Sums of the windows of the values, or the numbers of pixels inside.
template <typename T>
absl::Status WindowSums(const Context& context, const Picture& gray, RowKind kind, int64_t radius,
                        Plane<double>* out) {
  const int64_t height = gray.height, width = gray.width, window = 2 * radius + 1;
  const auto value = [&](int64_t y, int64_t x) -> double {
    const int64_t i = y * width + x;
    if (!gray.Contains(i)) return 0;
    return kind == RowKind::kInside ? 1 : static_cast<double>(PixelAt<T>(gray.data, i));
  };
  const int64_t strips = (width + kStrip - 1) / kStrip;
  TRINE_RETURN_IF_ERROR(
      ParallelFor(context, static_cast<size_t>(strips), 1, [&](size_t strip, size_t) {
        Poller poll = PixelPoller(context);
        auto ends = MakeScratch<Lanes<kStrip>>(window);
        const int64_t first = static_cast<int64_t>(strip) * kStrip;
        const int64_t columns = std::min(kStrip, width - first);
        return SlideSums<kStrip>(
            height, window, poll, ends,
            [&](int64_t i) {
              const int64_t y = std::clamp<int64_t>(i - radius, 0, height - 1);
              Lanes<kStrip> lanes{};
              for (int64_t c = 0; c < columns; ++c)
                lanes[static_cast<size_t>(c)] = value(y, first + c);
              return lanes;
            },
            [&](int64_t y, const Lanes<kStrip>& sums) {
              std::copy_n(sums.data(), columns, out->Row(y) + first);
            });
      }));
  return ParallelFor(
      context, static_cast<size_t>(height), RowGrain(width),
      [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        auto ends = MakeScratch<Lanes<1>>(window);
        Scratch<double> sums = MakeScratch<double>(width);
        for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
          double* const row = out->Row(y);
          TRINE_RETURN_IF_ERROR(SlideSums<1>(
              width, window, poll, ends,
              [&](int64_t i) -> Lanes<1> {
                return {row[std::clamp<int64_t>(i - radius, 0, width - 1)]};
              },
              [&](int64_t x, const Lanes<1>& sum) { sums[static_cast<size_t>(x)] = sum[0]; }));
          TRINE_RETURN_IF_ERROR(poll.Spend(width));
          std::copy_n(sums.data(), width, row);
        }
        return absl::OkStatus();
      });
}

template <typename T>
absl::Status MeanOfFloats(const Context& context, const Picture& gray, int64_t radius,
                          uint8_t* out) {
  const bool masked = gray.inside != nullptr;
  const double area = static_cast<double>((2 * radius + 1) * (2 * radius + 1));
  Plane<double> sums(gray.height, gray.width, 0);
  Plane<double> counts(masked ? gray.height : 0, gray.width, 0);
  TRINE_RETURN_IF_ERROR(WindowSums<T>(context, gray, RowKind::kValues, radius, &sums));
  if (masked)
    TRINE_RETURN_IF_ERROR(WindowSums<T>(context, gray, RowKind::kInside, radius, &counts));
  return ParallelFor(
      context, static_cast<size_t>(gray.height), RowGrain(gray.width),
      [&](size_t begin, size_t end) -> absl::Status {
        Poller poll = PixelPoller(context);
        for (int64_t y = static_cast<int64_t>(begin); y < static_cast<int64_t>(end); ++y) {
          double* const row = sums.Row(y);
          if (!masked) {
            TRINE_RETURN_IF_ERROR(poll.Spend(gray.width));
            for (int64_t x = 0; x < gray.width; ++x) row[x] /= area;
          }
          TRINE_RETURN_IF_ERROR(
              WriteRow<T>(gray, y, poll, row, masked ? counts.Row(y) : nullptr, out));
        }
        return absl::OkStatus();
      });
}

}  // namespace

absl::Status SmoothRankMean(const Context& context, const Picture& gray, int64_t radius,
                            uint8_t* out) {
  return gray.dtype == DType::kUint8
             ? MeanOfIntegers<uint8_t>(context, gray, radius, /*clipped=*/true, out)
             : MeanOfIntegers<uint16_t>(context, gray, radius, /*clipped=*/true, out);
}

absl::Status SmoothMean(const Context& context, const Picture& gray, int64_t radius, uint8_t* out) {
  switch (gray.dtype) {
    case DType::kUint8:
      return MeanOfIntegers<uint8_t>(context, gray, radius, /*clipped=*/false, out);
    case DType::kUint16:
      return MeanOfIntegers<uint16_t>(context, gray, radius, /*clipped=*/false, out);
    case DType::kFloat32:
      return MeanOfFloats<float>(context, gray, radius, out);
    default:
      return MeanOfFloats<double>(context, gray, radius, out);
  }
}

}  // namespace trine::segment
