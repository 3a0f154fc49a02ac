#include "core/segment/regions/fill_holes.h"

#include <algorithm>
#include <limits>

#include "core/segment/regions/components.h"

namespace trine::segment {

absl::Status FillHoles(const Context& context, int64_t height, int64_t width,
                       const FillHolesStep& step, const uint8_t* inside, uint8_t* mask) {
  const int64_t pixels = height * width;
  Scratch<int32_t> labels = MakeScratch<int32_t>(pixels);
  TRINE_ASSIGN_OR_RETURN(
      const Provisional background,
      LabelProvisionally(context, mask, false, height, width, step.connectivity, labels.data()));
  const Scratch<int32_t>& root = background.root;
  const auto root_at = [&](int64_t i) {
    return static_cast<size_t>(root[static_cast<size_t>(labels[i])]);
  };
  Poller poll = PixelPoller(context);
  // Area of each background component by its root; what reaches the border counts as too large.
  Scratch<int64_t> area = Scratch<int64_t>::Zeros(root.size());
  for (int64_t begin = 0; begin < pixels; begin += kPixelGrain) {
    TRINE_RETURN_IF_ERROR(poll.Spend(kPixelGrain));
    for (int64_t i = begin; i < std::min(pixels, begin + kPixelGrain); ++i)
      area[root_at(i)] += inside == nullptr || inside[i] != 0 ? 1 : 0;
  }
  constexpr int64_t kOpen = std::numeric_limits<int64_t>::max();
  for (int64_t x = 0; x < width; ++x) {
    TRINE_RETURN_IF_ERROR(poll.Spend(2));
    area[root_at(x)] = area[root_at((height - 1) * width + x)] = kOpen;
  }
  for (int64_t y = 0; y < height; ++y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(2));
    area[root_at(y * width)] = area[root_at(y * width + width - 1)] = kOpen;
  }
  const int64_t largest = step.max_area > 0 ? step.max_area : kOpen - 1;
  return ParallelFor(context, static_cast<size_t>(pixels), static_cast<size_t>(kPixelGrain),
                     [&](size_t begin, size_t end) {
                       for (size_t p = begin; p < end; ++p) {
                         const int64_t i = static_cast<int64_t>(p);
                         if (mask[i] != 0 || area[root_at(i)] > largest) continue;
                         if (inside == nullptr || inside[i] != 0) mask[i] = 255;
                       }
                       return absl::OkStatus();
                     });
}

}  // namespace trine::segment
