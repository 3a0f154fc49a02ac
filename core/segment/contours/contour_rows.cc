#include <string_view>
#include <vector>

#include "core/segment/contours/contours.h"
#include "core/segment/row.h"
#include "core/segment/rows.h"

namespace trine::segment {
namespace {

constexpr std::string_view kOf[] = {"mask", "labels"};

}  // namespace

absl::Span<const std::string_view> NamesOf(ContoursOf) { return kOf; }

std::vector<StepSpec> ContourRows() {
  std::vector<StepSpec> rows;
  rows.push_back(
      Row<ContoursStep>({.name = "contours",
                         .about = "Outlines of the mask or of each label, with their hierarchy",
                         .parameters = {Param<&ContoursStep::of>(
                             "of", "The mask, or each label by itself", {},
                             "labels where those of the mask may touch, else mask")},
                         .needs = kMask,
                         .uses = kLabels,
                         .makes = kContours,
                         // Numbers of borders.
                         .working = Working::APixel(4)},
                        RunContours, CheckContours));
  return rows;
}

}  // namespace trine::segment
