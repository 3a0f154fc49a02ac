#include "core/segment/filter/smooth/median_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/segment/filter/smooth/median_kernels.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace trine::segment::HWY_NAMESPACE {
namespace {

void Add(const ByteCounts<uint16_t>& added, ByteCounts<uint32_t>* counts) {
  for (size_t i = 0; i < 16; ++i) counts->coarse[i] += added.coarse[i];
  for (size_t i = 0; i < 256; ++i) counts->fine[i] += added.fine[i];
}

void Move(const ByteCounts<uint16_t>& added, const ByteCounts<uint16_t>& gone,
          ByteCounts<uint32_t>* counts) {
  for (size_t i = 0; i < 16; ++i)
    counts->coarse[i] += uint32_t{added.coarse[i]} - uint32_t{gone.coarse[i]};
  for (size_t i = 0; i < 256; ++i)
    counts->fine[i] += uint32_t{added.fine[i]} - uint32_t{gone.fine[i]};
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::segment::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::segment {

HWY_EXPORT(Add);
HWY_EXPORT(Move);

void AddCounts(const ByteCounts<uint16_t>& added, ByteCounts<uint32_t>* counts) {
  HWY_DYNAMIC_DISPATCH(Add)(added, counts);
}
void MoveCounts(const ByteCounts<uint16_t>& added, const ByteCounts<uint16_t>& gone,
                ByteCounts<uint32_t>* counts) {
  HWY_DYNAMIC_DISPATCH(Move)(added, gone, counts);
}

int64_t MedianKernelTargets() { return HWY_TARGETS; }

}  // namespace trine::segment
#endif  // HWY_ONCE
