// An input: a file, or stdin as "-".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/cancel.h"
#include "core/base/limits.h"

namespace trine::cli {

class InputFile {
 public:
  // USAGE errors where it cannot be opened or is a folder.
  static absl::StatusOr<InputFile> Open(const std::string& path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile();

  const std::string& path() const { return path_; }
  // The length of a regular file that is read from its start; nullopt for pipes and devices.
  std::optional<uint64_t> size() const { return size_; }

  // Fills `out` as far as it can and returns how many bytes, 0 at the end. Waits for a pipe until
  // `stop` says so; then CANCELLED.
  absl::StatusOr<size_t> Read(MutableByteView out, const CancelToken& stop = {});
  // Exactly out.size() bytes at `offset`. REQUIRES: size().
  absl::Status ReadAt(uint64_t offset, MutableByteView out) const;
  // Everything from here on; RESOURCE_EXHAUSTED naming `limit` where that is more [bytes].
  absl::StatusOr<std::string> ReadAll(const NamedLimit& limit);

 private:
  InputFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::string path_;
  int fd_ = -1;
  std::optional<uint64_t> size_;
};

}  // namespace trine::cli
