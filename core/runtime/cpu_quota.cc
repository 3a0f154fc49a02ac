#include "core/runtime/cpu_quota.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace trine {
namespace {

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

int QuotaToCpus(long long quota_us, long long period_us) {
  if (quota_us <= 0 || period_us <= 0) return 0;
  const long long cpus = quota_us / period_us + (quota_us % period_us != 0);
  return static_cast<int>(std::clamp<long long>(cpus, 1, 1 << 16));
}

// The cgroup v2 path of this process below the mount point, from the line "0::<path>".
std::string OwnCgroupPath() {
  std::istringstream lines(ReadAll("/proc/self/cgroup"));
  std::string line;
  while (std::getline(lines, line)) {
    if (line.rfind("0::", 0) == 0) return line.substr(3);
  }
  return "/";
}

int CgroupCpus() {
  int cpus = 0;
  // Inside a container the own path may not exist below the mount; the root then is the
  // container's.
  std::string path = OwnCgroupPath();
  while (true) {
    const int here = ParseCpuMax(ReadAll("/sys/fs/cgroup" + path + "/cpu.max"));
    if (here > 0) cpus = cpus == 0 ? here : std::min(cpus, here);
    if (path.empty() || path == "/") break;
    path = path.substr(0, path.rfind('/'));  // a parent's limit holds as well
  }
  if (cpus > 0) return cpus;
  long long quota_us = 0;
  long long period_us = 0;
  std::istringstream(ReadAll("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")) >> quota_us;
  std::istringstream(ReadAll("/sys/fs/cgroup/cpu/cpu.cfs_period_us")) >> period_us;
  return QuotaToCpus(quota_us, period_us);
}

}  // namespace

int ParseCpuMax(const std::string& text) {
  std::istringstream in(text);
  long long quota_us = 0;
  long long period_us = 0;
  if (!(in >> quota_us >> period_us)) return 0;
  return QuotaToCpus(quota_us, period_us);
}

int AvailableCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int cpus = 1;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) cpus = std::max(1, CPU_COUNT(&set));
  const int quota = CgroupCpus();
  return quota > 0 ? std::min(cpus, quota) : cpus;
}

}  // namespace trine
