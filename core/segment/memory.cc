#include "core/segment/segment.h"

#include <algorithm>

#include "core/base/checked.h"
#include "core/runtime/thread_pool.h"
#include "core/segment/gray.h"
#include "core/segment/histogram.h"

namespace trine::segment {
namespace {

// Distinct values that a picture has at most.
uint64_t MaxLevels(DType dtype, uint64_t pixels) {
  if (DTypeSize(dtype) == 1) return 256;
  if (DTypeSize(dtype) == 2 && !IsFloat(dtype)) return 65536;
  // Wider integers are stored as 16 bits where they can be.
  return IsFloat(dtype) ? pixels : std::max<uint64_t>(pixels, 65536);
}

}  // namespace

uint64_t MemoryNeed::total() const { return SaturatingAdd(maps, working); }

MemoryNeed MemoryOf(const Context& context, int64_t height, int64_t width, DType dtype,
                    const Options& options) {
  const uint64_t rows = static_cast<uint64_t>(height), columns = static_cast<uint64_t>(width);
  const uint64_t pixels = SaturatingMul(rows, columns);
  // Rows are what threads share.
  const uint64_t rows_of_threads = SaturatingMul(std::min(ThreadsOf(context), rows), columns);
  unsigned made = 0;
  uint64_t grays = 0;  // that steps make: the last one, and the one before it while it is read
  MemoryNeed need;
  DType type = dtype;  // that a step works with and leaves
  for (const Step& step : options.steps) {
    const Working& working = step.spec().working;
    type = step.GrayAfter(type, options.profile);
    const bool wide = DTypeSize(type) >= 4 && type != DType::kFloat32;  // may be kept as float64
    made |= step.spec().makes;
    if ((step.spec().makes & kGray) != 0) grays = std::min<uint64_t>(grays + 1, 2);
    const uint64_t of_levels =
        working.a_level == 0
            ? 0
            : SaturatingAdd(SaturatingMul(MaxLevels(type, pixels), working.a_level),
                            SaturatingMul(ThreadsOf(context), CountingBytes(type, pixels)));
    need.working = std::max({need.working,
                             SaturatingMul(pixels, wide ? working.a_wide_pixel : working.a_pixel),
                             of_levels, SaturatingMul(rows_of_threads, working.a_column)});
  }
  if (options.metrics) need.working = std::max(need.working, MetricsBytes(pixels));
  const uint64_t a_pixel = ((made & kMask) != 0 ? sizeof(uint8_t) : 0) +
                           ((made & kLabels) != 0 ? sizeof(int32_t) : 0) +
                           ((made & kDistance) != 0 ? sizeof(float) : 0) +
                           GrayBytes(dtype, options.nan_policy) + grays * StoredBytes(type);
  need.maps = SaturatingMul(pixels, a_pixel);
  return need;
}

}  // namespace trine::segment
