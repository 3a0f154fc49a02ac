// Files that must not outlive the program, unfinished outputs: they go when their owner is done
// with them, and also when a signal ends the program.
#pragma once

#include <optional>
#include <string>

namespace trine::cli {

// Removes what is registered when a signal ends the program (SIGINT, SIGTERM, SIGHUP, SIGQUIT,
// SIGPIPE, ...), which then ends by that signal. SIGXFSZ is ignored: what cannot be written is an
// error as on a full disk. Called once, at the start.
void InstallSignalHandlers();

// A file that is removed at the end of the object's life or by a signal. At most 64 exist at once
// and paths have at most 4095 bytes; what is beyond is not removed by signals.
class TemporaryPath {
 public:
  explicit TemporaryPath(std::string path);
  // Makes a file as mkostemp does, close-on-exec, and `out` its path: no signal ends the program
  // between the two. The file, or -1 with errno.
  static int MakeFile(std::string pattern, std::optional<TemporaryPath>* out);
  ~TemporaryPath();
  TemporaryPath(const TemporaryPath&) = delete;
  TemporaryPath& operator=(const TemporaryPath&) = delete;

  const std::string& path() const { return path_; }
  // It is no longer temporary (it was renamed).
  void Release();

 private:
  std::string path_;
  int slot_ = -1;
};

}  // namespace trine::cli
