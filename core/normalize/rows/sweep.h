// Normalization by sweeps over rows: the fast way, for windows over one or two axes.
//
// A plane of the tensor is rows of contiguous elements. The window covers neighbours in a row
// (`step` elements apart), over neighbouring rows, or both:
//   across channels, channels first: a row is a strip of one channel's positions, a plane one image
//   across channels, channels last:  a row is one position's channels
//   within a channel, channels first: rows and planes are the picture's
//   within a channel, channels last:  a row is a picture's row, `step` the number of channels
// A block of rows at a time is squared, summed and scaled while it is in the nearest caches; sums
// run along the row first, then over rows, in the order of window_sum.h. Short windows over rows
// alone need no buffers (RowKernels::slide).
#pragma once

#include "absl/status/status.h"
#include "core/base/dtype.h"
#include "core/normalize/geometry.h"
#include "core/normalize/kernels/row_shape.h"
#include "core/normalize/lrn.h"
#include "core/normalize/rows/kept_units.h"
#include "core/runtime/context.h"

namespace trine::normalize {

class Sweep {
 public:
  Sweep(const Resolved& resolved, const Geometry& geometry, DType dtype);

  // Whether the sweeps serve this shape; else all below is not to be called. REQUIRES: the
  // dtype is float64, or float32 suffices (power.h).
  bool supported() const { return block_rows_ > 0; }
  // Whether a part of the work reads what another part writes (then input and output must not be
  // one memory).
  bool has_halo() const { return bands_ > 1 && column_taps() > 1; }

  // `kept` is given where an input is overwritten that may be wanted once more. Else it is null.
  absl::Status Forward(const Context& context, RowFindings& findings, KeptUnits* kept,
                       const uint8_t* x, uint8_t* y) const;
  absl::Status Gradient(const Context& context, RowFindings& findings, KeptUnits* kept,
                        const uint8_t* x, const uint8_t* dy, uint8_t* dx) const;

 private:
  template <typename T>
  friend class UnitSweep;

  size_t row_taps() const { return static_cast<size_t>(row_lo_ + row_hi_ + 1); }
  size_t column_taps() const { return static_cast<size_t>(column_lo_ + column_hi_ + 1); }
  // So many rows of a strip of `width`, by themselves.
  Geometry Part(int64_t rows, int64_t width) const;
  void ChooseBlocks();
  void ChooseBands();
  // How one call goes about it.
  struct How {
    RowFindings& findings;
    KeptUnits* kept = nullptr;
    bool gradient = false;
    bool slides = false;   // square, sum and scale in one go
    bool streams = false;  // results are written past the caches
  };
  bool Streams(const uint8_t* x, const uint8_t* out, const How& how) const;
  // T is what is computed in.
  template <typename T, typename Unit>
  absl::Status ForUnits(const Context& context, const How& how, const Unit& unit) const;

  const Resolved resolved_;
  const DType dtype_;
  int64_t planes_ = 1;
  int64_t rows_ = 1;   // of a plane
  int64_t width_ = 1;  // elements of a row of the tensor
  int64_t step_ = 1;   // elements from one tap in a row to the next
  int64_t row_lo_ = 0;
  int64_t row_hi_ = 0;
  int64_t column_lo_ = 0;
  int64_t column_hi_ = 0;
  int64_t strip_width_ = 1;  // of `width_`; all of it where there are taps in a row
  int64_t strips_ = 1;
  int64_t bands_ = 1;  // a plane's rows are cut into so many units of work
  int64_t block_rows_ = 0;
};

}  // namespace trine::normalize
