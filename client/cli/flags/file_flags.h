// Flags of commands that take many files.
#pragma once

#include <string>

#include "client/cli/command_line.h"
#include "client/cli/files/outputs.h"

namespace trine::cli {

// -r.
void AddRecursiveFlag(Command command, Outputs* outputs);

// Of commands that make a file of each input: -o and --out-dir, of which the texts tell, -r, --rm
// and --keep (which says what holds anyway), and -f.
void AddOutputFlags(Command command, Outputs* outputs, bool* force, const std::string& output_text,
                    const std::string& out_dir_text);

}  // namespace trine::cli
