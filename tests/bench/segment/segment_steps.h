// Steps from text, so that a row may name one that this build does not have.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/segment/step.h"

namespace trine::bench {

// The steps of "otsu,local_threshold:method=mean:window=11". Nothing, and in `missing` what it is,
// where a step, a parameter or a choice is not offered.
std::optional<std::vector<segment::Step>> StepsOf(const std::string& text, std::string* missing);

}  // namespace trine::bench
