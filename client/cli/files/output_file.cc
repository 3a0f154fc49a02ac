#include "client/cli/files/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/files/file_identity.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

// What open(2) would give a new file.
mode_t NewFileMode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

absl::Status ExistsError(const std::string& path) {
  return UsageError(absl::StrCat("'", path, "' exists; --force overwrites it"));
}

absl::Status TerminalError() {
  return UsageError("a terminal shows text only; -o FILE, or --force to write to it all the same");
}

// Bytes that follow the first one of a character of UTF-8; nullopt for what none begins with.
std::optional<size_t> BytesAfter(uint8_t first) {
  if (first < 0x80) return 0;
  if (first >= 0xC2 && first <= 0xDF) return 1;
  if (first >= 0xE0 && first <= 0xEF) return 2;
  if (first >= 0xF0 && first <= 0xF4) return 3;
  return std::nullopt;
}

// Not UTF-8, or control characters that no text and no terminal's colours are made of. What is a
// piece of a text may begin and end within a character.
bool IsBinary(ByteView bytes) {
  constexpr size_t kMostAfter = 3;
  const auto follows = [&](size_t i) { return (bytes[i] & 0xC0) == 0x80; };
  size_t at = 0;
  while (at < std::min(bytes.size(), kMostAfter) && follows(at)) ++at;
  while (at < bytes.size()) {
    const uint8_t c = bytes[at++];
    if (c < 0x07 || (c > 0x0D && c < 0x20 && c != 0x1B) || c == 0x7F) return true;
    const std::optional<size_t> after = BytesAfter(c);
    if (!after.has_value()) return true;
    for (size_t k = 0; k < *after && at < bytes.size(); ++k, ++at) {
      if (!follows(at)) return true;
      if (c == 0xC2 && bytes[at] < 0xA0) return true;  // control characters, too
    }
  }
  return false;
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

// A name is on the disk when its folder is.
absl::Status SyncFolderOf(const std::string& path) {
  const std::string folder = FolderOf(path);
  const int fd = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return FileError("cannot sync", path, errno);
  const int synced = fsync(fd);
  const int error = errno;
  close(fd);
  // Some file systems have nothing to sync of a folder.
  if (synced != 0 && error != EINVAL) return FileError("cannot sync", path, error);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Create(const std::string& path, bool force,
                                                               Holds holds) {
  std::unique_ptr<OutputFile> file(new OutputFile(path, force));
  struct stat info = {};
  if (IsStdout(path)) {
    if (fstat(STDOUT_FILENO, &info) == 0) TRINE_RETURN_IF_ERROR(CheckNoInput(info, path));
    TRINE_RETURN_IF_ERROR(file->Direct(STDOUT_FILENO, holds));
    return file;
  }
  if (path.empty()) return UsageError("the output has no name");
  file->final_path_ = path;
  file->mode_ = NewFileMode();
  if (stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return FileError("cannot write", path, EISDIR, true);
    if (!S_ISREG(info.st_mode)) {
      const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
      if (fd < 0) return FileError("cannot write", path, errno, true);
      TRINE_RETURN_IF_ERROR(file->Direct(fd, holds));
      return file;
    }
    TRINE_RETURN_IF_ERROR(CheckNoInput(info, path));
    if (!force) return ExistsError(path);
    file->mode_ = info.st_mode & 07777;
    if (char* resolved = realpath(path.c_str(), nullptr)) {
      file->final_path_ = resolved;
      free(resolved);
    }
  }
  TRINE_RETURN_IF_ERROR(ClaimOutput(file->final_path_, path));
  TRINE_RETURN_IF_ERROR(file->OpenTemporary());
  return file;
}

absl::Status OutputFile::Direct(int fd, Holds holds) {
  fd_ = fd;
  if (force_ || holds == Holds::kText || isatty(fd) == 0) return absl::OkStatus();
  if (holds == Holds::kBinary) return TerminalError();
  only_text_ = true;
  return absl::OkStatus();
}

absl::Status OutputFile::OpenTemporary() {
  fd_ = TemporaryPath::MakeFile(absl::StrCat(FolderOf(final_path_), ".trine-XXXXXX"), &temporary_);
  if (fd_ < 0) return FileError("cannot write", path_, errno, true);
  return absl::OkStatus();
}

OutputFile::~OutputFile() {
  if (fd_ > STDERR_FILENO) close(fd_);
}

absl::Status OutputFile::Write(ByteView bytes) {
  if (only_text_ && IsBinary(bytes)) return TerminalError();
  while (!bytes.empty()) {
    const ssize_t n = write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError("cannot write", path_, errno);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::Status OutputFile::CheckKept() const {
  if (is_file()) return absl::OkStatus();
  return UsageError("--rm needs an output that is a file");
}

void OutputFile::TakeAfter(const std::string& path) {
  struct stat info = {};
  if (path != "-" && stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode)) like_ = info;
}

absl::Status OutputFile::SetAttributes() {
  mode_t mode = mode_;
  if (like_.has_value()) {
    mode = like_->st_mode & 0777;
    // Only root gives files away; nobody else's output is worse for staying his.
    [[maybe_unused]] const int owner = fchown(fd_, like_->st_uid, static_cast<gid_t>(-1));
    if (fchown(fd_, static_cast<uid_t>(-1), like_->st_gid) != 0) {
      // Another group and its others get what both the input's had.
      const mode_t both = ((mode & 070) >> 3) & (mode & 07);
      mode = (mode & 0700) | (both << 3) | both;
    }
    // A file system that keeps no times is no reason to fail.
    const struct timespec times[2] = {like_->st_atim, like_->st_mtim};
    futimens(fd_, times);
  }
  if (fchmod(fd_, mode) != 0) return FileError("cannot write", path_, errno);
  return absl::OkStatus();
}

absl::Status OutputFile::Commit(bool sync) {
  if (is_file()) {
    TRINE_RETURN_IF_ERROR(SetAttributes());
    if (sync && fsync(fd_) != 0) return FileError("cannot sync", path_, errno);
  }
  if (fd_ > STDERR_FILENO) {
    // Some file systems report only now that there is no room.
    const int closed = close(fd_);
    fd_ = -1;
    if (closed != 0) return FileError("cannot write", path_, errno);
  }
  if (!is_file()) return absl::OkStatus();
  TRINE_RETURN_IF_ERROR(Rename());
  return sync ? SyncFolderOf(final_path_) : absl::OkStatus();
}

absl::Status OutputFile::Rename() {
  const char* from = temporary_->path().c_str();
  const char* to = final_path_.c_str();
  struct stat info = {};
  // Inputs that were opened after the output was made are known only now.
  if (stat(to, &info) == 0) TRINE_RETURN_IF_ERROR(CheckNoInput(info, path_));
  int renamed =
      force_ ? rename(from, to) : renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
  // File systems that cannot do it in one step: check, then rename.
  if (renamed != 0 && !force_ && (errno == EINVAL || errno == ENOSYS)) {
    if (lstat(to, &info) == 0) return ExistsError(path_);
    renamed = rename(from, to);
  }
  if (renamed != 0 && errno == EEXIST) return ExistsError(path_);
  if (renamed != 0) return FileError("cannot write", path_, errno);
  temporary_->Release();
  return absl::OkStatus();
}

}  // namespace trine::cli
