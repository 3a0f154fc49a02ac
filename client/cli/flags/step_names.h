// Errors about a segmentation's steps, named by the flags that made the steps.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::cli {

// `status` with a field in "steps[i]" of `request` named as it was given: "--window" where --method
// made the steps, "--steps local-threshold:window" where --steps listed them, as `steps` has it
// (empty: it is not given). A parameter's flag is named like the parameter. Other statuses come
// back unchanged.
absl::Status WithStepFlags(const absl::Status& status, const v1::SegmentRequest& request,
                           std::string_view steps);

// `text`, a warning, with the steps of `request` that it names ("steps[0].auto_threshold") named as
// --method and --steps name them: "triangle", and where several are called so "triangle (step 1)".
std::string WithStepNames(std::string text, const v1::SegmentRequest& request);

}  // namespace trine::cli
