// The computation of one tile: load, square, sum over windows, finish, store.
#pragma once

#include "absl/status/status.h"
#include "core/base/cancel.h"
#include "core/normalize/convert.h"
#include "core/normalize/geometry.h"
#include "core/normalize/kernels/row_shape.h"
#include "core/normalize/rows/scratch.h"

namespace trine::normalize {

// What all tiles of a call share. T is what it computes in, float, double or long double.
template <typename T>
struct Job {
  RowArithmetic arithmetic;
  const Geometry& geometry;
  const CancelToken& cancel;
  LoadRun<T> load;
  StoreRun<T> store;
  size_t element_bytes;
  const uint8_t* x;
  const uint8_t* dy;  // gradient only
  uint8_t* out;       // y or dx
  // Whether `out` has been computed in a narrower type, and only what that could not hold is
  // wanted.
  bool mends = false;
};

// Writes y for `box`. Reads all it needs before it writes.
template <typename T>
absl::Status ForwardTile(const Job<T>& job, const Box& box, Scratch<T>& scratch);

// Writes dx for `box`. Reads all it needs before it writes.
template <typename T>
absl::Status GradientTile(const Job<T>& job, const Box& box, Scratch<T>& scratch);

// The parts that both share. Errors: told to stop.

// What of the results in a box is to be computed again: all, but with `mends` only NaN, and in
// gradients infinities.
template <typename T>
class Wanted {
 public:
  explicit Wanted(const Job<T>& job) : job_(job) {}
  // Reads what stands in `box`.
  absl::Status Load(const Box& box, Scratch<T>& scratch);
  bool none() const { return none_; }
  // Puts back into `results`, which covers the box, what stands.
  absl::Status Keep(T* results) const;

 private:
  bool Is(T standing) const;

  const Job<T>& job_;
  T* standing_ = nullptr;
  size_t count_ = 0;
  bool none_ = false;
};

// A box of the tensor at `source` into a dense buffer; with ReLU if asked for.
template <typename T>
absl::Status LoadBox(const Job<T>& job, const uint8_t* source, const Box& box, bool rectify,
                     T* out);
template <typename T>
absl::Status StoreBox(const Job<T>& job, const T* source, const Box& box);
// The part `box` of a dense buffer that covers `from`.
template <typename T>
absl::Status Crop(const CancelToken& cancel, const Box& from, const T* source, const Box& box,
                  T* out);

}  // namespace trine::normalize
