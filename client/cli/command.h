// The commands. Each adds its name, options and help to `app`; when it is the one that was given it
// stores what is to be run.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "client/cli/command_line.h"
#include "client/cli/session.h"

namespace trine::cli {

using Run = std::function<absl::Status(Session* session)>;

void AddNormalizeCommand(Command app, Run* run);
void AddNormalizeGradientCommand(Command app, Run* run);
void AddEncodeCommand(Command app, Run* run);
void AddDecodeCommand(Command app, Run* run);
void AddInspectCommand(Command app, Run* run);
void AddVerifyCommand(Command app, Run* run);
void AddExactCommand(Command app, Run* run);
void AddSegmentCommand(Command app, Run* run);
void AddCompareLabelsCommand(Command app, Run* run);
void AddCompareMasksCommand(Command app, Run* run);
void AddInfoCommand(Command app, Run* run);
void AddHealthCommand(Command app, Run* run);
void AddBenchCommand(Command app, Run* run);

}  // namespace trine::cli
