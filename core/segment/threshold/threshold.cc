#include "core/segment/threshold/threshold.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "core/base/error.h"
#include "core/segment/histogram.h"
#include "core/segment/threshold/otsu.h"

namespace trine::segment {
namespace {

template <typename T>
void MaskRange(const Picture& gray, double threshold, uint8_t on, int64_t begin, int64_t end,
               uint8_t* mask) {
  const uint8_t off = static_cast<uint8_t>(255 - on);
  if constexpr (std::is_integral_v<T>) {
    // v > t is v > floor(t), so that the loop compares in the stored pixels' type.
    const double stored = std::floor(threshold) - static_cast<double>(gray.origin);
    if (stored < 0) {
      std::fill(mask + begin, mask + end, on);
    } else {
      const double top = std::numeric_limits<T>::max();
      const T limit = static_cast<T>(std::min(stored, top));
      for (int64_t i = begin; i < end; ++i) mask[i] = PixelAt<T>(gray.data, i) > limit ? on : off;
    }
  } else {
    for (int64_t i = begin; i < end; ++i)
      mask[i] = double{PixelAt<T>(gray.data, i)} > threshold ? on : off;
  }
  if (gray.inside == nullptr) return;
  for (int64_t i = begin; i < end; ++i)
    if (gray.inside[i] == 0) mask[i] = 0;
}

int32_t ClassOf(double value, absl::Span<const double> thresholds) {
  return static_cast<int32_t>(std::lower_bound(thresholds.begin(), thresholds.end(), value) -
                              thresholds.begin());
}

template <typename T>
void LabelRange(const Picture& gray, absl::Span<const double> thresholds,
                const std::vector<int32_t>& class_of_value, int64_t begin, int64_t end,
                int32_t* labels) {
  for (int64_t i = begin; i < end; ++i) {
    const T value = PixelAt<T>(gray.data, i);
    if constexpr (std::is_integral_v<T>) {
      labels[i] = class_of_value[value];
    } else {
      labels[i] = ClassOf(double{value}, thresholds);
    }
    if (!gray.Contains(i)) labels[i] = 0;
  }
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

absl::Status ApplyThresholds(const Context& context, const Picture& gray,
                             absl::Span<const double> thresholds, bool invert, uint8_t* mask,
                             int32_t* labels) {
  const uint8_t on = invert ? 0 : 255;
  std::vector<int32_t> class_of_value;
  if (labels != nullptr && !IsFloat(gray.dtype)) {
    const int values = gray.dtype == DType::kUint8 ? 256 : 65536;
    for (int v = 0; v < values; ++v)
      class_of_value.push_back(ClassOf(static_cast<double>(gray.origin + v), thresholds));
  }
  return ParallelFor(context, static_cast<size_t>(gray.pixels()), static_cast<size_t>(kPixelGrain),
                     [&](size_t first, size_t last) {
                       const int64_t begin = static_cast<int64_t>(first);
                       const int64_t end = static_cast<int64_t>(last);
                       WithPixelType(gray.dtype, [&](auto type) {
                         using T = decltype(type);
                         MaskRange<T>(gray, thresholds[0], on, begin, end, mask);
                         if (labels != nullptr)
                           LabelRange<T>(gray, thresholds, class_of_value, begin, end, labels);
                       });
                       return absl::OkStatus();
                     });
}

}  // namespace trine::segment
