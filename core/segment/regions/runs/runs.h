// A mask as runs of set pixels, and their connected components: what the steps on regions share.
//
// Runs of a row do not touch each other; all are numbered in raster order. Memory: an eighth of a
// byte a pixel while they are made, and 8 bytes a run (of two pixels of a row at most one begins a
// run), with components 12.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/segment/picture.h"

namespace trine::segment {

// Thread safety: as plain data.
class Runs {
 public:
  // The runs of the pixels where (mask != 0) == set. Reserves their memory, with that of their
  // components and `a_run_beside` bytes more of each. REQUIRES: height * width <= kMaxPixels.
  static absl::StatusOr<Runs> Of(const Context& context, const uint8_t* mask, bool set,
                                 int64_t height, int64_t width, uint64_t a_run_beside = 0);

  int64_t height() const { return height_; }
  int64_t width() const { return width_; }
  int64_t count() const { return first_[static_cast<size_t>(height_)]; }
  // Number of the first run of row y, of y == height the number of all.
  int64_t First(int64_t y) const { return first_[static_cast<size_t>(y)]; }
  // Columns [Begin, End) of a run.
  int32_t Begin(int64_t run) const { return edges_[static_cast<size_t>(2 * run)]; }
  int32_t End(int64_t run) const { return edges_[static_cast<size_t>(2 * run + 1)]; }
  int64_t Length(int64_t run) const { return End(run) - Begin(run); }
  // Begin and End of all runs in turn.
  const int32_t* edges() const { return edges_.data(); }
  uint64_t bytes() const { return (first_.size() + edges_.size()) * sizeof(int32_t); }

 private:
  Runs(int64_t height, int64_t width);

  int64_t height_, width_;
  Scratch<int32_t> first_;  // height + 1
  Scratch<int32_t> edges_;
};

// A label map by its runs: label[r] of run r, 0 for one that is none.
struct LabelRuns {
  Runs runs;
  Scratch<int32_t> label;

  uint64_t bytes() const { return runs.bytes() + label.size() * sizeof(int32_t); }
};

// Components of runs.
struct RunComponents {
  Scratch<int32_t> number;  // of each run: that of its component, from 1 in raster order
  int64_t count = 0;
};
absl::StatusOr<RunComponents> FindComponents(const Context& context, const Runs& runs,
                                             Connectivity connectivity);

// The same, without numbers: of each run the first of its component, itself included. Memory of
// FindComponents.
absl::StatusOr<Scratch<int32_t>> JoinRuns(const Context& context, const Runs& runs,
                                          Connectivity connectivity);

// Pixels of each component, by its number; that of 0 is 0.
absl::StatusOr<Scratch<int32_t>> AreasOf(const Context& context, const Runs& runs,
                                         const RunComponents& components);

// labels[i] is values[r] of the pixel's run r, 0 without one.
absl::Status PaintLabels(const Context& context, const Runs& runs, const int32_t* values,
                         int32_t* labels);

// Calls body(run, begin, end) for the pixels [begin, end) of all runs, as indices into the picture,
// in parallel and in no order. A run of very many pixels comes in pieces, in order, on one thread.
absl::Status ForRuns(const Context& context, const Runs& runs,
                     absl::FunctionRef<void(int64_t run, int64_t begin, int64_t end)> body);

// Sets the pixels of the runs for which is_chosen(run) to `value`.
absl::Status FillRuns(const Context& context, const Runs& runs, uint8_t value,
                      absl::FunctionRef<bool(int64_t run)> is_chosen, uint8_t* mask);

}  // namespace trine::segment
