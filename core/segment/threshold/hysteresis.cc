#include "core/segment/threshold/hysteresis.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/segment/picture.h"

namespace trine::segment {
namespace {

constexpr uint8_t kStrong = 255;
constexpr uint8_t kWeak = 1;  // until a strong pixel reaches it

// v > strong, v > weak; with `invert` v <= the threshold.
struct Thresholds {
  double strong = 0;
  double weak = 0;
};

Thresholds ThresholdsOf(const State& state, const HysteresisStep& step) {
  double low = *step.low, high = *step.high;
  if (state.options.profile == Profile::kSkimage) {
    low = std::min(low, high);
    // numpy compares float32 pictures with a plain number in float32, but `low` comes from clip as
    // float64.
    if (state.gray.dtype == DType::kFloat32) high = double{static_cast<float>(high)};
  }
  return state.options.invert ? Thresholds{low, high} : Thresholds{high, low};
}

template <typename T>
void Classify(const Picture& gray, const Thresholds& thresholds, bool invert, int64_t begin,
              int64_t end, uint8_t* mask) {
  for (int64_t i = begin; i < end; ++i) {
    const double value =
        static_cast<double>(PixelAt<T>(gray.data, i)) + static_cast<double>(gray.origin);
    const bool strong = (value > thresholds.strong) != invert;
    const bool weak = (value > thresholds.weak) != invert;
    mask[i] = !gray.Contains(i) ? 0 : strong ? kStrong : weak ? kWeak : 0;
  }
}

// Weak pixels that strong ones reach become strong.
absl::Status Grow(const Context& context, int64_t height, int64_t width, bool eight,
                  uint8_t* mask) {
  const int64_t pixels = height * width;
  Scratch<int32_t> waiting = MakeScratch<int32_t>(pixels);
  int64_t count = 0;
  Poller poll = PixelPoller(context);
  const auto visit = [&](int64_t i) {
    if (mask[i] != kWeak) return;
    mask[i] = kStrong;
    waiting[static_cast<size_t>(count++)] = static_cast<int32_t>(i);
  };
  const auto see_neighbours = [&](int64_t i) {
    const int64_t y = i / width, x = i % width;
    if (x > 0) visit(i - 1);
    if (x + 1 < width) visit(i + 1);
    for (const int64_t dy : {int64_t{-1}, int64_t{1}}) {
      if (y + dy < 0 || y + dy >= height) continue;
      const int64_t at = i + dy * width;
      visit(at);
      if (eight && x > 0) visit(at - 1);
      if (eight && x + 1 < width) visit(at + 1);
    }
  };
  for (int64_t i = 0; i < pixels; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    if (mask[i] != kStrong) continue;
    see_neighbours(i);
    while (count > 0) {
      TRINE_RETURN_IF_ERROR(poll.Spend(16));
      see_neighbours(waiting[static_cast<size_t>(--count)]);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckHysteresis(const StepToCheck& step, const HysteresisStep& parameters) {
  constexpr std::string_view kMissing = "not given";
  if (!parameters.low) return InvalidField(step.Field("low"), kMissing, "it must be given");
  if (!parameters.high) return InvalidField(step.Field("high"), kMissing, "it must be given");
  if (step.options.profile == Profile::kSkimage || *parameters.low <= *parameters.high)
    return absl::OkStatus();
  return InvalidField(step.Field("low"), *parameters.low,
                      absl::StrCat("must be at most high, ", *parameters.high));
}

absl::Status RunHysteresis(State& state, const HysteresisStep& parameters) {
  const Picture& gray = state.gray;
  const Thresholds thresholds = ThresholdsOf(state, parameters);
  uint8_t* const mask = state.Mask();
  TRINE_RETURN_IF_ERROR(state.ForPixels([&](size_t begin, size_t end) {
    WithPixelType(gray.dtype, [&](auto type) {
      Classify<decltype(type)>(gray, thresholds, state.options.invert, static_cast<int64_t>(begin),
                               static_cast<int64_t>(end), mask);
    });
  }));
  const Connectivity usual =
      state.options.profile == Profile::kSkimage ? Connectivity::k4 : Connectivity::k8;
  const Connectivity connectivity =
      parameters.neighbours == Connectivity{0} ? usual : parameters.neighbours;
  TRINE_RETURN_IF_ERROR(
      Grow(state.context, gray.height, gray.width, connectivity == Connectivity::k8, mask));
  return state.ForPixels([&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) mask[i] = mask[i] == kStrong ? kStrong : 0;
  });
}

}  // namespace trine::segment
