// The row kernels for tensors of float16: a file a dtype, so that they are compiled side by side.
#include "core/normalize/kernels/row_kernels.h"
#include "core/normalize/kernels/row_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/normalize/kernels/row_float16.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include "core/normalize/kernels/row_steps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trine::normalize::HWY_NAMESPACE {

const RowKernels<float>* KernelsFloat16() { return &kKernels<Float16>; }

}  // namespace trine::normalize::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::normalize {

HWY_EXPORT(KernelsFloat16);

const RowKernels<float>& RowKernelsFloat16() { return *HWY_DYNAMIC_DISPATCH(KernelsFloat16)(); }

}  // namespace trine::normalize
#endif  // HWY_ONCE
