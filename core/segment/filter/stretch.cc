#include <cmath>
#include <utility>

#include "core/base/error.h"
#include "core/segment/filter/contrast.h"
#include "core/segment/histogram.h"

namespace trine::segment {
namespace {

// Of at least one value.
double PercentileOf(const Levels& levels, double percent) {
  const double place = percent * static_cast<double>(levels.total - 1) / 100;
  uint64_t left = static_cast<uint64_t>(place);
  size_t i = 0;
  while (left >= levels.counts[i]) left -= levels.counts[i++];
  return levels.values[i];
}

// `low` and `high` as they are stored; integers of 16 bits are the widest.
template <typename T>
T Stretched(T value, T low, T high, bool whole) {
  if constexpr (std::is_integral_v<T>) {
    constexpr int64_t kTop = std::numeric_limits<T>::max();
    if (value <= low) return 0;
    if (value >= high) return static_cast<T>(kTop);
    const int64_t range = int64_t{high} - low;
    return static_cast<T>((2 * (int64_t{value} - low) * kTop + range) / (2 * range));
  } else {
    const T top = whole ? 65535 : 1;
    if (value <= low) return 0;
    if (value >= high) return top;
    // Halves: the difference of the ends of the range is not in it.
    const T part = (value / 2 - low / 2) / (high / 2 - low / 2);
    return whole ? std::floor(part * top + T{0.5}) : part;
  }
}

}  // namespace

absl::Status CheckStretch(const StepToCheck& step, const StretchStep& given) {
  if (step.options.profile != Profile::kExact)
    return NotOffered("profile", "stretch has the profile exact only");
  if (given.low < given.high) return absl::OkStatus();
  return InvalidField(step.Field("high"), given.high, "must be above low");
}

absl::Status Stretch(const Context& context, const Picture& gray, const StretchStep& step,
                     uint8_t* out) {
  TRINE_ASSIGN_OR_RETURN(const Levels levels, LevelsOf(context, gray));
  const double origin = static_cast<double>(gray.origin);
  const bool any = levels.total > 0;
  const double low = any ? PercentileOf(levels, step.low) - origin : 0;
  const double high = any ? PercentileOf(levels, step.high) - origin : 0;
  return WithPixelType(gray.dtype, [&](auto type) {
    using T = decltype(type);
    const T from = static_cast<T>(low), to = static_cast<T>(high);
    return ParallelFor(
        context, static_cast<size_t>(gray.pixels()), static_cast<size_t>(kPixelGrain),
        [&](size_t begin, size_t end) {
          for (int64_t i = static_cast<int64_t>(begin); i < static_cast<int64_t>(end); ++i) {
            const T value = PixelAt<T>(gray.data, i);
            StoreLE<T>(out + i * static_cast<int64_t>(sizeof(T)),
                       gray.Contains(i) ? Stretched(value, from, to, gray.whole) : value);
          }
          return absl::OkStatus();
        });
  });
}

absl::Status RunStretch(State& state, const StretchStep& given) {
  Tensor pixels = state.NewGray();
  TRINE_RETURN_IF_ERROR(Stretch(state.context, state.gray, given, pixels.data.data()));
  state.SetGray(std::move(pixels));
  const DType dtype = state.inputs.gray.dtype;
  if (DTypeSize(dtype) > 2 && !IsFloat(dtype)) state.gray.origin = 0;
  return absl::OkStatus();
}

}  // namespace trine::segment
