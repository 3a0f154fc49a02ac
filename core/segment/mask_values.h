// Masks from pictures of any type. Of a value that is not finite nobody knows on which side it is:
// it is refused, INVALID_ARGUMENT naming "mask[y][x]". Memory: a byte a pixel, which is the
// caller's to reserve.
//
// Thread safety: all functions. Results do not depend on the number of threads.
#pragma once

#include "absl/status/statusor.h"
#include "core/base/tensor.h"
#include "core/runtime/context.h"

namespace trine::segment {

// What is inside for Inputs::mask: [H,W] of uint8, 1 where any channel of a pixel is not 0, else 0.
// REQUIRES: `picture` is [H,W] or [H,W,C].
absl::StatusOr<Tensor> MaskOfNonZeros(const Context& context, const TensorView& picture);

// The foreground for CompareMasks: 1 where a pixel is above half of the picture's largest value,
// with `invert` where it is not. REQUIRES: `picture` is [H,W].
absl::StatusOr<Tensor> MaskOfBright(const Context& context, const TensorView& picture, bool invert);

}  // namespace trine::segment
