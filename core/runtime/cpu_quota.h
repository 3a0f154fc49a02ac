// How many CPUs this process may use.
#pragma once

#include <string>

namespace trine {

// The smaller of the CPUs in the affinity mask and the cgroup's CPU quota (v2 cpu.max or v1
// cfs_quota_us, rounded up), at least 1. A container limited to 2 CPUs on a host of 64 gets 2.
int AvailableCpus();

// The quota in CPUs, rounded up, that the text of a cgroup v2 cpu.max file states ("200000 100000"
// is 2); 0 for "max" or for text that is not understood.
int ParseCpuMax(const std::string& text);

}  // namespace trine
