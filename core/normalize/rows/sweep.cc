#include "core/normalize/rows/sweep.h"

#include <algorithm>
#include <cstring>

#include "core/base/error.h"
#include "core/normalize/kernels/row_kernels.h"
#include "core/normalize/rows/scratch.h"
#include "core/normalize/rows/window_rows.h"
#include "core/normalize/rows/window_sum.h"
#include "core/runtime/thread_pool.h"

namespace trine::normalize {
namespace {

// Shorter rows leave most of a long vector's lanes empty.
constexpr int64_t kNarrowest = 16;
// Columns of a strip: some pages, which the processor reads ahead in. Fewer where long windows keep
// many rows, and their partial sums, in the near caches at once, and down to the narrowest where
// several threads are to have some.
constexpr int64_t kStripWidth = 1536;
constexpr int64_t kDeepStripWidth = 32;
constexpr int64_t kNarrowestStripWidth = 256;
// What one of the buffers of a unit of work may hold where there is a choice. With taps over rows,
// of which neighbouring blocks share some: of five a second cache holds half. Without, a first
// cache holds them all, beside the tensors' rows.
constexpr int64_t kBufferBytes = 81920;
constexpr int64_t kNearBufferBytes = 3072;
constexpr int64_t kMostBlockRows = 32;
// Rows that are gone down at a time where the window's squares stay in registers: those at the
// block's edges are squared twice, and rows lie in as many pages.
constexpr int64_t kSlideRows = 8;
// Tensors from here on go past the caches: they and their input would fill a share of a third cache
// that others use as well.
constexpr size_t kStreamBytes = size_t{8} << 20;
// And where rows are long: beyond, the general way cuts rows as well.
constexpr int64_t kMostBufferElements = int64_t{1} << 22;
// Doubles that may go through pow between two polls of the cancellation.
constexpr int64_t kMostBlockDoubles = 65536;
// What a task holds, at least: about 0.1 ms of work, so that the other cores are not woken for
// less.
constexpr int64_t kTaskElements = 131072;
// Units of work below which planes are cut into bands, so that several threads have some.
constexpr int64_t kFewUnits = 16;

int64_t Steps(int64_t extent, int64_t step) { return (extent + step - 1) / step; }

int64_t RoundUp(int64_t n, int64_t to) { return Steps(n, to) * to; }

}  // namespace

// One unit of work after the other: a band of the rows of a strip of a plane.
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

Sweep::Sweep(const Resolved& resolved, const Geometry& geometry, DType dtype)
    : resolved_(resolved), dtype_(dtype) {
  if (geometry.axis[0] > 1) return;
  const Window& window = geometry.window;
  if (geometry.axis[1] > 1) {
    planes_ = geometry.outer;
    rows_ = geometry.axis[1];
    width_ = geometry.axis[2] * geometry.inner;
    step_ = geometry.inner;
    row_lo_ = window.lo[2];
    row_hi_ = window.hi[2];
    column_lo_ = window.lo[1];
    column_hi_ = window.hi[1];
  } else if (geometry.inner > 1) {
    planes_ = geometry.outer;
    rows_ = geometry.axis[2];
    width_ = geometry.inner;
    column_lo_ = window.lo[2];
    column_hi_ = window.hi[2];
  } else {
    rows_ = geometry.outer;
    width_ = geometry.axis[2];
    row_lo_ = window.lo[2];
    row_hi_ = window.hi[2];
  }
  if (width_ < kNarrowest) return;
  ChooseBlocks();
  ChooseBands();
}

void Sweep::ChooseBlocks() {
  strip_width_ = width_;
  if (row_taps() == 1) {
    strips_ = Steps(width_, column_taps() > kMaxDirectTaps ? kDeepStripWidth : kStripWidth);
    // Several threads are to have some also where planes are few.
    strips_ = std::max(strips_, std::min(kFewUnits / planes_, width_ / kNarrowestStripWidth));
    strip_width_ = std::min(width_, RoundUp(Steps(width_, strips_), kLongestVector));
    strips_ = Steps(width_, strip_width_);
  }
  const int64_t row = strip_width_ + (row_lo_ + row_hi_) * step_;
  const int64_t extra = static_cast<int64_t>(column_taps()) - 1;
  const int64_t rows = std::min(std::max<int64_t>(kMostBlockRows, 4 * extra), rows_);
  const bool doubles = dtype_ == DType::kFloat64;
  const int64_t element = doubles ? sizeof(double) : sizeof(float);
  const int64_t buffer = (extra > 0 ? kBufferBytes : kNearBufferBytes) / element;
  block_rows_ = std::clamp<int64_t>(buffer / row - extra, 1, rows);
  // Fewer rows at a time than are moved for the next block would be a waste.
  block_rows_ = std::max(block_rows_, std::min(extra, rows_));
  if ((block_rows_ + 2 * extra) * row > kMostBufferElements ||
      (doubles && block_rows_ * row > kMostBlockDoubles))
    block_rows_ = 0;
}

void Sweep::ChooseBands() {
  const int64_t units = planes_ * strips_;
  if (column_taps() == 1) {
    bands_ = std::max<int64_t>(rows_ * strip_width_ / kTaskElements, 1);
  } else if (units < kFewUnits) {
    const auto shortest = std::max<int64_t>(4 * static_cast<int64_t>(column_taps()),
                                            kTaskElements / 4 / strip_width_);
    bands_ = std::clamp<int64_t>(rows_ / shortest, 1, kFewUnits);
  }
}

bool Sweep::Streams(const uint8_t* x, const uint8_t* out, const How& how) const {
  const auto elements = static_cast<size_t>(planes_ * rows_ * width_);
  // In place the lines are in the caches anyway.
  if (elements * DTypeSize(dtype_) < kStreamBytes || x == out) return false;
  const auto address = reinterpret_cast<uintptr_t>(out);
  const size_t line = 64 / DTypeSize(dtype_);
  const bool rows_begin_lines = address % 64 == 0 && static_cast<size_t>(width_) % line == 0;
  if (how.slides) return rows_begin_lines;
  // Two steps that share a first cache have no time to wait for streamed stores.
  if (column_taps() == 1) return how.gradient && rows_begin_lines;
  // Elements that may lie across two cache lines are in no vector that lies within one; and what is
  // before and after whole lines costs a short row more than the caches do.
  return address % DTypeSize(dtype_) == 0 && static_cast<size_t>(strip_width_) >= 64 * line;
}

template <typename T, typename Unit>
absl::Status Sweep::ForUnits(const Context& context, const How& how, const Unit& unit) const {
  const int64_t elements = std::max<int64_t>(rows_ / bands_, 1) * strip_width_;
  const auto grain = static_cast<size_t>(std::max<int64_t>(kTaskElements / elements, 1));
  const auto units = static_cast<size_t>(planes_ * strips_ * bands_);
  return ParallelFor(context, units, grain, [&](size_t begin, size_t end) -> absl::Status {
    UnitSweep<T> sweep(*this, how.findings, context.cancel);
    TRINE_RETURN_IF_ERROR(sweep.Init(how));
    for (size_t i = begin; i < end; ++i)
      if (!unit(sweep, static_cast<int64_t>(i))) return context.cancel.Check();
    if (how.streams) FlushStreams();
    return absl::OkStatus();
  });
}

absl::Status Sweep::Forward(const Context& context, RowFindings& findings, const uint8_t* x,
                            uint8_t* y) const {
  How how{
      .findings = findings,
      .slides = row_taps() == 1 && column_lo_ == column_hi_ && SlidesOver(column_taps()) && x != y};
  how.streams = Streams(x, y, how);
  const auto unit = [&](auto& sweep, int64_t i) {
    return how.slides ? sweep.Slide(i, x, y) : sweep.Forward(i, x, y);
  };
  return dtype_ == DType::kFloat64 ? ForUnits<double>(context, how, unit)
                                   : ForUnits<float>(context, how, unit);
}

absl::Status Sweep::Gradient(const Context& context, RowFindings& findings, const uint8_t* x,
                             const uint8_t* dy, uint8_t* dx) const {
  How how{.findings = findings, .gradient = true};
  how.streams = dy != dx && Streams(x, dx, how);
  const auto unit = [&](auto& sweep, int64_t i) { return sweep.Gradient(i, x, dy, dx); };
  return dtype_ == DType::kFloat64 ? ForUnits<double>(context, how, unit)
                                   : ForUnits<float>(context, how, unit);
}

}  // namespace trine::normalize
