// Whether a call's numbers may leave the range of the type that it computes in.
//
// A call finds out while it computes, and computes what did again in a wider type; for that it
// needs its input once more. One that overwrites its input asks first: of the whole, or of each
// part before it is overwritten.
#pragma once

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "core/base/tensor.h"
#include "core/normalize/kernels/row_shape.h"
#include "core/normalize/lrn.h"
#include "core/runtime/context.h"

namespace trine::normalize {

// The largest magnitude among floats of `dtype`; infinity where there is a NaN. An error when it
// was told to stop.
absl::StatusOr<double> LargestMagnitude(const Context& context, DType dtype, ByteView data);

// Whether nothing leaves the range of float (`floats`) or double with inputs up to `x` in magnitude
// and windows of `taps` elements. For gradients `dy` bounds those of the output; else it is null.
// Errs to one side only: false where it might.
bool StaysInRange(const Resolved& resolved, double taps, bool floats, double x, const double* dy);

// The same for numbers that are seen bit by bit. Thread safety: as plain data.
class RangeWatch {
 public:
  enum Of { kInput, kOutputGradient };

  // `resolved` outlives this. Of a call that computes in float or (not `floats`) double.
  RangeWatch(const Resolved& resolved, DType dtype, double taps, bool floats, bool gradient)
      : resolved_(&resolved), dtype_(dtype), taps_(taps), floats_(floats), gradient_(gradient) {}

  void Clear() { largest_ = {}; }
  // Whether, with these rows of a tensor beside what was taken since Clear, nothing leaves the
  // range. REQUIRES: StaysInRange for zeros; it was true of what was taken before.
  bool Take(Of of, const RowShape& rows, const uint8_t* data);

 private:
  const Resolved* resolved_;
  DType dtype_;
  double taps_;
  bool floats_;
  bool gradient_;
  std::array<uint64_t, 2> largest_{};  // as bits
};

}  // namespace trine::normalize
