// Where the outputs of a command that takes many inputs go.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/files/inputs.h"

namespace trine::cli {

struct Outputs {
  std::string output;      // -o
  std::string out_dir;     // --out-dir
  bool recursive = false;  // -r: inputs may be folders
  bool remove = false;     // --rm: an input goes when its output is safe
};

// How a command names an output after its input.
struct Naming {
  // Its path in --out-dir from Input::name, such as "a/b.txt.trine" for "a/b.txt"; with keeps_name
  // one that no input of another name has.
  std::string (*in_folder)(const Input& input);
  // Its path where neither -o nor --out-dir is given; USAGE where the input's name does not say. Of
  // devices and named pipes OutputPath does not ask: beside them is no place for it.
  // Null: then there is none.
  absl::StatusOr<std::string> (*beside)(const std::string& path) = nullptr;
};

// The path of `input`'s output: in --out-dir, else -o, else beside it ("-" for stdin's); empty:
// none was asked for.
absl::StatusOr<std::string> OutputPath(const Input& input, const Outputs& outputs,
                                       const Naming& naming);

// Sets Input::keeps_name of those whose outputs in --out-dir would have one name, though they have
// names of their own ("pic.JPG" and "pic.jpeg"); all of them, so that their order does not count.
// Says so in `names_kept`.
void KeepNamesApart(const Outputs& outputs, const Naming& naming, Inputs* inputs);

// The folders that a run made for its outputs. Those that are empty at its end, since no input
// could be read, go again.
class MadeFolders {
 public:
  MadeFolders() = default;
  MadeFolders(MadeFolders&&) = default;
  MadeFolders& operator=(MadeFolders&&) = delete;
  ~MadeFolders();
  // USAGE where `folder`, or one on the way to it, cannot be made.
  absl::Status Make(const std::string& folder);

 private:
  std::vector<std::string> made_;  // the outer ones first
};

// Before the first input is opened: notes all of them as inputs (files/file_identity.h), and makes
// --out-dir and the folders in it. USAGE: several inputs for one -o, both ways at once, stdin among
// several or with --out-dir, or two inputs whose outputs would have one name.
absl::StatusOr<MadeFolders> PrepareOutputs(const std::vector<Input>& inputs, const Outputs& outputs,
                                           const Naming& naming);

// True where the output of the first input is stdout.
bool WritesStdout(const std::vector<Input>& inputs, const Outputs& outputs, const Naming& naming);

}  // namespace trine::cli
