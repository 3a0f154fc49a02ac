// Every instruction set of this machine that the coders' loops are compiled for.
#pragma once

#include <cstdint>
#include <vector>

#include "core/coding/coder/order0_kernels.h"
#include "tests/core/each_target.h"

namespace trine::coding {

// Each alone.
inline std::vector<int64_t> Targets() { return TargetsHere(StaticKernelTargets()); }

}  // namespace trine::coding
