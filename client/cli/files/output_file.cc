#include "client/cli/files/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

// What open(2) would give a new file.
unsigned NewFileMode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

absl::Status ExistsError(const std::string& path) {
  return UsageError(absl::StrCat("'", path, "' exists; --force overwrites it"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Create(const std::string& path,
                                                               bool force) {
  std::unique_ptr<OutputFile> file(new OutputFile(path, force));
  if (path == "-") {
    file->fd_ = STDOUT_FILENO;
    return file;
  }
  if (path.empty()) return UsageError("the output has no name");
  file->final_path_ = path;
  struct stat info = {};
  unsigned mode = NewFileMode();
  if (stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return FileError("cannot write", path, EISDIR, true);
    if (!S_ISREG(info.st_mode)) {
      file->fd_ = open(path.c_str(), O_WRONLY | O_CLOEXEC);
      if (file->fd_ < 0) return FileError("cannot write", path, errno, true);
      return file;
    }
    if (!force) return ExistsError(path);
    mode = info.st_mode & 07777;
    if (char* resolved = realpath(path.c_str(), nullptr)) {
      file->final_path_ = resolved;
      free(resolved);
    }
  }
  TRINE_RETURN_IF_ERROR(file->OpenTemporary(mode));
  return file;
}

absl::Status OutputFile::OpenTemporary(unsigned mode) {
  const size_t slash = final_path_.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : final_path_.substr(0, slash + 1);
  std::string name = absl::StrCat(folder, ".trine-XXXXXX");
  fd_ = mkostemp(name.data(), O_CLOEXEC);
  if (fd_ < 0) return FileError("cannot write", path_, errno, true);
  temporary_.emplace(name);
  if (fchmod(fd_, mode) != 0) return FileError("cannot write", path_, errno);
  return absl::OkStatus();
}

OutputFile::~OutputFile() {
  if (fd_ > STDERR_FILENO) close(fd_);
}

absl::Status OutputFile::Write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError("cannot write", path_, errno);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::Status OutputFile::Commit() {
  if (fd_ > STDERR_FILENO) {
    // Some file systems report only now that there is no room.
    const int closed = close(fd_);
    fd_ = -1;
    if (closed != 0) return FileError("cannot write", path_, errno);
  }
  return temporary_.has_value() ? Rename() : absl::OkStatus();
}

absl::Status OutputFile::Rename() {
  const char* from = temporary_->path().c_str();
  const char* to = final_path_.c_str();
  int renamed =
      force_ ? rename(from, to) : renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
  // File systems that cannot do it in one step: check, then rename.
  if (renamed != 0 && !force_ && (errno == EINVAL || errno == ENOSYS)) {
    struct stat info = {};
    if (lstat(to, &info) == 0) return ExistsError(path_);
    renamed = rename(from, to);
  }
  if (renamed != 0 && errno == EEXIST) return ExistsError(path_);
  if (renamed != 0) return FileError("cannot write", path_, errno);
  temporary_->Release();
  return absl::OkStatus();
}

}  // namespace trine::cli
