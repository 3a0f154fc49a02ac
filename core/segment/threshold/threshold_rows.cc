#include <vector>

#include "core/base/error.h"
#include "core/segment/pipeline.h"
#include "core/segment/row.h"
#include "core/segment/rows.h"
#include "core/segment/threshold/auto_threshold.h"
#include "core/segment/threshold/hysteresis.h"
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
       .parameters = {Param<&OtsuStep::valley_emphasis>(
           "valley_emphasis", "Prefers thresholds that few pixels have; profile exact only")},
       .uses = kGray,
       .makes = kThresholds | kMask,
       .inverts = true,
       .profiles = kEveryProfile,
       // Sorted keys of floats, then values, counts and offsets of the levels.
       .working = Working::ALevel(32)},
      [](State& s, const OtsuStep& p) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(s.result.threshold,
                               p.valley_emphasis ? OtsuWithValleyEmphasis(s.context, s.gray)
                                                 : Otsu(s.context, s.gray, s.options.profile));
        return s.ApplyThreshold(false);
      },
      [](const StepToCheck& step, const OtsuStep& p) {
        if (p.valley_emphasis && step.options.profile != Profile::kExact)
          return NotOffered("profile", "valley emphasis has the profile exact only");
        return CheckOtsuProfile(step.options.profile, step.gray_type);
      }));

  rows.push_back(Row<MultiOtsuStep>(
      {.name = "multi_otsu",
       .about = "Otsu's criterion for several classes, exactly",
       .parameters = {Param<&MultiOtsuStep::classes>("classes", "Classes to part the pixels into",
                                                     Between(kMinClasses, kMaxClasses))},
       .uses = kGray,
       .makes = kThresholds | kMask | kLabels,
       .inverts = true,
       .profiles = kEveryProfile,
       // The same, moments twice, and the search: two rows of sums and the ends of 14 numbers of
       // classes.
       .working = Working::ALevel(160)},
      [](State& s, const MultiOtsuStep& p) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(s.result.threshold, MultiOtsu(s.context, s.gray, s.options.profile,
                                                             p.classes, s.Field("classes")));
        return s.ApplyThreshold(true);
      },
      [](const StepToCheck& step, const MultiOtsuStep&) {
        return CheckMultiOtsuProfile(step.options.profile, step.gray_type);
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

  rows.push_back(Row<AutoThresholdStep>(
      {.name = "auto_threshold",
       .about = "A threshold for the whole picture by another criterion than Otsu's",
       .parameters = {Param<&AutoThresholdStep::method>("method", "Criterion"),
                      Of({"percentile"}, Param<&AutoThresholdStep::fraction>(
                                             "fraction", "of the pixels, at or below the threshold",
                                             Between(0, 1), "0.5"))},
       .uses = kGray,
       .makes = kThresholds | kMask,
       .inverts = true,
       .profiles = kEveryProfile,
       // As otsu's, its bins, and of floats of the skimage profile the pixels and a class of them.
       .working = Working::ALevel(96)},
      [](State& s, const AutoThresholdStep& p) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(
            s.result.threshold,
            AutoThreshold(s.context, s.gray, s.options.profile, p, s.Field("method")));
        return s.ApplyThreshold(false);
      },
      [](const StepToCheck& step, const AutoThresholdStep& p) {
        return CheckAutoProfile(step.options.profile, step.gray_type, p.method);
      }));

  rows.push_back(Row<AllThresholdsStep>(
      {.name = "all_thresholds",
       .about = "Otsu's threshold and those of all methods of auto_threshold, to compare",
       .uses = kGray,
       .makes = kThresholds,
       .profiles = kEveryProfile,
       .working = Working::ALevel(96)},
      [](State& s, const AllThresholdsStep&) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(s.result.method_thresholds,
                               AllThresholds(s.context, s.gray, s.gray_type, s.options.profile));
        return absl::OkStatus();
      }));

  rows.push_back(Row<HysteresisStep>(
      {.name = "hysteresis",
       .about = "Pixels above the high threshold, and those above the low one that touch them",
       .parameters = {Param<&HysteresisStep::low>("low", "Gray value", {}, "none"),
                      Param<&HysteresisStep::high>("high", "Gray value, at least low", {}, "none"),
                      Param<&HysteresisStep::neighbours>("neighbours", "Neighbours of a pixel", {},
                                                         "8; profile skimage's 4")},
       .uses = kGray,
       .makes = kMask,
       .inverts = true,
       .profiles = ProfileBit(Profile::kSkimage),
       // Pixels whose neighbours are still to be seen.
       .working = Working::APixel(4)},
      RunHysteresis, CheckHysteresis));
  return rows;
}

}  // namespace trine::segment
