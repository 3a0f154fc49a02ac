// An output: a file that appears whole under its name or not at all, or stdout, as "-" or by a name
// of it.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/files/cleanup.h"
#include "core/base/bytes.h"

namespace trine::cli {

// What a terminal would get to see: text; what is none; what only its bytes tell.
enum class Holds : uint8_t { kText, kBinary, kUnknown };

// Writes to a temporary name beside the file and renames. Devices and pipes are written directly.
class OutputFile {
 public:
  // USAGE errors: the file exists and `force` is false, its folder cannot be written to, it is an
  // input of this run or another of its outputs, or it is a terminal, holds no text and `force` is
  // false.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Create(const std::string& path, bool force,
                                                            Holds holds = Holds::kBinary);
  ~OutputFile();  // without Commit nothing stays
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  const std::string& path() const { return path_; }
  // For --rm: USAGE for stdout, devices and pipes, of which nobody knows that they keep anything.
  absl::Status CheckKept() const;
  // USAGE where a terminal would get what is no text.
  absl::Status Write(ByteView bytes);
  // Commit gives the file the mode, the times and, as far as this user may, the owner and group of
  // the input `path`, as compressors do. stdin and devices have none to give.
  void TakeAfter(const std::string& path);
  // Gives the file its name. Without `force` it fails where a file of that name has come meanwhile.
  // Until then only its owner can read it. With `sync` the bytes and the name are on the disk.
  absl::Status Commit(bool sync = false);

 private:
  OutputFile(std::string path, bool force) : path_(std::move(path)), force_(force) {}
  bool is_file() const { return temporary_.has_value(); }
  absl::Status Direct(int fd, Holds holds);
  absl::Status OpenTemporary();
  absl::Status SetAttributes();
  absl::Status Rename();

  std::string path_;
  bool force_;
  std::string final_path_;  // where a symbolic link leads
  int fd_ = -1;
  bool only_text_ = false;  // a terminal
  mode_t mode_ = 0;
  std::optional<struct stat> like_;
  std::optional<TemporaryPath> temporary_;
};

}  // namespace trine::cli
