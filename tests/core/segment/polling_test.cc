// Every step polls at least once in kPixelsAPoll pixels of its work, and at least every 10 ms.
#include "tests/core/polling.h"

#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/segment/segment.h"
#include "core/segment/steps.h"
#include "tests/core/segment/support.h"
#include "tests/core/segment/variants.h"

namespace trine::segment {
namespace {

constexpr int kSide = 1024;
// The steps' own grain: below 1 ms where a pixel takes some nanoseconds.
constexpr uint64_t kPixelsAPoll = 1 << 17;

// Gray pictures, of bytes and of floats with about as many values as pixels.
struct Pictures {
  Pictures(int height, int width)
      : bytes(MakeBytes(height, width)), gray(bytes), gray_floats(MakeFloats(bytes)) {}

  static Grid<uint8_t> MakeBytes(int height, int width) {
    std::mt19937 random(7);
    return RandomGrid<uint8_t>(random, height, width, 0, 200);
  }
  static Grid<float> MakeFloats(const Grid<uint8_t>& bytes) {
    Grid<float> wide(bytes.height, bytes.width);
    for (size_t i = 0; i < wide.cells.size(); ++i) {
      wide.cells[i] =
          static_cast<float>(bytes.cells[i]) * 0x1p-8f + static_cast<float>(i % 1000) * 0x1p-18f;
    }
    return wide;
  }
  absl::Status Run(const Context& context, const std::vector<Step>& steps, bool floats,
                   Profile profile = Profile::kExact) const {
    Inputs inputs;
    inputs.gray = floats ? gray_floats.view() : gray.view();
    Options options;
    options.steps = steps;
    options.profile = profile;
    return Segment(context, inputs, options).status();
  }

  Grid<uint8_t> bytes;
  Unaligned<uint8_t> gray;
  Unaligned<float> gray_floats;
};

// `passes`: how often the steps go over the picture at least, those counted more than once that do
// more for a pixel than others.
void ExpectStepsPoll(const std::string& name, const std::vector<Step>& steps, uint64_t passes,
                     bool floats = false, Profile profile = Profile::kExact) {
  static const auto* const pictures = new Pictures(kSide, kSide);
  ExpectPolls(name, passes * kSide * kSide, kPixelsAPoll, [&](const Context& context) {
    return pictures->Run(context, steps, floats, profile);
  });
}

Step Local(LocalMethod method) {
  LocalThresholdStep step;
  step.method = method;
  step.window = 15;
  return step;
}

// The mask, and the count of its foreground; the histogram, at a fraction of a nanosecond a pixel,
// polls less often.
constexpr uint64_t kOtsu = 2;

TEST(Polling, Thresholds) {
  ExpectStepsPoll("otsu", {OtsuStep{}}, kOtsu);
  ExpectStepsPoll("otsu of floats", {OtsuStep{}}, kOtsu + 7, true);  // sorts, with three passes
  ExpectStepsPoll("multi_otsu", {MultiOtsuStep{4}}, kOtsu);
  ExpectStepsPoll("threshold", {ThresholdStep{{20.0, 90.0}}}, kOtsu);
  // The foreground of these two is counted on the way.
  ExpectStepsPoll("local mean", {Local(LocalMethod::kMean)}, 1);
  ExpectStepsPoll("local gaussian", {Local(LocalMethod::kGaussian)}, 2);
  ExpectStepsPoll("local sauvola", {Local(LocalMethod::kSauvola)}, 1);
  ExpectStepsPoll("document", {DocumentStep{}}, 30);
  ExpectStepsPoll("edges", {EdgesStep{}}, 3);
  ExpectStepsPoll("edges of floats", {EdgesStep{}}, 3, true);
  ExpectStepsPoll("masked_threshold", {OtsuStep{}, MaskedThresholdStep{}}, kOtsu + 5);
  for (const LocalMethod method : {LocalMethod::kWolf, LocalMethod::kWan, LocalMethod::kBradley,
                                   LocalMethod::kContrast, LocalMethod::kTiledOtsu}) {
    ExpectStepsPoll("local method " + std::to_string(static_cast<int>(method)), {Local(method)}, 2);
  }
  ExpectStepsPoll("invert", {OtsuStep{}, InvertStep{}}, kOtsu);
}

// Those that take microseconds a pixel, of a small picture.
TEST(Polling, SlowLocalMethods) {
  constexpr int kSmall = 192;
  const Pictures small(kSmall, kSmall);
  for (const auto& [method, passes] :
       {std::pair{LocalMethod::kLocalOtsu, uint64_t{32}}, {LocalMethod::kIsauvola, 4}}) {
    ExpectPolls("local method " + std::to_string(static_cast<int>(method)),
                passes * kSmall * kSmall, kPixelsAPoll,
                [&](const Context& context) { return small.Run(context, {Local(method)}, false); });
  }
}

TEST(Polling, Filters) {
  const auto smooth = [](SmoothMethod method) { return SmoothStep{method, {}, 3}; };
  ExpectStepsPoll("gaussian", {SmoothStep{SmoothMethod::kGaussian, 3.0, 0}}, 4);
  ExpectStepsPoll("wide gaussian", {SmoothStep{SmoothMethod::kGaussian, 30.0, 0}}, 4);
  ExpectStepsPoll("median", {smooth(SmoothMethod::kMedian)}, 8);
  ExpectStepsPoll("mean", {smooth(SmoothMethod::kMean)}, 4);
  ExpectStepsPoll("binomial", {smooth(SmoothMethod::kBinomial)}, 4);
  ExpectStepsPoll("median of floats", {smooth(SmoothMethod::kMedian)}, 16, true);
  const auto background = [](BackgroundMethod method, int64_t radius) {
    return BackgroundStep{method, radius, 0, false};
  };
  ExpectStepsPoll("top hat", {background(BackgroundMethod::kTopHat, 9)}, 4);
  ExpectStepsPoll("rolling ball", {background(BackgroundMethod::kRollingBall, 9)}, 16);
  ExpectStepsPoll("polynomial", {background(BackgroundMethod::kPolynomial, 0)}, 8);
  ExpectStepsPoll("equalize", {EqualizeStep{}}, 4);
  ExpectStepsPoll("stretch", {StretchStep{}}, 1);
  ExpectStepsPoll("mean of floats", {smooth(SmoothMethod::kMean)}, 16, true);
}

TEST(Polling, FiltersOfLibraries) {
  const auto expect = [](const std::string& name, const Step& step, Profile profile,
                         bool floats = false) {
    ExpectStepsPoll(name, {step}, 3, floats, profile);
  };
  const SmoothStep mean{SmoothMethod::kMean, {}, 9};
  const SmoothStep narrow{SmoothMethod::kGaussian, 3.0, 0};
  expect("OpenCV's gaussian", narrow, Profile::kOpencv);
  expect("OpenCV's mean", mean, Profile::kOpencv);
  expect("OpenCV's mean of floats", mean, Profile::kOpencv, true);
  expect("scikit-image's gaussian of floats", narrow, Profile::kSkimage, true);
  expect("scikit-image's equalize", EqualizeStep{}, Profile::kSkimage, true);
  expect("ImageJ's mean", mean, Profile::kImagej);
  const SmoothStep wide{SmoothMethod::kGaussian, 20.0, 0};
  expect("ImageJ's gaussian", narrow, Profile::kImagej);
  expect("ImageJ's wide gaussian of floats", wide, Profile::kImagej, true);
  for (const int64_t radius : {10, 50})
    expect("ImageJ's ball", BackgroundStep{BackgroundMethod::kRollingBall, radius},
           Profile::kImagej);
}

TEST(Polling, Regions) {
  ExpectStepsPoll("fill_holes", {OtsuStep{}, FillHolesStep{}}, kOtsu + 2);
  ExpectStepsPoll("keep_overlap", {OtsuStep{}, KeepOverlapStep{}}, kOtsu + 3);
  ExpectStepsPoll("components", {OtsuStep{}, ComponentsStep{}}, kOtsu + 2);
  ExpectStepsPoll("measure", {OtsuStep{}, ComponentsStep{}, MeasureStep{}}, kOtsu + 2 + 7);
  ExpectStepsPoll("contours", {OtsuStep{}, ContoursStep{}}, kOtsu + 2);
  ExpectStepsPoll("distance", {OtsuStep{}, DistanceStep{}}, kOtsu + 16 + 8);
  ExpectStepsPoll("watershed", {OtsuStep{}, DistanceStep{}, WatershedStep{}}, kOtsu + 24 + 16);
}

// Pictures of which a pass takes longer than two polls may be apart: a square one, one row, one
// column.
TEST(Polling, NoLongGaps) {
  if (!kPollsAreTimed) GTEST_SKIP() << "gaps are measured in optimised builds only";
  constexpr int kLong = 1 << 22;
  for (const auto& [height, width] : {std::pair{2048, 4096}, {1, kLong}, {kLong, 1}}) {
    const Pictures pictures(height, width);
    const auto expect = [&](const std::string& name, const std::vector<Step>& steps,
                            bool floats = false) {
      ExpectShortGaps(name + " of " + std::to_string(height) + " x " + std::to_string(width),
                      [&](const Context& context) { return pictures.Run(context, steps, floats); });
    };
    expect("otsu", {OtsuStep{}});
    expect("otsu of floats", {OtsuStep{}}, true);
    expect("threshold", {ThresholdStep{{20.0, 90.0}}, InvertStep{}});
    expect("local mean", {Local(LocalMethod::kMean)});
    expect("local gaussian", {Local(LocalMethod::kGaussian)});
    expect("local sauvola", {Local(LocalMethod::kSauvola)}, true);
    expect("regions", {OtsuStep{}, FillHolesStep{}, ComponentsStep{}, MeasureStep{}});
    expect("contours", {OtsuStep{}, ContoursStep{}});
    expect("watershed", {OtsuStep{}, DistanceStep{}, WatershedStep{}});
  }
}

// The same of steps that take tens of nanoseconds a pixel and more.
TEST(Polling, NoLongGapsOfSlowSteps) {
  if (!kPollsAreTimed) GTEST_SKIP() << "gaps are measured in optimised builds only";
  constexpr int kLong = 1 << 20;
  for (const auto& [height, width] : {std::pair{512, 2048}, {1, kLong}, {kLong, 1}}) {
    const Pictures pictures(height, width);
    const auto expect = [&](const std::string& name, const std::vector<Step>& steps,
                            bool floats = false) {
      ExpectShortGaps(name + " of " + std::to_string(height) + " x " + std::to_string(width),
                      [&](const Context& context) { return pictures.Run(context, steps, floats); });
    };
    expect("document", {DocumentStep{}});
    expect("document of floats", {DocumentStep{}}, true);
    for (const SmoothMethod method :
         {SmoothMethod::kMedian, SmoothMethod::kMean, SmoothMethod::kBinomial})
      expect("smooth", {SmoothStep{method, {}, 4}});
    expect("gaussian", {SmoothStep{SmoothMethod::kGaussian, 40.0, 0}});
    expect("mean of floats", {SmoothStep{SmoothMethod::kMean, {}, 4}}, true);
    expect("median of floats", {SmoothStep{SmoothMethod::kMedian, {}, 4}}, true);
    for (const BackgroundMethod method :
         {BackgroundMethod::kTopHat, BackgroundMethod::kRollingBall})
      expect("background", {BackgroundStep{method, 5, 0, false}}, true);
    BackgroundStep closing{BackgroundMethod::kClosing, 5};
    closing.remove = BackgroundRemoval::kDivide;
    expect("closing", {closing});
    expect("edges of floats", {EdgesStep{}}, true);
    expect("masked_threshold, keep_overlap",
           {OtsuStep{}, EdgesStep{}, MaskedThresholdStep{255}, KeepOverlapStep{}});
    expect("polynomial", {BackgroundStep{BackgroundMethod::kPolynomial, 0, 0, false}});
    expect("equalize, stretch", {EqualizeStep{}, StretchStep{}});
    expect("local wan", {Local(LocalMethod::kWan)}, true);
    expect("local isauvola", {Local(LocalMethod::kIsauvola)});
    expect("local tiled_otsu", {Local(LocalMethod::kTiledOtsu)}, true);
  }
}

// Every step with every method, of the list of steps: one of tomorrow is here too.
TEST(Polling, NoLongGapsOfAnyMethod) {
  if (!kPollsAreTimed) GTEST_SKIP() << "gaps are measured in optimised builds only";
  const Pictures square(512, 1024), row(1, 1 << 20);
  const auto expect = [](const std::string& name, const Pictures& pictures, const Step& step,
                         bool floats) {
    const std::vector<Step> steps = Pipeline(step, floats ? 0.4 : 100);
    ExpectShortGaps(name, [&](const Context& context) {
      const absl::Status status = pictures.Run(context, steps, floats);
      // A picture of noise may have no such threshold, and some types are not taken.
      const bool is_refused = absl::IsInvalidArgument(status) || absl::IsUnimplemented(status);
      return is_refused ? absl::OkStatus() : status;
    });
  };
  for (const StepSpec& spec : AllSteps()) {
    for (const Step& step : Variants(spec, 100)) {
      expect(NameOf(step) + " of a row", row, step, false);
      if (const auto wide = Widened(step)) expect(NameOf(step) + ", wide", square, *wide, false);
    }
    for (const Step& step : Variants(spec, 0.4))
      expect(NameOf(step) + " of floats", square, step, true);
  }
}

// Tables of each distinct value take as long to give back as a cancelled request may go on, unless
// they are in large pages.
TEST(Polling, NoLongGapsOfManyValues) {
  if (!kPollsAreTimed) GTEST_SKIP() << "gaps are measured in optimised builds only";
  Grid<float> wide(4096, 4096);
  uint32_t state = 1;
  for (float& cell : wide.cells) {
    state = state * 1664525 + 1013904223;
    cell = static_cast<float>(state >> 8) * 0x1p-24f;
  }
  Inputs inputs;
  inputs.gray = {DType::kFloat32,
                 {4096, 4096},
                 {reinterpret_cast<const uint8_t*>(wide.cells.data()), wide.cells.size() * 4}};
  for (const auto& [name, step, profile] :
       {std::tuple{"otsu", Step(OtsuStep{}), Profile::kExact},
        {"li", Step(AutoThresholdStep{}), Profile::kExact},
        {"scikit-image's li", Step(AutoThresholdStep{}), Profile::kSkimage}}) {
    ExpectShortGaps(name, [&](const Context& context) {
      return Segment(context, inputs, {profile, false, {step}}).status();
    });
  }
}

// No pixels to speak of, and tens of thousands of logarithms.
TEST(Polling, NoLongGapsOfHistograms) {
  const Pictures small(64, 64);
  ExpectPolls("ImageJ's thresholds", 12, 1, [&](const Context& context) {
    return small.Run(context, {AllThresholdsStep{}}, false, Profile::kImagej);
  });
}

}  // namespace
}  // namespace trine::segment
