#include "core/runtime/cpu_quota.h"

#include <sched.h>

#include <algorithm>
#include <sstream>

#include "core/runtime/cgroup.h"

namespace trine {
namespace {

int QuotaToCpus(long long quota_us, long long period_us) {
  if (quota_us <= 0 || period_us <= 0) return 0;
  const long long cpus = quota_us / period_us + (quota_us % period_us != 0);
  return static_cast<int>(std::clamp<long long>(cpus, 1, 1 << 16));
}

int CgroupCpus() {
  int cpus = 0;
  const auto limit = [&cpus](int here) {
    if (here > 0) cpus = cpus == 0 ? here : std::min(cpus, here);
  };
  for (const std::string& text : ReadCgroup2("cpu.max")) limit(ParseCpuMax(text));
  if (cpus > 0) return cpus;
  const auto quotas = ReadCgroup1("cpu", "cpu.cfs_quota_us");
  const auto periods = ReadCgroup1("cpu", "cpu.cfs_period_us");
  for (size_t i = 0; i < std::min(quotas.size(), periods.size()); ++i)
    limit(ParseCpuMax(quotas[i] + " " + periods[i]));
  return cpus;
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
