#include "client/cli/files/outputs.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"

namespace trine::cli {

absl::Status CheckOutputs(const std::vector<std::string>& inputs, const Outputs& outputs,
                          std::string (*name_of)(const std::string& input)) {
  if (outputs.out_dir.empty()) {
    if (inputs.size() > 1) return UsageError("several inputs need --out-dir");
    return absl::OkStatus();
  }
  if (!outputs.output.empty()) return UsageError("-o and --out-dir exclude each other");
  std::set<std::string> names;
  for (const std::string& input : inputs) {
    if (input == "-") return UsageError("stdin has no name for --out-dir; use -o");
    if (!names.insert(name_of(input)).second) {
      return UsageError(absl::StrCat("two inputs would be written to '", name_of(input), "'"));
    }
  }
  return absl::OkStatus();
}

std::string OutputPath(const std::string& input, const Outputs& outputs,
                       std::string (*name_of)(const std::string& input)) {
  if (outputs.out_dir.empty()) return outputs.output;
  return absl::StrCat(outputs.out_dir, "/", name_of(input));
}

}  // namespace trine::cli
