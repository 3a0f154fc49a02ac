// What is summed over a region's runs, and the measurements that follow from the sums.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <type_traits>

#include "core/segment/int128.h"
#include "core/segment/picture.h"
#include "core/segment/pixel_sums.h"
#include "core/segment/segment.h"

namespace trine::segment {

// Coordinates of the pixels, and their products: exact, for fewer than 2^30 pixels whose
// coordinates are below 2^30.
struct CoordinateSums {
  uint64_t y = 0, x = 0;
  Uint128 yy = 0, xx = 0, yx = 0;

  // Columns [begin, end) of row y. REQUIRES: at most 2^20 of them.
  void Add(int64_t row, int64_t begin, int64_t end) {
    const uint64_t length = static_cast<uint64_t>(end - begin), at = static_cast<uint64_t>(row);
    const uint64_t columns = static_cast<uint64_t>(begin + end - 1) * length / 2;
    y += at * length;
    x += columns;
    yy += Uint128{at * length} * at;
    // (begin + i)^2 for i from 0 on.
    const uint64_t first = static_cast<uint64_t>(begin), numbers = length * (length - 1) / 2;
    xx += Uint128{first} * (first * length + 2 * numbers) + numbers * (2 * length - 1) / 3;
    yx += Uint128{at} * columns;
  }
};

template <typename T>
struct IntensitySums {
  PixelSum<T> sum{}, squares{};
  T lowest = std::numeric_limits<T>::max();
  T highest = std::numeric_limits<T>::lowest();

  // `count` pixels from `data` on.
  void Add(const uint8_t* data, int64_t count) {
    // Sums of 32 bits hold so many bytes, and their squares: twice as many at once.
    constexpr int64_t kShort = int64_t{1} << 16;
    if constexpr (std::is_same_v<T, uint8_t>) {
      for (; count > kShort; count -= kShort, data += kShort) AddAs<uint32_t>(data, kShort);
      AddAs<uint32_t>(data, count);
    } else {
      AddAs<PixelSum<T>>(data, count);
    }
  }

 private:
  template <typename Sum>
  void AddAs(const uint8_t* data, int64_t count) {
    // Apart from the members, which are in memory.
    Sum run_sum{}, run_squares{};
    T low = lowest, high = highest;
    for (int64_t i = 0; i < count; ++i) {
      const T value = PixelAt<T>(data, i);
      run_sum = run_sum + static_cast<Sum>(SumOf<T>(value));
      run_squares = run_squares + static_cast<Sum>(SquareOf<T>(value));
      low = std::min(low, value);
      high = std::max(high, value);
    }
    sum = sum + run_sum;
    squares = squares + run_squares;
    lowest = low;
    highest = high;
  }
};

template <typename T>
struct RegionSums {
  int64_t label = 0;
  int64_t area = 0;  // 0: no pixel yet
  int64_t min_y = 0, min_x = 0, max_y = 0, max_x = 0;
  CoordinateSums coordinates;
  IntensitySums<T> intensity;

  // Columns [begin, end) of row y, whose pixels are `data`. Rows come from the top.
  void Add(int64_t y, int64_t begin, int64_t end, const uint8_t* data) {
    if (area == 0) {
      min_y = y;
      min_x = begin;
    }
    area += end - begin;
    max_y = y + 1;
    min_x = std::min(min_x, begin);
    max_x = std::max(max_x, end);
    coordinates.Add(y, begin, end);
    intensity.Add(data, end - begin);
  }
};

// Of a covariance of coordinates: what an ellipse with the same has.
inline void SetEllipse(Region& region) {
  const double yy = region.moment_yy, xx = region.moment_xx, yx = region.moment_yx;
  // Half the angle of (difference, covariance): scikit-image's convention.
  region.orientation = yy == xx ? std::copysign(std::numbers::pi / 4, yx > 0 ? 1.0 : -1.0)
                                : 0.5 * std::atan2(2 * yx, yy - xx);
  const double major = (yy + xx) / 2 + std::hypot((yy - xx) / 2, yx);
  // The product of both eigenvalues is the determinant: no difference of large numbers.
  const double minor = major == 0 ? 0 : std::max(0.0, (yy * xx - yx * yx) / major);
  region.axis_major_length = 4 * std::sqrt(major);
  region.axis_minor_length = 4 * std::sqrt(minor);
  region.eccentricity = major == 0 ? 0 : std::sqrt(std::max(0.0, 1 - minor / major));
}

template <typename T>
void SetIntensity(const RegionSums<T>& sums, int64_t origin, Region& region) {
  const IntensitySums<T>& of = sums.intensity;
  const double area = static_cast<double>(sums.area);
  if constexpr (std::is_integral_v<T>) {
    region.mean_intensity = MeanFrom(origin, of.sum, sums.area);
    region.min_intensity = static_cast<double>(origin + int64_t{of.lowest});
    region.max_intensity = static_cast<double>(origin + int64_t{of.highest});
    const Uint128 n = static_cast<Uint128>(sums.area), sum = of.sum;
    region.std_intensity = std::sqrt(static_cast<double>(n * of.squares - sum * sum)) / area;
  } else {
    region.mean_intensity = (of.sum / DoubleDouble(area)).value();
    region.min_intensity = double{of.lowest};
    region.max_intensity = double{of.highest};
    const DoubleDouble spread = of.squares - of.sum * (of.sum / DoubleDouble(area));
    region.std_intensity =
        of.lowest == of.highest ? 0 : std::sqrt(std::max(0.0, spread.value() / area));
  }
}

// `height` and `width` are the picture's.
template <typename T>
Region RegionOf(const RegionSums<T>& sums, int64_t height, int64_t width, int64_t origin) {
  Region out;
  out.label = sums.label;
  out.area = sums.area;
  out.min_y = sums.min_y;
  out.min_x = sums.min_x;
  out.max_y = sums.max_y;
  out.max_x = sums.max_x;
  const CoordinateSums& of = sums.coordinates;
  const double area = static_cast<double>(sums.area);
  out.centroid_y = static_cast<double>(of.y) / area;
  out.centroid_x = static_cast<double>(of.x) / area;
  // n sum(ab) - sum(a) sum(b), below 2^122: rounded where it becomes a double.
  const auto central = [&](Uint128 products, uint64_t a, uint64_t b) {
    const Int128 n = sums.area;
    const Int128 exact = n * static_cast<Int128>(products) - Int128{a} * Int128{b};
    return static_cast<double>(exact) / (area * area);
  };
  out.moment_yy = central(of.yy, of.y, of.y);
  out.moment_xx = central(of.xx, of.x, of.x);
  out.moment_yx = central(of.yx, of.y, of.x);
  SetEllipse(out);
  const int64_t box = (sums.max_y - sums.min_y) * (sums.max_x - sums.min_x);
  out.extent = area / static_cast<double>(box);
  out.equivalent_diameter = std::sqrt(4 * area / std::numbers::pi);
  out.touches_border =
      sums.min_y == 0 || sums.min_x == 0 || sums.max_y == height || sums.max_x == width;
  SetIntensity(sums, origin, out);
  return out;
}

}  // namespace trine::segment
