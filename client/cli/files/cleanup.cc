#include "client/cli/files/cleanup.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

namespace trine::cli {
namespace {

// Read by a signal handler: plain memory and atomics only.
struct Slot {
  std::atomic<bool> taken{false};
  std::atomic<bool> live{false};
  char path[4096];
};
std::array<Slot, 64> slots;

// All that end a program from outside, but SIGKILL, which nobody sees.
constexpr int kEndSignals[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGPIPE,
                               SIGXCPU, SIGALRM, SIGUSR1, SIGUSR2};

// Threads that make a file whose path is not registered yet. They take no such signal themselves.
std::atomic<int> making{0};

void OnSignal(int number) {
  while (making.load() > 0) {
    constexpr struct timespec kMoment = {0, 1000000};
    nanosleep(&kMoment, nullptr);
  }
  for (const Slot& slot : slots) {
    if (slot.live.load()) unlink(slot.path);
  }
  signal(number, SIG_DFL);
  raise(number);
}

int TakeSlot(const std::string& path) {
  if (path.size() >= sizeof(Slot::path)) return -1;
  for (size_t i = 0; i < slots.size(); ++i) {
    bool expected = false;
    if (!slots[i].taken.compare_exchange_strong(expected, true)) continue;
    std::memcpy(slots[i].path, path.c_str(), path.size() + 1);
    slots[i].live.store(true);
    return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

void InstallSignalHandlers() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigfillset(&action.sa_mask);
  // A file that grows beyond what the shell allows (ulimit -f) is an error of its write, and told.
  signal(SIGXFSZ, SIG_IGN);
  for (int number : kEndSignals) {
    struct sigaction old = {};
    // A signal that the parent asked to ignore (nohup) stays ignored.
    if (sigaction(number, nullptr, &old) == 0 && old.sa_handler == SIG_IGN) continue;
    sigaction(number, &action, nullptr);
  }
}

TemporaryPath::TemporaryPath(std::string path) : path_(std::move(path)), slot_(TakeSlot(path_)) {}

int TemporaryPath::MakeFile(std::string pattern, std::optional<TemporaryPath>* out) {
  sigset_t ends, before;
  sigemptyset(&ends);
  for (const int number : kEndSignals) sigaddset(&ends, number);
  pthread_sigmask(SIG_BLOCK, &ends, &before);
  ++making;
  const int file = mkostemp(pattern.data(), O_CLOEXEC);
  const int error = errno;
  if (file >= 0) out->emplace(std::move(pattern));
  --making;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return file;
}

TemporaryPath::~TemporaryPath() {
  if (!path_.empty()) unlink(path_.c_str());
  Release();
}

void TemporaryPath::Release() {
  if (slot_ >= 0) {
    slots[static_cast<size_t>(slot_)].live.store(false);
    slots[static_cast<size_t>(slot_)].taken.store(false);
  }
  slot_ = -1;
  path_.clear();
}

}  // namespace trine::cli
