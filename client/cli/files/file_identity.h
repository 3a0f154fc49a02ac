// Which files this run reads and writes, whatever names lead to them (other paths, hard and
// symbolic links): nothing is written over what is read, nor twice.
//
// Not to be called from two threads at once.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

struct stat;

namespace trine::cli {

// Whether an input called `path` is this process's stdin: "-", and what leads to it by its own
// names
// (/dev/stdin, /dev/fd/0, links to them).
bool IsStdin(const std::string& path);
// USAGE where several of the inputs are: what the first has read the next would miss.
absl::Status CheckStdinOnce(const std::vector<std::string>& paths);

// Whether an output called `path` is this process's stdout: "-", what leads to it by its own names
// (/dev/stdout, /dev/fd/1, links to them), and the pipe or socket that it is.
bool IsStdout(const std::string& path);

// A regular file that is an input. InputFile tells those that are opened; those that wait for their
// turn are told by their names. What is absent or no regular file is passed over.
void NoteInput(const struct stat& info);
void NoteInput(const std::string& path);

// USAGE where the file, called `path`, is an input.
absl::Status CheckNoInput(const struct stat& info, const std::string& path);

// USAGE where another output of this run has the folder and the name of `resolved`, a path whose
// links were followed; `path` is what the user calls it.
absl::Status ClaimOutput(const std::string& resolved, const std::string& path);

// A regular file as it is at one moment.
struct FileStamp {
  uint64_t device = 0;
  uint64_t number = 0;
  int64_t size = 0;
  timespec changed = {};
};

// --rm: USAGE for what is removed by no other tool either: stdin, devices and symbolic links.
absl::Status StampForRemoval(const std::string& path, FileStamp* stamp);
// Removes the file, or says that it stays since it is not what it was.
absl::Status RemoveInput(const std::string& path, const FileStamp& stamp);

}  // namespace trine::cli
