// trine-server: options, signals, exit codes; everything else is in the library.
//
// Exit codes: 0 ended in order, 1 could not start or had to cancel calls, 2 wrong usage.
#include <fcntl.h>
#include <grpc/support/log.h>
#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/runtime/standard_files.h"
#include "server/base/build_info.h"
#include "server/base/text.h"
#include "server/observe/log.h"
#include "server/options/config.h"
#include "server/server.h"

namespace trine::server {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "trine-server: %s\n", std::string(status.message()).c_str());
  return status.code() == absl::StatusCode::kInvalidArgument ? kUsage : kFailed;
}

// gRPC's own complaints, in the form of our log, as long as this object lives. gRPC keeps one
// function for the process.
class GrpcLog {
 public:
  explicit GrpcLog(Logger* log) {
    target = log;
    gpr_set_log_function(&Write);
  }
  ~GrpcLog() { gpr_set_log_function(nullptr); }
  GrpcLog(const GrpcLog&) = delete;
  GrpcLog& operator=(const GrpcLog&) = delete;

 private:
  static void Write(gpr_log_func_args* args) {
    if (args->severity != GPR_LOG_SEVERITY_ERROR) return;
    const std::string where = absl::StrCat(args->file, ":", args->line);
    target->Warn("grpc", {{"what", args->message}, {"where", where}});
  }

  inline static Logger* target = nullptr;
};

std::string PortFileText(const Server& server) {
  std::string out = "{\"listen\": [";
  for (size_t i = 0; i < server.addresses().size(); ++i) {
    if (i > 0) out += ", ";
    AppendJsonString(&out, server.addresses()[i]);
  }
  out += "], \"metrics\": ";
  AppendJsonString(&out, server.metrics_address());
  out += ", \"health\": ";
  AppendJsonString(&out, server.health_address());
  return out + "}\n";
}

// Whoever waits for the file sees all of it or nothing.
bool WriteAtomically(const std::string& path, const std::string& text) {
  const std::string temporary = absl::StrCat(path, ".", getpid(), ".tmp");
  FILE* file = std::fopen(temporary.c_str(), "wxe");
  if (file == nullptr) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) == 0 && written && std::rename(temporary.c_str(), path.c_str()) == 0)
    return true;
  std::remove(temporary.c_str());
  return false;
}

sigset_t EndSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

void ExitAtOnce(int) { _exit(kFailed); }

// Blocks of 16 MiB and more go back to the system when they are freed, and of what an arena has at
// its end all but 32 MiB. glibc otherwise takes ever longer blocks from arenas, of which each
// thread has one: messages of tens of MiB that come at once then leave twice --memory-limit behind.
// With bounds of 1 MiB `Encode` of 16 MiB and `Segment` of 1 MiB take a quarter longer, by page
// faults.
void KeepFreedMemoryLow() {
  mallopt(M_MMAP_THRESHOLD, 16 << 20);
  mallopt(M_TRIM_THRESHOLD, 32 << 20);
}

int Serve(const CommandLine& command) {
  KeepFreedMemoryLow();
  // Blocked before any thread starts: all threads inherit it, and only sigwait sees the signals.
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  auto log = Logger::Create(command.options.log_format, command.options.log_level);
  if (!log.ok()) return Fail(log.status());
  const GrpcLog grpc_log(log->get());

  auto server = Server::Start(command.options);
  if (!server.ok()) return Fail(server.status());
  for (const std::string& address : (*server)->addresses())
    std::printf("trine-server %s listens on %s\n", Version().c_str(), address.c_str());
  if (!(*server)->metrics_address().empty())
    std::printf("metrics on http://%s/metrics\n", (*server)->metrics_address().c_str());
  if (!(*server)->health_address().empty())
    std::printf("health on %s\n", (*server)->health_address().c_str());
  std::fflush(stdout);
  if (!command.port_file.empty() && !WriteAtomically(command.port_file, PortFileText(**server))) {
    std::fprintf(stderr, "trine-server: --port-file: cannot write %s\n", command.port_file.c_str());
    return kFailed;
  }

  int signal = 0;
  sigwait(&signals, &signal);
  // A second signal means: now.
  std::signal(SIGTERM, &ExitAtOnce);
  std::signal(SIGINT, &ExitAtOnce);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  // SIGTERM is an orchestrator's word, whose balancer needs time to see NOT_SERVING; SIGINT comes
  // from a person at a terminal, for whom nobody balances.
  const int64_t delay_ms = signal == SIGTERM ? command.options.drain_delay_ms : 0;
  (*log)->Info("draining", {{"signal", int64_t{signal}}, {"drain_delay_ms", delay_ms}});
  const bool all_ended = (*server)->Drain(std::chrono::milliseconds(command.options.drain_ms),
                                          std::chrono::milliseconds(delay_ms));
  if (!all_ended) (*log)->Warn("calls were cancelled: drain-ms was over");
  (*log)->Info("ended");
  return all_ended ? 0 : kFailed;
}

int Main(int argc, char** argv) {
  HoldStandardFiles();
  const auto command =
      ParseCommandLine(std::vector<std::string>(argv + 1, argv + argc), ProcessEnvironment());
  if (!command.ok()) return Fail(command.status());
  if (command->help) {
    std::fputs(command->help->c_str(), stdout);
    return 0;
  }
  if (command->version) {
    std::printf("trine-server %s (%s, %s)\n", Version().c_str(), Build().c_str(),
                SimdTarget().c_str());
    return 0;
  }
  if (command->print_config) std::fputs(PrintConfig(command->options).c_str(), stdout);
  if (command->check_config) {
    if (absl::Status status = Server::CheckFiles(command->options); !status.ok())
      return Fail(status);
    std::fputs("# the configuration is valid\n", stdout);
  }
  if (command->print_config || command->check_config) return 0;
  return Serve(*command);
}

}  // namespace
}  // namespace trine::server

int main(int argc, char** argv) { return trine::server::Main(argc, argv); }
