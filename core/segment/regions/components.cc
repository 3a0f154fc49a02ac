#include "core/segment/regions/components.h"

#include <utility>

#include "core/base/error.h"
#include "core/segment/regions/runs/runs.h"

namespace trine::segment {

absl::Status RunComponentsStep(State& state, const ComponentsStep& step) {
  const Context& context = state.context;
  uint8_t* const mask = state.Mask();
  TRINE_ASSIGN_OR_RETURN(Runs runs, Runs::Of(context, mask, true, state.gray.height,
                                             state.gray.width, sizeof(int32_t)));
  TRINE_ASSIGN_OR_RETURN(RunComponents components,
                         FindComponents(context, runs, step.connectivity));
  int64_t kept = components.count;
  if (step.min_area > 1) {
    TRINE_ASSIGN_OR_RETURN(Scratch<int32_t> label, AreasOf(context, runs, components));
    Poller poll = PixelPoller(context);
    kept = 0;
    // An area becomes the label, which is the number without those that go.
    for (size_t i = 1; i < label.size(); ++i) {
      if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
      label[i] = label[i] >= step.min_area ? static_cast<int32_t>(++kept) : 0;
    }
    for (size_t run = 0; run < components.number.size(); ++run) {
      if (run % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
      components.number[run] = label[static_cast<size_t>(components.number[run])];
    }
  }
  if (static_cast<uint64_t>(kept) > context.limits->max_regions)
    return LimitExceeded(state.Field(), kept, "max_regions", context.limits->max_regions);
  if (kept != components.count) {
    TRINE_RETURN_IF_ERROR(FillRuns(
        context, runs, 0,
        [&](int64_t run) { return components.number[static_cast<size_t>(run)] == 0; }, mask));
  }
  state.result.label_count = kept;
  state.result.lowest_label = 0;
  state.mask_labels =
      step.connectivity == Connectivity::k4 ? MaskLabels::kTouching : MaskLabels::kApart;
  state.label_runs = LabelRuns{std::move(runs), std::move(components.number)};
  return absl::OkStatus();
}

}  // namespace trine::segment
