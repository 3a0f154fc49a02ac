#include "core/segment/regions/fill_holes.h"

#include <algorithm>
#include <limits>

#include "core/base/error.h"
#include "core/segment/mask_kernels.h"
#include "core/segment/regions/runs/runs.h"

namespace trine::segment {
namespace {

constexpr int32_t kOpen = std::numeric_limits<int32_t>::max();  // an area: reaches the border

// Pixels inside of each component of the background, by the first of its runs.
absl::Status CountAreas(const Context& context, const Runs& runs, const Scratch<int32_t>& root,
                        const uint8_t* inside, Scratch<int32_t>* areas) {
  Poller poll = PixelPoller(context);
  for (int64_t y = 0; y < runs.height(); ++y) {
    const bool is_edge = y == 0 || y + 1 == runs.height();
    TRINE_RETURN_IF_ERROR(poll.Spend(1));
    for (int64_t run = runs.First(y); run < runs.First(y + 1); ++run) {
      const int64_t begin = runs.Begin(run), length = runs.Length(run);
      int32_t& area = (*areas)[static_cast<size_t>(root[static_cast<size_t>(run)])];
      TRINE_RETURN_IF_ERROR(poll.Spend(4));
      if (is_edge || begin == 0 || begin + length == runs.width()) area = kOpen;
      if (area == kOpen) continue;
      if (inside == nullptr) {
        area += static_cast<int32_t>(length);
        continue;
      }
      for (int64_t at = begin; at < begin + length; at += kPixelGrain) {
        const int64_t piece = std::min(kPixelGrain, begin + length - at);
        TRINE_RETURN_IF_ERROR(poll.Spend(piece / 8));
        area += static_cast<int32_t>(
            CountSet(inside + y * runs.width() + at, static_cast<size_t>(piece)));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunFillHoles(State& state, const FillHolesStep& step) {
  const Context& context = state.context;
  const uint8_t* const inside = state.gray.inside;
  uint8_t* const mask = state.Mask();
  TRINE_ASSIGN_OR_RETURN(const Runs runs, Runs::Of(context, mask, false, state.gray.height,
                                                   state.gray.width, sizeof(int32_t)));
  TRINE_ASSIGN_OR_RETURN(const Scratch<int32_t> root, JoinRuns(context, runs, step.connectivity));
  Scratch<int32_t> areas = Scratch<int32_t>::Zeros(static_cast<size_t>(runs.count()));
  TRINE_RETURN_IF_ERROR(CountAreas(context, runs, root, inside, &areas));
  const int64_t largest = step.max_area > 0 ? step.max_area : int64_t{kOpen} - 1;
  const auto is_hole = [&](int64_t run) {
    const int32_t area = areas[static_cast<size_t>(root[static_cast<size_t>(run)])];
    return area != kOpen && area <= largest;
  };
  if (inside == nullptr) return FillRuns(context, runs, 255, is_hole, mask);
  return ForRuns(context, runs, [&](int64_t run, int64_t begin, int64_t end) {
    if (!is_hole(run)) return;
    for (int64_t i = begin; i < end; ++i)
      if (inside[i] != 0) mask[i] = 255;
  });
}

}  // namespace trine::segment
