// What "trine segment" refuses of its flags before anything is read.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "client/cli/files/inputs.h"
#include "client/cli/flags/segment_args.h"
#include "client/cli/quantity.h"
#include "client/cli/session.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::cli {

inline constexpr char kCsv[] = "--csv";

// Several results take a line each.
bool TellsInLines(const SegmentArgs& args, const Pages& pages, const std::vector<Input>& inputs);

// USAGE for flags of inputs and outputs that do not go together; says to the session which output
// is stdout.
absl::Status CheckArgs(const SegmentArgs& args, const Pages& pages,
                       const std::vector<Input>& inputs, Session* session);

// USAGE for steps and parameters that are refused whatever the picture is, with the flag's name.
// REQUIRES: no picture is in `request` yet.
absl::Status CheckSteps(const SegmentArgs& args, const v1::SegmentRequest& request);

}  // namespace trine::cli
