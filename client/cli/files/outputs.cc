#include "client/cli/files/outputs.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/files/file_identity.h"
#include "client/cli/path_names.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

namespace fs = std::filesystem;

absl::Status CheckNames(const std::vector<Input>& inputs, const Outputs& outputs,
                        const Naming& naming) {
  std::set<std::string> names;
  for (const Input& input : inputs) {
    if (input.path == "-") return UsageError("stdin has no name for --out-dir; use -o");
    const std::string name = naming.in_folder(input);
    if (!names.insert(name).second) {
      return UsageError(absl::StrCat("two inputs would be written to '", name, "' in '",
                                     outputs.out_dir, "'; take them in runs of their own"));
    }
  }
  return absl::OkStatus();
}

// A device or a pipe, whose name says nothing of what it holds.
bool IsSpecial(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

}  // namespace

void KeepNamesApart(const Outputs& outputs, const Naming& naming, Inputs* inputs) {
  if (outputs.out_dir.empty()) return;
  // What keeps its name may meet another's output again.
  for (bool any = true; any;) {
    any = false;
    std::map<std::string, std::vector<Input*>> by_output;
    for (Input& input : inputs->list) by_output[naming.in_folder(input)].push_back(&input);
    for (const auto& [output, same] : by_output) {
      const bool differ = std::any_of(same.begin(), same.end(),
                                      [&same](const Input* i) { return i->name != same[0]->name; });
      if (!differ) continue;
      for (Input* input : same) any |= !std::exchange(input->keeps_name, true);
    }
  }
  const auto keeps = [](const Input& input) { return input.keeps_name; };
  const auto count = std::count_if(inputs->list.begin(), inputs->list.end(), keeps);
  if (count == 0) return;
  const Input& first = *std::find_if(inputs->list.begin(), inputs->list.end(), keeps);
  inputs->names_kept = absl::StrCat(
      count,
      " inputs differ in the endings of their names alone: their outputs keep these, such as ",
      DisplayName(naming.in_folder(first)));
}

MadeFolders::~MadeFolders() {
  std::error_code error;
  // What holds something stays.
  for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) fs::remove(*folder, error);
}

absl::Status MadeFolders::Make(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> missing;
  for (fs::path at = folder; !at.empty() && !fs::exists(fs::symlink_status(at, error));
       at = at.parent_path()) {
    missing.push_back(at.native());
  }
  made_.insert(made_.end(), missing.rbegin(), missing.rend());
  fs::create_directories(folder, error);
  return error ? FileError("cannot make the folder", folder, error.value(), true)
               : absl::OkStatus();
}

absl::StatusOr<std::string> OutputPath(const Input& input, const Outputs& outputs,
                                       const Naming& naming) {
  if (!outputs.out_dir.empty()) {
    return absl::StrCat(outputs.out_dir, "/", naming.in_folder(input));
  }
  if (!outputs.output.empty() || naming.beside == nullptr) return outputs.output;
  if (input.path == "-") return input.path;
  if (IsSpecial(input.path)) {
    return UsageError(absl::StrCat("'", input.path,
                                   "' is no regular file, beside which its output could go; give "
                                   "-o OUT or --out-dir DIR"));
  }
  return naming.beside(input.path);
}

absl::StatusOr<MadeFolders> PrepareOutputs(const std::vector<Input>& inputs, const Outputs& outputs,
                                           const Naming& naming) {
  MadeFolders folders;
  bool has_stdin = false;
  for (const Input& input : inputs) {
    NoteInput(input.path);
    has_stdin |= input.path == "-";
  }
  if (!outputs.out_dir.empty()) {
    if (!outputs.output.empty()) return UsageError("-o and --out-dir exclude each other");
    TRINE_RETURN_IF_ERROR(CheckNames(inputs, outputs, naming));
    for (const Input& input : inputs) {
      TRINE_ASSIGN_OR_RETURN(const std::string path, OutputPath(input, outputs, naming));
      TRINE_RETURN_IF_ERROR(folders.Make(fs::path(path).parent_path().native()));
    }
    return folders;
  }
  if (inputs.size() < 2) return folders;
  if (!outputs.output.empty()) {
    return UsageError("-o names the output of one input; several go to --out-dir");
  }
  if (has_stdin && naming.beside != nullptr) {
    return UsageError("stdin has no name beside which its output could go");
  }
  return folders;
}

bool WritesStdout(const std::vector<Input>& inputs, const Outputs& outputs, const Naming& naming) {
  if (!outputs.output.empty()) return IsStdout(outputs.output);
  return outputs.out_dir.empty() && naming.beside != nullptr && inputs.size() == 1 &&
         inputs[0].path == "-";
}

}  // namespace trine::cli
