#include "client/cli/files/outputs.h"

#include <filesystem>
#include <set>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/files/file_identity.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

absl::Status CheckNames(const std::vector<Input>& inputs, const Outputs& outputs,
                        const Naming& naming) {
  std::set<std::string> names;
  for (const Input& input : inputs) {
    if (input.path == "-") return UsageError("stdin has no name for --out-dir; use -o");
    const std::string name = naming.in_folder(input.name);
    if (!names.insert(name).second) {
      return UsageError(
          absl::StrCat("two inputs would be written to '", name, "' in '", outputs.out_dir, "'"));
    }
  }
  return absl::OkStatus();
}

absl::Status MakeFolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().native();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  return error ? FileError("cannot make the folder", folder, error.value(), true)
               : absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> OutputPath(const Input& input, const Outputs& outputs,
                                       const Naming& naming) {
  if (!outputs.out_dir.empty()) {
    return absl::StrCat(outputs.out_dir, "/", naming.in_folder(input.name));
  }
  if (!outputs.output.empty() || naming.beside == nullptr) return outputs.output;
  if (input.path == "-") return input.path;
  return naming.beside(input.path);
}

absl::Status PrepareOutputs(const std::vector<Input>& inputs, const Outputs& outputs,
                            const Naming& naming) {
  bool has_stdin = false;
  for (const Input& input : inputs) {
    NoteInput(input.path);
    if (input.path != "-") continue;
    if (has_stdin) return UsageError("stdin can be one input only");
    has_stdin = true;
  }
  if (!outputs.out_dir.empty()) {
    if (!outputs.output.empty()) return UsageError("-o and --out-dir exclude each other");
    TRINE_RETURN_IF_ERROR(CheckNames(inputs, outputs, naming));
    for (const Input& input : inputs) {
      TRINE_ASSIGN_OR_RETURN(const std::string path, OutputPath(input, outputs, naming));
      TRINE_RETURN_IF_ERROR(MakeFolderOf(path));
    }
    return absl::OkStatus();
  }
  if (inputs.size() < 2) return absl::OkStatus();
  if (!outputs.output.empty()) {
    return UsageError("-o names the output of one input; several go to --out-dir");
  }
  if (has_stdin && naming.beside != nullptr) {
    return UsageError("stdin has no name beside which its output could go");
  }
  return absl::OkStatus();
}

bool WritesStdout(const std::vector<Input>& inputs, const Outputs& outputs, const Naming& naming) {
  if (outputs.output == "-") return true;
  return outputs.output.empty() && outputs.out_dir.empty() && naming.beside != nullptr &&
         inputs.size() == 1 && inputs[0].path == "-";
}

}  // namespace trine::cli
