// One run of the program: its options, its connection, and where its output goes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/embedded.h"
#include "client/cli/files/inputs.h"
#include "client/cli/globals.h"
#include "client/cli/progress.h"
#include "client/cli/report/json.h"
#include "client/client.h"

namespace trine::cli {

// Milliseconds since its construction, for elapsed_ms.
class Stopwatch {
 public:
  double ms() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

class Session {
 public:
  explicit Session(const Globals& globals) : globals_(globals) {}

  const Globals& globals() const { return globals_; }

  // The client, made at the first call; without --server an embedded server starts with it, or,
  // where `embed` is false, the default address is asked.
  absl::StatusOr<client::Client*> Connect(bool embed = true);
  // For messages: the server's address.
  std::string target() const;

  // Says that stdout carries data ("-o" "-", "--csv" "/dev/stdout"; `path` is "-" where it is
  // empty): text goes to stderr. USAGE with --json.
  absl::Status UseStdoutForData(std::string_view flag, const std::string& path);
  // Text for a person, without its line's end: stdout or stderr; nothing with --quiet or --json.
  void PrintStatus(const std::string& line) const;
  // What was decided for the user and may surprise, on stderr; nothing with --quiet.
  void PrintWarning(const std::string& text) const;
  // Warnings of the inputs as a whole, such as what was met in folders and is not taken; with
  // --json also of the first object.
  void PrintNotes(const Inputs& inputs) const;
  // Of the work on an input, `total` raw bytes where their number is known, as --progress says.
  ProgressBar Bar(const std::string& path, std::optional<uint64_t> total) const;
  // With --json one line on stdout. `is_failure`: it tells of an input that failed, of which
  // ForEach then says nothing there.
  void PrintResult(const Json& object, bool is_failure = false) const;

  // What the failure of a run is told with, such as {"input": path}. ForEach says it of its inputs.
  void Concern(Json which) { concern_ = std::move(which); }
  // With --json a line of what Concern says and "error", where no line told of a failure yet.
  void PrintFailureOfRun(const absl::Status& status) const;

  // With --json a line of an input that failed, or of the part of it that `which` names beside it:
  // `which`, "error" and "elapsed_ms".
  void PrintFailure(Json which, const absl::Status& status, double ms) const;

  // Runs `one` for each input. With several, each failure is printed (with --json also as an object
  // with "input" and "error", as the run's end prints that of one), the others go on (not past a
  // server that cannot be reached), and the first failure comes back, marked as printed.
  absl::Status ForEach(const std::vector<Input>& inputs,
                       const std::function<absl::Status(const Input&)>& one);
  bool printed() const { return printed_; }

 private:
  const Globals& globals_;
  const Stopwatch watch_;
  Json concern_ = Json::object();
  std::unique_ptr<EmbeddedServer> embedded_;  // outlives the client
  std::unique_ptr<client::Client> client_;
  bool stdout_is_data_ = false;
  bool printed_ = false;
  mutable std::vector<std::string> notes_;  // until an object tells them
  mutable bool is_failure_told_ = false;    // on stdout, of the input that is at work
};

}  // namespace trine::cli
