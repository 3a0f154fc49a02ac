// From flags, environment and configuration file to Options.
//
// A flag wins over its environment variable, this over the configuration file, this over the
// default. Every option has all three: --max-queued, TRINE_MAX_QUEUED, `max-queued = 256`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/options/options.h"

namespace trine::server {

struct CommandLine {
  Options options;
  std::string port_file;      // --port-file: where the addresses go, as JSON
  bool print_config = false;  // print the options that hold, as a configuration file, and end
  bool check_config = false;  // check them and the files that they name, and end
  bool version = false;
  std::optional<std::string> help;  // the text to print, and end
};

// The variable's value, nullopt where it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment ProcessEnvironment();

// `arguments` without the program's name. INVALID_ARGUMENT names the flag, variable or line, the
// value and what is allowed. The options returned are valid (ValidateOptions).
absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments,
                                             const Environment& environment);

// All options as a configuration file that gives the same options again.
std::string PrintConfig(const Options& options);

}  // namespace trine::server
