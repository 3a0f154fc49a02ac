#include "core/segment/regions/measure/shapes.h"

#include <algorithm>
#include <numbers>

#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/runtime/thread_pool.h"
#include "core/segment/label_numbers.h"
#include "core/segment/regions/measure/hull.h"
#include "core/segment/regions/measure/label_rows.h"
#include "core/segment/regions/measure/outlines.h"

namespace trine::segment {
namespace {

// The pixels of the regions as spans of rows: those of region r from first[r] on to first[r + 1].
struct SpansByRegion {
  Scratch<int64_t> first;
  Scratch<RowSpan> spans;
};

absl::StatusOr<SpansByRegion> SpansOf(const Context& context, const int32_t* labels, int64_t height,
                                      int64_t width, size_t regions, LabelNumbers& numbers,
                                      uint64_t beside) {
  SpansByRegion out;
  out.first = Scratch<int64_t>::Zeros(regions + 1);
  int64_t count = 0;
  TRINE_RETURN_IF_ERROR(
      ForLabelRuns(context, labels, height, width, [&](int64_t, int64_t, int64_t, int32_t label) {
        ++out.first[numbers.Of(label) + 1];
        ++count;
        return absl::OkStatus();
      }));
  TRINE_RETURN_IF_ERROR(
      context.Reserve(SaturatingAdd(beside, static_cast<uint64_t>(count) * sizeof(RowSpan))));
  out.spans = MakeScratch<RowSpan>(count);
  Poller poll = PixelPoller(context);
  for (size_t r = 1; r <= regions; ++r) {
    TRINE_RETURN_IF_ERROR(poll.Spend(1));
    out.first[r] += out.first[r - 1];
  }
  TRINE_RETURN_IF_ERROR(ForLabelRuns(
      context, labels, height, width, [&](int64_t y, int64_t begin, int64_t end, int32_t label) {
        out.spans[static_cast<size_t>(out.first[numbers.Of(label)]++)] = {
            static_cast<int32_t>(y), static_cast<int32_t>(begin), static_cast<int32_t>(end)};
        return absl::OkStatus();
      }));
  // Each is where the next one began.
  for (size_t r = regions; r > 0; --r) {
    TRINE_RETURN_IF_ERROR(poll.Spend(1));
    out.first[r] = out.first[r - 1];
  }
  out.first[0] = 0;
  return out;
}

RegionShape ShapeOf(const OutlineCounts& counts, const HullMeasures& hull, int64_t area) {
  RegionShape out;
  out.perimeter = PerimeterOf(counts);
  out.perimeter_crofton = CroftonPerimeterOf(counts);
  if (out.perimeter > 0)
    out.circularity =
        4 * std::numbers::pi * static_cast<double>(area) / (out.perimeter * out.perimeter);
  out.euler_number = EulerNumberOf(counts);
  out.area_convex = hull.area_convex;
  out.solidity = static_cast<double>(area) / static_cast<double>(hull.area_convex);
  out.feret_max = hull.feret_max;
  return out;
}

}  // namespace

absl::Status MeasureShapes(State& state, std::vector<Region>* regions) {
  constexpr size_t kGrain = 16;
  const Context& context = state.context;
  const int64_t height = state.given.height, width = state.given.width;
  const int32_t* const labels = state.Labels();
  const size_t count = regions->size();
  // What HullMeasurer takes on each thread, and CountOutlines.
  const uint64_t scratch = SaturatingAdd(
      SaturatingMul(ThreadsOf(context), HullMeasurer::kBytesARow * static_cast<uint64_t>(height)),
      16 * static_cast<uint64_t>(width));
  const uint64_t need =
      SaturatingAdd(scratch, SaturatingMul(count, sizeof(Region) + LabelNumbers::kBytes +
                                                      sizeof(OutlineCounts) + sizeof(int64_t)));
  TRINE_RETURN_IF_ERROR(context.Reserve(need));
  Poller poll = PixelPoller(context);
  LabelNumbers numbers(count);
  for (const Region& region : *regions) {  // numbered in their order
    TRINE_RETURN_IF_ERROR(poll.Spend(16));
    numbers.Of(static_cast<int32_t>(region.label));
  }
  Scratch<OutlineCounts> outlines = Scratch<OutlineCounts>::Zeros(count);
  TRINE_RETURN_IF_ERROR(CountOutlines(context, labels, height, width,
                                      [&](int32_t label) { return &outlines[numbers.Of(label)]; }));
  TRINE_ASSIGN_OR_RETURN(const SpansByRegion spans,
                         SpansOf(context, labels, height, width, count, numbers, need));
  return ParallelFor(context, count, kGrain, [&](size_t begin, size_t end) -> absl::Status {
    Poller hull_poll = PixelPoller(context);
    HullMeasurer measurer;
    for (size_t r = begin; r < end; ++r) {
      const int64_t first = spans.first[r];
      TRINE_ASSIGN_OR_RETURN(
          const HullMeasures hull,
          measurer.Measure(spans.spans.data() + first, spans.first[r + 1] - first, hull_poll));
      (*regions)[r].shape = ShapeOf(outlines[r], hull, (*regions)[r].area);
    }
    return absl::OkStatus();
  });
}

}  // namespace trine::segment
