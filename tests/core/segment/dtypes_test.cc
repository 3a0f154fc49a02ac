// Pictures of every dtype, and values that are not finite.
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/float16.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

LocalThresholdStep Local(LocalMethod method) {
  LocalThresholdStep step;
  step.method = method;
  step.window = 5;
  return step;
}

// All that reads gray values.
std::vector<std::vector<Step>> Readers() {
  WatershedStep on_gray;
  on_gray.relief = Relief::kGray;
  return {{OtsuStep{}, ComponentsStep{}, MeasureStep{}},
          {MultiOtsuStep{3}, MeasureStep{}},
          {Local(LocalMethod::kMean)},
          {Local(LocalMethod::kGaussian)},
          {Local(LocalMethod::kSauvola)},
          {OtsuStep{}, DistanceStep{}, on_gray, MeasureStep{}}};
}

// `b` is of a picture whose values are those of `a` plus `shift`.
void ExpectShifted(const Result& a, const Result& b, double shift) {
  EXPECT_EQ(GridOf<uint8_t>(*a.mask).cells, GridOf<uint8_t>(*b.mask).cells);
  ASSERT_EQ(a.labels.has_value(), b.labels.has_value());
  if (a.labels) {
    EXPECT_EQ(GridOf<int32_t>(*a.labels).cells, GridOf<int32_t>(*b.labels).cells);
  }
  ASSERT_EQ(a.threshold.has_value(), b.threshold.has_value());
  if (a.threshold) {
    ASSERT_EQ(a.threshold->thresholds.size(), b.threshold->thresholds.size());
    for (size_t i = 0; i < a.threshold->thresholds.size(); ++i)
      EXPECT_EQ(a.threshold->thresholds[i] + shift, b.threshold->thresholds[i]);
    for (size_t i = 0; i < a.threshold->classes.size(); ++i)
      EXPECT_DOUBLE_EQ(a.threshold->classes[i].mean + shift, b.threshold->classes[i].mean);
    EXPECT_NEAR(a.threshold->separability, b.threshold->separability, 1e-12);
  }
  ASSERT_EQ(a.regions.size(), b.regions.size());
  for (size_t i = 0; i < a.regions.size(); ++i)
    EXPECT_DOUBLE_EQ(a.regions[i].mean_intensity + shift, b.regions[i].mean_intensity);
}

// Values 0 to 255 plus `shift`, as T.
template <typename T>
void ExpectAsBytes(double shift) {
  std::mt19937 random(71);
  const auto bytes = RandomGrid<uint8_t>(random, 17, 23, 0, 255);
  Grid<T> values(17, 23);
  for (size_t i = 0; i < values.cells.size(); ++i)
    values.cells[i] = static_cast<T>(static_cast<T>(bytes.cells[i]) + static_cast<T>(shift));
  const Mask some = RandomMask(random, 17, 23, 0.8);
  for (const std::vector<Step>& steps : Readers()) {
    const bool depends_on_zero =
        steps[0].spec().name == "local_threshold" &&
        std::any_cast<const LocalThresholdStep&>(steps[0].parameters()).method ==
            LocalMethod::kSauvola;
    if (depends_on_zero) continue;
    for (const Mask* inside : {static_cast<const Mask*>(nullptr), &some}) {
      const auto expected = RunSteps(bytes, steps, Profile::kExact, false, inside);
      const auto result = RunSteps(values, steps, Profile::kExact, false, inside);
      ASSERT_TRUE(expected.ok()) << expected.status();
      ASSERT_TRUE(result.ok()) << result.status();
      ExpectShifted(*expected, *result, shift);
    }
  }
}

TEST(DTypes, OfAllIntegersAndFloatsTheResultsAreTheSameInTheirOwnValues) {
  ExpectAsBytes<int8_t>(-128);
  ExpectAsBytes<int16_t>(-300);
  ExpectAsBytes<int16_t>(0);
  ExpectAsBytes<uint16_t>(70);
  ExpectAsBytes<int32_t>(-1000000);
  ExpectAsBytes<uint32_t>(4000000000.0);
  ExpectAsBytes<int64_t>(-static_cast<double>(1LL << 39));
  ExpectAsBytes<uint64_t>(static_cast<double>(1ULL << 39));
  ExpectAsBytes<float>(-20);
  ExpectAsBytes<double>(-1000000);
}

// Sauvola's formula reads values from zero on: by hand, in the picture's own values.
TEST(DTypes, SauvolaReadsTheValuesThemselves) {
  std::mt19937 random(72);
  for (const int64_t shift : {0, -90, -30000}) {
    Grid<int16_t> gray(12, 15);
    for (int16_t& cell : gray.cells) cell = static_cast<int16_t>(shift + random() % 200);
    LocalThresholdStep step = Local(LocalMethod::kSauvola);
    step.r = 60;
    const auto result = RunSteps(gray, {step});
    ASSERT_TRUE(result.ok());
    Mask expected(12, 15);
    for (int y = 0; y < 12; ++y) {
      for (int x = 0; x < 15; ++x) {
        long double sum = 0, squares = 0, n = 0;
        for (int v = std::max(0, y - 2); v <= std::min(11, y + 2); ++v) {
          for (int u = std::max(0, x - 2); u <= std::min(14, x + 2); ++u) {
            sum += gray.at(v, u);
            squares += static_cast<long double>(gray.at(v, u)) * gray.at(v, u);
            n += 1;
          }
        }
        const long double mean = sum / n, deviation = sqrtl(squares / n - mean * mean);
        expected.at(y, x) = gray.at(y, x) > mean * (1 + 0.2L * (deviation / 60 - 1)) ? 255 : 0;
      }
    }
    EXPECT_EQ(Draw(GridOf<uint8_t>(*result->mask)), Draw(expected)) << shift;
  }
}

TEST(DTypes, BoolAndSixteenBitFloats) {
  const std::vector<uint8_t> bools = {0, 1, 1, 0};
  Inputs inputs;
  inputs.gray = {DType::kBool, {1, 4}, bools};
  const Options otsu{Profile::kExact, false, {OtsuStep{}}};
  auto result = RunSteps(inputs, otsu);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Draw(GridOf<uint8_t>(*result->mask)), ".##.\n");
  EXPECT_EQ(result->threshold->thresholds[0], 0);
  EXPECT_EQ(result->threshold->plateau_high, 0);
  for (const Step& step :
       {Step(OtsuStep{}), Step(MultiOtsuStep{2}), Step(AutoThresholdStep{AutoMethod::kTriangle}),
        Step(AutoThresholdStep{AutoMethod::kYen})}) {
    const auto refused = RunSteps(inputs, {Profile::kSkimage, false, {step}});
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnimplemented);
    EXPECT_EQ(FieldOf(refused.status()), "profile");
  }

  const float values[] = {-0.5f, 0.25f, 2.0f, 1.5f};
  for (const DType dtype : {DType::kFloat16, DType::kBfloat16}) {
    std::vector<uint8_t> halves(8);
    for (size_t i = 0; i < 4; ++i) {
      StoreLE(&halves[2 * i],
              dtype == DType::kFloat16 ? FloatToFloat16(values[i]) : FloatToBFloat16(values[i]));
    }
    inputs.gray = {dtype, {1, 4}, halves};
    result = RunSteps(inputs, otsu);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(Draw(GridOf<uint8_t>(*result->mask)), "..##\n");
    EXPECT_EQ(result->threshold->thresholds[0], 0.25);
    EXPECT_EQ(result->threshold->classes[1].mean, 1.75);
  }
}

TEST(DTypes, GivenThresholdsAreInThePicturesValues) {
  Grid<int16_t> gray(1, 6);
  gray.cells = {-32768, -5, -4, 0, 7, 32767};
  const auto drawn = [&](double threshold) {
    const auto result = RunSteps(gray, {ThresholdStep{{threshold}}});
    EXPECT_EQ(GridOf<int32_t>(*result->labels).cells[5], threshold < 32767 ? 1 : 0);
    return Draw(GridOf<uint8_t>(*result->mask));
  };
  EXPECT_EQ(drawn(-4), "...###\n");
  EXPECT_EQ(drawn(-4.5), "..####\n");
  EXPECT_EQ(drawn(-1e-20), "...###\n");
  EXPECT_EQ(drawn(0), "....##\n");
  EXPECT_EQ(drawn(-32768), ".#####\n");
  EXPECT_EQ(drawn(-1e300), "######\n");
  EXPECT_EQ(drawn(32767), "......\n");
}

// Values that float32 cannot tell apart.
TEST(DTypes, DoublesKeepAllTheirBits) {
  Grid<double> gray(1, 4);
  gray.cells = {1.0, 1.0 + 0x1p-52, 1.0 + 0x1p-51, 1.0 + 0x1p-51};
  const auto result = RunSteps(gray, {OtsuStep{}});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->threshold->thresholds[0], 1.0 + 0x1p-52);
  EXPECT_EQ(result->threshold->plateau_high, 1.0 + 0x1p-52);
  EXPECT_EQ(Draw(GridOf<uint8_t>(*result->mask)), "..##\n");
  EXPECT_EQ(Draw(GridOf<uint8_t>(*RunSteps(gray, {Local(LocalMethod::kMean)})->mask)), "..##\n");
  // And distinct values far apart: the levels are not multiples of one step below 2^32 of them.
  Grid<double> far(1, 4);
  far.cells = {1e-30, 3e-30, 1e30, 1.5e30};
  EXPECT_EQ(RunSteps(far, {OtsuStep{}})->threshold->thresholds[0], 3e-30);
}

TEST(DTypes, SixtyFourBitsThatFloat64DoesNotHoldAreRefusedByPixel) {
  Grid<int64_t> gray(2, 2);
  gray.cells = {0, 5, (int64_t{1} << 53) + 1, 9};
  const auto refused = RunSteps(gray, {OtsuStep{}});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(refused.status()), "gray[1][0]");
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("is 9007199254740993; "));
  Mask inside(2, 2, 1);
  inside.at(1, 0) = 0;
  EXPECT_TRUE(RunSteps(gray, {OtsuStep{}}, Profile::kExact, false, &inside).ok());
  gray.at(1, 0) = int64_t{1} << 53;
  EXPECT_TRUE(RunSteps(gray, {OtsuStep{}}).ok());
  Grid<uint64_t> most(1, 2);
  most.cells = {0, std::numeric_limits<uint64_t>::max()};
  EXPECT_EQ(FieldOf(RunSteps(most, {OtsuStep{}}).status()), "gray[0][1]");
  most.cells = {uint64_t{1} << 60, uint64_t{1} << 63};
  const auto large = RunSteps(most, {OtsuStep{}});
  ASSERT_TRUE(large.ok()) << large.status();
  EXPECT_EQ(large->threshold->thresholds[0], 0x1p60);
  EXPECT_EQ(large->threshold->plateau_high, 0x1p63 - 0x1p10);  // the double before
}

TEST(DTypes, MagnitudesThatSquaresCannotHold) {
  Grid<double> gray(1, 2);
  gray.cells = {1, 0x1p401};
  EXPECT_EQ(FieldOf(RunSteps(gray, {OtsuStep{}}).status()), "gray[0][1]");
  gray.cells = {0, 0x1p-401};
  EXPECT_EQ(FieldOf(RunSteps(gray, {OtsuStep{}}).status()), "gray");
  gray.cells = {0, 0x1p400};
  EXPECT_EQ(Draw(GridOf<uint8_t>(*RunSteps(gray, {OtsuStep{}})->mask)), ".#\n");
  gray.cells = {0, 0x1p-400};
  EXPECT_EQ(Draw(GridOf<uint8_t>(*RunSteps(gray, {OtsuStep{}})->mask)), ".#\n");
  gray.cells = {0, 0};
  EXPECT_TRUE(RunSteps(gray, {OtsuStep{}}).ok());
}

TEST(DTypes, ProfilesTakeWhatTheirLibrariesTake) {
  const auto code = [](const auto& gray, Profile profile) {
    return RunSteps(gray, {OtsuStep{}}, profile).status().code();
  };
  const Grid<int16_t> signed_words(2, 2, -5);
  const Grid<int32_t> wide(2, 2, 70000);
  const Grid<double> doubles(2, 2, 0.5);
  for (const Profile profile : {Profile::kOpencv, Profile::kImagej}) {
    EXPECT_EQ(code(signed_words, profile), absl::StatusCode::kUnimplemented);
    EXPECT_EQ(code(wide, profile), absl::StatusCode::kUnimplemented);
    EXPECT_EQ(code(doubles, profile), absl::StatusCode::kUnimplemented);
  }
  EXPECT_EQ(code(doubles, Profile::kMatlab), absl::StatusCode::kUnimplemented);
  // graythresh maps int16 to 0 to 255 first.
  Grid<int16_t> words(1, 2);
  words.cells = {-32768, 32767};
  EXPECT_EQ(RunSteps(words, {OtsuStep{}}, Profile::kMatlab)->threshold->thresholds[0],
            127 * 257 - 32768);
  // scikit-image: one bin a value, from the lowest on.
  Grid<int32_t> few(1, 5);
  few.cells = {-70000, -69999, -69990, -69990, -69989};
  EXPECT_EQ(RunSteps(few, {OtsuStep{}}, Profile::kSkimage)->threshold->thresholds[0], -69999);
  few.cells[0] = 0;
  EXPECT_EQ(code(few, Profile::kSkimage), absl::StatusCode::kUnimplemented);
  // 256 bins between the ends; the centre of one.
  Grid<double> real(1, 4);
  real.cells = {0, 1, 255, 256};
  const double skimage = RunSteps(real, {OtsuStep{}}, Profile::kSkimage)->threshold->thresholds[0];
  EXPECT_EQ(skimage, 1.5);
}

TEST(NotFinite, RefusedInsideByPixel) {
  for (const double bad : {kNan, kInfinity, -kInfinity}) {
    Grid<float> floats(2, 3, 1);
    Grid<double> doubles(2, 3, 1);
    floats.at(1, 2) = static_cast<float>(bad);
    doubles.at(1, 2) = bad;
    Mask inside(2, 3, 1);
    for (const std::vector<Step>& steps : {std::vector<Step>{OtsuStep{}}, {ThresholdStep{{0}}}}) {
      EXPECT_EQ(FieldOf(RunSteps(floats, steps).status()), "gray[1][2]");
      EXPECT_EQ(FieldOf(RunSteps(doubles, steps, Profile::kExact, false, &inside).status()),
                "gray[1][2]");
    }
  }
}

// A picture with such pixels outside the mask, or ignored, gives what one with any other values
// there gives, for every step.
template <typename T>
void ExpectNoTrace() {
  std::mt19937 random(73);
  Grid<T> clean(21, 19), dirty(21, 19);
  const Mask inside = RandomMask(random, 21, 19, 0.8);
  int64_t outside = 0;
  for (size_t i = 0; i < clean.cells.size(); ++i) {
    clean.cells[i] = dirty.cells[i] = static_cast<T>(random() % 100) / T{7};
    if (inside.cells[i] != 0) continue;
    const double bad[] = {kNan, kInfinity, -kInfinity};
    dirty.cells[i] = static_cast<T>(bad[outside++ % 3]);
  }
  const Unaligned<T> picture(dirty);
  for (const std::vector<Step>& steps : Readers()) {
    for (const bool invert : {false, true}) {
      const auto expected = RunSteps(clean, steps, Profile::kExact, invert, &inside);
      ASSERT_TRUE(expected.ok()) << expected.status();
      const auto masked = RunSteps(dirty, steps, Profile::kExact, invert, &inside);
      ASSERT_TRUE(masked.ok()) << masked.status();
      ExpectShifted(*expected, *masked, 0);
      EXPECT_EQ(expected->foreground_fraction, masked->foreground_fraction);
      EXPECT_EQ(masked->ignored_pixels, 0);
      Inputs inputs;
      inputs.gray = picture.view();
      const auto ignored = RunSteps(inputs, {Profile::kExact, invert, steps, NanPolicy::kIgnore});
      ASSERT_TRUE(ignored.ok()) << ignored.status();
      ExpectShifted(*expected, *ignored, 0);
      EXPECT_EQ(expected->foreground_fraction, ignored->foreground_fraction);
      EXPECT_EQ(ignored->ignored_pixels, outside);
    }
  }
}

TEST(NotFinite, OutsideAndIgnoredLeaveNoTrace) {
  ExpectNoTrace<float>();
  ExpectNoTrace<double>();
}

TEST(NotFinite, SkimagesWindowsSeeWhatLiesOutside) {
  Grid<float> gray(3, 4, 1);
  gray.at(0, 1) = static_cast<float>(kNan);
  Mask inside(3, 4, 1);
  inside.at(0, 1) = 0;
  const auto refused =
      RunSteps(gray, {Local(LocalMethod::kMean)}, Profile::kSkimage, false, &inside);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("gray[0][1]"));
}

TEST(NotFinite, AllIgnoredIsNothingToThreshold) {
  const Grid<float> gray(2, 2, static_cast<float>(kNan));
  const Unaligned<float> picture(gray);
  Inputs inputs;
  inputs.gray = picture.view();
  const auto refused_field = [&](const Step& step) {
    return FieldOf(RunSteps(inputs, {Profile::kExact, false, {step}, NanPolicy::kIgnore}).status());
  };
  for (const Step& step :
       {Step(OtsuStep{}), Step(MultiOtsuStep{2}), Step(AutoThresholdStep{AutoMethod::kLi})})
    EXPECT_EQ(refused_field(step), "gray");
  const Mask one = Drawn({"#.", ".."}), none(2, 2);
  const Unaligned<uint8_t> inside(one), outside(none);
  inputs.mask = inside.view();
  EXPECT_EQ(refused_field(OtsuStep{}), "gray");
  inputs.mask = outside.view();
  EXPECT_EQ(refused_field(OtsuStep{}), "mask");
  inputs.mask.reset();
  const auto local = RunSteps(
      inputs, {Profile::kExact, false, {Local(LocalMethod::kSauvola)}, NanPolicy::kIgnore});
  ASSERT_TRUE(local.ok()) << local.status();
  EXPECT_EQ(local->ignored_pixels, 4);
  EXPECT_EQ(local->foreground_fraction, 0);
}

}  // namespace
}  // namespace trine::segment
