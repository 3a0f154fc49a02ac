// Local thresholds of floats: windows depend on their own pixels only.
#include <cmath>
#include <random>

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

}  // namespace
}  // namespace trine::segment
