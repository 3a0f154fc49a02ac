// The order of steps, what is refused, threads, cancellation.
#include <cmath>
#include <limits>

#include "core/segment/contours/contours.h"
#include "core/segment/gray.h"
#include "core/segment/histogram.h"
#include "core/segment/regions/distance.h"
#include "core/segment/regions/markers.h"
#include "core/segment/regions/remove_small.h"
#include "core/segment/regions/runs/runs.h"
#include "core/segment/regions/watershed.h"
#include "core/segment/steps.h"
#include "core/segment/local/local_threshold.h"
#include "core/segment/threshold/multi_otsu.h"
#include "core/segment/threshold/otsu.h"
#include "core/segment/threshold/threshold.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

using testing::HasSubstr;

TEST(Pipeline, StepsFindWhatTheyNeed) {
  const Grid<uint8_t> gray(3, 3, 1);
  WatershedStep on_gray{MarkerSource::kDistance, Relief::kGray};
  const std::vector<std::pair<std::vector<Step>, std::string>> cases = {
      {{InvertStep{}}, "mask"},
      {{FillHolesStep{}}, "mask"},
      {{ComponentsStep{}}, "mask"},
      {{DistanceStep{}}, "mask"},
      {{ContoursStep{}}, "mask"},
      {{MeasureStep{}}, "label map"},
      {{WatershedStep{}}, "distance map"},
      {{on_gray}, "distance map"}};
  for (const auto& [steps, what] : cases) {
    const auto result = RunSteps(gray, steps);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(FieldOf(result.status()), "steps[0]");
    EXPECT_THAT(std::string(result.status().message()), HasSubstr("needs a " + what));
  }
  EXPECT_EQ(FieldOf(RunSteps(gray, {OtsuStep{}, MeasureStep{}}).status()), "steps[1]");
  EXPECT_EQ(FieldOf(RunSteps(gray, {OtsuStep{}, WatershedStep{}}).status()), "steps[1]");
  EXPECT_EQ(FieldOf(RunSteps(gray, {DistanceStep{}, OtsuStep{}}).status()), "steps[0]");
  EXPECT_TRUE(RunSteps(gray, {OtsuStep{}, DistanceStep{}, WatershedStep{}, MeasureStep{}}).ok());
}

TEST(Pipeline, NumberOfSteps) {
  const Grid<uint8_t> gray(3, 3, 1);
  const auto none = RunSteps(gray, {});
  EXPECT_EQ(none.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(none.status()), "steps");
  std::vector<Step> steps(64, OtsuStep{});
  EXPECT_TRUE(RunSteps(gray, steps).ok());
  steps.push_back(InvertStep{});
  const auto many = RunSteps(gray, steps);
  EXPECT_EQ(many.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FieldOf(many.status()), "steps");
}

TEST(Pipeline, ParametersOutOfRange) {
  const Grid<uint8_t> gray(3, 3, 1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto field = [&](std::vector<Step> steps) {
    const auto result = RunSteps(gray, std::move(steps));
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    return FieldOf(result.status());
  };
  EXPECT_EQ(field({ThresholdStep{{}}}), "steps[0].threshold.thresholds");
  EXPECT_EQ(field({ThresholdStep{std::vector<double>(16, 0)}}), "steps[0].threshold.thresholds");
  EXPECT_EQ(field({ThresholdStep{{1, 1}}}), "steps[0].threshold.thresholds[1]");
  EXPECT_EQ(field({ThresholdStep{{1, 3, 2}}}), "steps[0].threshold.thresholds[2]");
  EXPECT_EQ(field({ThresholdStep{{nan}}}), "steps[0].threshold.thresholds[0]");
  EXPECT_EQ(field({ThresholdStep{{1, std::numeric_limits<double>::infinity()}}}),
            "steps[0].threshold.thresholds[1]");
  EXPECT_EQ(field({OtsuStep{}, FillHolesStep{Connectivity::k4, -1}}),
            "steps[1].fill_holes.max_area");
  EXPECT_EQ(field({OtsuStep{}, ComponentsStep{Connectivity::k4, -1}}),
            "steps[1].components.min_area");
  for (const double bad : {nan, -0.5, std::numeric_limits<double>::infinity()}) {
    WatershedStep step;
    step.marker_height = bad;
    EXPECT_EQ(field({OtsuStep{}, DistanceStep{}, step}), "steps[2].watershed.marker_height");
  }
}

TEST(Pipeline, WhatNoPictureMakesRight) {
  const auto refusal = [](std::vector<Step> steps, Profile profile, Companions given = {}) {
    return ValidateForAny(given, {profile, false, std::move(steps)});
  };
  for (const Profile profile :
       {Profile::kExact, Profile::kOpencv, Profile::kSkimage, Profile::kImagej, Profile::kMatlab}) {
    for (const StepSpec& spec : AllSteps()) {
      Options options{profile, false, {Step(spec)}};
      bool any = false;  // a picture of some type that is taken
      for (int dtype = kMinDType; dtype <= kMaxDType; ++dtype) {
        Inputs inputs;
        inputs.gray = {static_cast<DType>(dtype), {2, 3}, {}};
        any |= Validate(inputs, options, DefaultLimits()).ok();
      }
      EXPECT_EQ(ValidateForAny({}, options).ok(), any) << spec.name << ProfileName(profile);
    }
  }
  // Of some types, and of none.
  EXPECT_TRUE(refusal({OtsuStep{}}, Profile::kOpencv).ok());
  EXPECT_EQ(FieldOf(refusal({MultiOtsuStep{}}, Profile::kOpencv)), "profile");
  EXPECT_TRUE(absl::IsUnimplemented(refusal({MultiOtsuStep{}}, Profile::kOpencv)));
  EXPECT_EQ(FieldOf(refusal({OtsuStep{}, MeasureStep{}}, Profile::kExact)), "steps[1]");
  // Pictures beside it count.
  const SmoothStep median{SmoothMethod::kMedian};
  EXPECT_TRUE(refusal({median}, Profile::kImagej).ok());
  EXPECT_FALSE(refusal({median}, Profile::kImagej, {.mask = true}).ok());
  const WatershedStep of_given{MarkerSource::kGiven, Relief::kGray};
  EXPECT_EQ(FieldOf(refusal({of_given}, Profile::kExact)), "steps[0].watershed.markers");
  EXPECT_TRUE(refusal({of_given}, Profile::kExact, {.markers = true}).ok());
  Options compared{Profile::kExact, false, {OtsuStep{}}};
  compared.metrics = true;
  EXPECT_EQ(FieldOf(ValidateForAny({}, compared)), "ground_truth");
  EXPECT_TRUE(ValidateForAny({.ground_truth = true}, compared).ok());
}

TEST(Pipeline, WrongInputs) {
  const std::vector<uint8_t> bytes(64, 1);
  const Options options{Profile::kExact, false, {OtsuStep{}}};
  const auto field = [&](Inputs inputs) { return FieldOf(RunSteps(inputs, options).status()); };
  const auto gray = [&](DType dtype, Shape shape, size_t size) {
    Inputs inputs;
    inputs.gray = {dtype, std::move(shape), ByteView(bytes).subspan(0, size)};
    return inputs;
  };
  EXPECT_EQ(field(gray(DType::kUint8, {4}, 4)), "gray.shape");
  EXPECT_EQ(field(gray(DType::kUint8, {2, 2, 1}, 4)), "gray.shape");
  EXPECT_EQ(field(gray(DType::kUint8, {0, 4}, 0)), "gray.shape");
  EXPECT_EQ(field(gray(DType::kUint8, {2, 3}, 5)), "gray.data");
  EXPECT_EQ(field(gray(DType::kUint8, {-2, 3}, 6)), "gray.shape[0]");

  Inputs inputs = gray(DType::kUint8, {2, 3}, 6);
  inputs.mask = TensorView{DType::kUint8, {3, 2}, ByteView(bytes).subspan(0, 6)};
  EXPECT_EQ(field(inputs), "mask.shape");
  inputs.mask = TensorView{DType::kUint16, {2, 3}, ByteView(bytes).subspan(0, 12)};
  EXPECT_EQ(field(inputs), "mask.dtype");
  inputs.mask = TensorView{DType::kBool, {2, 3}, ByteView(bytes).subspan(0, 5)};
  EXPECT_EQ(field(inputs), "mask.data");
  inputs.mask = TensorView{DType::kBool, {2, 3}, ByteView(bytes).subspan(0, 6)};
  EXPECT_EQ(field(inputs), "");
}

TEST(Pipeline, LimitsOfPixelsAndBytes) {
  Limits limits;
  limits.max_image_pixels = 11;
  Context context;
  context.limits = &limits;
  const Grid<uint8_t> gray(3, 4, 1);
  Inputs inputs;
  inputs.gray = {DType::kUint8, {3, 4}, gray.cells};
  Options options{Profile::kExact, false, {OtsuStep{}, DistanceStep{}}};
  auto result = Segment(context, inputs, options);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FieldOf(result.status()), "gray.shape");
  limits.max_image_pixels = 12;
  EXPECT_TRUE(Segment(context, inputs, options).ok());
  limits.max_output_bytes = 47;  // a distance map takes 48
  result = Segment(context, inputs, options);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FieldOf(result.status()), "steps[1]");
}

TEST(Pipeline, FixedThresholdsClassify) {
  Grid<uint8_t> gray(1, 6);
  gray.cells = {0, 10, 11, 20, 21, 255};
  auto result = RunSteps(gray, {ThresholdStep{{10, 20.5}}});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(GridOf<int32_t>(*result->labels).cells, testing::ElementsAre(0, 0, 1, 1, 2, 2));
  EXPECT_EQ(Draw(GridOf<uint8_t>(*result->mask)), "..####\n");
  EXPECT_EQ(result->label_count, 2);
  EXPECT_EQ(result->threshold->classes[1].mean, 15.5);
  EXPECT_EQ(Draw(GridOf<uint8_t>(*RunSteps(gray, {ThresholdStep{{-1}}})->mask)), "######\n");
  EXPECT_EQ(Draw(GridOf<uint8_t>(*RunSteps(gray, {ThresholdStep{{255}}})->mask)), "......\n");
  EXPECT_EQ(Draw(GridOf<uint8_t>(*RunSteps(gray, {ThresholdStep{{1e300}}})->mask)), "......\n");
  EXPECT_EQ(Draw(GridOf<uint8_t>(*RunSteps(gray, {ThresholdStep{{-1e300}}})->mask)), "######\n");
}

// Whatever is in the memory, whichever step is the first to write.
TEST(Pipeline, MaskInMemoryOfTheCaller) {
  std::mt19937 random(5);
  const auto gray = RandomGrid<uint8_t>(random, 37, 41, 0, 255);
  const Mask inside = RandomMask(random, 37, 41, 0.7);
  const LocalThresholdStep local{.method = LocalMethod::kMean, .window = 5};
  const WatershedStep watershed{.markers = MarkerSource::kGiven};
  const Labels markers(37, 41, 1);
  for (const std::vector<Step>& steps :
       std::vector<std::vector<Step>>{{OtsuStep{}},
                                      {ThresholdStep{{-1}}},
                                      {local},
                                      {OtsuStep{}, local, InvertStep{}},
                                      {watershed}}) {
    Inputs inputs;
    inputs.gray = {DType::kUint8, {37, 41}, gray.cells};
    inputs.mask = TensorView{DType::kUint8, {37, 41}, inside.cells};
    inputs.markers = TensorView{
        DType::kInt32,
        {37, 41},
        ByteView(reinterpret_cast<const uint8_t*>(markers.cells.data()), size_t{4} * 37 * 41)};
    const auto own = RunSteps(inputs, {.steps = steps});
    std::vector<uint8_t> memory(size_t{37} * 41, 99);
    inputs.mask_memory = absl::MakeSpan(memory);
    const auto given = RunSteps(inputs, {.steps = steps});
    ASSERT_TRUE(own.ok() && given.ok()) << own.status() << given.status();
    EXPECT_EQ(given->mask->data.data(), memory.data());
    EXPECT_EQ(own->mask->data, given->mask->data);
    EXPECT_EQ(own->foreground_fraction, given->foreground_fraction);
    EXPECT_GT(own->foreground_fraction, 0);
  }
  Inputs inputs;
  inputs.gray = {DType::kUint8, {37, 41}, gray.cells};
  std::vector<uint8_t> memory(size_t{37} * 41 - 1);
  inputs.mask_memory = absl::MakeSpan(memory);
  EXPECT_EQ(FieldOf(RunSteps(inputs, {.steps = {OtsuStep{}}}).status()), "mask_memory");
}

// Thresholds that no pixel of the type, or every one, is above; floats between two pixels' values.
TEST(Pipeline, ThresholdsBeyondTheValues) {
  const auto count = [](const auto& gray, double threshold, bool invert) {
    const double second = threshold + 1 + std::fabs(threshold);
    const auto result =
        RunSteps(gray, {ThresholdStep{{threshold, second}}}, Profile::kExact, invert);
    const auto labels = GridOf<int32_t>(*result->labels);
    int above = 0;
    for (size_t i = 0; i < labels.cells.size(); ++i) {
      const auto value = static_cast<double>(gray.cells[i]);
      EXPECT_EQ(labels.cells[i], (value > threshold ? 1 : 0) + (value > second ? 1 : 0));
      above += value > threshold ? 1 : 0;
      EXPECT_EQ(result->mask->data[i], (value > threshold) != invert ? 255 : 0);
    }
    EXPECT_EQ(result->foreground_fraction, (invert ? 9 - above : above) / 9.0);
    return above;
  };
  std::mt19937 random(6);
  auto bytes = RandomGrid<uint8_t>(random, 3, 3, 1, 254);
  auto words = RandomGrid<uint16_t>(random, 3, 3, 1, 65534);
  bytes.cells[4] = words.cells[4] = 0;
  bytes.cells[5] = 255;
  words.cells[5] = 65535;
  Grid<float> floats(3, 3);
  floats.cells = {-3e38f, -1, -0.0f, 0, 0.1f, 1, 2, 16777216, 3e38f};
  Grid<double> doubles(3, 3);
  doubles.cells = {-1e100, -1, -0.0, 0, 0.1, 1, 2, 1e17, 1e100};
  for (const bool invert : {false, true}) {
    EXPECT_EQ(count(bytes, -0.5, invert), 9);
    EXPECT_EQ(count(bytes, 0, invert), 8);
    EXPECT_EQ(count(bytes, 254.5, invert), 1);
    EXPECT_EQ(count(bytes, 255, invert), 0);
    EXPECT_EQ(count(bytes, 1e300, invert), 0);
    EXPECT_EQ(count(bytes, -1e300, invert), 9);
    EXPECT_EQ(count(words, 65534, invert), 1);
    EXPECT_EQ(count(words, 65536, invert), 0);
    EXPECT_EQ(count(words, -1, invert), 9);
    EXPECT_EQ(count(floats, -1e39, invert), 9);
    EXPECT_EQ(count(floats, 1e39, invert), 0);
    EXPECT_EQ(count(floats, 0.1, invert), 5);  // 0.1f is above 0.1
    EXPECT_EQ(count(floats, 16777217, invert), 1);
    EXPECT_EQ(count(floats, -1e-60, invert), 7);
    EXPECT_EQ(count(doubles, 0.1, invert), 4);
    EXPECT_EQ(count(doubles, -1e300, invert), 9);
  }
}

TEST(Pipeline, InvertStaysInside) {
  const Mask mask = Drawn({"#.#."});
  Mask inside(1, 4, 1);
  inside.at(0, 3) = 0;
  const auto result = RunSteps(mask, {MaskStep(), InvertStep{}}, Profile::kExact, false, &inside);
  EXPECT_EQ(Draw(GridOf<uint8_t>(*result->mask)), ".#..\n");
  EXPECT_EQ(result->foreground_fraction, 1.0 / 3);
}

TEST(Pipeline, ResultHoldsOnlyWhatWasMade) {
  const Grid<uint8_t> gray(3, 3, 1);
  const auto result = RunSteps(gray, {OtsuStep{}});
  EXPECT_TRUE(result->mask && result->threshold);
  EXPECT_FALSE(result->labels || result->distance);
  EXPECT_TRUE(result->regions.empty() && result->contours.empty());
  LocalThresholdStep local;
  EXPECT_FALSE(RunSteps(gray, {local})->threshold);
}

TEST(Pipeline, NamesOfProfiles) {
  for (int i = 1; i <= 5; ++i) {
    const auto profile = static_cast<Profile>(i);
    EXPECT_EQ(ParseProfile(ProfileName(profile)), profile);
  }
  EXPECT_EQ(ParseProfile("EXACT"), std::nullopt);
}

// Every step there is, on a picture of several stripes.
std::vector<std::pair<Profile, std::vector<Step>>> Everything() {
  WatershedStep lines;
  lines.lines = true;
  WatershedStep on_gray;
  on_gray.relief = Relief::kGray;
  on_gray.connectivity = Connectivity::k8;
  const LocalThresholdStep mean{LocalMethod::kMean, 21, 2.5, {}, {}, {}};
  const LocalThresholdStep gaussian{LocalMethod::kGaussian, 7, 2.5, {}, {}, {}};
  const LocalThresholdStep wide{LocalMethod::kGaussian, 15, 2.5, {}, {}, {}};
  const LocalThresholdStep sauvola{LocalMethod::kSauvola, 0, 0, {}, {}, {}};
  return {{Profile::kExact, {OtsuStep{}, FillHolesStep{}, ComponentsStep{}, MeasureStep{}}},
          {Profile::kExact, {MultiOtsuStep{4}, MeasureStep{}}},
          {Profile::kExact, {mean, DistanceStep{}, lines, MeasureStep{}}},
          {Profile::kExact, {gaussian, InvertStep{}, DistanceStep{}, on_gray, ContoursStep{}}},
          {Profile::kExact, {sauvola, ContoursStep{}}},
          {Profile::kSkimage, {sauvola}},
          {Profile::kSkimage, {mean}},
          {Profile::kSkimage, {MultiOtsuStep{3}}},
          {Profile::kOpencv, {mean}},
          {Profile::kOpencv, {gaussian}},
          {Profile::kSkimage, {gaussian}},
          {Profile::kOpencv, {wide}}};
}

void ExpectSame(const Result& a, const Result& b) {
  const auto data = [](const std::optional<Tensor>& tensor) {
    return tensor ? tensor->data : LongArray<uint8_t>{};
  };
  EXPECT_EQ(data(a.mask), data(b.mask));
  EXPECT_EQ(data(a.labels), data(b.labels));
  EXPECT_EQ(data(a.distance), data(b.distance));
  EXPECT_EQ(a.label_count, b.label_count);
  EXPECT_EQ(a.foreground_fraction, b.foreground_fraction);
  ASSERT_EQ(a.regions.size(), b.regions.size());
  for (size_t i = 0; i < a.regions.size(); ++i) {
    EXPECT_EQ(a.regions[i].area, b.regions[i].area);
    EXPECT_EQ(a.regions[i].mean_intensity, b.regions[i].mean_intensity);
  }
  EXPECT_EQ(a.contours.size(), b.contours.size());
  ASSERT_EQ(a.threshold.has_value(), b.threshold.has_value());
  if (a.threshold) {
    EXPECT_EQ(a.threshold->thresholds, b.threshold->thresholds);
    EXPECT_EQ(a.threshold->separability, b.threshold->separability);
  }
}

template <typename T>
Grid<T> Textured(int height, int width, double scale) {
  std::mt19937 random(50);
  Grid<T> grid(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double wave = 110 + 60 * ((x / 37 + y / 29) % 2) + static_cast<double>(random() % 50);
      grid.at(y, x) = static_cast<T>(wave * scale);
    }
  }
  return grid;
}

template <typename T>
void ExpectThreadsAgree(const Grid<T>& gray) {
  const Unaligned<T> picture(gray);
  Inputs inputs;
  inputs.gray = picture.view();
  for (const auto& [profile, steps] : Everything()) {
    const Options options{profile, false, steps};
    const auto alone = Segment(Context{}, inputs, options);
    for (const int threads : {1, 2, 8}) {
      ThreadPool pool(threads);
      Context context;
      context.pool = &pool;
      const auto result = Segment(context, inputs, options);
      ASSERT_EQ(result.ok(), alone.ok());
      if (alone.ok()) {
        ExpectSame(*alone, *result);
      } else {
        EXPECT_EQ(alone.status().code(), absl::StatusCode::kUnimplemented);
      }
    }
  }
}

TEST(Pipeline, ThreadsDoNotMatter) {
  ExpectThreadsAgree(Textured<uint8_t>(700, 611, 1.0));
  ExpectThreadsAgree(Textured<uint16_t>(300, 611, 250.0));
  ExpectThreadsAgree(Textured<float>(300, 611, 1.0 / 255));
  ExpectThreadsAgree(Textured<double>(150, 611, 1.0 / 255));
  ExpectThreadsAgree(Textured<int16_t>(150, 611, -90.0));
}

TEST(Pipeline, CancelledBeforeAndBetween) {
  CancelSource source;
  source.Cancel();
  Context context;
  context.cancel = source.token();
  const auto gray = Textured<uint8_t>(40, 40, 1.0);
  Inputs inputs;
  inputs.gray = {DType::kUint8, {40, 40}, gray.cells};
  for (const auto& [profile, steps] : Everything())
    EXPECT_EQ(Segment(context, inputs, {profile, false, steps}).status().code(),
              absl::StatusCode::kCancelled);
}

// Each part by itself polls while it works: a call that began before the cancellation stops.
TEST(Pipeline, EveryPartPolls) {
  CancelSource source;
  source.Cancel();
  Context context;
  context.cancel = source.token();
  const auto gray = Textured<uint8_t>(600, 600, 1.0);
  const auto floats = Textured<float>(600, 600, 1.0 / 255);
  const Picture bytes = PictureOf(gray), reals = PictureOf(floats);
  Mask mask(600, 600, 255);
  Labels labels(600, 600, 1);
  std::vector<float> distance(360000, 1.5f);
  const auto code = [](const auto& result) {
    if constexpr (std::is_same_v<std::decay_t<decltype(result)>, absl::Status>) {
      return result.code();
    } else {
      return result.status().code();
    }
  };
  const auto stopped = absl::StatusCode::kCancelled;
  uint8_t* m = mask.cells.data();
  int32_t* l = labels.cells.data();
  EXPECT_EQ(code(CountValues(context, bytes)), stopped);
  EXPECT_EQ(code(LevelsOfFloats(context, reals)), stopped);
  Inputs inputs;
  const Unaligned<float> unaligned(floats);
  inputs.gray = unaligned.view();
  EXPECT_EQ(code(MakeGrayPicture(context, inputs, {})), stopped);
  EXPECT_EQ(code(RangeOf(context, reals)), stopped);
  EXPECT_EQ(code(Runs::Of(context, m, true, 600, 600)), stopped);
  const Runs runs = *Runs::Of(Context(), m, true, 600, 600);
  const RunComponents components = *FindComponents(Context(), runs, Connectivity::k8);
  EXPECT_EQ(code(FindComponents(context, runs, Connectivity::k8)), stopped);
  EXPECT_EQ(code(AreasOf(context, runs, components)), stopped);
  EXPECT_EQ(code(PaintLabels(context, runs, components.number.data(), l)), stopped);
  EXPECT_EQ(code(FillRuns(
                context, runs, 0, [](int64_t) { return true; }, m)),
            stopped);
  EXPECT_EQ(code(DistanceMap(context, m, 600, 600, distance.data())), stopped);
  EXPECT_EQ(code(FindContours(context, m, nullptr, 600, 600, "")), stopped);
  const std::vector<double> thresholds = {100};
  EXPECT_EQ(code(ApplyThresholds(context, bytes, thresholds, {}, m, l).status()), stopped);
  EXPECT_EQ(code(SkimageMean(context, bytes, 15, 0, false, m)), stopped);
  const LocalThresholdResult gaussian{.method = LocalMethod::kGaussian, .window = 15, .sigma = 2};
  EXPECT_EQ(code(LocalGaussian(context, bytes, gaussian, false, m)), stopped);
  EXPECT_EQ(code(LocalGaussian(context, reals, gaussian, false, m)), stopped);
  EXPECT_EQ(code(OpencvGaussian(context, bytes, 15, 2, 0, false, m)), stopped);
  EXPECT_EQ(code(SkimageGaussian(context, reals, 2, 0, false, m)), stopped);
  const LocalThresholdResult sauvola{.window = 15, .k = 0.2, .r = 128};
  std::optional<uint64_t> foreground;
  EXPECT_EQ(code(LocalThreshold(context, bytes, sauvola, Profile::kExact, false, m, &foreground)),
            stopped);
  EXPECT_EQ(code(RemoveSmallRegions(context, 360000, 1, 5, "", l)), stopped);
  distance.assign(360000, 1.5f);
  EXPECT_EQ(
      code(DistanceMarkers(context, distance.data(), m, 600, 600, Connectivity::k4, 1, "", l)),
      stopped);
  std::fill(mask.cells.begin(), mask.cells.end(), uint8_t{255});
  labels = Labels(600, 600);
  labels.at(5, 5) = 1;
  EXPECT_EQ(code(FloodRelief::OfDistance(context, distance.data(), m, 360000).status()), stopped);
  for (const Profile profile : {Profile::kExact, Profile::kSkimage}) {
    auto relief = FloodRelief::OfGray(Context{}, bytes, m);
    ASSERT_TRUE(relief.ok());
    EXPECT_EQ(code(Flood(context, m, 600, 600, Connectivity::k4, false, profile, &*relief,
                         labels.cells.data())),
              stopped);
  }
  Levels levels = LevelsOfCounts(std::vector<uint64_t>(65536, 3));
  EXPECT_EQ(code(BestCuts(context, levels)), stopped);
  EXPECT_EQ(code(BestPartition(context, levels, 4)), stopped);
  levels.offset.clear();
  EXPECT_EQ(code(BestCuts(context, levels)), stopped);
  EXPECT_EQ(code(BestPartition(context, levels, 4)), stopped);
  EXPECT_EQ(code(SkimageMultiOtsu(context, std::vector<uint64_t>(256, 3), 5)), stopped);
}

}  // namespace
}  // namespace trine::segment
