// One unit of a sweep's work after the other: a band of the rows of a strip of a plane.
//
// Thread safety: as plain data: one thread at a time.
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "core/base/cancel.h"
#include "core/normalize/kernels/row_kernels.h"
#include "core/normalize/range.h"
#include "core/normalize/rows/kept_units.h"
#include "core/normalize/rows/scratch.h"
#include "core/normalize/rows/sweep.h"
#include "core/normalize/rows/window_rows.h"

namespace trine::normalize {

// Rows that are gone down at a time where the window's squares stay in registers: those at the
// block's edges are squared twice, and rows lie in as many pages.
inline constexpr int64_t kSlideRows = 8;

// What is looked at before it is squared: a part of a first cache.
inline constexpr int64_t kWatchedBytes = 8192;

inline int64_t Steps(int64_t extent, int64_t step) { return (extent + step - 1) / step; }

inline int64_t RoundUp(int64_t n, int64_t to) { return Steps(n, to) * to; }

template <typename T>
class UnitSweep {
 public:
  UnitSweep(const Sweep& sweep, const Sweep::How& how, const CancelToken& cancel)
      : s_(sweep),
        how_(how),
        cancel_(cancel),
        kernels_(RowKernelsFor<T>(sweep.dtype_)),
        arithmetic_(sweep.resolved_, sweep.dtype_, how.findings),
        element_bytes_(DTypeSize(sweep.dtype_)),
        extra_(static_cast<int64_t>(sweep.column_taps()) - 1) {
    if (how.kept != nullptr) watch_ = how.kept->watch();
  }

  absl::Status Init() {
    shape_.pitch = static_cast<size_t>(s_.width_);
    shape_.stream = how_.streams;
    if (how_.slides) return absl::OkStatus();
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
    if (!how_.gradient) return squares_.Init(shape) ? absl::OkStatus() : Scratch<T>::OutOfMemory();
    bool ok = passed_.Allocate(shape.capacity * pitch);
    typename WindowRows<T>::Shape adjoint = shape;
    adjoint.lo = static_cast<size_t>(s_.row_hi_);
    ok = ok && terms_.Init(adjoint);
    shape.capacity += static_cast<size_t>(extra_);
    ok = ok && squares_.Init(shape);
    return ok ? absl::OkStatus() : Scratch<T>::OutOfMemory();
  }

  // Why one of the three below was not done: told to stop, or no memory.
  absl::Status Why() const { return failure_.ok() ? cancel_.Check() : failure_; }

  bool Forward(int64_t unit, const uint8_t* x, uint8_t* y) {
    Locate(unit);
    if (!Watch(x == y, false)) return false;
    squares_.Clear();
    next_square_ = first_ - s_.column_lo_;
    for (int64_t row = first_; row < last_; row += s_.block_rows_) {
      const int64_t end = std::min(row + s_.block_rows_, last_);
      RowWindow<T> sums;
      if (!PushSquares(x, end + s_.column_hi_)) return Leave(row, x, nullptr, y);
      if (!squares_.Sums(cancel_, Count(row, end), &sums)) return false;
      KeepLast(end, x, nullptr);
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
    if (!Watch(x == dx, dy == dx)) return false;
    squares_.Clear();
    terms_.Clear();
    next_term_ = first_ - s_.column_hi_;
    next_square_ = std::max<int64_t>(next_term_, 0) - s_.column_lo_;
    const size_t pitch = shape_.scratch_pitch;
    for (int64_t row = first_; row < last_; row += s_.block_rows_) {
      const int64_t end = std::min(row + s_.block_rows_, last_);
      const size_t rows = Count(row, end);
      // Terms and what passes are held from row - column_hi_ on.
      if (!PushTerms(x, dy, row - s_.column_hi_, end + s_.column_lo_)) return Leave(row, x, dy, dx);
      RowWindow<T> sums;
      if (!terms_.Sums(cancel_, rows, &sums)) return false;
      KeepLast(end, x, dy);
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
          return Square(x, from, to) && squares_.Push(cancel_, Count(from, to));
        });
  }

  bool Square(const uint8_t* x, int64_t begin, int64_t end) {
    T* squares = squares_.Next();
    const int64_t step = watch_.has_value() ? watched_rows() : end - begin;
    for (int64_t from = begin; from < end; from += step) {
      const int64_t to = std::min(from + step, end);
      if (!InRange(RangeWatch::kInput, from, to, x)) return false;
      kernels_.square(Rows(from, to), arithmetic_.rectify, At(x, from),
                      squares + Count(begin, from) * shape_.scratch_pitch);
    }
    return true;
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
          if (!InRange(RangeWatch::kOutputGradient, from, to, dy)) return false;
          if (!PushSquares(x, to + s_.column_hi_) || !squares_.Sums(cancel_, rows, &sums))
            return false;
          kernels_.term(Rows(from, to), arithmetic_, At(x, from), At(dy, from), sums, terms_.Next(),
                        passed_.get() + Count(held, from) * shape_.scratch_pitch);
          squares_.Drop(rows);
          return terms_.Push(cancel_, rows);
        });
  }

  // Rows of the tensor that windows reach from the first that is not yet overwritten.
  int64_t reach() const { return how_.gradient ? extra_ : s_.column_lo_; }

  // For a unit of which the input or the output's gradient is overwritten.
  bool Watch(bool input, bool output_gradient) {
    if (!watch_.has_value()) return true;
    watch_->Clear();
    left_range_ = false;
    const auto allocated = [&](LastRows& last) {
      return last.data() != nullptr ||
             last.Allocate(static_cast<size_t>(reach()),
                           static_cast<size_t>(s_.strip_width_) * element_bytes_);
    };
    const bool ok = (!input || allocated(last_x_)) && (!output_gradient || allocated(last_dy_));
    if (!ok) failure_ = Scratch<T>::OutOfMemory();
    return ok;
  }

  bool InRange(RangeWatch::Of of, int64_t from, int64_t to, const uint8_t* tensor) {
    if (!watch_.has_value() || watch_->Take(of, Rows(from, to), At(tensor, from))) return true;
    left_range_ = true;
    return false;
  }

  // Before the rows up to `end` are overwritten. Blocks have no fewer rows than windows reach, but
  // for a unit's only one and its last.
  void KeepLast(int64_t end, const uint8_t* x, const uint8_t* dy) {
    if (!watch_.has_value() || end == last_) return;
    const size_t pitch = shape_.pitch * element_bytes_;
    if (last_x_.data() != nullptr) last_x_.Keep(At(x, end), pitch, row_bytes());
    if (last_dy_.data() != nullptr) last_dy_.Keep(At(dy, end), pitch, row_bytes());
  }

  // Leaves the unit from `row` on to the call, if its numbers may leave the range. False if it does
  // not: then the sweep was told to stop, or there is no memory.
  bool Leave(int64_t row, const uint8_t* x, const uint8_t* dy, uint8_t* out) {
    if (!left_range_) return false;
    const int64_t begin = std::max(first_, row - reach());
    KeptUnit unit{.geometry = s_.Part(last_ - begin, static_cast<int64_t>(shape_.width)),
                  .rows = Count(begin, last_),
                  .rows_before = Count(begin, row),
                  .row_bytes = row_bytes(),
                  .out = At(out, row),
                  .out_pitch = shape_.pitch * element_bytes_};
    failure_ = how_.kept->Allocate(dy != nullptr, &unit);
    if (!failure_.ok() || !Copy(unit, last_x_, At(x, begin), unit.x.get())) return false;
    if (dy != nullptr && !Copy(unit, last_dy_, At(dy, begin), unit.dy.get())) return false;
    how_.kept->Add(std::move(unit));
    return true;
  }

  // The rows of `unit`, from `last` as far as they have been overwritten. False if it was told to
  // stop.
  bool Copy(const KeptUnit& unit, const LastRows& last, const uint8_t* from, uint8_t* to) const {
    const size_t kept = last.data() == nullptr ? 0 : unit.rows_before;
    if (kept > 0) std::memcpy(to, last.data(), kept * unit.row_bytes);
    for (size_t row = kept; row < unit.rows; ++row) {
      std::memcpy(to + row * unit.row_bytes, from + row * unit.out_pitch, unit.row_bytes);
      if (cancel_.ShouldStop()) return false;
    }
    return true;
  }

  size_t row_bytes() const { return shape_.width * element_bytes_; }
  int64_t watched_rows() const {
    return std::max<int64_t>(kWatchedBytes / static_cast<int64_t>(row_bytes()), 1);
  }

  const Sweep& s_;
  const Sweep::How& how_;
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

  std::optional<RangeWatch> watch_;  // where an input is overwritten
  LastRows last_x_;
  LastRows last_dy_;
  bool left_range_ = false;
  absl::Status failure_;
};

}  // namespace trine::normalize
