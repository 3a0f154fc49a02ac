#include "server/observe/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>

namespace trine::server {
namespace {

// The number after `field` ("VmRSS:") in /proc/self/status.
double StatusNumber(const char* field) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/self/status", "re"),
                                                   &std::fclose);
  if (file == nullptr) return 0;
  const std::string format = std::string(field) + " %lld";
  std::array<char, 256> line;
  long long number = 0;  // NOLINT(google-runtime-int): what sscanf writes
  while (std::fgets(line.data(), line.size(), file.get()) != nullptr)
    if (std::sscanf(line.data(), format.c_str(), &number) == 1) return static_cast<double>(number);
  return 0;
}

double OpenFiles() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), &closedir);
  if (folder == nullptr) return 0;
  int count = 0;
  while (readdir(folder.get()) != nullptr) ++count;
  return count - 3;  // ".", ".." and the one that reads
}

double MaxFiles() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

double CpuSeconds() {
  timespec time{};
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

std::vector<PolledValue> ProcessValues() {
  const double started =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return {
      {"process_resident_memory_bytes",
       "Memory that the process holds.",
       {},
       [] { return StatusNumber("VmRSS:") * 1024; }},
      {"process_virtual_memory_bytes",
       "Address space that the process uses.",
       {},
       [] { return StatusNumber("VmSize:") * 1024; }},
      {"process_threads", "Threads of the process.", {}, [] { return StatusNumber("Threads:"); }},
      {"process_cpu_seconds_total", "CPU time of the process [s].", {}, &CpuSeconds, true},
      {"process_open_fds", "Open file descriptors.", {}, &OpenFiles},
      {"process_max_fds", "File descriptors that may be open.", {}, &MaxFiles},
      {"process_start_time_seconds",
       "When the server started, in seconds since 1970.",
       {},
       [started] { return started; }}};
}

}  // namespace trine::server
