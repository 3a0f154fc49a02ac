#include "client/cli/files/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "client/cli/errors.h"
#include "client/cli/files/file_identity.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

constexpr int kPollMs = 50;
constexpr size_t kPieceBytes = size_t{1} << 20;

}  // namespace

absl::StatusOr<InputFile> InputFile::Open(const std::string& path) {
  const int fd = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FileError("cannot open", path, errno, true);
  InputFile file(path, fd);
  struct stat info = {};
  if (fstat(fd, &info) != 0) return FileError("cannot open", path, errno, true);
  if (S_ISDIR(info.st_mode)) return FileError("cannot read", path, EISDIR, true);
  NoteInput(info);
  // stdin may be a file that someone else has read a part of: then only what follows is the input.
  if (S_ISREG(info.st_mode) && lseek(fd, 0, SEEK_CUR) == 0) {
    file.size_ = static_cast<uint64_t>(info.st_size);
  }
  return file;
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

InputFile::~InputFile() {
  if (fd_ > STDERR_FILENO) close(fd_);
}

absl::StatusOr<size_t> InputFile::Read(MutableByteView out, const CancelToken& stop) {
  size_t filled = 0;
  while (filled < out.size()) {
    if (!size_.has_value()) {
      struct pollfd wait = {.fd = fd_, .events = POLLIN, .revents = 0};
      const int ready = poll(&wait, 1, kPollMs);
      TRINE_RETURN_IF_ERROR(stop.Check());
      if (ready == 0) continue;
    }
    const ssize_t n = read(fd_, out.data() + filled, out.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError("cannot read", path_, errno);
    if (n == 0) break;
    filled += static_cast<size_t>(n);
  }
  return filled;
}

absl::Status InputFile::ReadAt(uint64_t offset, MutableByteView out) const {
  size_t filled = 0;
  while (filled < out.size()) {
    const ssize_t n =
        pread(fd_, out.data() + filled, out.size() - filled, static_cast<off_t>(offset + filled));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError("cannot read", path_, errno);
    if (n == 0) {
      return CorruptStream(-1, static_cast<int64_t>(offset + filled), "the file ends too early");
    }
    filled += static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> InputFile::ReadAll(const NamedLimit& limit) {
  if (size_.has_value() && *size_ > limit.value) {
    return LimitExceeded("the input", *size_, limit);
  }
  std::string all;
  if (size_.has_value()) all.reserve(*size_ + kPieceBytes);  // no second copy at the end
  for (;;) {
    const size_t old = all.size();
    // One byte more than allowed tells a longer input.
    const size_t room = static_cast<size_t>(std::min<uint64_t>(kPieceBytes, limit.value + 1 - old));
    all.resize(old + room);
    TRINE_ASSIGN_OR_RETURN(const size_t n,
                           Read({reinterpret_cast<uint8_t*>(all.data()) + old, room}));
    all.resize(old + n);
    if (all.size() > limit.value) return LimitExceeded("the input", all.size(), limit);
    if (n < room) return all;
  }
}

}  // namespace trine::cli
