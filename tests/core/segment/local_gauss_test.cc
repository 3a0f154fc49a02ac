// Gaussian means of bytes by vectors: within their bound of real weights, and the same everywhere.
#include <cmath>
#include <random>
#include <vector>

#include "core/runtime/thread_pool.h"
#include "core/segment/kernels/byte_gauss.h"
#include "core/segment/local/local_threshold.h"
#include "gtest/gtest.h"
#include "tests/core/each_target.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

// The means of windows that end at the border, by real weights.
Grid<double> RealMeans(const Grid<uint8_t>& gray, int radius, double sigma) {
  const auto along = [&](const Grid<double>& from, int dy, int dx) {
    Grid<double> out(from.height, from.width);
    for (int y = 0; y < from.height; ++y) {
      for (int x = 0; x < from.width; ++x) {
        double sum = 0, norm = 0;
        for (int d = -radius; d <= radius; ++d) {
          if (!from.Has(y + d * dy, x + d * dx)) continue;
          const double weight = std::exp(-0.5 * d * d / (sigma * sigma));
          sum += weight * from.at(y + d * dy, x + d * dx);
          norm += weight;
        }
        out.at(y, x) = sum / norm;
      }
    }
    return out;
  };
  Grid<double> values(gray.height, gray.width);
  for (size_t i = 0; i < values.cells.size(); ++i) values.cells[i] = gray.cells[i];
  return along(along(values, 1, 0), 0, 1);
}

// Noise, stripes that follow the window's scale, halves.
Grid<uint8_t> PictureOfKind(std::mt19937& random, int height, int width, int kind) {
  if (kind == 0) return RandomGrid<uint8_t>(random, height, width, 0, 255);
  Grid<uint8_t> gray(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x)
      gray.at(y, x) = kind == 1 ? (x / 3 + y / 5) % 2 * 255 : (x * 2 < width ? 0 : 255);
  }
  return gray;
}

LocalThresholdStep Gaussian(int64_t window, double offset) {
  LocalThresholdStep step;
  step.method = LocalMethod::kGaussian;
  step.window = window;
  step.offset = offset;
  return step;
}

// Masks of all targets are the same and right where a pixel is further than `bound` from its
// threshold.
void ExpectMasksWithin(double bound, const Grid<uint8_t>& gray, int window, double sigma,
                       bool invert) {
  const Grid<double> means = RealMeans(gray, window / 2, sigma);
  for (const double offset : {0.0, 2.5, -7.0, 1e6}) {
    std::string first;
    for (const int64_t target : TargetsHere(ByteGaussTargets())) {
      const OnlyTarget only(target);
      const auto result = RunSteps(gray, {Gaussian(window, offset)}, Profile::kExact, invert);
      ASSERT_TRUE(result.ok()) << result.status();
      const Mask mask = GridOf<uint8_t>(*result->mask);
      for (size_t i = 0; i < mask.cells.size(); ++i) {
        const double over = gray.cells[i] - (means.cells[i] - offset);
        if (std::fabs(over) <= bound) continue;
        ASSERT_EQ(mask.cells[i] != 0, (over > 0) != invert)
            << window << " at " << i / static_cast<size_t>(gray.width) << ", "
            << i % static_cast<size_t>(gray.width) << ": " << over;
      }
      if (first.empty()) first = Draw(mask);
      ASSERT_TRUE(Draw(mask) == first) << target;
    }
  }
}

TEST(LocalGauss, WithinTheBoundOfRealWeightsAndTheSameOnAllTargets) {
  std::mt19937 random(121);
  ASSERT_FALSE(TargetsHere(ByteGaussTargets()).empty());
  FewerSanitized fewer(4);
  for (const int window : {3, 5, 7, 9, 11, 25, 51, 101}) {
    const double sigma = (window - 1) / 6.0, bound = ByteGaussError(window, sigma);
    EXPECT_LE(bound, 0.4) << window;
    for (const int extra : {128, 129, 143, 144, 145, 191}) {
      if (fewer.Skips()) continue;
      const int height = window + extra % 5, width = 2 * window + extra;
      const auto gray = PictureOfKind(random, height, width, extra % 3);
      ASSERT_TRUE(TakesByteGauss(PictureOf(gray), window, sigma));
      ASSERT_FALSE(TakesHalfGauss(PictureOf(gray), window, sigma));
      ExpectMasksWithin(bound, gray, window, sigma, extra % 2 == 0);
    }
  }
}

// Of half the size: widths around the ends of vectors, both odd and even, and bands of rows.
TEST(LocalGauss, HalvedPicturesAreWithinTheirBoundAndTheSameOnAllTargets) {
  std::mt19937 random(123);
  FewerSanitized fewer(3);
  for (const int window : {51, 101, 163}) {
    const double sigma = (window - 1) / 6.0, bound = HalfGaussError(window, sigma);
    EXPECT_LE(bound, 0.4) << window;
    for (const int extra : {128, 129, 143, 144, 191, 193}) {
      if (fewer.Skips()) continue;
      const int height = 4 * window + extra % 5, width = 4 * window + extra;
      const auto gray = PictureOfKind(random, height, width, extra % 3);
      ASSERT_TRUE(TakesHalfGauss(PictureOf(gray), window, sigma));
      ExpectMasksWithin(bound, gray, window, sigma, extra % 2 == 0);
      if (window > 51) break;
    }
  }
}

TEST(LocalGauss, FlatPicturesAreTheirMeans) {
  for (const int height : {60, 230}) {
    for (const uint8_t level : {0, 1, 77, 128, 255}) {
      const Grid<uint8_t> gray(height, 350, level);
      ASSERT_TRUE(TakesByteGauss(PictureOf(gray), 51, 50.0 / 6));
      ASSERT_EQ(TakesHalfGauss(PictureOf(gray), 51, 50.0 / 6), height > 60);
      const auto mask = [&](double offset) {
        return GridOf<uint8_t>(*RunSteps(gray, {Gaussian(51, offset)})->mask).cells;
      };
      EXPECT_EQ(mask(0), Mask(height, 350, 0).cells);
      EXPECT_EQ(mask(0.001), Mask(height, 350, 255).cells);
    }
  }
}

TEST(LocalGauss, WhatIsTaken) {
  const auto taken = [](const auto& gray, int64_t window, double sigma) {
    return TakesByteGauss(PictureOf(gray), window, sigma);
  };
  EXPECT_TRUE(taken(Grid<uint8_t>(11, 139), 11, 2));
  EXPECT_FALSE(taken(Grid<uint8_t>(11, 138), 11, 2));
  EXPECT_FALSE(taken(Grid<uint8_t>(10, 139), 11, 2));
  EXPECT_FALSE(taken(Grid<uint8_t>(11, 139), 11, 0.05));         // the centre's weight is all
  EXPECT_FALSE(taken(Grid<uint8_t>(255, 600), 255, 254.0 / 6));  // not within 0.4 gray levels
  EXPECT_FALSE(taken(Grid<uint16_t>(11, 139), 11, 2));
  const auto halved = [](int height, int width, int64_t window, double sigma) {
    return TakesHalfGauss(PictureOf(Grid<uint8_t>(height, width)), window, sigma);
  };
  EXPECT_TRUE(halved(204, 332, 51, 8));
  EXPECT_FALSE(halved(203, 332, 51, 8));
  EXPECT_FALSE(halved(204, 331, 51, 8));
  EXPECT_FALSE(halved(204, 332, 31, 5));     // not within 0.4 gray levels
  EXPECT_FALSE(halved(204, 332, 51, 2));     // nothing left to smooth at half the size
  EXPECT_FALSE(halved(800, 900, 201, 100));  // keeps too many rows
}

TEST(LocalGauss, MasksDoNotDependOnThreads) {
  std::mt19937 random(122);
  const auto gray = RandomGrid<uint8_t>(random, 900, 1003, 0, 255);
  const Unaligned<uint8_t> picture(gray);
  Inputs inputs;
  inputs.gray = picture.view();
  for (const int64_t window : {21, 51}) {
    Options options;
    options.steps = {Gaussian(window, 0)};
    const auto alone = Segment(Context(), inputs, options);
    ThreadPool pool(3);
    Context context;
    context.pool = &pool;
    const auto together = Segment(context, inputs, options);
    ASSERT_TRUE(alone.ok() && together.ok());
    EXPECT_TRUE(alone->mask->data == together->mask->data);
  }
}

}  // namespace
}  // namespace trine::segment
