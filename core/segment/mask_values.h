// Masks from pictures of any type. Of a value that is not finite nobody knows on which side it is:
// it is refused, INVALID_ARGUMENT naming "mask[y][x]". Memory: a byte a pixel, which is the
// caller's to reserve.
//
// Thread safety: all functions. Results do not depend on the number of threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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

// How many pixels have a channel that is neither 0 nor the picture's largest value: what a lossy
// file makes of a mask of two values. REQUIRES: `picture` is [H,W] or [H,W,C].
absl::StatusOr<uint64_t> CountBetween(const Context& context, const TensorView& picture);
// Says so of such a file, and `how` these pixels are taken; empty where there are none.
std::string LossyWarning(uint64_t between, std::string_view how);
inline constexpr char kTakenAsInside[] = "inside, as all but 0 are";
inline constexpr char kTakenByHalf[] = "bright or dark, as they are above half of it or not";

}  // namespace trine::segment
