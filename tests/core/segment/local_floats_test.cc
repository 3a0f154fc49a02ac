// Local thresholds of floats: windows depend on their own pixels only.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <vector>

#include "core/segment/int128.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

template <typename T>
Mask MaskOf(const Grid<T>& gray, const LocalThresholdStep& step, Profile profile,
            const Mask* inside) {
  const auto result = RunSteps(gray, {step}, profile, false, inside);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? GridOf<uint8_t>(*result->mask) : Mask{};
}

template <typename T>
Grid<T> Noise(std::mt19937& random, int height, int width) {
  Grid<T> grid(height, width);
  for (T& cell : grid.cells) cell = static_cast<T>(random()) * static_cast<T>(0x1p-32);
  return grid;
}

// Rows [top, top + height) and columns [left, left + width).
template <typename T>
Grid<T> Part(const Grid<T>& from, int top, int left, int height, int width) {
  Grid<T> part(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) part.at(y, x) = from.at(top + y, left + x);
  }
  return part;
}

// Windows of `gray` that lie in the part to the right of `left` and below `top` see what they see
// in that part alone.
template <typename T>
void ExpectAsInPart(const Grid<T>& gray, LocalThresholdStep step, int top, int left,
                    Profile profile = Profile::kExact, const Mask* inside = nullptr) {
  const Grid<T> part = Part(gray, top, left, gray.height - top, gray.width - left);
  Mask part_inside;
  if (inside != nullptr) part_inside = Part(*inside, top, left, part.height, part.width);
  const Mask whole = MaskOf(gray, step, profile, inside);
  const Mask alone = MaskOf(part, step, profile, inside != nullptr ? &part_inside : nullptr);
  const int radius = static_cast<int>(step.window / 2);
  const int y0 = top > 0 ? radius : 0, x0 = left > 0 ? radius : 0;
  const int height = part.height - y0, width = part.width - x0;
  EXPECT_EQ(Draw(Part(whole, top + y0, left + x0, height, width)),
            Draw(Part(alone, y0, x0, height, width)))
      << step.window;
}

template <typename T>
void ExpectFillIsForgotten(T fill) {
  std::mt19937 random(91);
  for (const int window : {3, 15, 51}) {
    LocalThresholdStep sauvola{LocalMethod::kSauvola, window, 0, 0.2, 0.5, {}};
    const LocalThresholdStep mean{LocalMethod::kMean, window, 0.01, {}, {}, {}};
    const auto noise = Noise<T>(random, 71, 83);
    Grid<T> left = noise, above = noise;
    for (int y = 0; y < 71; ++y) {
      for (int x = 0; x < 83; ++x) {
        if (x < 20) left.at(y, x) = fill;
        if (y < 20 && x % 3 == 0) above.at(y, x) = fill;
      }
    }
    const Mask some = RandomMask(random, 71, 83, 0.8);
    for (const LocalThresholdStep& step : {sauvola, mean}) {
      ExpectAsInPart(left, step, 0, 20);
      ExpectAsInPart(above, step, 20, 0);
      ExpectAsInPart(above, step, 20, 0, Profile::kExact, &some);
    }
    ExpectAsInPart(left, sauvola, 0, 20, Profile::kSkimage);
  }
}

TEST(LocalFloats, AFillValueIsForgotten) {
  ExpectFillIsForgotten<float>(-3.4028235e38f);
  ExpectFillIsForgotten<float>(9.96921e36f);
  ExpectFillIsForgotten<float>(1e10f);
  ExpectFillIsForgotten<double>(-1e120);
  ExpectFillIsForgotten<double>(1e20);
}

// Each value is a thousandth of the one before, so that a sum is outdone again and again.
TEST(LocalFloats, RangesThatFall) {
  std::mt19937 random(92);
  const auto noise = Noise<float>(random, 60, 70);
  Grid<float> gray = noise;
  for (int y = 0; y < 60; ++y) {
    for (int x = 0; x < 70; ++x) {
      const int power = std::max(0, 100 - 10 * std::min(x, y));
      gray.at(y, x) = std::ldexp(noise.at(y, x), power);
    }
  }
  for (const int window : {3, 9, 21}) {
    ExpectAsInPart(gray, {LocalMethod::kSauvola, window, 0, 0.2, 0.5, {}}, 10, 10);
    ExpectAsInPart(gray, {LocalMethod::kMean, window, 0, {}, {}, {}}, 10, 10);
  }
}

// The mean of a flat window is its value, whatever was to the left of it.
TEST(LocalFloats, FlatWindowsBesideLargeValues) {
  for (const double fill : {1e3, 1e5, 1e9, 1e30}) {
    Grid<double> gray(20, 40, 0.1);
    for (int y = 0; y < 20; ++y) {
      for (int x = 0; x < 10; ++x) gray.at(y, x) = fill;
    }
    const Mask mask =
        MaskOf(gray, {LocalMethod::kMean, 5, 0, {}, {}, {}}, Profile::kExact, nullptr);
    for (int y = 0; y < 20; ++y) {
      for (int x = 12; x < 40; ++x) ASSERT_EQ(mask.at(y, x), 0) << fill << " " << y << " " << x;
    }
  }
}

constexpr LocalBorder kBorders[] = {LocalBorder::kClip, LocalBorder::kReflect, LocalBorder::kMirror,
                                    LocalBorder::kReplicate};

LocalThresholdStep Gaussian(int64_t window, double offset, LocalBorder border) {
  LocalThresholdStep step;
  step.method = LocalMethod::kGaussian;
  step.window = window;
  step.offset = offset;
  step.border = border;
  return step;
}

int64_t CountSet(const Mask& mask) { return std::count(mask.cells.begin(), mask.cells.end(), 255); }

template <typename T>
void ExpectConstantsHaveNoForeground(int height, int width, const LocalThresholdStep& step) {
  for (const double value : {37.3, 0.7, 0.4151646, 1.0, -7.296554464299441e-06, -1e20 / 3, 3e38}) {
    const Grid<T> gray(height, width, static_cast<T>(value));
    EXPECT_EQ(CountSet(MaskOf(gray, step, Profile::kExact, nullptr)), 0)
        << value << " " << height << " " << width << " " << step.window;
  }
}

TEST(LocalFloats, AConstantIsNotAboveItsGaussianMean) {
  for (const LocalBorder border : kBorders) {
    for (const int window : {3, 11, 51}) {
      const LocalThresholdStep step = Gaussian(window, 0, border);
      ExpectConstantsHaveNoForeground<float>(100, 100, step);
      ExpectConstantsHaveNoForeground<double>(100, 100, step);
      ExpectConstantsHaveNoForeground<float>(75, 12, step);
      ExpectConstantsHaveNoForeground<double>(75, 12, step);
    }
    const Grid<double> gray(20, 30, 37.3);
    const LocalThresholdStep below = Gaussian(5, 1e-300, border);
    EXPECT_EQ(CountSet(MaskOf(gray, below, Profile::kExact, nullptr)), 600);
    const LocalThresholdStep above = Gaussian(5, -1e308, border);
    EXPECT_EQ(CountSet(MaskOf(gray, above, Profile::kExact, nullptr)), 0);
  }
}

TEST(LocalFloats, OnlyWindowsThatSeeADarkSquareAreAboveTheirGaussianMean) {
  for (const LocalBorder border : kBorders) {
    Grid<double> gray(60, 70, 37.3);
    for (int y = 30; y < 34; ++y) {
      for (int x = 40; x < 44; ++x) gray.at(y, x) = 2.1;
    }
    const Mask mask = MaskOf(gray, Gaussian(11, 0, border), Profile::kExact, nullptr);
    for (int y = 0; y < 60; ++y) {
      for (int x = 0; x < 70; ++x) {
        const bool sees = y >= 25 && y < 39 && x >= 35 && x < 49;
        const bool dark = gray.at(y, x) < 3;
        ASSERT_EQ(mask.at(y, x) != 0, sees && !dark) << y << " " << x;
      }
    }
  }
}

// Values that are whole numbers, in integers.
template <typename T>
Mask GaussianOfIntegers(const Grid<T>& gray, int window, int64_t offset, const Mask& inside) {
  const int radius = window / 2;
  const double sigma = (window - 1) / 6.0;
  double norm = 0;
  for (int d = -radius; d <= radius; ++d) norm += std::exp(-0.5 * d * d / (sigma * sigma));
  std::vector<int64_t> weights;
  for (int d = 0; d <= radius; ++d)
    weights.push_back(std::llround(0x1p22 * std::exp(-0.5 * d * d / (sigma * sigma)) / norm));
  Mask out(gray.height, gray.width);
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x) {
      if (inside.at(y, x) == 0) continue;
      Int128 over = 0;
      for (int v = y - radius; v <= y + radius; ++v) {
        for (int u = x - radius; u <= x + radius; ++u) {
          if (!gray.Has(v, u) || inside.at(v, u) == 0) continue;
          const int64_t weight = weights[static_cast<size_t>(std::abs(v - y))] *
                                 weights[static_cast<size_t>(std::abs(u - x))];
          const int64_t difference =
              static_cast<int64_t>(gray.at(y, x)) - static_cast<int64_t>(gray.at(v, u)) + offset;
          over += Int128{weight} * difference;
        }
      }
      out.at(y, x) = over > 0 ? 255 : 0;
    }
  }
  return out;
}

// Values of all their digits, of a few levels that make ties, and next to a level.
template <typename T>
void ExpectGaussiansOfIntegers(std::mt19937& random, int64_t most) {
  for (const int window : {3, 7, 21}) {
    for (const int64_t levels : {most, int64_t{3}}) {
      const Mask inside = RandomMask(random, 33, 41, window == 7 ? 0.7 : 1.0);
      Grid<T> gray(33, 41);
      for (T& cell : gray.cells) {
        const int64_t level = static_cast<int64_t>((uint64_t{random()} << 32 | random()) %
                                                   static_cast<uint64_t>(levels));
        cell = static_cast<T>(levels == 3 ? most - level : level);
      }
      for (const int64_t offset : {0, 1, -1}) {
        const LocalThresholdStep step =
            Gaussian(window, static_cast<double>(offset), LocalBorder::kClip);
        EXPECT_EQ(Draw(MaskOf(gray, step, Profile::kExact, &inside)),
                  Draw(GaussianOfIntegers(gray, window, offset, inside)))
            << window << " " << levels << " " << offset;
      }
    }
  }
}

TEST(LocalFloats, GaussianMeansAreThoseOfIntegers) {
  std::mt19937 random(93);
  ExpectGaussiansOfIntegers<float>(random, int64_t{1} << 24);
  ExpectGaussiansOfIntegers<double>(random, int64_t{1} << 53);
}

// Whether all pixels of a window that clips have the value of its centre.
template <typename T>
bool IsWindowEqual(const Grid<T>& gray, const Mask& inside, int y, int x, int radius) {
  for (int v = y - radius; v <= y + radius; ++v) {
    for (int u = x - radius; u <= x + radius; ++u) {
      if (!gray.Has(v, u) || inside.at(v, u) == 0) continue;
      if (gray.at(v, u) != gray.at(y, x)) return false;
    }
  }
  return true;
}

// Windows of one value have no deviation: nothing is above Niblack's mean, and Sauvola's threshold
// is what its formula makes of the value. Returns how many there are.
template <typename T>
int ExpectEqualWindowsHaveNoDeviation(const Grid<T>& gray, const Mask& inside, int window,
                                      LocalBorder border) {
  LocalThresholdStep niblack{LocalMethod::kNiblack, window, 0, -0.2, {}, {}};
  LocalThresholdStep sauvola{LocalMethod::kSauvola, window, 0, 0.2, 0.5, {}};
  niblack.border = sauvola.border = border;
  const Mask by_niblack = MaskOf(gray, niblack, Profile::kExact, &inside);
  const Mask by_sauvola = MaskOf(gray, sauvola, Profile::kExact, &inside);
  int windows = 0;
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x) {
      if (inside.at(y, x) == 0 || !IsWindowEqual(gray, inside, y, x, window / 2)) continue;
      ++windows;
      const double value = gray.at(y, x);
      const bool above = value > value * (1.0 + 0.2 * (0 / 0.5 - 1.0));
      EXPECT_TRUE(by_niblack.at(y, x) == 0 && (by_sauvola.at(y, x) != 0) == above)
          << value << " at " << y << " " << x << " of " << window;
      if (::testing::Test::HasFailure()) return windows;
    }
  }
  return windows;
}

template <typename T>
void ExpectNoDeviations(std::mt19937& random, double value) {
  for (const LocalBorder border : kBorders) {
    for (const int window : {3, 11, 51}) {
      const Mask all(120, 90, 255), some = RandomMask(random, 120, 90, 0.03);
      const Grid<T> constant(120, 90, static_cast<T>(value));
      EXPECT_EQ(ExpectEqualWindowsHaveNoDeviation(constant, all, window, border), 120 * 90);
      // A band, a block within noise, and single pixels far from others.
      Grid<T> gray = Noise<T>(random, 120, 90);
      for (int y = 0; y < 120; ++y) {
        for (int x = 0; x < 90; ++x) {
          if (x < 40 || (y > 100 && x > 60 && x < 75)) gray.at(y, x) = static_cast<T>(value);
        }
      }
      EXPECT_GT(ExpectEqualWindowsHaveNoDeviation(gray, all, window, border), 500);
      EXPECT_GT(ExpectEqualWindowsHaveNoDeviation(gray, some, window, border), 5);
    }
  }
}

TEST(LocalFloats, WindowsOfOneValueHaveNoDeviation) {
  std::mt19937 random(94);
  for (const double value : {-1e20 / 3, -3.4028234e38, 7.296554464299441e-06, 0.1})
    ExpectNoDeviations<float>(random, value);
  for (const double value : {-1e20 / 3, -3.4028235e38, -1e100, 7.296554464299441e-06, 37.3, 0.1})
    ExpectNoDeviations<double>(random, value);
  // Pictures that are narrower than their windows.
  const Grid<double> narrow(103, 67, 7.296554464299441e-06);
  EXPECT_EQ(
      ExpectEqualWindowsHaveNoDeviation(narrow, Mask(103, 67, 255), 101, LocalBorder::kMirror),
      103 * 67);
}

}  // namespace
}  // namespace trine::segment
