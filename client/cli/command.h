// The commands. Each adds its name, options and help to `app`; when it is the one that was given it
// stores what is to be run.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "absl/status/status.h"
#include "client/cli/session.h"

namespace trine::cli {

using Run = std::function<absl::Status(Session* session)>;

void AddNormalizeCommand(CLI::App* app, Run* run);
void AddNormalizeGradientCommand(CLI::App* app, Run* run);
void AddEncodeCommand(CLI::App* app, Run* run);
void AddDecodeCommand(CLI::App* app, Run* run);
void AddInspectCommand(CLI::App* app, Run* run);
void AddExactCommand(CLI::App* app, Run* run);
void AddSegmentCommand(CLI::App* app, Run* run);
void AddInfoCommand(CLI::App* app, Run* run);
void AddHealthCommand(CLI::App* app, Run* run);
void AddBenchCommand(CLI::App* app, Run* run);

}  // namespace trine::cli
