// What a sweep that overwrites its input leaves for later, with the input that it takes.
//
// Numbers that may leave the range of the type that is computed in may have to be computed again,
// from the input. So a sweep looks at rows before windows take them in; from the first row on that
// it cannot answer for, it leaves the rest of a unit of work alone and keeps its input here, for
// the call to compute in memory of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/normalize/geometry.h"
#include "core/normalize/range.h"
#include "core/runtime/context.h"

namespace trine::normalize {

// Rows of a tensor: those in a range, and before them some that only their windows reach.
struct KeptUnit {
  Geometry geometry;  // of all rows, by themselves
  size_t rows = 0;
  size_t rows_before = 0;
  size_t row_bytes = 0;
  std::unique_ptr<uint8_t[]> x;   // all rows, dense
  std::unique_ptr<uint8_t[]> dy;  // the same; null in the forward pass
  uint8_t* out = nullptr;         // where the first of the range belongs
  size_t out_pitch = 0;           // bytes from there to the next

  size_t bytes() const { return rows * row_bytes; }
};

// Thread safety: `Allocate` and `Add` may be called by any number of threads at once.
class KeptUnits {
 public:
  // For a call that holds `held` bytes; `watch` is what its units begin with.
  KeptUnits(const Context& context, const RangeWatch& watch, uint64_t held)
      : context_(context), watch_(watch), held_(held) {}

  const RangeWatch& watch() const { return watch_; }
  // Memory for the inputs of a unit that is otherwise filled in.
  absl::Status Allocate(bool gradient, KeptUnit* unit);
  void Add(KeptUnit unit);

  std::vector<KeptUnit> Take() { return std::exchange(units_, {}); }
  // With what the call held before.
  uint64_t held_bytes() const { return held_; }

 private:
  const Context& context_;
  const RangeWatch watch_;
  std::mutex mutex_;
  uint64_t held_;
  std::vector<KeptUnit> units_;
};

// Of an input that is overwritten, the last rows of what is: windows reach them still.
class LastRows {
 public:
  // False when there is not enough memory.
  bool Allocate(size_t rows, size_t row_bytes);
  // Keeps the rows before `end`, `pitch` bytes apart.
  void Keep(const uint8_t* end, size_t pitch, size_t row_bytes);
  const uint8_t* data() const { return data_.get(); }

 private:
  size_t rows_ = 0;
  std::unique_ptr<uint8_t[]> data_;
};

}  // namespace trine::normalize
