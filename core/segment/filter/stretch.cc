#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/segment/filter/contrast.h"
#include "core/segment/filter/libraries/library.h"
#include "core/segment/histogram.h"

namespace trine::segment {
namespace {

// The value of index `i` in their order.
double ValueOfRank(const Levels& levels, uint64_t i) {
  size_t level = 0;
  while (i >= levels.counts[level]) i -= levels.counts[level++];
  return levels.values[level];
}

// Of at least one value.
double PercentileOf(const Levels& levels, double percent) {
  const double place = percent * static_cast<double>(levels.total - 1) / 100;
  return ValueOfRank(levels, static_cast<uint64_t>(place));
}

// numpy.percentile: between neighbours interpolated from the nearer one.
double NumpyPercentile(const Levels& levels, double percent) {
  const double place = static_cast<double>(levels.total - 1) * (percent / 100);
  const double before = std::floor(place);
  const uint64_t i = static_cast<uint64_t>(before);
  const double a = ValueOfRank(levels, i);
  const double b = ValueOfRank(levels, std::min(i + 1, levels.total - 1));
  const double t = place - before;
  return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
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
  constexpr LibraryMethod kMethods[] = {{Profile::kSkimage, 0, kIntegers},
                                        {Profile::kImagej, 0, kIntegers}};
  TRINE_RETURN_IF_ERROR(CheckLibrary(step, 0, "stretch", kMethods));
  if (given.low >= given.high)
    return InvalidField(step.Field("high"), given.high,
                        absl::StrCat("must be above low, ", given.low));
  if (step.options.profile == Profile::kImagej && given.high != 100 - given.low)
    return InvalidField(
        step.Field("high"), given.high,
        "must be 100 - low in profile imagej, which saturates as many at both ends");
  return absl::OkStatus();
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

namespace {

double TopOf(const Picture& gray) { return gray.dtype == DType::kUint8 ? 255 : 65535; }

// What becomes_of(value) each value becomes.
template <typename BecomesOf>
absl::Status StretchByTable(const Context& context, const Picture& gray,
                            const BecomesOf& becomes_of, uint8_t* out) {
  std::vector<uint16_t> table(static_cast<size_t>(TopOf(gray)) + 1);
  for (size_t value = 0; value < table.size(); ++value)
    table[value] = static_cast<uint16_t>(becomes_of(static_cast<double>(value)));
  return WithPixelType(gray.dtype, [&](auto type) {
    using T = decltype(type);
    return ParallelFor(context, static_cast<size_t>(gray.pixels()),
                       static_cast<size_t>(kPixelGrain), [&](size_t begin, size_t end) {
                         for (size_t i = begin; i < end; ++i) {
                           const T value = PixelAt<T>(gray.data, static_cast<int64_t>(i));
                           StoreLE<T>(out + i * sizeof(T),
                                      static_cast<T>(table[static_cast<size_t>(value)]));
                         }
                         return absl::OkStatus();
                       });
  });
}

}  // namespace

absl::Status StretchSkimage(const Context& context, const Picture& gray, const StretchStep& step,
                            uint8_t* out) {
  TRINE_ASSIGN_OR_RETURN(const Levels levels, LevelsOf(context, gray));
  const double low = NumpyPercentile(levels, step.low);
  const double high = NumpyPercentile(levels, step.high);
  const double top = TopOf(gray);
  return StretchByTable(
      context, gray,
      [=](double value) {
        const double clipped = std::clamp(value, low, high);
        return low == high ? clipped : (clipped - low) / (high - low) * top;
      },
      out);
}

absl::Status StretchImagej(const Context& context, const Picture& gray, const StretchStep& step,
                           uint8_t* out) {
  TRINE_ASSIGN_OR_RETURN(const Levels levels, LevelsOf(context, gray));
  const double saturated = static_cast<double>(levels.total) * (2 * step.low) / 200;
  const uint64_t at_each_end = static_cast<uint64_t>(saturated);  // below half of all
  const double low = ValueOfRank(levels, at_each_end);
  const double high = ValueOfRank(levels, levels.total - 1 - at_each_end);
  const double top = TopOf(gray);
  return StretchByTable(
      context, gray,
      [=](double value) {
        if (low == high) return value;
        if (value <= low) return 0.0;
        return value >= high ? top : (value - low) / (high - low) * top;
      },
      out);
}

namespace {

auto StretchOf(Profile profile) {
  if (profile == Profile::kSkimage) return StretchSkimage;
  return profile == Profile::kImagej ? StretchImagej : Stretch;
}

}  // namespace

absl::Status RunStretch(State& state, const StretchStep& given) {
  TRINE_RETURN_IF_ERROR(CheckValues(state));
  Tensor pixels = state.NewGray();
  TRINE_RETURN_IF_ERROR(
      StretchOf(state.options.profile)(state.context, state.gray, given, pixels.data.data()));
  state.SetGray(std::move(pixels));
  const DType dtype = state.gray_type;
  if (DTypeSize(dtype) > 2 && !IsFloat(dtype)) state.gray.origin = 0;
  return absl::OkStatus();
}

}  // namespace trine::segment
