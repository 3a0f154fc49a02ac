// An output: a file that appears whole under its name or not at all, or stdout as "-".
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/files/cleanup.h"
#include "core/base/bytes.h"

namespace trine::cli {

// Writes to a temporary name beside the file and renames. Devices and pipes are written directly.
class OutputFile {
 public:
  // USAGE errors: the file exists and `force` is false, or its folder cannot be written to.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Create(const std::string& path, bool force);
  ~OutputFile();  // without Commit nothing stays
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  const std::string& path() const { return path_; }
  absl::Status Write(ByteView bytes);
  // Gives the file its name. Without `force` it fails where a file of that name has come meanwhile.
  absl::Status Commit();

 private:
  OutputFile(std::string path, bool force) : path_(std::move(path)), force_(force) {}
  absl::Status OpenTemporary(unsigned mode);
  absl::Status Rename();

  std::string path_;
  bool force_;
  std::string final_path_;  // where a symbolic link leads
  int fd_ = -1;
  std::optional<TemporaryPath> temporary_;
};

}  // namespace trine::cli
