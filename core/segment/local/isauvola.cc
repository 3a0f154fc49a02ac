// Sauvola's mask without the dark components that no edge supports.
#include <cmath>
#include <mutex>

#include "core/segment/gray.h"
#include "core/segment/local/local_threshold.h"
#include "core/segment/local/windows/small_histogram.h"
#include "core/segment/local/windows/window_extremes.h"

namespace trine::segment {
namespace {

// While components are sought: light, dark and not reached, dark and reached.
enum State : uint8_t { kLight = 255, kDark = 0, kReached = 1 };

// The contrast of each pixel's 3 x 3 neighbours, 0 to 255, and its histogram over the pixels
// inside.
template <typename T>
absl::StatusOr<Scratch<uint8_t>> ContrastOf(const Context& context, const Picture& gray,
                                            SmallHistogram* counts) {
  TRINE_ASSIGN_OR_RETURN(const Scratch<T> lowest,
                         WindowExtremes<T>(context, gray, 3, Extreme::kLowest));
  TRINE_ASSIGN_OR_RETURN(const Scratch<T> highest,
                         WindowExtremes<T>(context, gray, 3, Extreme::kHighest));
  TRINE_ASSIGN_OR_RETURN(const ValueRange values, RangeOf(context, gray));
  const double origin = static_cast<double>(gray.origin) - (values.low < 0 ? values.low : 0);
  Scratch<uint8_t> contrast = MakeScratch<uint8_t>(gray.pixels());
  std::mutex mutex;
  TRINE_RETURN_IF_ERROR(ParallelFor(
      context, static_cast<size_t>(gray.pixels()), static_cast<size_t>(kPixelGrain),
      [&](size_t begin, size_t end) -> absl::Status {
        SmallHistogram own{};
        for (size_t i = begin; i < end; ++i) {
          if (!gray.Contains(static_cast<int64_t>(i))) continue;
          const double low = origin + static_cast<double>(lowest[i]);
          const double high = origin + static_cast<double>(highest[i]);
          contrast[i] = static_cast<uint8_t>(255.0 * ((high - low) / (0.0001 + high + low)));
          ++own[contrast[i]];
        }
        const std::lock_guard lock(mutex);
        for (size_t level = 0; level < own.size(); ++level) (*counts)[level] += own[level];
        return absl::OkStatus();
      }));
  return contrast;
}

// Marks what is dark and 8-connected to a dark pixel of a contrast above `least`. A pixel is pushed
// once.
absl::Status Reach(const Context& context, const Picture& gray, const Scratch<uint8_t>& contrast,
                   int least, uint8_t* state) {
  Poller poll = PixelPoller(context);
  const int64_t width = gray.width, height = gray.height;
  Scratch<int32_t> open = MakeScratch<int32_t>(gray.pixels());
  for (int64_t start = 0; start < gray.pixels(); ++start) {
    if (start % 4096 == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4096));
    const bool seeds = gray.Contains(start) && state[start] == kDark &&
                       contrast[static_cast<size_t>(start)] > least;
    if (!seeds) continue;
    size_t count = 0;
    open[count++] = static_cast<int32_t>(start);
    state[start] = kReached;
    while (count > 0) {
      TRINE_RETURN_IF_ERROR(poll.Spend(16));
      const int64_t y = open[--count] / width, x = open[count] % width;
      for (int64_t v = std::max<int64_t>(0, y - 1); v <= std::min(height - 1, y + 1); ++v) {
        for (int64_t u = std::max<int64_t>(0, x - 1); u <= std::min(width - 1, x + 1); ++u) {
          const int64_t i = v * width + u;
          if (state[i] != kDark || !gray.Contains(i)) continue;
          state[i] = kReached;
          open[count++] = static_cast<int32_t>(i);
        }
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status IsauvolaMask(const Context& context, const Picture& gray,
                          const LocalThresholdResult& with, bool invert, uint8_t* mask) {
  const uint64_t pixels = static_cast<uint64_t>(gray.pixels());
  LocalThresholdResult sauvola = with;
  sauvola.method = LocalMethod::kSauvola;
  std::optional<uint64_t> not_needed;
  TRINE_RETURN_IF_ERROR(
      LocalThreshold(context, gray, sauvola, Profile::kExact, /*invert=*/false, mask, &not_needed));
  SmallHistogram counts{};
  TRINE_ASSIGN_OR_RETURN(
      const Scratch<uint8_t> contrast,
      WithPixelType(gray.dtype, [&](auto type) -> absl::StatusOr<Scratch<uint8_t>> {
        using T = decltype(type);
        // Both extremes at once, the contrast, and what is open below.
        TRINE_RETURN_IF_ERROR(context.Reserve(ExtremesBytes<T>(gray) + pixels * (sizeof(T) + 5)));
        return ContrastOf<T>(context, gray, &counts);
      }));
  TRINE_RETURN_IF_ERROR(Reach(context, gray, contrast, OtsuLevel(counts), mask));
  return ParallelFor(context, static_cast<size_t>(pixels), static_cast<size_t>(kPixelGrain),
                     [&](size_t begin, size_t end) -> absl::Status {
                       for (size_t i = begin; i < end; ++i) {
                         if (!gray.Contains(static_cast<int64_t>(i))) continue;
                         mask[i] = (mask[i] != kReached) != invert ? 255 : 0;
                       }
                       return absl::OkStatus();
                     });
}

}  // namespace trine::segment
