// What "trine segment" refuses of its flags before anything is read.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "client/cli/files/inputs.h"
#include "client/cli/flags/segment_args.h"
#include "client/cli/quantity.h"
#include "client/cli/session.h"

namespace trine::cli {

inline constexpr char kCsv[] = "--csv";

// Several results take a line each.
bool TellsInLines(const SegmentArgs& args, const Pages& pages, const std::vector<Input>& inputs);

// USAGE for flags of inputs and outputs that do not go together; says to the session which output
// is stdout.
absl::Status CheckArgs(const SegmentArgs& args, const Pages& pages,
                       const std::vector<Input>& inputs, Session* session);

}  // namespace trine::cli
