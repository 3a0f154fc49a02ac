// Every instruction set of this machine that the coders' loops are compiled for.
#pragma once

#include <hwy/targets.h>

#include <cstdint>
#include <vector>

#include "core/coding/static_kernels.h"

namespace trine::coding {

// Each alone.
inline std::vector<int64_t> Targets() {
  std::vector<int64_t> out;
  for (int64_t left = hwy::SupportedTargets() & StaticKernelTargets(); left != 0;
       left &= left - 1) {
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

}  // namespace trine::coding
