// The steps as their list says them: each with each of its methods, and with as much to do for a
// pixel as is usual at most. For tests and measurements of all of them, which a new row of the list
// is then part of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/segment/segment.h"

namespace trine::segment {

// The step's row as it is and, where it has methods, with each of them; with the parameters that it
// must have, of pictures whose values lie on both sides of `middle`.
std::vector<Step> Variants(const StepSpec& spec, double middle);

// The step with the widest windows, most classes, tiles and so on that are usual: up to a reach of
// 127 pixels. Nothing where it has nothing of the kind.
std::optional<Step> Widened(const Step& step);

// With the steps before it that make what it needs.
std::vector<Step> Pipeline(const Step& step, double middle);

// "smooth.median", "otsu".
std::string NameOf(const Step& step);

}  // namespace trine::segment
