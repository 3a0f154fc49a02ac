#include <vector>

#include "core/base/error.h"
#include "core/segment/contours/contours.h"
#include "core/segment/pipeline.h"
#include "core/segment/row.h"
#include "core/segment/rows.h"

namespace trine::segment {

std::vector<StepSpec> ContourRows() {
  std::vector<StepSpec> rows;
  rows.push_back(Row<ContoursStep>(
      {.name = "contours",
       .about = "Outlines with their hierarchy",
       .needs = kMask,
       .makes = kContours,
       // Labels of borders.
       .working = Working::APixel(4)},
      [](State& s, const ContoursStep&) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(s.result.contours, FindContours(s.context, s.Mask(), s.gray.height,
                                                               s.gray.width, s.Field()));
        return absl::OkStatus();
      }));
  return rows;
}

}  // namespace trine::segment
