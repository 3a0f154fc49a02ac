#include "core/segment/threshold/threshold.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "core/base/error.h"
#include "core/segment/histogram.h"
#include "core/segment/mask_kernels.h"
#include "core/segment/threshold/otsu.h"

namespace trine::segment {
namespace {

// The limits that pixels of T must be above for a class above the lowest, of those thresholds that
// are within T's values; `below` are the thresholds that every pixel is above.
template <typename T>
struct Limits {
  std::vector<T> limits;
  uint8_t below = 0;
};

// The largest T that is no more than `threshold`, so that v > threshold is v > limit; nothing where
// every pixel is above.
template <typename T>
std::optional<T> LimitOf(double threshold, int64_t origin) {
  constexpr T kTop = std::numeric_limits<T>::max();
  if constexpr (std::is_integral_v<T>) {
    const double stored = std::floor(threshold) - static_cast<double>(origin);
    if (stored < 0) return std::nullopt;
    return static_cast<T>(std::min(stored, double{kTop}));
  } else {
    if (threshold < -double{kTop}) return std::nullopt;
    if (threshold >= double{kTop}) return kTop;
    const T nearest = static_cast<T>(threshold);
    if (double{nearest} <= threshold) return nearest;
    return std::nextafter(nearest, -std::numeric_limits<T>::infinity());
  }
}

template <typename T>
Limits<T> LimitsOf(absl::Span<const double> thresholds, int64_t origin) {
  Limits<T> out;
  for (const double threshold : thresholds) {
    const std::optional<T> limit = LimitOf<T>(threshold, origin);
    if (limit) {
      out.limits.push_back(*limit);
    } else {
      ++out.below;
    }
  }
  return out;
}

// All pixels inside marked, or none. How many are.
uint64_t MarkAlike(bool marks, const uint8_t* inside, size_t count, uint8_t* mask) {
  if (inside == nullptr || !marks) {
    std::fill_n(mask, count, static_cast<uint8_t>(marks ? 255 : 0));
    return marks ? count : 0;
  }
  for (size_t i = 0; i < count; ++i) mask[i] = inside[i] != 0 ? 255 : 0;
  return CountSet(inside, count);
}

template <typename T>
absl::StatusOr<uint64_t> Apply(const Context& context, const Picture& gray,
                               absl::Span<const double> thresholds, const Applying& how,
                               uint8_t* mask, int32_t* labels) {
  const Limits<T> all = LimitsOf<T>(thresholds, gray.origin);
  std::atomic<uint64_t> marked{0};
  TRINE_RETURN_IF_ERROR(ParallelFor(
      context, static_cast<size_t>(gray.pixels()), static_cast<size_t>(kPixelGrain),
      [&](size_t begin, size_t end) {
        const uint8_t* const values = gray.data + begin * sizeof(T);
        const uint8_t* const inside = gray.inside == nullptr ? nullptr : gray.inside + begin;
        const size_t count = end - begin;
        if (labels != nullptr)
          CountBelow(values, count, all.limits, all.below, inside, how.streamed, labels + begin);
        marked += all.below > 0 ? MarkAlike(!how.invert, inside, count, mask + begin)
                                : MarkAbove(values, count, all.limits[0],
                                            {how.invert, inside, how.streamed}, mask + begin);
        return absl::OkStatus();
      }));
  return marked.load();
}

}  // namespace

absl::StatusOr<ThresholdResult> Describe(const Context& context, const Picture& gray,
                                         const std::vector<double>& thresholds) {
  TRINE_ASSIGN_OR_RETURN(const Levels levels, LevelsOf(context, gray));
  ThresholdResult described;
  described.thresholds = thresholds;
  described.plateau_low = described.plateau_high = thresholds[0];
  TRINE_RETURN_IF_ERROR(DescribeClasses(context, levels, described));
  return described;
}

absl::Status CheckIncreasing(std::string_view field, absl::Span<const double> thresholds) {
  for (size_t i = 1; i < thresholds.size(); ++i) {
    if (thresholds[i - 1] < thresholds[i]) continue;
    return InvalidField(std::string(field) + "[" + std::to_string(i) + "]", thresholds[i],
                        "must be above the threshold before it");
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> ApplyThresholds(const Context& context, const Picture& gray,
                                         absl::Span<const double> thresholds, const Applying& how,
                                         uint8_t* mask, int32_t* labels) {
  return WithPixelType(gray.dtype, [&](auto type) {
    return Apply<decltype(type)>(context, gray, thresholds, how, mask, labels);
  });
}

}  // namespace trine::segment
