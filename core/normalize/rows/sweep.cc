#include "core/normalize/rows/sweep.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/normalize/kernels/row_kernels.h"
#include "core/normalize/rows/unit_sweep.h"
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

}  // namespace

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

Geometry Sweep::Part(int64_t rows, int64_t width) const {
  const int64_t step = row_taps() > 1 ? step_ : width;
  return {.axis = {1, rows, width / step},
          .inner = step,
          .window = {.lo = {0, column_lo_, row_lo_}, .hi = {0, column_hi_, row_hi_}}};
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
    UnitSweep<T> sweep(*this, how, context.cancel);
    TRINE_RETURN_IF_ERROR(sweep.Init());
    for (size_t i = begin; i < end; ++i)
      if (!unit(sweep, static_cast<int64_t>(i))) return sweep.Why();
    if (how.streams) FlushStreams();
    return absl::OkStatus();
  });
}

absl::Status Sweep::Forward(const Context& context, RowFindings& findings, KeptUnits* kept,
                            const uint8_t* x, uint8_t* y) const {
  How how{.findings = findings,
          .kept = kept,
          .slides = row_taps() == 1 && column_lo_ == column_hi_ && SlidesOver(column_taps()) &&
                    x != y && !MayOverflow(resolved_, dtype_)};
  how.streams = Streams(x, y, how);
  const auto unit = [&](auto& sweep, int64_t i) {
    return how.slides ? sweep.Slide(i, x, y) : sweep.Forward(i, x, y);
  };
  return dtype_ == DType::kFloat64 ? ForUnits<double>(context, how, unit)
                                   : ForUnits<float>(context, how, unit);
}

absl::Status Sweep::Gradient(const Context& context, RowFindings& findings, KeptUnits* kept,
                             const uint8_t* x, const uint8_t* dy, uint8_t* dx) const {
  How how{.findings = findings, .kept = kept, .gradient = true};
  how.streams = dy != dx && Streams(x, dx, how);
  const auto unit = [&](auto& sweep, int64_t i) { return sweep.Gradient(i, x, dy, dx); };
  return dtype_ == DType::kFloat64 ? ForUnits<double>(context, how, unit)
                                   : ForUnits<float>(context, how, unit);
}

}  // namespace trine::normalize
