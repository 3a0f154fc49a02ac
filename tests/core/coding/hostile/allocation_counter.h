// Counts what operator new hands out in a program that links allocation_counter.cc.
#pragma once

#include <cstddef>

namespace trine::coding {

void ResetAllocationCounts();
size_t LargestAllocation();  // since the reset [bytes]
size_t PeakLiveBytes();      // at most allocated at a time since the reset, less what was then
}  // namespace trine::coding
