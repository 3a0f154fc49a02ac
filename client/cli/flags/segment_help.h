// The list of segmentation steps, for people, programs and the documentation.
#pragma once

#include <string>

#include "client/cli/report/json.h"

namespace trine::cli {

// A row a step and a row a parameter, in aligned columns, within `columns`; without the last line's
// end.
std::string StepsHelp(size_t columns);

// {"steps": [{"name", "about", "reads", "writes", "parameters": [{"name", "range", "default",
// "about"}]}]}, names as in the protocol, choices with dashes as in
// every JSON.
Json StepsJson();

// docs/segment-steps.md, whole.
std::string StepsMarkdown();

}  // namespace trine::cli
