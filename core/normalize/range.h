// Whether a call's numbers may leave the range of the type that it computes in.
//
// A call finds out while it computes, and computes what did again in a wider type; for that it
// needs its input once more. One that overwrites its input asks first.
#pragma once

#include "absl/status/statusor.h"
#include "core/base/tensor.h"
#include "core/normalize/lrn.h"
#include "core/runtime/context.h"

namespace trine::normalize {

// The largest magnitude in a tensor of floats; infinity where it holds a NaN. An error when it was
// told to stop.
absl::StatusOr<double> LargestMagnitude(const Context& context, const TensorView& tensor);

// Whether nothing leaves the range of float (`floats`) or double with inputs up to `x` in magnitude
// and windows of `taps` elements. For gradients `dy` bounds those of the output; else it is null.
// Errs to one side only: false where it might.
bool StaysInRange(const Resolved& resolved, double taps, bool floats, double x, const double* dy);

}  // namespace trine::normalize
