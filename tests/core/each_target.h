// The instruction sets of this machine, one at a time, for loops that are compiled for several.
#pragma once

#include <hwy/targets.h>

#include <cstdint>
#include <vector>

namespace trine {

// Of the targets that something is `compiled` for, those that this machine has, each alone.
inline std::vector<int64_t> TargetsHere(int64_t compiled) {
  std::vector<int64_t> out;
  for (int64_t left = hwy::SupportedTargets() & compiled; left != 0; left &= left - 1) {
    out.push_back(left & -left);
  }
  return out;
}

// With that target alone, until its end.
class OnlyTarget {
 public:
  explicit OnlyTarget(int64_t target) { hwy::SetSupportedTargetsForTest(target); }
  ~OnlyTarget() { hwy::SetSupportedTargetsForTest(0); }
  OnlyTarget(const OnlyTarget&) = delete;
  OnlyTarget& operator=(const OnlyTarget&) = delete;
};

}  // namespace trine
