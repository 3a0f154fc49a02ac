// One unit of a sweep's work after the other: a band of the rows of a strip of a plane.
//
// Thread safety: as plain data: one thread at a time.
#pragma once

#include <algorithm>
#include <cstring>

#include "absl/status/status.h"
#include "core/base/cancel.h"
#include "core/normalize/kernels/row_kernels.h"
#include "core/normalize/rows/scratch.h"
#include "core/normalize/rows/sweep.h"
#include "core/normalize/rows/window_rows.h"

namespace trine::normalize {

// Rows that are gone down at a time where the window's squares stay in registers: those at the
// block's edges are squared twice, and rows lie in as many pages.
inline constexpr int64_t kSlideRows = 8;

inline int64_t Steps(int64_t extent, int64_t step) { return (extent + step - 1) / step; }

inline int64_t RoundUp(int64_t n, int64_t to) { return Steps(n, to) * to; }

template <typename T>
class UnitSweep {
 public:
  UnitSweep(const Sweep& sweep, RowFindings& findings, const CancelToken& cancel)
      : s_(sweep),
        cancel_(cancel),
        kernels_(RowKernelsFor<T>(sweep.dtype_)),
        arithmetic_(sweep.resolved_, sweep.dtype_, findings),
        element_bytes_(DTypeSize(sweep.dtype_)),
        extra_(static_cast<int64_t>(sweep.column_taps()) - 1) {}

  absl::Status Init(const Sweep::How& how) {
    shape_.pitch = static_cast<size_t>(s_.width_);
    shape_.stream = how.streams;
    if (how.slides) return absl::OkStatus();
    const int64_t halo = (s_.row_lo_ + s_.row_hi_) * s_.step_;
    const auto pitch = static_cast<size_t>(RoundUp(s_.strip_width_ + halo, kLongestVector));
    typename WindowRows<T>::Shape shape{.width = static_cast<size_t>(s_.strip_width_),
                                        .pitch = pitch,
                                        .lo = static_cast<size_t>(s_.row_lo_),
                                        .row_taps = s_.row_taps(),
                                        .step = static_cast<size_t>(s_.step_),
                                        .column_taps = s_.column_taps(),
                                        .capacity = static_cast<size_t>(s_.block_rows_ + extra_)};
    shape_.scratch_pitch = pitch;
    shape_.ahead = static_cast<size_t>(s_.block_rows_ + s_.column_hi_);
    if (!how.gradient) return squares_.Init(shape) ? absl::OkStatus() : Scratch<T>::OutOfMemory();
    bool ok = passed_.Allocate(shape.capacity * pitch);
    typename WindowRows<T>::Shape adjoint = shape;
    adjoint.lo = static_cast<size_t>(s_.row_hi_);
    ok = ok && terms_.Init(adjoint);
    shape.capacity += static_cast<size_t>(extra_);
    ok = ok && squares_.Init(shape);
    return ok ? absl::OkStatus() : Scratch<T>::OutOfMemory();
  }

  bool Forward(int64_t unit, const uint8_t* x, uint8_t* y) {
    Locate(unit);
    squares_.Clear();
    next_square_ = first_ - s_.column_lo_;
    for (int64_t row = first_; row < last_; row += s_.block_rows_) {
      const int64_t end = std::min(row + s_.block_rows_, last_);
      RowWindow<T> sums;
      if (!PushSquares(x, end + s_.column_hi_) || !squares_.Sums(cancel_, Count(row, end), &sums))
        return false;
      kernels_.scale(Rows(row, end), arithmetic_, At(x, row), sums, At(y, row));
      squares_.Drop(Count(row, end));
      if (cancel_.ShouldStop()) return false;
    }
    return true;
  }

  // The same without buffers. REQUIRES: x is not y, and the window is one that `slide` serves.
  bool Slide(int64_t unit, const uint8_t* x, uint8_t* y) {
    Locate(unit);
    for (int64_t row = first_; row < last_; row += kSlideRows) {
      const int64_t end = std::min(row + kSlideRows, last_);
      const RowSlide slide{.taps = s_.column_taps(),
                           .before = static_cast<size_t>(row),
                           .after = Count(end, s_.rows_)};
      kernels_.slide(Rows(row, end), arithmetic_, slide, At(x, row), At(y, row));
      if (cancel_.ShouldStop()) return false;
    }
    return true;
  }

  // dx wants the terms of all rows whose window reaches it, and those their own windows of x. The
  // adjoint window has `lo` and `hi` exchanged.
  bool Gradient(int64_t unit, const uint8_t* x, const uint8_t* dy, uint8_t* dx) {
    Locate(unit);
    squares_.Clear();
    terms_.Clear();
    next_term_ = first_ - s_.column_hi_;
    next_square_ = std::max<int64_t>(next_term_, 0) - s_.column_lo_;
    const size_t pitch = shape_.scratch_pitch;
    for (int64_t row = first_; row < last_; row += s_.block_rows_) {
      const int64_t end = std::min(row + s_.block_rows_, last_);
      const size_t rows = Count(row, end);
      // Terms and what passes are held from row - column_hi_ on.
      if (!PushTerms(x, dy, row - s_.column_hi_, end + s_.column_lo_)) return false;
      RowWindow<T> sums;
      if (!terms_.Sums(cancel_, rows, &sums)) return false;
      kernels_.combine(Rows(row, end), arithmetic_, At(x, row),
                       passed_.get() + static_cast<size_t>(s_.column_hi_) * pitch, sums,
                       At(dx, row));
      terms_.Drop(rows);
      std::memmove(passed_.get(), passed_.get() + rows * pitch,
                   static_cast<size_t>(extra_) * pitch * sizeof(T));
      if (cancel_.ShouldStop()) return false;
    }
    return true;
  }

 private:
  void Locate(int64_t unit) {
    const int64_t strip = unit % s_.strips_ * s_.strip_width_;
    const int64_t band = unit / s_.strips_ % s_.bands_;
    const int64_t plane = unit / s_.strips_ / s_.bands_;
    const int64_t band_rows = Steps(s_.rows_, s_.bands_);
    first_ = std::min(band * band_rows, s_.rows_);
    last_ = std::min(first_ + band_rows, s_.rows_);
    shape_.width = static_cast<size_t>(std::min(s_.strip_width_, s_.width_ - strip));
    origin_ = plane * s_.rows_ * s_.width_ + strip;
  }

  template <typename Byte>
  Byte* At(Byte* tensor, int64_t row) const {
    return tensor + static_cast<size_t>(origin_ + row * s_.width_) * element_bytes_;
  }
  static size_t Count(int64_t begin, int64_t end) { return static_cast<size_t>(end - begin); }
  RowShape Rows(int64_t begin, int64_t end) const {
    RowShape shape = shape_;
    shape.count = Count(begin, end);
    return shape;
  }

  // Calls zeros(n) and rows(begin, end) for the rows from `begin` to `end`, in order, of which
  // those outside the plane are zeros.
  template <typename Zeros, typename Real>
  bool ForRows(int64_t begin, int64_t end, const Zeros& zeros, const Real& real) const {
    const int64_t from = std::clamp<int64_t>(0, begin, end);
    const int64_t to = std::clamp<int64_t>(s_.rows_, from, end);
    return (begin == from || zeros(Count(begin, from))) && (from == to || real(from, to)) &&
           (to == end || zeros(Count(to, end)));
  }

  bool PushSquares(const uint8_t* x, int64_t end) {
    const int64_t begin = next_square_;
    next_square_ = end;
    return ForRows(
        begin, end, [&](size_t rows) { return squares_.PushZeros(cancel_, rows); },
        [&](int64_t from, int64_t to) {
          kernels_.square(Rows(from, to), arithmetic_.rectify, At(x, from), squares_.Next());
          return squares_.Push(cancel_, Count(from, to));
        });
  }

  // `held` is the row of the first term that is held.
  bool PushTerms(const uint8_t* x, const uint8_t* dy, int64_t held, int64_t end) {
    const int64_t begin = next_term_;
    next_term_ = end;
    return ForRows(
        begin, end, [&](size_t rows) { return terms_.PushZeros(cancel_, rows); },
        [&](int64_t from, int64_t to) {
          RowWindow<T> sums;
          const size_t rows = Count(from, to);
          if (!PushSquares(x, to + s_.column_hi_) || !squares_.Sums(cancel_, rows, &sums))
            return false;
          kernels_.term(Rows(from, to), arithmetic_, At(x, from), At(dy, from), sums, terms_.Next(),
                        passed_.get() + Count(held, from) * shape_.scratch_pitch);
          squares_.Drop(rows);
          return terms_.Push(cancel_, rows);
        });
  }

  const Sweep& s_;
  const CancelToken& cancel_;
  const RowKernels<T>& kernels_;
  const RowArithmetic arithmetic_;
  const size_t element_bytes_;
  const int64_t extra_;  // rows that a block sees beyond its own

  WindowRows<T> squares_;
  WindowRows<T> terms_;
  Buffer<T> passed_;  // dy s^-beta, from the row of the first term on
  RowShape shape_;
  int64_t origin_ = 0;  // element of the tensor where the unit's strip begins
  int64_t first_ = 0;   // the unit's rows
  int64_t last_ = 0;
  int64_t next_square_ = 0;
  int64_t next_term_ = 0;
};

}  // namespace trine::normalize
