#include "core/segment/regions/keep_overlap.h"

#include <algorithm>
#include <string_view>
#include <type_traits>

#include "core/base/element_type.h"
#include "core/base/error.h"
#include "core/segment/regions/components.h"

namespace trine::segment {
namespace {

// Pixels of a component, and those of them that overlap.
struct Overlap {
  int32_t area = 0;
  int32_t marked = 0;
};

// The threshold, of several that of the fewest pixels.
absl::StatusOr<double> ThresholdOf(const State& state, const KeepOverlapStep& given) {
  if (given.threshold) return *given.threshold;
  if (!state.result.threshold)
    return InvalidField(state.Field("threshold"), "not given", "no step before it found one");
  const std::vector<double>& found = state.result.threshold->thresholds;
  return state.options.invert ? found.front() : found.back();
}

// Counts of the components by their roots: is_marked(i) of the pixels that are set.
template <typename IsMarked>
absl::Status Count(const Context& context, int64_t pixels, const int32_t* labels,
                   const IsMarked& is_marked, Scratch<int32_t>& root, Scratch<Overlap>& counts) {
  Poller poll = PixelPoller(context);
  for (int64_t begin = 0; begin < pixels; begin += kPixelGrain) {
    TRINE_RETURN_IF_ERROR(poll.Spend(kPixelGrain));
    for (int64_t i = begin; i < std::min(pixels, begin + kPixelGrain); ++i) {
      if (labels[i] == 0) continue;
      Overlap& component = counts[static_cast<size_t>(root[static_cast<size_t>(labels[i])])];
      ++component.area;
      component.marked += is_marked(i) ? 1 : 0;
    }
  }
  return absl::OkStatus();
}

bool Stays(const Overlap& component, double share) {
  return component.marked > 0 && component.marked >= share * component.area;
}

}  // namespace

bool OverlapsMarkers(const KeepOverlapStep& step, const Inputs& inputs) {
  return step.other == OverlapWith::kMarkers ||
         (step.other == OverlapWith::kAuto && inputs.markers.has_value());
}

absl::Status CheckKeepOverlap(const StepToCheck& step, const KeepOverlapStep& given) {
  if (OverlapsMarkers(given, step.inputs)) {
    if (!step.inputs.markers)
      return InvalidField(step.Field("other"), "markers", "the request has none");
    if (given.threshold)
      return InvalidField(step.Field("threshold"), *given.threshold,
                          "is of the gray picture, and the markers are overlapped");
    return absl::OkStatus();
  }
  if (given.threshold || (step.made & kThresholds) != 0) return absl::OkStatus();
  return InvalidField(step.Field("threshold"), "not given",
                      "must be given where no step before it finds one");
}

absl::Status RunKeepOverlap(State& state, const KeepOverlapStep& given) {
  const Context& context = state.context;
  const Picture& gray = state.gray;
  uint8_t* const mask = state.Mask();
  Scratch<int32_t> labels = MakeScratch<int32_t>(gray.pixels());
  TRINE_ASSIGN_OR_RETURN(Provisional components,
                         LabelProvisionally(context, mask, true, gray.height, gray.width,
                                            given.connectivity, labels.data()));
  Poller poll = PixelPoller(context);
  TRINE_ASSIGN_OR_RETURN(
      Scratch<Overlap> counts,
      MakeFilledScratch(static_cast<int64_t>(components.root.size()), Overlap(), poll));
  const auto count = [&](const auto& is_marked) {
    return Count(context, gray.pixels(), labels.data(), is_marked, components.root, counts);
  };
  if (OverlapsMarkers(given, state.inputs)) {
    const TensorView& markers = *state.inputs.markers;
    TRINE_RETURN_IF_ERROR(WithElementType(markers.dtype, [&](auto type) {
      using T = decltype(type);
      return count([&](int64_t i) {
        const size_t at = static_cast<size_t>(i) * sizeof(T);
        return LoadLE<T>(markers.data.data() + at) != T{};
      });
    }));
  } else {
    TRINE_ASSIGN_OR_RETURN(const double threshold, ThresholdOf(state, given));
    const double origin = static_cast<double>(gray.origin);
    TRINE_RETURN_IF_ERROR(WithPixelType(gray.dtype, [&](auto type) {
      using T = decltype(type);
      return count([&](int64_t i) {
        const double value = static_cast<double>(PixelAt<T>(gray.data, i)) + origin;
        return (value > threshold) != state.options.invert;
      });
    }));
  }
  return state.ForPixels([&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const size_t root = static_cast<size_t>(components.root[static_cast<size_t>(labels[i])]);
      mask[i] = labels[i] != 0 && Stays(counts[root], given.share) ? 255 : 0;
    }
  });
}

}  // namespace trine::segment
