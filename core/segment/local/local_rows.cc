#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/segment/local/local_threshold.h"
#include "core/segment/pipeline.h"
#include "core/segment/row.h"
#include "core/segment/rows.h"
#include "core/segment/validate.h"

namespace trine::segment {
namespace {

constexpr std::string_view kLocalMethods[] = {"mean", "gaussian", "sauvola"};

}  // namespace

absl::Span<const std::string_view> NamesOf(LocalMethod) { return kLocalMethods; }

std::vector<StepSpec> LocalRows() {
  std::vector<StepSpec> rows;
  rows.push_back(Row<LocalThresholdStep>(
      {.name = "local_threshold",
       .about = "A threshold for each pixel, from the square window around it",
       .parameters =
           {Param<&LocalThresholdStep::method>(
                "method",
                "Mean - offset, Gaussian mean - offset, or Sauvola's "
                "mean * (1 + k * (deviation / r - 1))"),
            Param<&LocalThresholdStep::window>("window", "Side of the window [pixels]",
                                               OddBetween(3, kMaxWindow),
                                               "51; profile skimage's sauvola 15"),
            Of({"mean", "gaussian"},
               Param<&LocalThresholdStep::offset>("offset", "subtracted [gray values]")),
            Of({"sauvola"},
               Param<&LocalThresholdStep::k>("k", "weight of the deviation", {}, "0.2")),
            Of({"sauvola"}, Param<&LocalThresholdStep::r>(
                                "r", "range of the deviation [gray values]", Above(0),
                                "half the dtype's range; of floats and of integers "
                                "above 16 bits half that of the picture's values; "
                                "profile skimage's half the dtype's of all integers, 1 of floats")),
            Of({"gaussian"}, Param<&LocalThresholdStep::sigma>("sigma", "deviation [pixels]",
                                                               Above(0), "(window - 1) / 6"))},
       .uses = kGray,
       .makes = kMask,
       .inverts = true,
       // A window's sums, squares, sizes, counts and columns, of floats.
       .working = Working::AColumn(56)},
      [](State& s, const LocalThresholdStep& p) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(s.result.local_threshold,
                               ResolveLocalThreshold(s.context, s.gray, p, s.options.profile,
                                                     s.inputs.gray.dtype, &s.result.warnings));
        // Pixels outside are never visited: the mask must start from 0 there.
        s.result.mask.reset();
        return LocalThreshold(s.context, s.gray, *s.result.local_threshold, s.options.profile,
                              s.options.invert, s.Mask());
      },
      [](const StepToCheck& step, const LocalThresholdStep& p) {
        return CheckLocalThreshold(p, step.options.profile, step.inputs.gray.dtype, step.Field());
      }));
  return rows;
}

}  // namespace trine::segment
