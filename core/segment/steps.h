// The list of segmentation steps: one row a step. To add one, write its file and add its row to its
// room's (rows.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "core/segment/step.h"

namespace trine::segment {

// In the order of the fields of the protocol's SegmentStep.
absl::Span<const StepSpec> AllSteps();

// The row of that name; null where there is none.
const StepSpec* FindStep(std::string_view name);

// Sentences about those of the `wanted` maps (kLabels, kRegions, kContours, kDistance) that `steps`
// make and that are not of the mask as the last step leaves it: a step after theirs changed it, or
// they are classes of gray values, which Options::invert does not swap. Each map is what its own
// step made all the same. A watershed's own distance map is what it floods, and not told.
std::vector<std::string> StaleMaps(absl::Span<const Step> steps, bool invert, unsigned wanted);

// Sentences about the steps on whose maps nothing depends that is given out: the mask, the number
// of labels, regions, contours and those of kGray (which a histogram is of), kLabels and kDistance
// that are `wanted`. A threshold is told in any case, and so does not count beside a mask
// but where a step reads it. The gray of steps that make no mask is not told.
std::vector<std::string> UnusedSteps(absl::Span<const Step> steps, unsigned wanted);

}  // namespace trine::segment
