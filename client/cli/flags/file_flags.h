// Flags of commands that take many files.
#pragma once

#include "client/cli/command_line.h"
#include "client/cli/files/outputs.h"

namespace trine::cli {

// -r.
void AddRecursiveFlag(Command command, Outputs* outputs);

// --rm, and --keep, which says what holds anyway.
void AddRemoveFlags(Command command, Outputs* outputs);

}  // namespace trine::cli
