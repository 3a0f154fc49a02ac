// The forward pass across channels in float32 in one sweep over the data: what most callers ask
// for, without the buffers that the general way (tile.h) goes through. Compiled for several
// instruction sets with Highway, chosen at run time. Every operation is the one of the general way,
// in its order (window_sum.h, power.h): the results are the same to the last bit, on every target.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/base/tensor.h"
#include "core/normalize/geometry.h"
#include "core/normalize/lrn.h"
#include "core/runtime/context.h"

namespace trine::normalize {

// Whether AcrossForward computes this: float32 in float arithmetic, one window axis, at most
// kMaxDirectTaps taps, beta 1/2, 3/4 or 1, and no fewer channels than a sweep is worth.
bool AcrossSupports(const Resolved& resolved, const Geometry& geometry, DType dtype);

// y = LRN(x). `x` and `y` are the same memory or do not overlap; any alignment.
// REQUIRES: AcrossSupports.
absl::Status AcrossForward(const Context& context, const Resolved& resolved,
                           const Geometry& geometry, const uint8_t* x, uint8_t* y);

}  // namespace trine::normalize
