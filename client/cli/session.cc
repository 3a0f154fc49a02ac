#include "client/cli/session.h"

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/errors.h"
#include "client/cli/path_names.h"
#include "client/cli/printable.h"
#include "core/base/error.h"
#include "core/base/strings.h"

namespace trine::cli {

absl::StatusOr<client::Client*> Session::Connect(bool embed) {
  if (client_ != nullptr) return client_.get();
  Globals globals = globals_;
  if (globals.server.empty() && !embed) globals.server = kDefaultServer;
  TRINE_ASSIGN_OR_RETURN(client::Options options, ClientOptions(globals));
  if (options.target.empty()) {
    TRINE_ASSIGN_OR_RETURN(embedded_,
                           EmbeddedServer::Start(options.max_message_bytes, globals.verbose));
    options.target = "embedded";
    options.channel = embedded_->channel();
  }
  TRINE_ASSIGN_OR_RETURN(client_, client::Client::Create(options));
  return client_.get();
}

std::string Session::target() const {
  if (client_ != nullptr) return client_->options().target;
  return globals_.server;
}

absl::Status Session::UseStdoutForData(std::string_view flag, const std::string& path) {
  const std::string given = absl::StrCat(ToAbsl(flag), " ", path.empty() ? "-" : path);
  if (globals_.json) {
    return UsageError(absl::StrCat(given, " and --json both want stdout; write to a file instead"));
  }
  if (stdout_is_data_) return UsageError(absl::StrCat(given, ": stdout carries one output only"));
  stdout_is_data_ = true;
  return absl::OkStatus();
}

void Session::PrintStatus(const std::string& line) const {
  if (globals_.quiet || globals_.json) return;
  std::fprintf(stdout_is_data_ ? stderr : stdout, "%s\n", PrintableLines(line).c_str());
}

void Session::PrintWarning(const std::string& text) const {
  if (!globals_.quiet) cli::PrintWarning(text);
}

void Session::PrintNotes(const Inputs& inputs) const {
  for (const std::string& note : {inputs.Note(), inputs.names_kept}) {
    if (note.empty()) continue;
    notes_.push_back(note);
    PrintWarning(note);
  }
}

ProgressBar Session::Bar(const std::string& path, std::optional<uint64_t> total) const {
  return {ProgressOf(globals_), globals_.quiet, BaseName(DisplayName(path)), total};
}

void Session::PrintResult(const Json& object, bool is_failure) const {
  if (!globals_.json) return;
  is_failure_told_ = is_failure;
  Json told = object;
  for (const std::string& note : std::exchange(notes_, {})) told["warnings"].push_back(note);
  std::fprintf(stdout, "%s\n", PrintableJson(ToLine(told)).c_str());
  std::fflush(stdout);
}

void Session::PrintFailure(Json which, const absl::Status& status, double ms) const {
  which["error"] = std::string(WithFlags(status).message());
  which["elapsed_ms"] = ms;
  PrintResult(which, true);
}

void Session::PrintFailureOfRun(const absl::Status& status) const {
  if (!printed_ && !is_failure_told_) PrintFailure(concern_, status, watch_.ms());
}

absl::Status Session::ForEach(const std::vector<Input>& inputs,
                              const std::function<absl::Status(const Input&)>& one) {
  const auto run = [&one](const Input& input) -> absl::Status {
    TRINE_RETURN_IF_ERROR(CheckNoFolder(input));
    return one(input);
  };
  if (inputs.size() == 1) {
    Concern({{"input", inputs[0].path}});
    return run(inputs[0]);
  }
  absl::Status first;
  for (const Input& input : inputs) {
    const Stopwatch watch;
    is_failure_told_ = false;
    const absl::Status status = WithFlags(run(input));
    if (status.ok()) continue;
    PrintError(status, target(), globals_.verbose);
    if (!is_failure_told_) PrintFailure({{"input", input.path}}, status, watch.ms());
    printed_ = true;
    if (first.ok()) first = status;
    if (ExitCodeOf(status) == kExitUnreachable) break;
  }
  return first;
}

}  // namespace trine::cli
