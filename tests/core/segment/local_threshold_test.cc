#include "core/segment/local/local_threshold.h"

#include <cmath>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

LocalThresholdStep Mean(int64_t window, double offset) {
  return {LocalMethod::kMean, window, offset, {}, {}, {}};
}
LocalThresholdStep Gaussian(int64_t window, double offset) {
  return {LocalMethod::kGaussian, window, offset, {}, {}, {}};
}
LocalThresholdStep Sauvola(int64_t window, double k) {
  return {LocalMethod::kSauvola, window, 0, k, {}, {}};
}

template <typename T>
Mask MaskOf(const Grid<T>& gray, const LocalThresholdStep& step, Profile profile = Profile::kExact,
            bool invert = false, const Mask* inside = nullptr) {
  const auto result = RunSteps(gray, {step}, profile, invert, inside);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? GridOf<uint8_t>(*result->mask) : Mask{};
}

template <typename T>
Grid<uint16_t> Widened(const Grid<T>& gray) {
  Grid<uint16_t> out(gray.height, gray.width);
  for (size_t i = 0; i < out.cells.size(); ++i) out.cells[i] = static_cast<uint16_t>(gray.cells[i]);
  return out;
}

std::vector<uint64_t> Box(int64_t window) {
  return std::vector<uint64_t>(static_cast<size_t>(window / 2 + 1), 1);
}

TEST(LocalThreshold, MeanAgreesWithRationalWindows) {
  std::mt19937 random(10);
  for (int i = 0; i < 60; ++i) {
    const int h = 1 + static_cast<int>(random() % 18), w = 1 + static_cast<int>(random() % 18);
    // Few values, so that pixels often equal their threshold.
    const auto bytes = RandomGrid<uint8_t>(random, h, w, 100, 100 + random() % 5);
    const auto words = RandomGrid<uint16_t>(random, h, w, 0, 65535);
    const Mask all(h, w, 1), some = RandomMask(random, h, w, 0.7);
    const int64_t window = 3 + 2 * static_cast<int64_t>(random() % 12);
    for (const double offset : {0.0, 0.5, -1.0, 1.0 / 3.0, 2.0, 1e300, -1e300, 5e-324}) {
      EXPECT_EQ(Draw(MaskOf(bytes, Mean(window, offset))),
                Draw(oracle::LocalMean(Widened(bytes), all, Box(window), offset)));
      EXPECT_EQ(Draw(MaskOf(words, Mean(window, offset), Profile::kExact, false, &some)),
                Draw(oracle::LocalMean(words, some, Box(window), offset)));
    }
  }
}

TEST(LocalThreshold, SauvolaAgreesWithDirectWindows) {
  std::mt19937 random(11);
  for (int i = 0; i < 60; ++i) {
    const int h = 1 + static_cast<int>(random() % 18), w = 1 + static_cast<int>(random() % 18);
    const auto bytes = RandomGrid<uint8_t>(random, h, w, 0, 255);
    const auto words = RandomGrid<uint16_t>(random, h, w, 0, 65535);
    const Mask all(h, w, 1), some = RandomMask(random, h, w, 0.7);
    const int64_t window = 3 + 2 * static_cast<int64_t>(random() % 12);
    for (const double k : {0.2, 0.5, -0.3, 0.0}) {
      EXPECT_EQ(Draw(MaskOf(bytes, Sauvola(window, k))),
                Draw(oracle::LocalSauvola(Widened(bytes), all, static_cast<int>(window), k, 128)));
      LocalThresholdStep step = Sauvola(window, k);
      EXPECT_EQ(Draw(MaskOf(words, step, Profile::kExact, false, &some)),
                Draw(oracle::LocalSauvola(words, some, static_cast<int>(window), k, 32768)));
      step.r = 1000.5;
      EXPECT_EQ(Draw(MaskOf(words, step)),
                Draw(oracle::LocalSauvola(words, all, static_cast<int>(window), k, 1000.5)));
    }
  }
}

TEST(LocalThreshold, GaussianAgreesWithRationalWindows) {
  std::mt19937 random(12);
  for (int i = 0; i < 30; ++i) {
    const int h = 1 + static_cast<int>(random() % 14), w = 1 + static_cast<int>(random() % 14);
    const auto words = RandomGrid<uint16_t>(random, h, w, 0, i % 2 == 0 ? 3 : 65535);
    const Mask some = RandomMask(random, h, w, 0.8);
    const int64_t window = 3 + 2 * static_cast<int64_t>(random() % 8);
    const double sigma = static_cast<double>(window - 1) / 6.0;
    std::vector<uint64_t> weights;
    long double norm = 0;
    for (int64_t d = 0; d <= window / 2; ++d)
      norm += (d == 0 ? 1 : 2) * expl(-static_cast<long double>(d * d) / (2.0L * sigma * sigma));
    for (int64_t d = 0; d <= window / 2; ++d)
      weights.push_back(static_cast<uint64_t>(
          floorl(0x1p22L * expl(-static_cast<long double>(d * d) / (2.0L * sigma * sigma)) / norm +
                 0.5L)));
    for (const double offset : {0.0, 0.25, -3.0})
      EXPECT_EQ(Draw(MaskOf(words, Gaussian(window, offset), Profile::kExact, false, &some)),
                Draw(oracle::LocalMean(words, some, weights, offset)));
  }
}

TEST(LocalThreshold, FloatsAgreeWithIntegers) {
  std::mt19937 random(13);
  for (int i = 0; i < 20; ++i) {
    const auto bytes = RandomGrid<uint8_t>(random, 15, 21, 0, 255);
    Grid<float> floats(15, 21);
    for (size_t k = 0; k < floats.cells.size(); ++k) floats.cells[k] = bytes.cells[k];
    const int64_t window = 3 + 2 * static_cast<int64_t>(random() % 9);
    EXPECT_EQ(Draw(MaskOf(floats, Mean(window, 1.5))), Draw(MaskOf(bytes, Mean(window, 1.5))));
    // With a mask: without one larger pictures of bytes have a kernel of their own.
    const Mask all(15, 21, 1);
    EXPECT_EQ(Draw(MaskOf(floats, Gaussian(window, 1.5))),
              Draw(MaskOf(bytes, Gaussian(window, 1.5), Profile::kExact, false, &all)));
    LocalThresholdStep step = Sauvola(window, 0.2);
    step.r = 128;
    EXPECT_EQ(Draw(MaskOf(floats, step)), Draw(MaskOf(bytes, step)));
  }
}

TEST(LocalThreshold, FlatPicturesHaveNoForegroundAtOffsetZero) {
  for (const int64_t window : {3, 7, 51, 65535}) {
    for (const uint8_t level : {0, 1, 128, 255}) {
      const Grid<uint8_t> gray(9, 14, level);
      EXPECT_EQ(MaskOf(gray, Mean(window, 0)).cells, Mask(9, 14, 0).cells);
      EXPECT_EQ(MaskOf(gray, Gaussian(window, 0)).cells, Mask(9, 14, 0).cells);
      EXPECT_EQ(MaskOf(gray, Mean(window, 0.001)).cells, Mask(9, 14, 255).cells);
      EXPECT_EQ(MaskOf(gray, Mean(window, 0), Profile::kExact, true).cells, Mask(9, 14, 255).cells);
    }
  }
}

TEST(LocalThreshold, SauvolaSeparatesInkFromPaper) {
  // Dark strokes on paper whose brightness falls from left to right: no one threshold does it.
  Grid<uint8_t> gray(40, 200);
  Mask want(40, 200);
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 200; ++x) {
      const bool ink = y % 10 == 5;
      want.at(y, x) = ink ? 255 : 0;
      gray.at(y, x) = static_cast<uint8_t>(240 - x * 3 / 4 - (ink ? 60 : 0));
    }
  }
  EXPECT_EQ(Draw(MaskOf(gray, Sauvola(15, 0.2), Profile::kExact, true)), Draw(want));
}

TEST(LocalThreshold, OpencvRoundsTheMeanAndTheOffset) {
  // Window sums of 9 pixels of 10 and one of 14: mean 10.44 becomes 10; offset 0.5 becomes 1.
  Grid<uint8_t> gray(3, 3, 10);
  gray.at(1, 1) = 14;
  EXPECT_EQ(Draw(MaskOf(gray, Mean(3, 0), Profile::kOpencv)), "...\n.#.\n...\n");
  EXPECT_EQ(Draw(MaskOf(gray, Mean(3, 0.5), Profile::kOpencv)), "###\n###\n###\n");
  // With invert the offset is rounded down: 10 - 10 <= 0 holds, 14 - 10 <= 0 does not.
  EXPECT_EQ(Draw(MaskOf(gray, Mean(3, 0.5), Profile::kOpencv, true)), "###\n#.#\n###\n");
}

TEST(LocalThreshold, WhatOpencvHasNot) {
  const Grid<uint8_t> gray(4, 4, 9);
  for (const int64_t window : {3, 7, 9, 51, 1001}) {
    EXPECT_TRUE(RunSteps(gray, {Mean(window, 0)}, Profile::kOpencv).ok());
    EXPECT_TRUE(RunSteps(gray, {Gaussian(window, 0)}, Profile::kOpencv).ok());
  }
  EXPECT_EQ(FieldOf(RunSteps(gray, {Sauvola(9, 0.2)}, Profile::kOpencv).status()),
            "steps[0].local_threshold.method");
  LocalThresholdStep with_sigma = Gaussian(5, 0);
  with_sigma.sigma = 1;
  EXPECT_EQ(FieldOf(RunSteps(gray, {with_sigma}, Profile::kOpencv).status()),
            "steps[0].local_threshold.sigma");
}

TEST(LocalThreshold, CombinationsNotOffered) {
  const Grid<uint8_t> bytes(4, 4, 9);
  const Grid<uint16_t> words(4, 4, 9);
  const auto code = [](const absl::StatusOr<Result>& result) { return result.status().code(); };
  EXPECT_EQ(code(RunSteps(words, {Mean(3, 0)}, Profile::kOpencv)),
            absl::StatusCode::kUnimplemented);
  EXPECT_EQ(code(RunSteps(bytes, {Mean(3, 0)}, Profile::kImagej)),
            absl::StatusCode::kUnimplemented);
  EXPECT_EQ(code(RunSteps(bytes, {Sauvola(3, 0)}, Profile::kMatlab)),
            absl::StatusCode::kUnimplemented);
}

TEST(LocalThreshold, ParametersOutOfRange) {
  const Grid<uint8_t> gray(4, 4, 9);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const auto field = [&](const LocalThresholdStep& step) {
    const auto result = RunSteps(gray, {step});
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    return FieldOf(result.status());
  };
  for (const int64_t window :
       {int64_t{-3}, int64_t{1}, int64_t{2}, int64_t{4}, int64_t{65536}, int64_t{65537},
        std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()})
    EXPECT_EQ(field(Mean(window, 0)), "steps[0].local_threshold.window");
  for (const double bad : {nan, infinity, -infinity}) {
    EXPECT_EQ(field(Mean(3, bad)), "steps[0].local_threshold.offset");
    EXPECT_EQ(field(Sauvola(3, bad)), "steps[0].local_threshold.k");
  }
  for (const double bad : {nan, infinity, 0.0, -1.0}) {
    LocalThresholdStep step = Sauvola(3, 0.2);
    step.r = bad;
    EXPECT_EQ(field(step), "steps[0].local_threshold.r");
    step = Gaussian(3, 0);
    step.sigma = bad;
    EXPECT_EQ(field(step), "steps[0].local_threshold.sigma");
  }
  LocalThresholdStep broad = Gaussian(3, 0);
  broad.sigma = 16384;
  EXPECT_EQ(FieldOf(RunSteps(gray, {broad}, Profile::kSkimage).status()),
            "steps[0].local_threshold.sigma");
  LocalThresholdStep step = Mean(3, 0);
  step.k = 0.2;
  EXPECT_EQ(field(step), "steps[0].local_threshold.k");
  step = Mean(3, 0);
  step.r = 1;
  EXPECT_EQ(field(step), "steps[0].local_threshold.r");
  step = Mean(3, 0);
  step.sigma = 1;
  EXPECT_EQ(field(step), "steps[0].local_threshold.sigma");
  step = Sauvola(3, 0.2);
  step.offset = 1;
  EXPECT_EQ(field(step), "steps[0].local_threshold.offset");
}

TEST(LocalThreshold, SauvolaRangeOfTheDeviation) {
  const auto r_of = [](const auto& gray, Profile profile = Profile::kExact) {
    const auto result = RunSteps(gray, {Sauvola(5, 0.2)}, profile);
    EXPECT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->local_threshold->window, 5);
    EXPECT_EQ(result->local_threshold->k, 0.2);
    return result->local_threshold->r;
  };
  const auto ramp = [](auto type, double low, double step) {
    using T = decltype(type);
    Grid<T> grid(4, 4);
    for (size_t i = 0; i < 16; ++i)
      grid.cells[i] = static_cast<T>(low + step * static_cast<double>(i));
    return grid;
  };
  EXPECT_EQ(r_of(ramp(uint8_t{}, 0, 1)), 128);
  EXPECT_EQ(r_of(ramp(int8_t{}, -9, 1)), 128);
  EXPECT_EQ(r_of(ramp(uint16_t{}, 0, 4000)), 32768);
  EXPECT_EQ(r_of(ramp(int16_t{}, 0, 1)), 32768);
  EXPECT_EQ(r_of(ramp(float{}, 0, 17)), 127.5);
  EXPECT_EQ(r_of(ramp(double{}, -1, 0.125)), 0.9375);
  EXPECT_EQ(r_of(ramp(int32_t{}, -15, 2)), 15);
  EXPECT_EQ(r_of(ramp(uint32_t{}, 0, 1000000)), 7500000);
  EXPECT_EQ(r_of(Grid<float>(3, 3, 7)), 0.5);
  EXPECT_EQ(r_of(ramp(uint8_t{}, 0, 1), Profile::kSkimage), 127.5);
  EXPECT_EQ(r_of(ramp(int16_t{}, 0, 1), Profile::kSkimage), 32767.5);
  EXPECT_EQ(r_of(ramp(float{}, 0, 1), Profile::kSkimage), 1);
}

// With r of the dtype, 0.5, everything was background.
TEST(LocalThreshold, SauvolaFloatsOfAByteRangeGiveAPicture) {
  std::mt19937 random(74);
  Grid<float> gray(30, 30);
  Mask ink(30, 30);
  for (int y = 0; y < 30; ++y) {
    for (int x = 0; x < 30; ++x) {
      ink.at(y, x) = y % 10 == 5 ? 255 : 0;
      gray.at(y, x) = (ink.at(y, x) != 0 ? 60.0f : 220.0f) + static_cast<float>(random() % 9);
    }
  }
  LocalThresholdStep step = Sauvola(5, 0.2);
  step.window = 15;
  const auto result = RunSteps(gray, {step}, Profile::kExact, true);
  EXPECT_EQ(Draw(GridOf<uint8_t>(*result->mask)), Draw(ink));
  EXPECT_TRUE(result->warnings.empty());
}

TEST(LocalThreshold, SauvolaAnRThatCannotFitIsSaid) {
  Grid<float> gray(1, 2);
  gray.cells = {0, 255};
  LocalThresholdStep step = Sauvola(5, 0.2);
  const auto warnings = [&](std::optional<double> r, Profile profile = Profile::kExact) {
    step.r = r;
    return RunSteps(gray, {step}, profile)->warnings;
  };
  EXPECT_THAT(warnings(0.5), ElementsAre(HasSubstr("Sauvola's r, 0.5, is less than a hundredth")));
  EXPECT_THAT(warnings({}, Profile::kSkimage), ElementsAre(HasSubstr("Sauvola's r, 1,")));
  EXPECT_THAT(warnings(2.55), testing::IsEmpty());
  EXPECT_THAT(warnings(2.54), testing::SizeIs(1));
  // Of integers too, and only where the picture spans so much.
  for (const uint8_t high : {100, 101}) {
    Grid<uint8_t> bytes(1, 2);
    bytes.cells = {0, high};
    step.r = 1;
    EXPECT_THAT(RunSteps(bytes, {step})->warnings, testing::SizeIs(high == 101 ? 1 : 0));
  }
  EXPECT_THAT(warnings({}), testing::IsEmpty());
}

TEST(LocalThreshold, TheParametersThatWereUsed) {
  const Grid<uint8_t> gray(3, 3, 9);
  const auto used = [&](LocalThresholdStep step, Profile profile) {
    return *RunSteps(gray, {step}, profile)->local_threshold;
  };
  LocalThresholdStep step;
  EXPECT_EQ(used(step, Profile::kExact).window, 51);
  EXPECT_EQ(used(step, Profile::kSkimage).window, 15);
  step.method = LocalMethod::kGaussian;
  step.offset = 2;
  step.window = 13;
  EXPECT_EQ(used(step, Profile::kExact).sigma, 2);
  EXPECT_EQ(used(step, Profile::kExact).offset, 2);
  EXPECT_DOUBLE_EQ(used(step, Profile::kOpencv).sigma, 0.3 * 5 + 0.8);
  step.sigma = 1.25;
  EXPECT_EQ(used(step, Profile::kSkimage).sigma, 1.25);
}

TEST(LocalThreshold, FloorOfNegativeProductIsExact) {
  EXPECT_EQ(FloorOfNegativeProduct(0.5, 3), -2);
  EXPECT_EQ(FloorOfNegativeProduct(-0.5, 3), 1);
  // 1/3 is a little less than a third: minus three of it are above -1, so that the floor is -1;
  // a little more than a tenth times ten passes -1.
  EXPECT_EQ(FloorOfNegativeProduct(1.0 / 3.0, 3), -1);
  EXPECT_EQ(FloorOfNegativeProduct(0.1, 10), -2);
  EXPECT_EQ(FloorOfNegativeProduct(1e300, 9), -(int64_t{1} << 62));
  EXPECT_EQ(FloorOfNegativeProduct(-1e300, 9), int64_t{1} << 62);
}

}  // namespace
}  // namespace trine::segment
