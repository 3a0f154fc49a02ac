// The computation of one tile: load, square, sum over windows, finish, store.
#pragma once

#include "absl/status/status.h"
#include "core/base/cancel.h"
#include "core/normalize/convert.h"
#include "core/normalize/geometry.h"
#include "core/normalize/lrn.h"
#include "core/normalize/rows/scratch.h"

namespace trine::normalize {

// What all tiles of a call share. T is what it computes in, float or double.
template <typename T>
struct Job {
  const Resolved& resolved;
  const Geometry& geometry;
  const CancelToken& cancel;
  LoadRun<T> load;
  StoreRun<T> store;
  size_t element_bytes;
  const uint8_t* x;
  const uint8_t* dy;  // gradient only
  uint8_t* out;       // y or dx
};

// Writes y for `box`. Reads all it needs before it writes.
template <typename T>
absl::Status ForwardTile(const Job<T>& job, const Box& box, Scratch<T>& scratch);

// Writes dx for `box`. Reads all it needs before it writes.
template <typename T>
absl::Status GradientTile(const Job<T>& job, const Box& box, Scratch<T>& scratch);

// The parts that both share. Errors: told to stop.

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
