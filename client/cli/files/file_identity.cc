#include "client/cli/files/file_identity.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/path_names.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

namespace fs = std::filesystem;

using Identity = std::pair<dev_t, ino_t>;

std::set<Identity>& Inputs() {
  static std::set<Identity> inputs;
  return inputs;
}

std::set<std::pair<Identity, std::string>>& Claimed() {
  static std::set<std::pair<Identity, std::string>> claimed;
  return claimed;
}

FileStamp StampOf(const struct stat& info) {
  return {info.st_dev, info.st_ino, info.st_size, info.st_mtim};
}

// Whether links lead from `path` to this process's name of `descriptor`.
bool NamesDescriptor(fs::path path, std::string_view descriptor) {
  const fs::path own = absl::StrCat("/proc/", getpid());
  constexpr int kMostLinks = 40;
  for (int link = 0; link < kMostLinks; ++link) {
    std::error_code error;
    const fs::path folder =
        fs::canonical(path.has_parent_path() ? path.parent_path() : fs::path("."), error);
    if (error) return false;
    const bool is_own =
        std::mismatch(own.begin(), own.end(), folder.begin(), folder.end()).first == own.end();
    if (is_own && folder.filename() == "fd" && path.filename() == fs::path(descriptor)) return true;
    const fs::path target = fs::read_symlink(path, error);
    if (error) return false;
    path = folder / target;
  }
  return false;
}

}  // namespace

bool IsStdin(const std::string& path) {
  if (path == "-") return true;
  struct stat info = {};
  return lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode) && NamesDescriptor(path, "0");
}

absl::Status CheckStdinOnce(const std::vector<std::string>& paths) {
  if (std::count_if(paths.begin(), paths.end(), IsStdin) < 2) return absl::OkStatus();
  return UsageError("stdin can be one input only");
}

bool IsStdout(const std::string& path) {
  if (path == "-") return true;
  struct stat info = {}, out = {};
  if (lstat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))
    return false;
  if (S_ISLNK(info.st_mode) && NamesDescriptor(path, "1")) return true;
  if (stat(path.c_str(), &info) != 0 || fstat(STDOUT_FILENO, &out) != 0) return false;
  const bool is_passage = S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode);
  return is_passage && info.st_dev == out.st_dev && info.st_ino == out.st_ino;
}

void NoteInput(const struct stat& info) {
  if (S_ISREG(info.st_mode)) Inputs().emplace(info.st_dev, info.st_ino);
}

void NoteInput(const std::string& path) {
  struct stat info = {};
  if (path != "-" && stat(path.c_str(), &info) == 0) NoteInput(info);
}

absl::Status CheckNoInput(const struct stat& info, const std::string& path) {
  if (!S_ISREG(info.st_mode) || Inputs().count({info.st_dev, info.st_ino}) == 0) {
    return absl::OkStatus();
  }
  return UsageError(absl::StrCat(path == "-" ? "stdout" : absl::StrCat("'", path, "'"),
                                 " is an input too: it would be written over while it is read"));
}

absl::Status ClaimOutput(const std::string& resolved, const std::string& path) {
  const size_t slash = resolved.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : resolved.substr(0, slash + 1);
  struct stat info = {};
  // What is wrong with the folder shows when the file is made.
  if (stat(folder.c_str(), &info) != 0) return absl::OkStatus();
  if (Claimed().emplace(Identity(info.st_dev, info.st_ino), BaseName(resolved)).second) {
    return absl::OkStatus();
  }
  return UsageError(absl::StrCat("'", path, "' is asked for twice: two outputs need two names"));
}

absl::Status StampForRemoval(const std::string& path, FileStamp* stamp) {
  if (path == "-") return UsageError("--rm: stdin is no file that can be removed");
  struct stat info = {};
  if (lstat(path.c_str(), &info) != 0) return FileError("cannot open", path, errno, true);
  if (!S_ISREG(info.st_mode)) {
    return UsageError(absl::StrCat("--rm: '", path, "' is ",
                                   S_ISLNK(info.st_mode) ? "a symbolic link" : "no regular file",
                                   ", which is not removed"));
  }
  *stamp = StampOf(info);
  return absl::OkStatus();
}

absl::Status RemoveInput(const std::string& path, const FileStamp& stamp) {
  struct stat info = {};
  if (lstat(path.c_str(), &info) != 0) return FileError("cannot remove", path, errno);
  const auto key = [](const FileStamp& s) {
    return std::tuple(s.device, s.number, s.size, s.changed.tv_sec, s.changed.tv_nsec);
  };
  if (key(StampOf(info)) != key(stamp)) {
    return MakeError(absl::StatusCode::kFailedPrecondition, {.reason = "FILE"},
                     absl::StrCat("'", path, "' changed while it was read: it is not removed"));
  }
  if (unlink(path.c_str()) != 0) return FileError("cannot remove", path, errno);
  return absl::OkStatus();
}

}  // namespace trine::cli
