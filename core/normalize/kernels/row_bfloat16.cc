// The row kernels for tensors of bfloat16: a file a dtype, so that they are compiled side by side.
#include "core/normalize/kernels/row_kernels.h"
#include "core/normalize/kernels/row_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/normalize/kernels/row_bfloat16.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include "core/normalize/kernels/row_steps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trine::normalize::HWY_NAMESPACE {

const RowKernels<float>* KernelsBfloat16() { return &kKernels<Bfloat16>; }

}  // namespace trine::normalize::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::normalize {

HWY_EXPORT(KernelsBfloat16);

const RowKernels<float>& RowKernelsBfloat16() { return *HWY_DYNAMIC_DISPATCH(KernelsBfloat16)(); }

}  // namespace trine::normalize
#endif  // HWY_ONCE
