// Every step looks at the cancellation at least once in kPixelsAPoll pixels of its work.
#include "tests/core/polling.h"

#include <random>
#include <utility>
#include <vector>

#include "core/segment/segment.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

constexpr int kSide = 1024;
// The steps' own grain: below 1 ms where a pixel takes some nanoseconds.
constexpr uint64_t kPixelsAPoll = 1 << 17;

// `passes`: how often the steps go over the picture at least, those counted more than once that do
// more for a pixel than others.
void ExpectStepsPoll(const std::string& name, std::vector<Step> steps, uint64_t passes,
                     bool floats = false) {
  std::mt19937 random(7);
  const auto bytes = RandomGrid<uint8_t>(random, kSide, kSide, 0, 200);
  auto wide = Grid<float>(kSide, kSide);
  for (size_t i = 0; i < wide.cells.size(); ++i) {
    wide.cells[i] = static_cast<float>(bytes.cells[i]) + static_cast<float>(i % 1000) * 0x1p-10f;
  }
  const Unaligned<uint8_t> gray(bytes);
  const Unaligned<float> gray_floats(wide);
  Inputs inputs;
  inputs.gray = floats ? gray_floats.view() : gray.view();
  Options options;
  options.steps = std::move(steps);
  ExpectPolls(name, passes * kSide * kSide, kPixelsAPoll,
              [&](const Context& context) { return Segment(context, inputs, options).status(); });
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
  ExpectStepsPoll("local mean", {Local(LocalMethod::kMean)}, 2);
  ExpectStepsPoll("local gaussian", {Local(LocalMethod::kGaussian)}, 2);
  ExpectStepsPoll("local sauvola", {Local(LocalMethod::kSauvola)}, 2);
  ExpectStepsPoll("invert", {OtsuStep{}, InvertStep{}}, kOtsu);
}

TEST(Polling, Regions) {
  ExpectStepsPoll("fill_holes", {OtsuStep{}, FillHolesStep{}}, kOtsu + 2);
  ExpectStepsPoll("components", {OtsuStep{}, ComponentsStep{}}, kOtsu + 2);
  ExpectStepsPoll("measure", {OtsuStep{}, ComponentsStep{}, MeasureStep{}}, kOtsu + 2 + 7);
  ExpectStepsPoll("contours", {OtsuStep{}, ContoursStep{}}, kOtsu + 2);
  ExpectStepsPoll("distance", {OtsuStep{}, DistanceStep{}}, kOtsu + 16 + 8);
  ExpectStepsPoll("watershed", {OtsuStep{}, DistanceStep{}, WatershedStep{}}, kOtsu + 24 + 16);
}

}  // namespace
}  // namespace trine::segment
