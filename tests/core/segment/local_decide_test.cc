// Thresholds that doubles with bounds decide, against those of exact sums for every pixel.
#include <atomic>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "core/segment/local/windows/decide_windows.h"
#include "core/segment/local/windows/window_moments.h"
#include "gtest/gtest.h"
#include "tests/core/each_target.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

// A threshold of mean + k deviation.
template <typename T>
struct Rule {
  const Picture& gray;
  double k = 0;

  double At(const PixelSum<T>& sum, const PixelSum<T>& square, int64_t n) const {
    return MeanOf(gray.origin, sum, n) + k * DeviationOf(sum, square, n);
  }
  bool IsAbove(T stored, const PixelSum<T>& sum, const PixelSum<T>& square, int64_t n) const {
    return static_cast<double>(gray.origin) + static_cast<double>(stored) > At(sum, square, n);
  }
  ThresholdBound Bound(const MomentBounds& m, size_t i) const {
    const double t = m.mean[i] + k * m.deviation[i];
    const double error = m.mean_error[i] + std::fabs(k) * m.deviation_error[i];
    return {t, error == 0 ? 0 : error + 0x1p-49 * (std::fabs(m.mean[i]) + m.deviation[i])};
  }
};

template <typename T>
struct Decided {
  Mask mask;
  int64_t exactly = 0;  // pixels that exact sums decided
};

template <typename T>
Decided<T> Decide(const Picture& gray, int64_t window, Border border, double k, bool invert) {
  const Rule<T> rule{gray, k};
  Decided<T> out{Mask(static_cast<int>(gray.height), static_cast<int>(gray.width))};
  std::atomic<int64_t> exactly = 0;
  const absl::Status status = DecideWindows<T, true>(
      Context(), gray, window, border, invert, out.mask.cells.data(),
      [&](const MomentBounds& m, size_t i, int64_t) { return rule.Bound(m, i); },
      [&](int64_t, T stored, const PixelSum<T>& sum, const PixelSum<T>& square, int64_t n) {
        ++exactly;
        return rule.IsAbove(stored, sum, square, n);
      });
  EXPECT_TRUE(status.ok()) << status;
  out.exactly = exactly;
  return out;
}

template <typename T>
Mask ByExactSums(const Picture& gray, int64_t window, Border border, double k, bool invert) {
  const Rule<T> rule{gray, k};
  Mask mask(static_cast<int>(gray.height), static_cast<int>(gray.width));
  const absl::Status status = VisitWindows<T, Squares::kExact>(
      Context(), gray, window, border, Outside::kLeftOut,
      [&](int64_t i, T stored, const PixelSum<T>& sum, const PixelSum<T>& square, int64_t n) {
        mask.cells[static_cast<size_t>(i)] =
            rule.IsAbove(stored, sum, square, n) != invert ? 255 : 0;
      });
  EXPECT_TRUE(status.ok()) << status;
  return mask;
}

// Noise with what is hard: flat parts, values that lie on their window's mean, a star.
template <typename T>
Grid<T> Hard(std::mt19937& random, int height, int width, int kind) {
  Grid<T> grid(height, width);
  for (size_t i = 0; i < grid.cells.size(); ++i) {
    const double noise = static_cast<double>(random()) * 0x1p-32;
    double value = noise;
    if (kind == 1) value = std::floor(noise * 256) / 255.0;
    if (kind == 2) value = noise - 0.5;
    if (kind == 3) value = i % 7 == 0 ? 1 : 0.25;
    if (kind == 4) value = std::ldexp(noise, static_cast<int>(random() % 60) - 50);
    if (std::is_integral_v<T>) value = std::floor(std::fabs(value) * 255);
    grid.cells[i] = static_cast<T>(value);
  }
  for (int y = height / 4; y < height / 2; ++y) {
    for (int x = 0; x < width / 3; ++x) grid.at(y, x) = static_cast<T>(kind % 2 == 0 ? 0 : 1);
  }
  if (kind == 2 && !std::is_integral_v<T>) grid.at(height / 2, width / 2) = static_cast<T>(1e6);
  return grid;
}

template <typename T>
void ExpectAsByExactSums(uint32_t seed) {
  std::mt19937 random(seed);
  for (int i = 0; i < 60; ++i) {
    const int height = 1 + static_cast<int>(random() % 70);
    const int width = 3 + static_cast<int>(random() % 150);
    const Grid<T> grid = Hard<T>(random, height, width, i % 5);
    const Mask some = RandomMask(random, height, width, 0.8);
    Picture gray = PictureOf(grid);
    if (i % 3 == 0) gray.inside = some.cells.data();
    if (std::is_integral_v<T> && i % 4 == 0) gray.origin = -100;
    const int64_t window = 1 + 2 * static_cast<int64_t>(1 + random() % 12);
    const auto border = static_cast<Border>(random() % 4);
    const double k = std::array{0.0, -0.2, 0.37}[random() % 3];
    const bool invert = random() % 2 == 0;
    Mask want = ByExactSums<T>(gray, window, border, k, invert);
    EXPECT_EQ(Draw(Decide<T>(gray, window, border, k, invert).mask), Draw(want))
        << i << ": " << height << " x " << width << ", window " << window << ", border "
        << static_cast<int>(border) << ", k " << k;
  }
}

TEST(LocalDecide, AsByExactSumsOnEveryTarget) {
  for (const int64_t target : TargetsHere(MomentBoundsTargets())) {
    const OnlyTarget only(target);
    ExpectAsByExactSums<uint8_t>(121);
    ExpectAsByExactSums<uint16_t>(122);
    ExpectAsByExactSums<float>(123);
    ExpectAsByExactSums<double>(124);
  }
}

TEST(LocalDecide, TimesThatAWindowShowsARow) {
  for (int64_t n = 1; n <= 6; ++n) {
    for (const Border border :
         {Border::kClip, Border::kReplicate, Border::kReflect, Border::kReflect101}) {
      for (int64_t first = -20; first < n; ++first) {
        for (int64_t last = std::max<int64_t>(first, 0); last < 20; ++last) {
          std::vector<int64_t> times(static_cast<size_t>(n), 0);
          for (int64_t i = first; i <= last; ++i) {
            const int64_t shown = BorderIndex(i, n, border);
            if (shown >= 0) ++times[static_cast<size_t>(shown)];
          }
          for (int64_t i = 0; i < n; ++i) {
            ASSERT_EQ(TimesShown(i, first, last, n, border), times[static_cast<size_t>(i)])
                << n << " " << static_cast<int>(border) << " " << first << " " << last << " " << i;
          }
        }
      }
    }
  }
}

template <typename T>
void ExpectLargestAsByExactSums(uint32_t seed) {
  std::mt19937 random(seed);
  for (int i = 0; i < 40; ++i) {
    const int height = 1 + static_cast<int>(random() % 40),
              width = 3 + static_cast<int>(random() % 90);
    const Grid<T> grid = Hard<T>(random, height, width, i % 5);
    const Mask some = RandomMask(random, height, width, 0.8);
    Picture gray = PictureOf(grid);
    if (i % 3 == 0) gray.inside = some.cells.data();
    const int64_t window = 3 + 2 * static_cast<int64_t>(random() % 9);
    const auto border = static_cast<Border>(random() % 4);
    double want = 0;
    const absl::Status status = VisitWindows<T, Squares::kExact>(
        Context(), gray, window, border, Outside::kLeftOut,
        [&](int64_t, T, const PixelSum<T>& sum, const PixelSum<T>& square, int64_t n) {
          want = std::max(want, DeviationOf(sum, square, n));
        });
    EXPECT_TRUE(status.ok()) << status;
    const auto got = LargestDeviation<T>(Context(), gray, window, border);
    ASSERT_TRUE(got.ok()) << got.status();
    // Sums of floats that slide, and those that do not, are pairs of doubles: alike to 2^-80.
    EXPECT_DOUBLE_EQ(*got, want) << i;
  }
}

TEST(LocalDecide, LargestDeviation) {
  ExpectLargestAsByExactSums<uint8_t>(131);
  ExpectLargestAsByExactSums<uint16_t>(132);
  ExpectLargestAsByExactSums<float>(133);
  ExpectLargestAsByExactSums<double>(134);
}

// Which of the ways decides: none but for pixels that lie on their threshold, those one by one, or
// all of them where they are many.
TEST(LocalDecide, ExactSumsDecideWhatIsNear) {
  std::mt19937 random(125);
  Grid<double> grid(64, 300);
  for (double& cell : grid.cells) cell = static_cast<double>(random()) * 0x1p-32 + 0.1;
  const auto exactly = [&](double k) {
    return Decide<double>(PictureOf(grid), 5, Border::kClip, k, false).exactly;
  };
  EXPECT_EQ(exactly(-0.2), 0);
  const int64_t y = 30, x = 100;
  for (int64_t v = y - 2; v <= y + 2; ++v) {
    for (int64_t u = x - 2; u <= x + 2; ++u)
      grid.at(static_cast<int>(v), static_cast<int>(u)) = 1.0 / 3;
  }
  const int64_t one = exactly(-0.2);
  EXPECT_GE(one, 1);
  EXPECT_LT(one, 5);
  std::fill(grid.cells.begin(), grid.cells.end(), 1.0 / 3);
  EXPECT_EQ(exactly(-0.2), 64 * 300);
}

// Where sums are exact nothing is near: integers, and floats that are multiples of a power of 2.
TEST(LocalDecide, ExactDoublesDecideAll) {
  const Grid<uint8_t> bytes(40, 200, 77);
  EXPECT_EQ(Decide<uint8_t>(PictureOf(bytes), 25, Border::kClip, -0.2, false).exactly, 0);
  const Grid<float> floats(40, 200, 77.0f / 255);
  std::atomic<int64_t> exactly = 0;
  Mask mask(40, 200, 7);
  const absl::Status status = DecideWindows<float, false>(
      Context(), PictureOf(floats), 25, Border::kClip, true, mask.cells.data(),
      [](const MomentBounds& m, size_t i, int64_t) -> ThresholdBound {
        return {m.mean[i], m.mean_error[i]};
      },
      [&](int64_t, float, const DoubleDouble&, const DoubleDouble&, int64_t) {
        ++exactly;
        return true;
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(exactly, 0);
  EXPECT_EQ(mask.cells, Mask(40, 200, 255).cells);
}

}  // namespace
}  // namespace trine::segment
