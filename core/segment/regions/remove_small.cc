#include "core/segment/regions/remove_small.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/segment/label_numbers.h"

namespace trine::segment {

absl::Status RemoveSmallRegions(const Context& context, int64_t pixels, uint64_t most_labels,
                                int64_t min_area, std::string_view field, int32_t* labels) {
  const uint64_t most =
      std::min({context.limits->max_regions, static_cast<uint64_t>(pixels), most_labels});
  TRINE_RETURN_IF_ERROR(context.Reserve(most * (LabelNumbers::kBytes + sizeof(int32_t))));
  Poller poll = PixelPoller(context);
  LabelNumbers numbers(most);
  // First the regions' areas, then their new labels.
  Scratch<int32_t> region = MakeScratch<int32_t>(static_cast<int64_t>(most));
  size_t count = 0;
  for (int64_t i = 0; i < pixels; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * 4096));
    if (labels[i] == 0) continue;
    const size_t at = numbers.Of(labels[i]);
    if (at == count) {
      if (count >= most)
        return LimitExceeded(field, count + 1, "max_regions", context.limits->max_regions);
      region[count++] = 0;
    }
    ++region[at];
  }
  int32_t kept = 0;
  for (size_t at = 0; at < count; ++at) {
    if (at % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    region[at] = region[at] >= min_area ? ++kept : 0;
  }
  for (int64_t i = 0; i < pixels; ++i) {
    if (i % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * 4096));
    if (labels[i] != 0) labels[i] = region[numbers.Of(labels[i])];
  }
  return absl::OkStatus();
}

}  // namespace trine::segment
