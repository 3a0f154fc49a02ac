#include "core/segment/regions/keep_overlap.h"

#include <algorithm>
#include <string_view>
#include <type_traits>

#include "core/base/element_type.h"
#include "core/base/error.h"
#include "core/segment/regions/runs/runs.h"

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

// Pixels of each run for which is_marked(i).
template <typename IsMarked>
absl::Status CountMarked(const Context& context, const Runs& runs, const IsMarked& is_marked,
                         Scratch<int32_t>* marked) {
  return ForRuns(context, runs, [&](int64_t run, int64_t begin, int64_t end) {
    int32_t count = 0;
    for (int64_t i = begin; i < end; ++i) count += is_marked(i) ? 1 : 0;
    (*marked)[static_cast<size_t>(run)] += count;
  });
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
  TRINE_ASSIGN_OR_RETURN(const Runs runs, Runs::Of(context, mask, true, gray.height, gray.width,
                                                   sizeof(int32_t) + sizeof(Overlap)));
  TRINE_ASSIGN_OR_RETURN(const RunComponents components,
                         FindComponents(context, runs, given.connectivity));
  Scratch<int32_t> marked = Scratch<int32_t>::Zeros(static_cast<size_t>(runs.count()));
  const auto count = [&](const auto& is_marked) {
    return CountMarked(context, runs, is_marked, &marked);
  };
  if (OverlapsMarkers(given, state.inputs)) {
    const TensorView& markers = *state.inputs.markers;
    TRINE_RETURN_IF_ERROR(
        ReadMarkers(context, markers, gray.inside, state.options.profile, nullptr));
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
  Poller poll = PixelPoller(context);
  TRINE_ASSIGN_OR_RETURN(Scratch<Overlap> overlaps,
                         MakeFilledScratch(components.count + 1, Overlap(), poll));
  const auto overlap_of = [&](int64_t run) -> Overlap& {
    return overlaps[static_cast<size_t>(components.number[static_cast<size_t>(run)])];
  };
  for (int64_t run = 0; run < runs.count(); ++run) {
    if (run % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * 4096));
    overlap_of(run).area += static_cast<int32_t>(runs.Length(run));
    overlap_of(run).marked += marked[static_cast<size_t>(run)];
  }
  return FillRuns(
      context, runs, 0, [&](int64_t run) { return !Stays(overlap_of(run), given.share); }, mask);
}

}  // namespace trine::segment
