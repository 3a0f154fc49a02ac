#include <vector>

#include "core/base/error.h"
#include "core/segment/pipeline.h"
#include "core/segment/row.h"
#include "core/segment/rows.h"
#include "core/segment/threshold/multi_otsu.h"
#include "core/segment/threshold/otsu.h"
#include "core/segment/threshold/threshold.h"
#include "core/segment/validate.h"

namespace trine::segment {

std::vector<StepSpec> ThresholdRows() {
  std::vector<StepSpec> rows;
  rows.push_back(Row<OtsuStep>(
      {.name = "otsu",
       .about = "Otsu's threshold: the largest variance between dark and bright",
       .uses = kGray,
       .makes = kThresholds | kMask,
       .inverts = true,
       // Sorted keys of floats, then values, counts and offsets of the levels.
       .working = Working::ALevel(32)},
      [](State& s, const OtsuStep&) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(s.result.threshold, Otsu(s.context, s.gray, s.options.profile));
        return s.ApplyThreshold(false);
      },
      [](const StepToCheck& step, const OtsuStep&) {
        return CheckOtsuProfile(step.options.profile, step.inputs.gray.dtype);
      }));

  rows.push_back(Row<MultiOtsuStep>(
      {.name = "multi_otsu",
       .about = "Otsu's criterion for several classes, exactly",
       .parameters = {Param<&MultiOtsuStep::classes>("classes", "Classes to part the pixels into",
                                                     Between(kMinClasses, kMaxClasses))},
       .uses = kGray,
       .makes = kThresholds | kMask | kLabels,
       .inverts = true,
       // The same, moments, and the search: two rows of sums and the ends of 14 numbers of classes.
       .working = Working::ALevel(144)},
      [](State& s, const MultiOtsuStep& p) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(s.result.threshold, MultiOtsu(s.context, s.gray, s.options.profile,
                                                             p.classes, s.Field("classes")));
        return s.ApplyThreshold(true);
      },
      [](const StepToCheck& step, const MultiOtsuStep&) {
        return CheckMultiOtsuProfile(step.options.profile);
      }));

  rows.push_back(Row<ThresholdStep>(
      {.name = "threshold",
       .about = "Given thresholds",
       .parameters = {Param<&ThresholdStep::thresholds>(
           "thresholds", "Gray values, increasing; repeat the parameter for several",
           Between(1, kMaxClasses - 1))},
       .uses = kGray,
       .makes = kThresholds | kMask | kLabels,
       .inverts = true,
       .working = Working::ALevel(32)},
      [](State& s, const ThresholdStep& p) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(s.result.threshold, Describe(s.context, s.gray, p.thresholds));
        return s.ApplyThreshold(true);
      },
      [](const StepToCheck& step, const ThresholdStep& p) {
        return CheckIncreasing(step.Field("thresholds"), p.thresholds);
      }));
  return rows;
}

}  // namespace trine::segment
