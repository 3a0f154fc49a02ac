// The inputs of a command that takes many: files, stdin, and folders with all that is in them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace trine::cli {

struct Input {
  std::string path;  // "-" is stdin
  // What --out-dir names its output after: the path's last part; of a file found in a folder its
  // path from there, such as "a/b.png".
  std::string name;
  // Named after the whole of it, where what is named after it otherwise is another's too.
  bool keeps_name = false;
};

// Which files of a folder a command takes, by their names.
using Takes = bool (*)(const std::string& name);
bool TakesUncoded(const std::string& name);  // all but *.trine
bool TakesCoded(const std::string& name);    // *.trine
bool TakesPictures(const std::string& name);

struct Inputs {
  std::vector<Input> list;  // as given; those of a folder in the order of their names
  // What was met in folders and is not in the list.
  uint64_t links = 0;   // symbolic links, which are not followed
  uint64_t others = 0;  // what the command does not take: other names, devices, pipes

  std::string Note() const;  // says so in a line; empty: nothing was passed over
  std::string names_kept;    // of what KeepNamesApart did, in the same way
};

// stdin where `paths` is empty; USAGE where that is a terminal. With `recursive` folders stand for
// the files in them and below that `takes` names, but for what is in `out_dir` (which may be
// empty); without it they are left for CheckNoFolder. USAGE for a folder that cannot be read,
// where nothing is found, and where stdin is there twice. stdin is "-", whatever it was called.
absl::StatusOr<Inputs> FindInputs(const std::vector<std::string>& paths, bool recursive,
                                  Takes takes, const std::string& out_dir);

// USAGE for a folder that FindInputs was not to walk, with -r as the way out.
absl::Status CheckNoFolder(const Input& input);

// The same for a command of one input: `path`, or stdin where it is empty.
absl::StatusOr<std::string> InputOrStdin(const std::string& path);

}  // namespace trine::cli
