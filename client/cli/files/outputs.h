// Where the outputs of a command that takes many inputs go.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace trine::cli {

struct Outputs {
  std::string output;   // -o
  std::string out_dir;  // --out-dir
};

// USAGE: many inputs without --out-dir, both ways at once, "-" with --out-dir, or two inputs whose
// outputs would have one name. `name_of` is the output's file name for an input.
absl::Status CheckOutputs(const std::vector<std::string>& inputs, const Outputs& outputs,
                          std::string (*name_of)(const std::string& input));

// "dir/name" for --out-dir, else -o.
std::string OutputPath(const std::string& input, const Outputs& outputs,
                       std::string (*name_of)(const std::string& input));

}  // namespace trine::cli
