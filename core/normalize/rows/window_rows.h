// Rows of squares or terms on their way to window sums, of one band of one strip of a plane.
//
// Thread safety: as plain data: one thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

#include "core/base/cancel.h"
#include "core/normalize/kernels/row_kernels.h"
#include "core/normalize/rows/window_sum.h"

namespace trine::normalize {

// Whole cache lines, so that vectors do not cross them.
template <typename T>
class Buffer {
 public:
  // Zeros: where nothing is written they remain.
  bool Allocate(size_t elements) {
    data_.reset(new (kLine, std::nothrow) T[elements]());
    return data_ != nullptr;
  }
  T* get() { return data_.get(); }

 private:
  static constexpr std::align_val_t kLine{64};
  struct Free {
    void operator()(T* data) const { ::operator delete[](data, kLine); }
  };
  std::unique_ptr<T[], Free> data_;
};

// Rows of squares or terms on their way to window sums. Rows are pushed at the back; `Sums` are
// those over the oldest; `Drop` takes the oldest away.
template <typename T>
class WindowRows {
 public:
  // Of one stage: `lo` and `hi` taps in a row, `column_taps` rows.
  struct Shape {
    size_t width;
    size_t pitch;
    size_t lo;
    size_t row_taps;
    size_t step;
    size_t column_taps;
    size_t capacity;  // rows
  };

  bool Init(const Shape& shape) {
    shape_ = shape;
    const size_t elements = shape.capacity * shape.pitch + kLongestVector;
    bool ok = true;
    if (shape.row_taps > 1) ok = padded_.Allocate(elements);
    if (shape.column_taps > 1 && ok) ok = columns_.Allocate(elements);
    const size_t last_taps = shape.column_taps > 1 ? shape.column_taps : shape.row_taps;
    if (!FusesTaps(last_taps) && ok) ok = sums_.Allocate(elements);
    if (std::max(shape.row_taps, shape.column_taps) > kMaxDirectTaps && ok)
      ok = level_a_.Allocate(elements) && level_b_.Allocate(elements);
    // Without a window the rows themselves are the sums.
    if (shape.row_taps == 1 && shape.column_taps == 1 && ok) ok = columns_.Allocate(elements);
    return ok;
  }

  void Clear() { held_ = 0; }

  // Where the rows of the next call of Push are to be written.
  T* Next() {
    if (shape_.row_taps > 1) return padded_.get() + PushRow() * shape_.pitch + Before();
    return columns_.get() + held_ * shape_.pitch;
  }

  // `rows` rows have been written at Next(). False if it was told to stop.
  bool Push(const CancelToken& cancel, size_t rows) {
    if (shape_.row_taps > 1 && shape_.column_taps > 1 &&
        !SlidingSum(cancel, padded_.get(), Span(rows), shape_.step, shape_.row_taps,
                    columns_.get() + held_ * shape_.pitch, level_a_.get(), level_b_.get()))
      return false;
    held_ += rows;
    return true;
  }

  // The same for `rows` rows of zeros.
  bool PushZeros(const CancelToken& cancel, size_t rows) {
    T* to = Next();
    for (size_t i = 0; i < rows; ++i, to += shape_.pitch) std::fill(to, to + shape_.width, T{0});
    return Push(cancel, rows);
  }

  // The window sums for `rows` rows, of which the first has its first tap in the oldest row held.
  // False if it was told to stop.
  bool Sums(const CancelToken& cancel, size_t rows, RowWindow<T>* out) {
    const bool columns = shape_.column_taps > 1 || shape_.row_taps == 1;
    const T* first = columns ? columns_.get() : padded_.get();
    const size_t stride = columns ? shape_.pitch : shape_.step;
    const size_t taps = columns ? shape_.column_taps : shape_.row_taps;
    if (FusesTaps(taps)) {
      *out = {first, stride, taps};
      return true;
    }
    *out = {sums_.get(), 0, 1};
    return SlidingSum(cancel, first, Span(rows), stride, taps, sums_.get(), level_a_.get(),
                      level_b_.get());
  }

  void Drop(size_t rows) {
    held_ -= rows;
    if (shape_.column_taps > 1)
      std::memmove(columns_.get(), columns_.get() + rows * shape_.pitch,
                   held_ * shape_.pitch * sizeof(T));
  }

 private:
  size_t Before() const { return shape_.lo * shape_.step; }
  // With taps over rows the padded rows are used up by Push; without, they stay until Drop, and
  // all are dropped at once.
  size_t PushRow() const { return shape_.column_taps > 1 ? 0 : held_; }
  // Elements from the first to the last of `rows` rows.
  size_t Span(size_t rows) const { return (rows - 1) * shape_.pitch + shape_.width; }

  Shape shape_{};
  size_t held_ = 0;
  Buffer<T> padded_;   // with zeros around each row
  Buffer<T> columns_;  // rows, summed along themselves
  Buffer<T> sums_;
  Buffer<T> level_a_;
  Buffer<T> level_b_;
};

}  // namespace trine::normalize
