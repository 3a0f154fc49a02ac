// Every step with every method, profile and a few dtypes on pictures that leave nothing to find:
// one pixel, one row or column, one value, two values, no pixel that counts, windows larger than
// the picture. What cannot be answered is refused by name; what is answered is a mask like any
// other.
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/runtime/thread_pool.h"
#include "core/segment/steps.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"
#include "tests/core/segment/variants.h"

namespace trine::segment {
namespace {

struct Case {
  std::string name;
  Grid<double> gray;  // small whole numbers, or NaN
  Mask inside;        // empty: none
};

std::vector<Case> Cases() {
  const Mask none;
  std::vector<Case> cases;
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 9}, {9, 1}, {2, 2}}) {
    const std::string size = std::to_string(height) + " x " + std::to_string(width);
    Grid<double> ramp(height, width);
    for (size_t i = 0; i < ramp.cells.size(); ++i) ramp.cells[i] = static_cast<double>(3 * i);
    cases.push_back({size, ramp, none});
  }
  cases.push_back({"constant", Grid<double>(7, 11, 9), none});
  Grid<double> two(7, 11, 3);
  for (size_t i = 0; i < two.cells.size(); i += 3) two.cells[i] = 12;
  cases.push_back({"two values", two, none});
  cases.push_back({"no pixel counts", two, Mask(7, 11)});
  Mask one(7, 11);
  one.at(3, 4) = 1;
  cases.push_back({"one pixel counts", two, one});
  cases.push_back({"NaN everywhere", Grid<double>(7, 11, NAN), none});
  return cases;
}

constexpr double kMiddle = 4;  // of the pictures' values

// Also wider than any of the pictures.
std::vector<Step> WithWideOnes(const StepSpec& spec) {
  std::vector<Step> out;
  for (const Step& step : Variants(spec, kMiddle)) {
    out.push_back(step);
    if (const auto wide = Widened(step)) out.push_back(*wide);
  }
  return out;
}

std::string TextOf(const Step& step, Profile profile, DType dtype, const Case& c) {
  return NameOf(step) + ", " + std::string(ProfileName(profile)) + ", " +
         std::string(DTypeName(dtype)) + ", " + c.name;
}

void ExpectRefusedByName(const absl::Status& status, const std::string& text) {
  EXPECT_TRUE(status.code() == absl::StatusCode::kInvalidArgument ||
              status.code() == absl::StatusCode::kUnimplemented)
      << text << ": " << status;
  EXPECT_THAT(FieldOf(status), testing::ContainsRegex("^(steps\\[|gray|mask|profile)"))
      << text << ": " << status;
}

void ExpectSound(const Result& result, const Case& c, const std::string& text) {
  EXPECT_TRUE(result.foreground_fraction >= 0 && result.foreground_fraction <= 1)
      << text << ": " << result.foreground_fraction;
  if (result.threshold) {
    for (const double threshold : result.threshold->thresholds)
      EXPECT_TRUE(std::isfinite(threshold)) << text;
    EXPECT_TRUE(result.threshold->separability >= 0 && result.threshold->separability <= 1) << text;
    double weight = 0;
    for (const ClassStats& one : result.threshold->classes) {
      EXPECT_TRUE(std::isfinite(one.mean)) << text;
      weight += one.weight;
    }
    EXPECT_TRUE(weight == 0 || std::fabs(weight - 1) < 1e-9) << text << ": " << weight;
  }
  if (!result.mask) return;
  const auto mask = GridOf<uint8_t>(*result.mask);
  for (size_t i = 0; i < mask.cells.size(); ++i) {
    EXPECT_TRUE(mask.cells[i] == 0 || mask.cells[i] == 255) << text;
    const bool counts =
        !std::isnan(c.gray.cells[i]) && (c.inside.cells.empty() || c.inside.cells[i] != 0);
    if (!counts) {
      EXPECT_EQ(mask.cells[i], 0) << text << " at " << i;
    }
  }
}

template <typename T>
void ExpectAnswers(const Step& step, const Case& c) {
  Grid<T> gray(c.gray.height, c.gray.width);
  for (size_t i = 0; i < gray.cells.size(); ++i) gray.cells[i] = static_cast<T>(c.gray.cells[i]);
  const Unaligned<T> pixels(gray);
  Inputs inputs;
  inputs.gray = pixels.view();
  if (!c.inside.cells.empty()) {
    inputs.mask = TensorView{DType::kUint8, inputs.gray.shape, c.inside.cells};
  }
  static auto* const pool = new ThreadPool(3);
  for (int number = 1; number <= 5; ++number) {
    const auto profile = static_cast<Profile>(number);
    const Options options{profile, false, Pipeline(step, kMiddle), NanPolicy::kIgnore};
    const std::string text = TextOf(step, profile, inputs.gray.dtype, c);
    const auto alone = RunSteps(inputs, options);
    Context shared;
    shared.pool = pool;
    // Into memory that holds anything: another picture's mask, as a server reuses it.
    std::vector<uint8_t> memory(gray.cells.size(), 99);
    Inputs reusing = inputs;
    reusing.mask_memory = absl::MakeSpan(memory);
    const auto threads = Segment(shared, reusing, options);
    ASSERT_EQ(alone.status(), threads.status()) << text;
    if (!alone.ok()) {
      ExpectRefusedByName(alone.status(), text);
      continue;
    }
    ExpectSound(*alone, c, text);
    if (alone->mask) {
      EXPECT_EQ(alone->mask->data, threads->mask->data) << text;
    }
  }
}

TEST(Degenerate, IsAnsweredOrRefusedByName) {
  for (const StepSpec& spec : AllSteps()) {
    for (const Step& step : WithWideOnes(spec)) {
      for (const Case& c : Cases()) {
        ExpectAnswers<float>(step, c);
        ExpectAnswers<double>(step, c);
        if (c.name == "NaN everywhere") continue;
        ExpectAnswers<uint8_t>(step, c);
        ExpectAnswers<uint16_t>(step, c);
      }
    }
  }
}

// There is nothing brighter than the rest. (Local methods that weigh the mean say otherwise.)
TEST(Degenerate, AConstantPictureHasNoForeground) {
  const Grid<uint8_t> gray(40, 60, 77);
  for (const StepSpec& spec : AllSteps()) {
    if ((spec.makes & kThresholds) == 0 || spec.name == "threshold") continue;
    for (const Step& step : WithWideOnes(spec)) {
      const auto result = RunSteps(gray, {step});
      const std::string text = TextOf(step, Profile::kExact, DType::kUint8, {"constant", {}, {}});
      if (!result.ok()) {
        ExpectRefusedByName(result.status(), text);
      } else {
        EXPECT_EQ(result->foreground_fraction, 0) << text;
      }
    }
  }
}

}  // namespace
}  // namespace trine::segment
