// EXACT's Bernsen and contrast: what a window's lowest and highest value decide.
#include "core/segment/local/local_threshold.h"
#include "core/segment/local/windows/window_extremes.h"

namespace trine::segment {
namespace {

template <typename T>
absl::Status Decide(const Context& context, const Picture& gray, const LocalThresholdResult& with,
                    bool invert, uint8_t* mask) {
  TRINE_RETURN_IF_ERROR(context.Reserve(ExtremesBytes<T>(gray) + ExtremesBytes<T>(gray) / 3));
  TRINE_ASSIGN_OR_RETURN(const Scratch<T> lowest,
                         WindowExtremes<T>(context, gray, with.window, Extreme::kLowest));
  TRINE_ASSIGN_OR_RETURN(const Scratch<T> highest,
                         WindowExtremes<T>(context, gray, with.window, Extreme::kHighest));
  const double origin = static_cast<double>(gray.origin);
  const bool bernsen = with.method == LocalMethod::kBernsen;
  return ParallelFor(context, static_cast<size_t>(gray.pixels()), static_cast<size_t>(kPixelGrain),
                     [&](size_t begin, size_t end) -> absl::Status {
                       for (size_t i = begin; i < end; ++i) {
                         const int64_t at = static_cast<int64_t>(i);
                         if (!gray.Contains(at)) continue;
                         const double low = static_cast<double>(lowest[i]),
                                      high = static_cast<double>(highest[i]);
                         const double value = static_cast<double>(PixelAt<T>(gray.data, at));
                         bool above;
                         if (!bernsen) {
                           above = high - value <= value - low;
                         } else if (high - low < with.contrast) {
                           above = (low + high) / 2.0 + origin >= with.level;
                         } else {
                           above = value > (low + high) / 2.0;
                         }
                         mask[i] = above != invert ? 255 : 0;
                       }
                       return absl::OkStatus();
                     });
}

}  // namespace

absl::Status ExtremesMask(const Context& context, const Picture& gray,
                          const LocalThresholdResult& with, bool invert, uint8_t* mask) {
  return WithPixelType(gray.dtype, [&](auto type) {
    return Decide<decltype(type)>(context, gray, with, invert, mask);
  });
}

}  // namespace trine::segment
