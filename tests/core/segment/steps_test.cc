// The list of steps: what follows from a row, and that a row is all that a step needs.
#include "core/segment/steps.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string>

#include "core/runtime/memory_account.h"
#include "core/runtime/thread_pool.h"
#include "core/segment/histogram.h"
#include "core/segment/pipeline.h"
#include "core/segment/row.h"
#include "core/segment/segment.h"
#include "core/segment/validate.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Parameter& ParameterOf(std::string_view step, std::string_view name) {
  return *FindStep(step)->Find(name);
}

TEST(Steps, NamesAreDistinctAndFound) {
  std::set<std::string_view> names;
  for (const StepSpec& spec : AllSteps()) {
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    EXPECT_EQ(FindStep(spec.name), &spec);
    EXPECT_FALSE(spec.about.empty()) << spec.name;
    EXPECT_NE(spec.makes, 0u) << spec.name;
    for (const Parameter& parameter : spec.parameters) {
      EXPECT_EQ(spec.Find(parameter.name), &parameter);
      EXPECT_FALSE(parameter.about.empty()) << spec.name << "." << parameter.name;
    }
  }
  EXPECT_EQ(FindStep("nonsense"), nullptr);
  EXPECT_EQ(FindStep("otsu")->Find("classes"), nullptr);
}

TEST(Steps, DefaultsAreInRange) {
  for (const StepSpec& spec : AllSteps()) {
    for (const Parameter& parameter : spec.parameters) {
      if (parameter.kind == ParameterKind::kReals) continue;  // must be given
      const Step step(spec);
      EXPECT_TRUE(CheckRange("", parameter, step.Get(parameter)).ok())
          << spec.name << "." << parameter.name;
      EXPECT_FALSE(DefaultText(spec, parameter).empty()) << spec.name << "." << parameter.name;
    }
  }
}

TEST(Steps, TextsForPeople) {
  const auto range = [](std::string_view step, std::string_view name) {
    return RangeText(ParameterOf(step, name));
  };
  EXPECT_EQ(range("multi_otsu", "classes"), "2 to 16");
  EXPECT_EQ(range("threshold", "thresholds"), "1 to 15 numbers");
  EXPECT_EQ(range("local_threshold", "border"), "clip, reflect, mirror, replicate");
  EXPECT_EQ(range("local_threshold", "window"), "odd, 3 to 65535, or 0 for the default");
  EXPECT_EQ(range("local_threshold", "k"), "any");
  EXPECT_EQ(range("local_threshold", "r"), "above 0");
  EXPECT_EQ(range("fill_holes", "max_area"), "at least 0");
  EXPECT_EQ(range("watershed", "lines"), "yes or no");
  const auto fallback = [](std::string_view step, std::string_view name) {
    return DefaultText(*FindStep(step), ParameterOf(step, name));
  };
  EXPECT_EQ(fallback("multi_otsu", "classes"), "3");
  EXPECT_EQ(fallback("local_threshold", "method"), "sauvola");
  EXPECT_EQ(fallback("local_threshold", "p"), "2");
  EXPECT_EQ(fallback("fill_holes", "connectivity"), "4");
  EXPECT_EQ(fallback("components", "connectivity"), "8");
  EXPECT_EQ(fallback("watershed", "marker_height"), "1");
  EXPECT_EQ(fallback("watershed", "lines"), "no");
  EXPECT_EQ(fallback("threshold", "thresholds"), "none");
  EXPECT_THAT(MapNames(FindStep("components")->makes), ElementsAre("mask", "labels"));
}

// What a row says it makes and works with is what is reserved.
TEST(Steps, MemoryIsTheSumOfTheRows) {
  const Context context;
  constexpr int64_t kHeight = 30, kWidth = 70;
  constexpr uint64_t kPixels = uint64_t{kHeight} * kWidth;
  const auto need = [&](const std::vector<Step>& steps, DType dtype = DType::kUint8) {
    return MemoryOf(context, kHeight, kWidth, dtype, {Profile::kExact, false, steps});
  };
  for (const StepSpec& spec : AllSteps()) {
    for (const DType dtype : {DType::kUint8, DType::kUint16, DType::kFloat32}) {
      const uint64_t levels = dtype == DType::kUint8    ? 256
                              : dtype == DType::kUint16 ? 65536
                                                        : kPixels;
      const MemoryNeed alone = need({Step(spec)}, dtype);
      EXPECT_EQ(alone.maps, kPixels * (((spec.makes & kMask) != 0 ? 1 : 0) +
                                       ((spec.makes & kLabels) != 0 ? 4 : 0) +
                                       ((spec.makes & kDistance) != 0 ? 4 : 0) +
                                       ((spec.makes & kGray) != 0 ? DTypeSize(dtype) : 0)))
          << spec.name;
      // Who works with levels counts them first.
      const uint64_t counting = spec.working.a_level == 0 ? 0 : CountingBytes(dtype, kPixels);
      EXPECT_EQ(alone.working,
                std::max({kPixels * spec.working.a_pixel, levels * spec.working.a_level + counting,
                          uint64_t{kWidth} * spec.working.a_column}))
          << spec.name;
    }
  }
  EXPECT_EQ(need({OtsuStep{}, InvertStep{}}).maps, kPixels);
  EXPECT_GE(CountingBytes(DType::kUint8, 1 << 20), 4u * 65536);
  EXPECT_GE(CountingBytes(DType::kUint16, 1), 5u * 65536);
  const std::vector<Step> all = {OtsuStep{},    InvertStep{},   ComponentsStep{},
                                 MeasureStep{}, DistanceStep{}, WatershedStep{}};
  EXPECT_EQ(need(all).maps, 9 * kPixels);  // each map once, however many steps write it
  EXPECT_EQ(need(all).working, need({WatershedStep{}}).working);
  EXPECT_GE(need(all).total(), 25 * kPixels);
  const Options options{Profile::kExact, false, all};
  EXPECT_EQ(MemoryOf(context, INT64_MAX, INT64_MAX, DType::kUint8, options).total(), UINT64_MAX);
  // The picture's own copy, and the pixels that are left out.
  Options otsu{Profile::kExact, false, {OtsuStep{}}};
  const auto maps = [&](DType dtype) {
    return MemoryOf(context, kHeight, kWidth, dtype, otsu).maps / kPixels;
  };
  EXPECT_EQ(maps(DType::kBool), 1u);
  EXPECT_EQ(maps(DType::kInt8), 2u);
  EXPECT_EQ(maps(DType::kInt16), 3u);
  EXPECT_EQ(maps(DType::kFloat16), 5u);
  EXPECT_EQ(maps(DType::kInt32), 9u);
  EXPECT_EQ(maps(DType::kFloat64), 1u);
  otsu.nan_policy = NanPolicy::kIgnore;
  EXPECT_EQ(maps(DType::kUint16), 1u);
  EXPECT_EQ(maps(DType::kFloat16), 6u);
  EXPECT_EQ(maps(DType::kFloat64), 2u);
  EXPECT_EQ(need({WatershedStep{}}, DType::kFloat64).working, 20 * kPixels);
}

// An account with so much room, which remembers the most that was asked for.
class Room final : public MemoryAccount {
 public:
  explicit Room(uint64_t bytes) : bytes_(bytes) {}
  uint64_t asked() const { return asked_; }
  absl::Status Reserve(uint64_t bytes) override {
    asked_ = std::max(asked_, bytes);
    return bytes <= bytes_ ? absl::OkStatus() : absl::ResourceExhaustedError("room");
  }
  absl::Status ReserveResult(uint64_t bytes) override { return Reserve(bytes); }

 private:
  uint64_t bytes_;
  uint64_t asked_ = 0;
};

TEST(Steps, MemoryIsReservedBeforeTheyRun) {
  Grid<uint8_t> gray(40, 60);
  for (size_t i = 0; i < gray.cells.size(); ++i) gray.cells[i] = i % 2 == 0 ? 200 : 10;
  const Unaligned<uint8_t> picture(gray);
  Inputs inputs;
  inputs.gray = picture.view();
  const auto run = [&](Room* room, std::vector<Step> steps) {
    Context context;
    context.memory = room;
    Options options;
    options.steps = std::move(steps);
    return Segment(context, inputs, options).status();
  };
  // The maps, and of each second pixel a run: two columns, its component and what is counted of it.
  Room all(UINT64_MAX);
  const std::vector<Step> steps = {ThresholdStep{{100}}, InvertStep{}, ComponentsStep{}};
  EXPECT_TRUE(run(&all, steps).ok());
  EXPECT_GE(all.asked(), (1 + 4 + 16 / 2) * gray.cells.size());
  for (const uint64_t bytes : {all.asked() - 1, all.asked(), all.asked() + 1}) {
    Room room(bytes);
    EXPECT_EQ(run(&room, steps).code(),
              bytes < all.asked() ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kOk);
  }
  // Lists of regions and contours come on top.
  Room exact(UINT64_MAX), more(UINT64_MAX);
  EXPECT_TRUE(run(&exact, {ThresholdStep{{100}}, ComponentsStep{}}).ok());
  EXPECT_TRUE(
      run(&more, {ThresholdStep{{100}}, ComponentsStep{}, MeasureStep{}, ContoursStep{}}).ok());
  EXPECT_GT(more.asked(), exact.asked());
}

// Rows at half the size, as many as the window reaches and for each thread.
TEST(Steps, RowsOfWideGaussianWindowsAreReserved) {
  const Grid<uint8_t> gray(700, 800, 100);
  const Unaligned<uint8_t> picture(gray);
  Inputs inputs;
  inputs.gray = picture.view();
  ThreadPool pool(4);
  const auto asked = [&](int64_t window, int max_threads) {
    Room room(UINT64_MAX);
    Context context;
    context.memory = &room;
    context.pool = &pool;
    context.max_threads = max_threads;
    Options options;
    options.steps = {LocalThresholdStep{LocalMethod::kGaussian, window, 0, {}, {}, {}}};
    EXPECT_TRUE(Segment(context, inputs, options).ok());
    return room.asked() -
           MemoryOf(context, gray.height, gray.width, DType::kUint8, options).total();
  };
  EXPECT_EQ(asked(11, 0), 0u);
  // 2 radius + 1 halved rows of 400 words and more, of 2 bytes; radius 40.
  EXPECT_GE(asked(163, 1), 81u * 400 * 2);
  EXPECT_EQ(asked(163, 4), 4 * asked(163, 1));
  EXPECT_GT(asked(163, 1), asked(75, 1));
}

TEST(Steps, ValuesGoIntoTheStructAndBack) {
  Step step = WatershedStep{};
  EXPECT_EQ(step.spec().name, "watershed");
  const auto set = [&](std::string_view name, const Value& value) {
    const Parameter& parameter = *step.spec().Find(name);
    step.Set(parameter, value);
    EXPECT_EQ(step.Get(parameter), value) << name;
  };
  set("markers", int64_t{1});
  set("relief", int64_t{2});
  set("connectivity", int64_t{2});
  set("marker_height", 2.5);
  set("lines", true);
  const auto& watershed = std::any_cast<const WatershedStep&>(step.parameters());
  EXPECT_EQ(watershed.markers, MarkerSource::kGiven);
  EXPECT_EQ(watershed.relief, Relief::kDistance);
  EXPECT_EQ(watershed.connectivity, Connectivity::k8);
  EXPECT_EQ(watershed.marker_height, 2.5);
  EXPECT_TRUE(watershed.lines);

  const Step local = LocalThresholdStep{};
  EXPECT_EQ(local.Get(ParameterOf("local_threshold", "k")), Value());
}

TEST(Steps, RangesAtTheirEdges) {
  const auto ok = [](std::string_view step, std::string_view name, const Value& value) {
    return CheckRange("field", ParameterOf(step, name), value).ok();
  };
  for (const int64_t classes : {2, 16}) EXPECT_TRUE(ok("multi_otsu", "classes", classes));
  for (const int64_t classes : {1, 17, -3}) EXPECT_FALSE(ok("multi_otsu", "classes", classes));
  for (const int64_t window : {0, 3, 65535}) EXPECT_TRUE(ok("local_threshold", "window", window));
  for (const int64_t window : {1, 2, 4, 65536, 65537, -3}) {
    EXPECT_FALSE(ok("local_threshold", "window", window)) << window;
  }
  EXPECT_TRUE(ok("fill_holes", "max_area", int64_t{0}));
  EXPECT_TRUE(ok("fill_holes", "max_area", std::numeric_limits<int64_t>::max()));
  EXPECT_FALSE(ok("fill_holes", "max_area", int64_t{-1}));
  EXPECT_FALSE(ok("local_threshold", "r", 0.0));
  EXPECT_TRUE(ok("local_threshold", "r", 1e-300));
  EXPECT_FALSE(ok("local_threshold", "k", std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(ok("components", "connectivity", int64_t{3}));
  const absl::Status status =
      CheckRange("steps[0].local_threshold.r", ParameterOf("local_threshold", "r"), -1.0);
  EXPECT_EQ(FieldOf(status), "steps[0].local_threshold.r");
  EXPECT_THAT(std::string(status.message()), HasSubstr("must be finite and above 0"));
}

TEST(Steps, StaleMapsAreTold) {
  const auto told = [](const std::vector<Step>& steps, bool invert = false,
                       unsigned wanted = kLabels | kRegions | kContours | kDistance) {
    return StaleMaps(steps, invert, wanted);
  };
  const FillHolesStep fill;
  const ComponentsStep all, large{Connectivity::k8, 5};
  const MeasureStep measure;
  const ContoursStep contours;
  const ThresholdStep at{{100}};
  // Steps that follow one another, whatever the mask became before.
  for (const bool invert : {false, true}) {
    EXPECT_THAT(told({OtsuStep{}, fill, InvertStep{}, large, measure, contours}, invert),
                ElementsAre());
    EXPECT_THAT(told({at, fill, all, measure}, invert), ElementsAre());
    EXPECT_THAT(told({OtsuStep{}, contours, all, measure}, invert), ElementsAre());
    EXPECT_THAT(told({OtsuStep{}, DistanceStep{}, WatershedStep{}, measure, contours}, invert),
                ElementsAre());
    EXPECT_THAT(told({OtsuStep{}, all, measure, fill, all, measure}, invert), ElementsAre());
  }
  EXPECT_THAT(told({MultiOtsuStep{3}, measure, contours}), ElementsAre());
  EXPECT_THAT(told({at, fill}, true, kRegions | kContours), ElementsAre());  // what is not wanted

  EXPECT_THAT(told({OtsuStep{}, all, measure, contours, fill}),
              ElementsAre("the labels are those of the mask before steps[4].fill_holes",
                          "the regions are those of the mask before steps[4].fill_holes",
                          "the contours are those of the mask before steps[4].fill_holes"));
  EXPECT_THAT(told({OtsuStep{}, all, InvertStep{}, measure}),
              ElementsAre("the labels are those of the mask before steps[2].invert",
                          "the regions are those of the mask before steps[2].invert"));
  EXPECT_THAT(told({at, OtsuStep{}, fill}),
              ElementsAre("the labels are those of the mask before steps[1].otsu"));
  EXPECT_THAT(told({OtsuStep{}, contours, large}),
              ElementsAre("the contours are those of the mask before steps[2].components"));
  EXPECT_THAT(told({OtsuStep{}, DistanceStep{}, InvertStep{}}),
              ElementsAre("the distances are those of the mask before steps[2].invert"));
  EXPECT_THAT(told({OtsuStep{}, all, measure, DistanceStep{}, WatershedStep{}}),
              ElementsAre("the regions are those of the labels before steps[4].watershed"));
  EXPECT_THAT(
      told({at, measure}, true),
      ElementsAre(
          "the labels are the classes of gray values of steps[0].threshold, which invert does not "
          "swap",
          "the regions are the classes of gray values of steps[0].threshold, which invert does not "
          "swap"));
}

constexpr unsigned kNothingMore = kRegions | kContours;

TEST(Steps, UnusedStepsAreTold) {
  const auto told = [](const std::vector<Step>& steps, unsigned wanted = kNothingMore) {
    return UnusedSteps(steps, wanted);
  };
  const SmoothStep smooth;
  const OtsuStep otsu;
  const LocalThresholdStep local;
  const ComponentsStep all, large{Connectivity::k8, 5};
  EXPECT_THAT(told({otsu, AutoThresholdStep{}}),
              ElementsAre("the mask of steps[0].otsu has no effect: steps[1].auto_threshold makes "
                          "its own"));
  EXPECT_THAT(told({otsu, local}),
              ElementsAre("the mask of steps[0].otsu has no effect: steps[1].local_threshold makes "
                          "its own"));
  const std::string depends = " has no effect: nothing that is given out depends on it";
  EXPECT_THAT(told({otsu, StretchStep{}}),
              ElementsAre("the gray picture of steps[1].stretch" + depends));
  EXPECT_THAT(told({smooth, otsu, smooth}),
              ElementsAre("the gray picture of steps[2].smooth" + depends));
  EXPECT_THAT(told({otsu, DistanceStep{}}),
              ElementsAre("the distance map of steps[1].distance" + depends));
  // Also what only such steps read.
  EXPECT_THAT(told({otsu, smooth, FillHolesStep{}, StretchStep{}, local}),
              ElementsAre("the mask of steps[0].otsu has no effect: steps[4].local_threshold makes "
                          "its own",
                          "the mask of steps[2].fill_holes has no effect: "
                          "steps[4].local_threshold makes its own"));
  EXPECT_THAT(told({otsu, all, MeasureStep{}, all, MeasureStep{}}),
              ElementsAre("the labels of steps[1].components have no effect: steps[3].components "
                          "makes its own",
                          "the regions of steps[2].measure have no effect: steps[4].measure makes "
                          "its own"));
  // Classes count as labels where the labels are wanted or read, and not as a number.
  const ThresholdStep at{{100}};
  EXPECT_THAT(told({at, otsu}),
              ElementsAre("the mask of steps[0].threshold has no effect: steps[1].otsu makes "
                          "its own"));
  EXPECT_THAT(told({at, otsu}, kNothingMore | kLabels), ElementsAre());
  EXPECT_THAT(told({at, MeasureStep{}, otsu}), ElementsAre());

  // What is used, or given out.
  EXPECT_THAT(told({otsu, StretchStep{}}, kNothingMore | kGray), ElementsAre());
  EXPECT_THAT(told({otsu, DistanceStep{}}, kNothingMore | kDistance), ElementsAre());
  EXPECT_THAT(told({otsu, DistanceStep{}, WatershedStep{}}), ElementsAre());
  EXPECT_THAT(told({smooth, otsu, smooth, large}),
              ElementsAre("the gray picture of steps[2].smooth" + depends));
  EXPECT_THAT(told({smooth, otsu, all, MeasureStep{}}), ElementsAre());
  EXPECT_THAT(told({otsu, ContoursStep{}, local}), ElementsAre());
  EXPECT_THAT(told({smooth, StretchStep{}}), ElementsAre());  // there is no mask: said elsewhere
  EXPECT_THAT(told({AllThresholdsStep{}, otsu}), ElementsAre());
  // The threshold alone, which keep_overlap takes.
  EXPECT_THAT(told({otsu, EdgesStep{}, KeepOverlapStep{}}), ElementsAre());
  EXPECT_THAT(told({otsu, otsu, EdgesStep{}, KeepOverlapStep{}}),
              ElementsAre("the mask of steps[0].otsu has no effect: steps[1].otsu makes its own"));
  EXPECT_THAT(told({MultiOtsuStep{3}}), ElementsAre());
}

// Without the steps that are told everything is the same: every order of five steps after a
// threshold.
TEST(Steps, UnusedStepsCanBeLeftOut) {
  Grid<uint8_t> gray(12, 16, 10);
  for (int y = 1; y < 6; ++y)
    for (int x = 1; x < 7; ++x) gray.at(y, x) = static_cast<uint8_t>(150 + 9 * x);
  gray.at(3, 3) = 10;
  gray.at(9, 12) = gray.at(8, 11) = 200;
  const std::vector<Step> parts = {SmoothStep{}, FillHolesStep{}, OtsuStep{},
                                   ComponentsStep{Connectivity::k8, 3}, MeasureStep{}};
  int left_out = 0;
  std::vector<size_t> order = {0, 1, 2, 3, 4};
  do {
    std::vector<Step> steps = {ThresholdStep{{100}}};
    for (const size_t i : order) steps.push_back(parts[i]);
    const std::vector<std::string> told = UnusedSteps(steps, kRegions | kContours | kLabels);
    if (told.empty()) continue;
    std::vector<Step> fewer;
    for (size_t i = 0; i < steps.size(); ++i) {
      const std::string name = " of " + StepField(i, steps[i]) + " ha";
      const bool is_told = std::any_of(told.begin(), told.end(), [&](const std::string& text) {
        return text.find(name) != std::string::npos;
      });
      if (!is_told) fewer.push_back(steps[i]);
    }
    ASSERT_EQ(fewer.size() + told.size(), steps.size());
    left_out += static_cast<int>(told.size());
    const auto all = RunSteps(gray, steps, Profile::kExact, false);
    const auto some = RunSteps(gray, fewer, Profile::kExact, false);
    ASSERT_TRUE(all.ok()) << all.status();
    ASSERT_TRUE(some.ok()) << some.status();
    EXPECT_EQ(GridOf<uint8_t>(*all->mask).cells, GridOf<uint8_t>(*some->mask).cells);
    EXPECT_EQ(GridOf<int32_t>(*all->labels).cells, GridOf<int32_t>(*some->labels).cells);
    EXPECT_EQ(all->label_count, some->label_count);
    ASSERT_EQ(all->regions.size(), some->regions.size());
    for (size_t i = 0; i < all->regions.size(); ++i)
      EXPECT_EQ(all->regions[i].area, some->regions[i].area);
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_GT(left_out, 20);
}

// What is not told is of the mask: every order of four steps after a threshold.
TEST(Steps, LabelsAndAreasAreOfTheMaskWhereNothingIsTold) {
  Grid<uint8_t> gray(12, 16, 10);
  for (int y = 1; y < 6; ++y)
    for (int x = 1; x < 7; ++x) gray.at(y, x) = 200;
  gray.at(3, 3) = 10;
  gray.at(9, 12) = gray.at(8, 11) = 200;
  const std::vector<Step> parts = {InvertStep{}, FillHolesStep{},
                                   ComponentsStep{Connectivity::k8, 3}, MeasureStep{}};
  int told = 0, silent = 0;
  std::vector<size_t> order = {0, 1, 2, 3};
  do {
    for (const Step& first : {Step(OtsuStep{}), Step(ThresholdStep{{100}})}) {
      for (const bool invert : {false, true}) {
        std::vector<Step> steps = {first};
        for (const size_t i : order) steps.push_back(parts[i]);
        const auto result = RunSteps(gray, steps, Profile::kExact, invert);
        if (!result.ok()) continue;  // otsu, measure: there are no labels
        if (!StaleMaps(steps, invert, kLabels | kRegions).empty()) {
          ++told;
          continue;
        }
        ++silent;
        const auto mask = GridOf<uint8_t>(*result->mask).cells;
        const auto labels = GridOf<int32_t>(*result->labels).cells;
        for (size_t i = 0; i < mask.size(); ++i) ASSERT_EQ(labels[i] != 0, mask[i] != 0) << i;
        int64_t area = 0;
        for (const Region& region : result->regions) area += region.area;
        EXPECT_EQ(area, std::count(mask.begin(), mask.end(), 255));
      }
    }
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_GT(told, 0);
  EXPECT_GT(silent, 0);
}

// A step of this test alone: its row is all that validation and pipeline need.
struct ShiftStep {
  int64_t by = 0;
};

TEST(Steps, ARowIsAllThatAStepNeeds) {
  const StepSpec spec =
      Row<ShiftStep>({.name = "shift",
                      .about = "Adds to each label",
                      .parameters = {Param<&ShiftStep::by>("by", "What is added", Between(1, 9))},
                      .needs = kLabels,
                      .makes = kLabels,
                      .working = Working::Nothing()},
                     [](State& state, const ShiftStep& shift) {
                       int32_t* labels = state.Labels();
                       return state.ForPixels([&](size_t begin, size_t end) {
                         for (size_t i = begin; i < end; ++i)
                           labels[i] += static_cast<int32_t>(shift.by);
                       });
                     });
  Grid<uint8_t> gray(1, 3);
  gray.cells = {0, 9, 0};
  Step step(spec);
  EXPECT_EQ(FieldOf(RunSteps(gray, {step}).status()), "steps[0]");  // there are no labels
  const auto refused = RunSteps(gray, {OtsuStep{}, ComponentsStep{}, step});
  EXPECT_EQ(FieldOf(refused.status()), "steps[2].shift.by");
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("1 to 9"));
  step.Set(spec.parameters[0], int64_t{5});
  const auto result = RunSteps(gray, {OtsuStep{}, ComponentsStep{}, step});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(GridOf<int32_t>(*result->labels).cells, ElementsAre(5, 6, 5));
}

TEST(Steps, IgnoringNanOfIntegersHasNoEffect) {
  const Grid<uint16_t> words(4, 5, 9);
  const Grid<float> floats(4, 5, 9);
  const Unaligned<uint16_t> of_words(words);
  const Unaligned<float> of_floats(floats);
  const auto warnings = [](const TensorView& gray, NanPolicy policy) {
    Inputs inputs;
    inputs.gray = gray;
    const auto result = RunSteps(inputs, {Profile::kExact, false, {OtsuStep{}}, policy});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? result->warnings : std::vector<std::string>();
  };
  EXPECT_THAT(warnings(of_words.view(), NanPolicy::kIgnore),
              ElementsAre("to ignore NaN has no effect: a picture of uint16 has none"));
  EXPECT_THAT(warnings(of_words.view(), NanPolicy::kRefuse), testing::IsEmpty());
  EXPECT_THAT(warnings(of_floats.view(), NanPolicy::kIgnore), testing::IsEmpty());
}

// What a parameter is compared with is said, as it is.
TEST(Steps, ErrorsNameTheOtherValue) {
  const auto said = [](Step step, Profile profile = Profile::kExact) {
    return std::string(
        RunSteps(Grid<uint8_t>(4, 5, 9), {std::move(step)}, profile).status().message());
  };
  EXPECT_THAT(said(HysteresisStep{50, 40.5}),
              testing::HasSubstr("is 50; must be at most high, 40.5"));
  EXPECT_THAT(said(EdgesStep{.low = 50, .high = 20}),
              testing::HasSubstr("is 50; must be at most high, 20"));
  EXPECT_THAT(said(StretchStep{.low = 50, .high = 50}),
              testing::HasSubstr("is 50; must be above low, 50"));
  EXPECT_THAT(said(LocalThresholdStep{.border = LocalBorder::kMirror}, Profile::kSkimage),
              testing::HasSubstr("is mirror; the libraries' profiles"));
  EXPECT_THAT(said(LocalThresholdStep{.method = LocalMethod::kSauvola}, Profile::kOpencv),
              testing::HasSubstr("of local thresholds the opencv profile"));
  const auto of_floats = RunSteps(Grid<float>(4, 5, 9), {EqualizeStep{}});
  EXPECT_THAT(std::string(of_floats.status().message()), testing::HasSubstr("not float32"));
}

// Of gray pictures, by steps that have one answer.
TEST(Steps, AProfileWithoutEffectIsSaid) {
  const Grid<uint8_t> gray(4, 5, 9);
  Inputs inputs;
  const Unaligned<uint8_t> picture(gray);
  inputs.gray = picture.view();
  const auto warnings = [&](std::vector<Step> steps, Profile profile) {
    const auto result = RunSteps(inputs, {profile, false, std::move(steps)});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? result->warnings : std::vector<std::string>();
  };
  const auto has_none = ElementsAre(testing::StartsWith("the profile has no effect"));
  for (const Profile profile :
       {Profile::kOpencv, Profile::kSkimage, Profile::kImagej, Profile::kMatlab}) {
    EXPECT_THAT(warnings({ThresholdStep{{5}}}, profile), has_none);
    EXPECT_THAT(warnings({OtsuStep{}}, profile), testing::IsEmpty());
  }
  EXPECT_THAT(warnings({ThresholdStep{{5}}}, Profile::kExact), testing::IsEmpty());
  EXPECT_THAT(warnings({HysteresisStep{3, 5}}, Profile::kOpencv), has_none);
  EXPECT_THAT(warnings({HysteresisStep{3, 5}}, Profile::kSkimage), testing::IsEmpty());
  inputs.is_weighed = true;
  EXPECT_THAT(warnings({ThresholdStep{{5}}}, Profile::kMatlab), testing::IsEmpty());
}

}  // namespace
}  // namespace trine::segment
