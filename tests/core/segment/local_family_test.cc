// The methods of local thresholds against direct windows, and what they are on small pictures.
#include <map>
#include <string>

#include "core/segment/local/local_methods.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

template <typename T>
Mask MaskOf(const Grid<T>& gray, const LocalThresholdStep& step, const Mask* inside = nullptr,
            bool invert = false) {
  const auto result = RunSteps(gray, {step}, Profile::kExact, invert, inside);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? GridOf<uint8_t>(*result->mask) : Mask{};
}

template <typename To, typename From>
Grid<To> As(const Grid<From>& from) {
  Grid<To> out(from.height, from.width);
  for (size_t i = 0; i < out.cells.size(); ++i) out.cells[i] = static_cast<To>(from.cells[i]);
  return out;
}

LocalThresholdStep Step(LocalMethod method, int64_t window) {
  LocalThresholdStep step;
  step.method = method;
  step.window = window;
  return step;
}

oracle::LocalRule Rule(const LocalThresholdStep& step, double r) {
  oracle::LocalRule rule;
  rule.method = SpecOf(step.method).name;
  rule.window = static_cast<int>(step.window);
  rule.k = step.k.value_or(SpecOf(step.method).k);
  rule.r = r;
  rule.q = step.q.value_or(rule.q);
  rule.contrast = 15.0 * r / 128;
  rule.level = r;
  rule.border =
      std::string_view("?crme")[static_cast<size_t>(step.border.value_or(LocalBorder::kClip))];
  return rule;
}

bool IsTiled(LocalMethod method) { return method == LocalMethod::kTiledOtsu; }
bool IsGaussian(LocalMethod method) { return method == LocalMethod::kGaussian; }

TEST(LocalFamily, AgreesWithDirectWindows) {
  std::mt19937 random(111);
  for (const LocalMethodSpec& spec : LocalMethods()) {
    if (IsTiled(spec.method) || IsGaussian(spec.method)) continue;
    for (int i = 0; i < 24; ++i) {
      const int h = 1 + static_cast<int>(random() % 19), w = 1 + static_cast<int>(random() % 23);
      const uint32_t low = random() % 200, high = low + random() % (256 - low);
      const auto bytes = RandomGrid<uint8_t>(random, h, w, low, high);
      const auto words = RandomGrid<uint16_t>(random, h, w, 0, 65535);
      LocalThresholdStep step = Step(spec.method, 3 + 2 * static_cast<int64_t>(random() % 8));
      if ((spec.takes & kTakesK) != 0 && i % 3 == 0) step.k = i % 2 == 0 ? 0.37 : -0.61;
      // Below 0: the exponent stays 0.
      if ((spec.takes & kTakesPAndQ) != 0 && i % 3 == 1) step.q = -3;
      if ((spec.takes & kTakesBorder) != 0) step.border = static_cast<LocalBorder>(1 + i % 4);
      const Mask all(h, w, 1), some = RandomMask(random, h, w, 0.7);
      const Grid<uint16_t> wide = As<uint16_t>(bytes);
      const std::string what =
          std::string(spec.name) + ", window " + std::to_string(step.window) + ", border " +
          std::to_string(static_cast<int>(step.border.value_or(LocalBorder::kClip)));
      const oracle::LocalRule rule = Rule(step, 128);
      EXPECT_EQ(Draw(MaskOf(bytes, step)), Draw(oracle::LocalByRule(wide, all, rule))) << what;
      const std::string masked = Draw(oracle::LocalByRule(wide, some, rule));
      EXPECT_EQ(Draw(MaskOf(bytes, step, &some)), masked) << what;
      if (spec.method == LocalMethod::kLocalOtsu) continue;  // of 256 classes
      EXPECT_EQ(Draw(MaskOf(words, step, &some)),
                Draw(oracle::LocalByRule(words, some, Rule(step, 32768))))
          << what;
      if ((spec.takes & kTakesR) != 0) step.r = 128;
      if ((spec.takes & kTakesContrast) != 0) continue;  // by the picture's own range
      EXPECT_EQ(Draw(MaskOf(As<float>(bytes), step, &some)), masked) << what;
      EXPECT_EQ(Draw(MaskOf(As<double>(bytes), step, &some)), masked) << what;
    }
  }
}

// A signed picture is an unsigned one with another 0: methods that know no 0 agree.
TEST(LocalFamily, SignedPictures) {
  std::mt19937 random(112);
  const auto bytes = RandomGrid<uint8_t>(random, 14, 33, 0, 255);
  Grid<int8_t> shifted(14, 33);
  for (size_t i = 0; i < bytes.cells.size(); ++i)
    shifted.cells[i] = static_cast<int8_t>(bytes.cells[i] - 128);
  for (const LocalMethod method :
       {LocalMethod::kMean, LocalMethod::kNiblack, LocalMethod::kWolf, LocalMethod::kBernsen,
        LocalMethod::kContrast, LocalMethod::kLocalOtsu, LocalMethod::kTiledOtsu}) {
    EXPECT_EQ(Draw(MaskOf(shifted, Step(method, 7))), Draw(MaskOf(bytes, Step(method, 7))))
        << SpecOf(method).name;
  }
}

TEST(LocalFamily, FlatPictures) {
  const std::map<std::string, bool> foreground = {
      {"sauvola", true}, {"nick", true},  {"isauvola", true}, {"wan", true},
      {"bradley", true}, {"wolf", false}, {"bernsen", true},  {"contrast", true}};
  for (const LocalMethodSpec& spec : LocalMethods()) {
    const auto found = foreground.find(std::string(spec.name));
    // Of 200 Phansalkar's lift is next to nothing.
    const bool is =
        spec.method == LocalMethod::kPhansalkar || (found != foreground.end() && found->second);
    for (const auto& [height, width] : {std::pair{1, 1}, {1, 9}, {9, 1}, {6, 40}}) {
      for (const int64_t window : {3, 51, 65535}) {
        const Mask mask = MaskOf(Grid<uint8_t>(height, width, 200), Step(spec.method, window));
        EXPECT_EQ(mask.cells, Mask(height, width, is ? 255 : 0).cells) << spec.name << window;
        const Mask other =
            MaskOf(Grid<uint8_t>(height, width, 200), Step(spec.method, window), nullptr, true);
        EXPECT_EQ(other.cells, Mask(height, width, is ? 0 : 255).cells) << spec.name << window;
      }
    }
  }
}

TEST(LocalFamily, IsauvolaDropsWhatNoEdgeSupports) {
  // A stroke with sharp edges, and a shade that falls off by one level a pixel.
  Grid<uint8_t> gray(40, 80, 220);
  for (int y = 8; y < 32; ++y) {
    gray.at(y, 10) = gray.at(y, 11) = 40;
    for (int x = 40; x < 70; ++x)
      gray.at(y, x) = static_cast<uint8_t>(220 - 5 * std::min({x - 39, 70 - x, y - 7, 32 - y}));
  }
  const auto dark = [&](LocalMethod method, int left, int right) {
    LocalThresholdStep step = Step(method, 31);
    step.k = 0.05;
    const Mask mask = MaskOf(gray, step);
    int count = 0;
    for (int y = 0; y < 40; ++y) {
      for (int x = left; x < right; ++x) count += mask.at(y, x) == 0 ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(dark(LocalMethod::kSauvola, 0, 30), 48);
  EXPECT_EQ(dark(LocalMethod::kIsauvola, 0, 30), 48);
  EXPECT_GT(dark(LocalMethod::kSauvola, 35, 80), 50);
  EXPECT_EQ(dark(LocalMethod::kIsauvola, 35, 80), 0);
}

// One tile is Otsu's threshold of the picture; two are interpolated from centre to centre.
TEST(LocalFamily, TiledOtsuInterpolates) {
  std::mt19937 random(113);
  const auto gray = RandomGrid<uint8_t>(random, 20, 31, 0, 255);
  EXPECT_EQ(Draw(MaskOf(gray, Step(LocalMethod::kTiledOtsu, 31))),
            Draw(GridOf<uint8_t>(*RunSteps(gray, {OtsuStep{}})->mask)));
  // Thresholds 60 and 57 of tiles of 5 columns, centres at 2 and 7: 58.8 and 58.2 between them.
  Grid<uint8_t> two(2, 10);
  for (int x = 0; x < 10; ++x) {
    two.at(0, x) = static_cast<uint8_t>(x < 5 ? 10 : 50);
    two.at(1, x) = 200;
  }
  two.at(0, 4) = 60;
  two.at(0, 5) = 57;
  const Mask mask = MaskOf(two, Step(LocalMethod::kTiledOtsu, 5));
  EXPECT_EQ(Draw(mask), "....#.....\n##########\n");
}

// Bands and threads change nothing.
// Also into memory that holds anything, over the mask of a step before.
TEST(LocalFamily, EveryPixelIsWritten) {
  std::mt19937 random(113);
  const auto gray = RandomGrid<uint8_t>(random, 150, 340, 0, 255);
  const Mask some = RandomMask(random, 150, 340, 0.9);
  const Unaligned<uint8_t> picture(gray), inside(some);
  for (const LocalMethodSpec& spec : LocalMethods()) {
    for (const int64_t window : {11, 33}) {
      for (const bool masked : {false, true}) {
        Inputs inputs;
        inputs.gray = picture.view();
        if (masked) inputs.mask = inside.view();
        const Mask want = MaskOf(gray, Step(spec.method, window), masked ? &some : nullptr);
        std::vector<uint8_t> memory(gray.cells.size(), 7);
        inputs.mask_memory = absl::MakeSpan(memory);
        Options options;
        options.steps = {ThresholdStep{{99}}, Step(spec.method, window)};
        ASSERT_TRUE(Segment(Context(), inputs, options).ok());
        EXPECT_TRUE(memory == want.cells) << spec.name << " " << window << " " << masked;
      }
    }
  }
}

TEST(LocalFamily, MasksDoNotDependOnThreads) {
  std::mt19937 random(114);
  const auto gray = RandomGrid<uint8_t>(random, 301, 503, 0, 255);
  const Unaligned<uint8_t> picture(gray);
  Inputs inputs;
  inputs.gray = picture.view();
  ThreadPool pool(3);
  Context shared;
  shared.pool = &pool;
  for (const LocalMethodSpec& spec : LocalMethods()) {
    Options options;
    options.steps = {Step(spec.method, 21)};
    const auto alone = Segment(Context(), inputs, options);
    const auto together = Segment(shared, inputs, options);
    ASSERT_TRUE(alone.ok() && together.ok()) << alone.status() << together.status();
    EXPECT_TRUE(alone->mask->data == together->mask->data) << spec.name;
  }
}

TEST(LocalFamily, ParametersOfOthersAreRefused) {
  const Grid<uint8_t> gray(4, 4, 9);
  for (const LocalMethodSpec& spec : LocalMethods()) {
    const auto refused = [&](const char* name, unsigned bit, const auto& set) {
      LocalThresholdStep step = Step(spec.method, 3);
      set(step);
      const auto result = RunSteps(gray, {step});
      if ((spec.takes & bit) != 0) {
        EXPECT_TRUE(result.ok()) << spec.name << " " << name << result.status();
      } else {
        EXPECT_EQ(FieldOf(result.status()), std::string("steps[0].local_threshold.") + name)
            << spec.name;
      }
    };
    refused("offset", kTakesOffset, [](auto& step) { step.offset = 1; });
    refused("k", kTakesK, [](auto& step) { step.k = 0.5; });
    refused("r", kTakesR, [](auto& step) { step.r = 9; });
    refused("sigma", kTakesSigma, [](auto& step) { step.sigma = 2; });
    refused("p", kTakesPAndQ, [](auto& step) { step.p = 2; });
    refused("q", kTakesPAndQ, [](auto& step) { step.q = 2; });
    refused("contrast", kTakesContrast, [](auto& step) { step.contrast = 2; });
    refused("border", kTakesBorder, [](auto& step) { step.border = LocalBorder::kMirror; });
    const bool skimage = spec.method <= LocalMethod::kNiblack;
    EXPECT_EQ(RunSteps(gray, {Step(spec.method, 3)}, Profile::kSkimage).ok(), skimage) << spec.name;
    const bool opencv = spec.method <= LocalMethod::kGaussian;
    EXPECT_EQ(RunSteps(gray, {Step(spec.method, 3)}, Profile::kOpencv).ok(), opencv) << spec.name;
  }
  LocalThresholdStep step = Step(LocalMethod::kMean, 3);
  for (const LocalBorder border : {LocalBorder::kReflect, LocalBorder::kClip}) {
    step.border = border;
    EXPECT_EQ(FieldOf(RunSteps(gray, {step}, Profile::kSkimage).status()),
              "steps[0].local_threshold.border");
  }
}

// What is told is what was done.
TEST(LocalFamily, BordersOfProfilesAreTold) {
  const Grid<uint8_t> gray(9, 9, 1);
  const auto told = [&](LocalMethod method, Profile profile) {
    return RunSteps(gray, {Step(method, 3)}, profile)->local_threshold->border;
  };
  EXPECT_EQ(told(LocalMethod::kMean, Profile::kExact), LocalBorder::kClip);
  EXPECT_EQ(told(LocalMethod::kMean, Profile::kOpencv), LocalBorder::kReplicate);
  EXPECT_EQ(told(LocalMethod::kGaussian, Profile::kSkimage), LocalBorder::kReflect);
  EXPECT_EQ(told(LocalMethod::kSauvola, Profile::kSkimage), LocalBorder::kMirror);
}

}  // namespace
}  // namespace trine::segment
