// The control groups that this process is in.
#pragma once

#include <string>
#include <vector>

namespace trine {

// The contents of `file` in the process's own group and in all above it, whose limits hold as well;
// empty where no group has it. Version 2 has one hierarchy ("cpu.max"), version 1 one for each
// controller ("cpu" and "cpu.cfs_quota_us").
std::vector<std::string> ReadCgroup2(const std::string& file);
std::vector<std::string> ReadCgroup1(const std::string& controller, const std::string& file);

}  // namespace trine
