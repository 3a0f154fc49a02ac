#include "core/segment/filter/smooth/smooth.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "core/segment/filter/libraries/libraries.h"
#include "core/segment/filter/smooth/median_kernels.h"
#include "core/segment/filter/smooth/row_kernels.h"
#include "core/segment/kernels/byte_gauss.h"
#include "gmock/gmock.h"
#include "tests/core/segment/filter_support.h"

namespace trine::segment {
namespace {

using testing::HasSubstr;

template <typename T>
Grid<T> Smoothed(const Grid<T>& grid, const SmoothStep& step, const Mask* inside = nullptr) {
  const int64_t targets =
      RowKernelTargets() | MedianKernelTargets() | MedianNetworkTargets() | ByteGaussTargets();
  return Filtered(grid, inside, targets,
                  [&](const Context& context, const Picture& gray, uint8_t* out) {
                    switch (step.method) {
                      case SmoothMethod::kGaussian:
                        return SmoothGaussian(context, gray, *step.sigma, out);
                      case SmoothMethod::kMedian:
                        return SmoothMedian(context, gray, step.radius, out);
                      case SmoothMethod::kMean:
                        return SmoothMean(context, gray, step.radius, out);
                      case SmoothMethod::kBinomial:
                        return SmoothBinomial(context, gray, step.radius, out);
                    }
                    return absl::InternalError("no method");
                  });
}
SmoothStep Gaussian(double sigma) { return {SmoothMethod::kGaussian, sigma, 0}; }
SmoothStep Median(int64_t radius) { return {SmoothMethod::kMedian, {}, radius}; }
SmoothStep Mean(int64_t radius) { return {SmoothMethod::kMean, {}, radius}; }
SmoothStep Binomial(int64_t radius) { return {SmoothMethod::kBinomial, {}, radius}; }

std::vector<double> Ones(int radius) {
  return std::vector<double>(static_cast<size_t>(radius + 1), 1);
}

// Sides around the vectors' lengths, thin pictures, one pixel.
constexpr std::pair<int, int> kSides[] = {{1, 1},   {1, 70},   {70, 1},   {2, 3},   {5, 5},
                                          {4, 65},  {17, 6},   {6, 63},   {33, 64}, {64, 63},
                                          {64, 64}, {67, 131}, {31, 129}, {66, 12}};

template <typename T>
Grid<T> RandomPicture(std::mt19937& random, int height, int width) {
  if constexpr (std::is_integral_v<T>) {
    return RandomGrid<T>(random, height, width, 0, std::numeric_limits<T>::max());
  } else {
    Grid<T> grid(height, width);
    for (T& cell : grid.cells)
      cell = static_cast<T>(static_cast<int>(random() % 4001) - 2000) / T{64};
    return grid;
  }
}

template <typename T>
class Smooth : public testing::Test {};
using PixelTypes = testing::Types<uint8_t, uint16_t, float, double>;
TYPED_TEST_SUITE(Smooth, PixelTypes);

TYPED_TEST(Smooth, MedianIsThatOfTheWindow) {
  std::mt19937 random(20);
  FewerSanitized fewer(3);
  for (const auto& [height, width] : kSides) {
    for (const int radius : {1, 2, 3, 5, 6, 9}) {
      if (fewer.Skips()) continue;
      auto grid = RandomPicture<TypeParam>(random, height, width);
      if (random() % 2 == 0) {
        for (auto& cell : grid.cells) cell = static_cast<TypeParam>(static_cast<int>(cell) / 64);
      }
      const Mask all(height, width, 1), some = RandomMask(random, height, width, 0.6);
      EXPECT_EQ(Smoothed(grid, Median(radius)).cells,
                Rounded<TypeParam>(oracle::Medians(RealsOf(grid), all, radius)).cells)
          << height << " x " << width << " radius " << radius;
      EXPECT_EQ(Smoothed(grid, Median(radius), &some).cells,
                Rounded<TypeParam>(oracle::Medians(RealsOf(grid), some, radius)).cells)
          << height << " x " << width << " radius " << radius << " with a mask";
    }
  }
}

TYPED_TEST(Smooth, MeanIsThatOfTheWindow) {
  std::mt19937 random(21);
  for (const auto& [height, width] : kSides) {
    for (const int radius : {1, 2, 7, 40}) {
      const auto grid = RandomPicture<TypeParam>(random, height, width);
      const Mask all(height, width, 1), some = RandomMask(random, height, width, 0.4);
      for (const Mask* inside : {&all, &some}) {
        const Reals mean = oracle::WeightedMeans(RealsOf(grid), *inside, Ones(radius));
        const auto got = Smoothed(grid, Mean(radius), inside == &all ? nullptr : inside);
        if constexpr (std::is_integral_v<TypeParam>) {
          EXPECT_EQ(got.cells, Rounded<TypeParam>(mean).cells) << height << " x " << width;
        } else {
          EXPECT_LE(MostDifference(RealsOf(got), mean), sizeof(TypeParam) == 4 ? 2e-6 : 1e-13);
        }
      }
    }
  }
}

// What the header promises for each type, before rounding.
TYPED_TEST(Smooth, GaussianIsNearTheTrueOne) {
  std::mt19937 random(22);
  const bool integers = std::is_integral_v<TypeParam>;
  const double top = sizeof(TypeParam) == 1 ? 255 : integers ? 65535 : 62.5;
  FewerSanitized fewer(3);
  for (const auto& [height, width] : kSides) {
    for (const double sigma : {0.3, 1.0, 2.6, 4.9, 5.0, 9.0, 24.0}) {
      if (fewer.Skips()) continue;
      auto grid = RandomPicture<TypeParam>(random, height, width);
      for (auto& cell : grid.cells) {  // as far from smooth as can be
        if (random() % 2 == 0) cell = static_cast<TypeParam>(random() % 2 == 0 ? 0 : top);
      }
      const Mask all(height, width, 1);
      const Reals exact = oracle::WeightedMeans(RealsOf(grid), all, oracle::TrueGaussian(sigma));
      const double bound = (sigma < 5 ? 0.02 : 0.5) * top / 255;
      EXPECT_LE(MostDifference(RealsOf(Smoothed(grid, Gaussian(sigma))), exact),
                bound + (integers ? 0.5 : 0))
          << height << " x " << width << " sigma " << sigma;
    }
  }
}

// Bytes that are halved once are smoothed by integers: widths around the ends of vectors and pieces
// of rows.
TEST(SmoothBytes, GaussianByIntegersIsNearTheTrueOne) {
  std::mt19937 random(29);
  for (const auto& [height, width] : {std::pair(64, 128), {65, 129}, {71, 191}, {64, 257}}) {
    for (const double sigma : {5.0, 7.3, 9.99}) {
      Grid<uint8_t> grid(height, width);
      for (auto& cell : grid.cells) cell = random() % 2 == 0 ? 0 : 255;
      const Mask all(height, width, 1);
      const Reals exact = oracle::WeightedMeans(RealsOf(grid), all, oracle::TrueGaussian(sigma));
      EXPECT_LE(MostDifference(RealsOf(Smoothed(grid, Gaussian(sigma))), exact), 1.0)
          << height << " x " << width << " sigma " << sigma;
    }
  }
}

TYPED_TEST(Smooth, GaussianLeavesOutWhatIsOutside) {
  std::mt19937 random(23);
  for (const double sigma : {1.5, 7.0}) {
    Grid<TypeParam> grid(70, 90, TypeParam{100});
    Mask some = RandomMask(random, 70, 90, 0.5);
    for (size_t i = 0; i < some.cells.size(); ++i) {
      if (some.cells[i] == 0) grid.cells[i] = static_cast<TypeParam>(random() % 256);
    }
    const Grid<TypeParam> got = Smoothed(grid, Gaussian(sigma), &some);
    for (size_t i = 0; i < grid.cells.size(); ++i)
      EXPECT_NEAR(static_cast<double>(got.cells[i]), static_cast<double>(grid.cells[i]), 1e-5);
  }
}

TYPED_TEST(Smooth, BinomialIsThatOfThePasses) {
  std::mt19937 random(24);
  for (const auto& [height, width] : kSides) {
    for (const auto& [radius, weights] :
         {std::pair{1, std::vector<double>{2, 1}}, {2, {6, 4, 1}}, {4, {70, 56, 28, 8, 1}}}) {
      const auto grid = RandomPicture<TypeParam>(random, height, width);
      const Mask all(height, width, 1);
      const Reals mean = oracle::WeightedMeans(RealsOf(grid), all, weights);
      const auto got = Smoothed(grid, Binomial(radius));
      if constexpr (std::is_integral_v<TypeParam>) {
        EXPECT_EQ(got.cells, Rounded<TypeParam>(mean).cells) << height << " x " << width;
      } else {
        EXPECT_LE(MostDifference(RealsOf(got), mean), sizeof(TypeParam) == 4 ? 2e-6 : 1e-13);
      }
    }
  }
}

TEST(SmoothStep, LargestParameters) {
  std::mt19937 random(25);
  const auto grid = RandomGrid<uint8_t>(random, 30, 40, 0, 255);
  const Mask all(30, 40, 1);
  EXPECT_EQ(Smoothed(grid, Mean(kMostSmoothRadius)).cells.size(), 1200u);
  EXPECT_EQ(Smoothed(grid, Median(kMostSmoothRadius)).cells.size(), 1200u);
  // A square that far beyond the picture is its corners' quarters.
  const uint8_t corner = Smoothed(Grid<uint8_t>(30, 40, 77), Mean(kMostSmoothRadius)).at(3, 4);
  EXPECT_EQ(corner, 77);
  for (const uint8_t cell : Smoothed(Grid<uint8_t>(30, 40, 77), Gaussian(kMostSmoothSigma)).cells)
    EXPECT_EQ(cell, 77);
  for (const uint8_t cell :
       Smoothed(Grid<uint8_t>(30, 40, 77), Binomial(kMostBinomialRadius)).cells)
    EXPECT_EQ(cell, 77);
}

TEST(SmoothStep, HugeFloatsStayFinite) {
  Grid<float> grid(20, 20, 3e38f);
  grid.at(4, 4) = -3e38f;
  for (const SmoothStep& step : {Gaussian(1), Gaussian(8), Mean(2), Median(2), Binomial(2)}) {
    for (const float cell : Smoothed(grid, step).cells) EXPECT_TRUE(std::isfinite(cell));
  }
  // A fill value leaves the means of windows without it alone.
  Grid<float> fill(10, 60, 0.25f);
  for (int y = 0; y < 10; ++y) {
    for (int x = 0; x < 20; ++x) fill.at(y, x) = -3.4028235e38f;
  }
  const Grid<float> means = Smoothed(fill, Mean(3));
  for (int x = 23; x < 60; ++x) EXPECT_EQ(means.at(5, x), 0.25f) << x;
}

TEST(SmoothStep, LaterStepsSeeIt) {
  Grid<uint8_t> grid(9, 9, 10);
  grid.at(4, 4) = 200;
  const auto plain = RunSteps(grid, {ThresholdStep{{100.0}}});
  const auto after = RunSteps(grid, {Median(1), ThresholdStep{{100.0}}});
  ASSERT_TRUE(plain.ok() && after.ok());
  EXPECT_GT(plain->foreground_fraction, 0);
  EXPECT_EQ(after->foreground_fraction, 0);
  // Integers with another origin and beyond 16 bits stay whole.
  Grid<int32_t> wide(1, 3);
  wide.cells = {-1000000, 1, 4000000};
  const auto whole = RunSteps(wide, {Mean(1), OtsuStep{}});
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->threshold->thresholds[0], 1000000.0);  // of -666666, 1000000, 2666667
}

// Squares end at the border; means are rounded down.
template <typename T>
void ExpectRankMeans() {
  std::mt19937 random(27);
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 90}, {90, 1}, {5, 7}, {140, 33}}) {
    for (const int radius : {1, 2, 4, 60, 150}) {
      const auto grid = RandomGrid<T>(random, height, width, 0, sizeof(T) == 1 ? 255 : 65535);
      const auto got = Filtered(grid, nullptr, 1,
                                [&](const Context& context, const Picture& gray, uint8_t* out) {
                                  return SmoothRankMean(context, gray, radius, out);
                                });
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          uint64_t sum = 0, count = 0;
          for (int v = std::max(0, y - radius); v <= std::min(height - 1, y + radius); ++v) {
            for (int u = std::max(0, x - radius); u <= std::min(width - 1, x + radius); ++u) {
              sum += grid.at(v, u);
              ++count;
            }
          }
          ASSERT_EQ(got.at(y, x), sum / count) << height << " x " << width << " radius " << radius;
        }
      }
    }
  }
}
TEST(SmoothStep, RankMeans) {
  ExpectRankMeans<uint8_t>();
  ExpectRankMeans<uint16_t>();
}

// Disks of ImageJ's, beyond whose borders the picture continues.
template <typename T>
void ExpectDisks() {
  std::mt19937 random(28);
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 90}, {90, 1}, {5, 7}, {40, 33}}) {
    for (const int radius : {1, 2, 4, 9, 60}) {
      if (radius == 60 && height * width > 100) continue;
      const auto grid = RandomGrid<T>(random, height, width, 0, sizeof(T) == 1 ? 255 : 65535);
      // Far from halves float32 does not matter; the library's answers have the others.
      const double error = std::is_integral_v<T> ? 0.51 : 0.01;
      const auto run = [&](const auto& filter) {
        return Filtered(grid, nullptr, 1,
                        [&](const Context& context, const Picture& gray, uint8_t* out) {
                          return filter(context, gray, radius, out);
                        });
      };
      const auto medians = run(SmoothImagejMedian), means = run(SmoothImagejMean);
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          std::vector<T> values;
          double sum = 0;
          for (int dy = -radius; dy <= radius; ++dy) {
            for (int dx = -radius; dx <= radius; ++dx) {
              if (dx * dx + dy * dy > radius * radius + 1) continue;
              values.push_back(
                  grid.at(std::clamp(y + dy, 0, height - 1), std::clamp(x + dx, 0, width - 1)));
              sum += values.back();
            }
          }
          std::sort(values.begin(), values.end());
          ASSERT_EQ(medians.at(y, x), values[values.size() / 2]);
          ASSERT_EQ(values.size() % 2, 1u);
          const double mean = sum / static_cast<double>(values.size());
          ASSERT_NEAR(means.at(y, x), mean, error);
        }
      }
    }
  }
}
TEST(SmoothStep, DisksOfImagej) {
  ExpectDisks<uint8_t>();
  ExpectDisks<uint16_t>();
  ExpectDisks<float>();
}

TEST(SmoothStep, RefusalsOfSkimage) {
  const auto refused = [](const auto& grid, const SmoothStep& step, const Mask* inside = nullptr) {
    return FieldOf(RunSteps(grid, {step}, Profile::kSkimage, false, inside).status());
  };
  const Grid<uint8_t> bytes(4, 4, 1);
  const Grid<float> floats(4, 4, 1);
  const Grid<int16_t> words(4, 4, 1);
  EXPECT_EQ(refused(bytes, Median(1)), "");
  EXPECT_EQ(refused(bytes, Mean(1)), "");
  EXPECT_EQ(refused(floats, Median(1)), "");
  EXPECT_EQ(refused(floats, Mean(1)), "gray.dtype");
  EXPECT_EQ(refused(words, Median(1)), "gray.dtype");
  EXPECT_EQ(refused(bytes, Gaussian(1)), "");
  EXPECT_EQ(refused(words, Gaussian(1)), "gray.dtype");
  EXPECT_EQ(refused(floats, Gaussian(1)), "");
  EXPECT_EQ(refused(bytes, Binomial(1)), "profile");
  EXPECT_EQ(FieldOf(RunSteps(floats, {Median(1)}, Profile::kImagej).status()), "");
  EXPECT_EQ(FieldOf(RunSteps(words, {Median(1)}, Profile::kImagej).status()), "gray.dtype");
  EXPECT_EQ(FieldOf(RunSteps(bytes, {Binomial(1)}, Profile::kImagej).status()), "profile");
  const Mask inside(4, 4, 1);
  EXPECT_EQ(refused(bytes, Median(1), &inside), "mask");
  // Values that are not finite leave pixels out as well.
  Grid<float> holes = floats;
  holes.at(2, 2) = std::nanf("");
  const Unaligned<float> pixels(holes);
  Inputs inputs;
  inputs.gray = pixels.view();
  const Options options{Profile::kSkimage, false, {Median(1)}, NanPolicy::kIgnore};
  EXPECT_EQ(FieldOf(RunSteps(inputs, options).status()), "gray");
}

TEST(SmoothStep, Refusals) {
  const Grid<uint8_t> grid(4, 4, 1);
  const auto refused = [&](const SmoothStep& step, Profile profile = Profile::kExact) {
    return RunSteps(grid, {step}, profile).status();
  };
  EXPECT_EQ(FieldOf(refused({SmoothMethod::kGaussian, {}, 3})), "steps[0].smooth.radius");
  EXPECT_EQ(FieldOf(refused({SmoothMethod::kMean, 2.0, 3})), "steps[0].smooth.sigma");
  EXPECT_EQ(FieldOf(refused(Gaussian(0))), "steps[0].smooth.sigma");
  EXPECT_EQ(FieldOf(refused(Gaussian(1000.5))), "steps[0].smooth.sigma");
  EXPECT_EQ(FieldOf(refused(Gaussian(std::nan("")))), "steps[0].smooth.sigma");
  EXPECT_EQ(FieldOf(refused(Median(4097))), "steps[0].smooth.radius");
  EXPECT_EQ(FieldOf(refused(Binomial(501))), "steps[0].smooth.radius");
  EXPECT_EQ(FieldOf(refused(Mean(-1))), "steps[0].smooth.radius");
  EXPECT_EQ(refused(Mean(1), Profile::kMatlab).code(), absl::StatusCode::kUnimplemented);
  EXPECT_TRUE(refused({}).ok());
}

}  // namespace
}  // namespace trine::segment
