// Files that options name, read again while the server runs.
//
// A change takes effect when two polls in a row found the same contents, so a file that is being
// written, or a certificate whose key follows a moment later, is never taken half. What makes no
// sense then (or cannot be read) leaves everything as it was, is warned of once and counted.
// Kubernetes' way of changing a mounted secret (a symbolic link to another folder) is a change like
// any other, as contents are compared and not names or times.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/observe/log.h"

namespace trine::server {

// Files that make sense together only.
struct WatchedFiles {
  struct File {
    const char* option;  // that names it, for errors
    std::string path;    // empty: contents are always ""
  };
  const char* what;  // for the log: "certificates"
  std::vector<File> files;
  std::string fingerprint;  // of the contents in use
  // Takes over new contents, in the order of `files`, or refuses them and changes nothing. Called
  // on the reloader's thread.
  std::function<absl::Status(const std::vector<std::string>& contents)> apply;
  // Told of the end of each attempt; may be empty.
  std::function<void(bool taken)> done;
};

// The contents of `files` now, or the error of the first that cannot be read (server/base/file.h).
absl::StatusOr<std::vector<std::string>> ReadFiles(const std::vector<WatchedFiles::File>& files);
// Identifies contents, which are secrets and not kept for comparing.
std::string Fingerprint(const std::vector<std::string>& contents);

class Reloader {
 public:
  // Polls the files every `interval` on a thread of its own until it is destroyed. REQUIRES:
  // `log` and what the functions of `watched` use outlive this object; interval > 0.
  Reloader(std::vector<WatchedFiles> watched, std::chrono::milliseconds interval, Logger* log);
  ~Reloader();
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

 private:
  struct State {
    WatchedFiles files;
    // Fingerprints, or the error's text where a file could not be read.
    std::string settled;  // applied, or refused and warned of
    std::string last;     // of the poll before
  };

  void Run();
  void Poll(State* state);

  const std::chrono::milliseconds interval_;
  Logger* const log_;
  std::vector<State> states_;  // of the thread alone
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace trine::server
