#include "core/segment/regions/watershed_step.h"

#include <algorithm>
#include <mutex>

#include "core/base/error.h"
#include "core/segment/regions/markers.h"
#include "core/segment/regions/remove_small.h"
#include "core/segment/regions/watershed.h"

namespace trine::segment {
namespace {

// `step` with what is left to it decided.
WatershedStep Resolve(WatershedStep step, const Inputs& inputs) {
  if (step.markers == MarkerSource::kAuto)
    step.markers = inputs.markers ? MarkerSource::kGiven : MarkerSource::kDistance;
  if (step.relief == Relief::kAuto)
    step.relief = step.markers == MarkerSource::kDistance ? Relief::kDistance : Relief::kGray;
  return step;
}

absl::Status MarkEverythingInside(const State& state, uint8_t* mask) {
  return state.ForPixels([&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i)
      mask[i] = state.gray.Contains(static_cast<int64_t>(i)) ? 255 : 0;
  });
}

absl::StatusOr<FloodRelief> ReliefOf(State& state, const WatershedStep& step, const uint8_t* mask) {
  if (step.relief == Relief::kGray) return FloodRelief::OfGray(state.context, state.gray, mask);
  return FloodRelief::OfDistance(state.context, state.Distance(), mask, state.gray.pixels());
}

// Given markers outside the region are gone: the highest label may be another now.
absl::Status FinishLabels(State& state, const int32_t* labels, uint8_t* mask) {
  std::mutex mutex;  // extremes: the order of the ranges does not matter
  int32_t lowest = 0, highest = 0;
  TRINE_RETURN_IF_ERROR(state.ForPixels([&](size_t begin, size_t end) {
    int32_t low = 0, high = 0;
    for (size_t i = begin; i < end; ++i) {
      mask[i] = labels[i] != 0 ? 255 : 0;
      low = std::min(low, labels[i]);
      high = std::max(high, labels[i]);
    }
    const std::lock_guard<std::mutex> lock(mutex);
    lowest = std::min(lowest, low);
    highest = std::max(highest, high);
  }));
  state.result.lowest_label = lowest;
  state.result.label_count = highest;
  state.mask_labels = MaskLabels::kTouching;
  return absl::OkStatus();
}

}  // namespace

absl::Status RunWatershed(State& state, const WatershedStep& given) {
  const WatershedStep step = Resolve(given, state.inputs);
  const Context& context = state.context;
  const Picture& gray = state.gray;
  const bool have_mask = state.result.mask.has_value();
  uint8_t* mask = state.Mask();
  if (!have_mask) TRINE_RETURN_IF_ERROR(MarkEverythingInside(state, mask));
  const float* distance = state.result.distance ? state.Distance() : nullptr;
  int32_t* labels = state.LabelsToWrite();
  if (step.markers == MarkerSource::kGiven) {
    TRINE_RETURN_IF_ERROR(
        ReadMarkers(context, *state.inputs.markers, gray.inside, state.options.profile, labels));
  } else {
    TRINE_RETURN_IF_ERROR(DistanceMarkers(context, distance, mask, gray.height, gray.width,
                                          step.connectivity, step.marker_height.value_or(1.0),
                                          state.Field(), labels));
  }
  TRINE_ASSIGN_OR_RETURN(FloodRelief relief, ReliefOf(state, step, mask));
  TRINE_RETURN_IF_ERROR(Flood(context, mask, gray.height, gray.width, step.connectivity, step.lines,
                              state.options.profile, &relief, labels));
  TRINE_RETURN_IF_ERROR(FinishLabels(state, labels, mask));
  if (step.min_area == 0) return absl::OkStatus();
  TRINE_RETURN_IF_ERROR(RemoveSmallRegions(context, gray.pixels(), state.result.LabelSpan(),
                                           step.min_area, state.Field(), labels));
  return FinishLabels(state, labels, mask);
}

absl::Status CheckWatershed(const StepToCheck& step, const WatershedStep& given) {
  if (given.markers == MarkerSource::kGiven && !step.inputs.markers)
    return InvalidField(step.Field("markers"), std::string_view("GIVEN"),
                        "the request has no markers");
  const WatershedStep watershed = Resolve(given, step.inputs);
  const bool needs_distance =
      watershed.markers == MarkerSource::kDistance || watershed.relief == Relief::kDistance;
  return needs_distance ? step.Needs(kDistance) : absl::OkStatus();
}

}  // namespace trine::segment
