// A picture with the outlines of objects drawn over it, or their areas.
#pragma once

#include "absl/status/statusor.h"
#include "core/base/tensor.h"

namespace trine::cli {

// `picture`: [H,W], [H,W,1] or [H,W,3] of uint8 (as it is) or another dtype (its range stretched to
// 0..255). `labels`: [H,W] of uint8, uint16, uint32 or int32; 0 is background; a mask is a label
// map of one label. Pixels of a label that touch another value above, below, left or right are
// drawn, each label in a colour of its own; a single label in red. With `fill` the other pixels of
// the label are half of its colour. Result: uint8 [H,W,3]. INVALID_ARGUMENT where the sizes differ
// or a dtype is another.
absl::StatusOr<Tensor> DrawOverlay(const TensorView& picture, const TensorView& labels, bool fill);

}  // namespace trine::cli
