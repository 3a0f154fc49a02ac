#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/segment/local/local_methods.h"
#include "core/segment/local/local_threshold.h"
#include "core/segment/pipeline.h"
#include "core/segment/row.h"
#include "core/segment/rows.h"
#include "core/segment/validate.h"

namespace trine::segment {
std::vector<StepSpec> LocalRows() {
  std::vector<StepSpec> rows;
  rows.push_back(Row<LocalThresholdStep>(
      {.name = "local_threshold",
       .about = "A threshold for each pixel, from the square window around it",
       .parameters =
           {Param<&LocalThresholdStep::method>("method",
                                               "How the threshold is made of the window's pixels"),
            Param<&LocalThresholdStep::window>("window", "Side of the window [pixels]",
                                               OddBetween(3, kMaxWindow),
                                               "51; profile skimage's sauvola and niblack 15"),
            Of(MethodsThatTake(kTakesOffset),
               Param<&LocalThresholdStep::offset>("offset", "subtracted [gray values]")),
            Of(MethodsThatTake(kTakesK),
               Param<&LocalThresholdStep::k>(
                   "k", "weight of the deviation, or of the mean", {},
                   "0.2; niblack, nick -0.2 (profile skimage's niblack 0.2), wolf 0.5, bradley "
                   "0.15, phansalkar 0.25")),
            Of(MethodsThatTake(kTakesR),
               Param<&LocalThresholdStep::r>(
                   "r", "range of the deviation [gray values]", Above(0),
                   "half the dtype's range; of floats and of integers "
                   "above 16 bits half that of the picture's values; "
                   "profile skimage's half the dtype's of all integers, 1 of floats")),
            Of(MethodsThatTake(kTakesSigma),
               Param<&LocalThresholdStep::sigma>("sigma", "deviation [pixels]", Above(0),
                                                 "(window - 1) / 6")),
            Of(MethodsThatTake(kTakesPAndQ),
               Param<&LocalThresholdStep::p>("p", "lift of dark windows", {}, "2")),
            Of(MethodsThatTake(kTakesPAndQ),
               Param<&LocalThresholdStep::q>(
                   "q", "how fast the lift, at most p, falls with the mean", {}, "10")),
            Of(MethodsThatTake(kTakesContrast),
               Param<&LocalThresholdStep::contrast>(
                   "contrast", "windows of less are of one class [gray values]", AtLeast(0),
                   "15 of 8 bits, as much of the range of others")),
            Of(MethodsThatTake(kTakesBorder),
               Param<&LocalThresholdStep::border>("border", "what windows see beyond the border",
                                                  {}, "clip; of other profiles their own"))},
       .uses = kGray,
       .makes = kMask,
       .inverts = true,
       .profiles = kEveryProfile,
       // Sums and squares of columns, their prefix sums of up to two widths, counts and shares; or
       // sums, squares, sizes, counts, places and runs of columns.
       .working = Working::AColumn(72)},
      [](State& s, const LocalThresholdStep& p) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(s.result.local_threshold,
                               ResolveLocalThreshold(s.context, s.gray, p, s.options.profile,
                                                     s.gray_type, &s.result.warnings));
        return LocalThreshold(s.context, s.gray, *s.result.local_threshold, s.options.profile,
                              s.options.invert, s.MaskToWrite(), &s.foreground);
      },
      [](const StepToCheck& step, const LocalThresholdStep& p) {
        return CheckLocalThreshold(p, step.options.profile, step.gray_type, step.Field());
      }));
  return rows;
}

}  // namespace trine::segment
