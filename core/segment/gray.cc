#include "core/segment/gray.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "core/base/element_type.h"

namespace trine::segment {
namespace {

// Squares of sums of float64 pixels stay far from the ends of its range.
constexpr double kMostMagnitude = 0x1p400;
constexpr double kLeastMagnitude = 0x1p-400;
// Sums of squares of what an origin is added to stay below 2^127.
constexpr int64_t kMostOrigin = int64_t{1} << 40;

std::string PixelField(const Picture& gray, int64_t i) {
  return "gray[" + std::to_string(i / gray.width) + "][" + std::to_string(i % gray.width) + "]";
}

// Calls body(begin, end) for ranges that cover the picture.
template <typename Body>
absl::Status ForRanges(const Context& context, const Picture& gray, const Body& body) {
  return ParallelFor(context, static_cast<size_t>(gray.pixels()), static_cast<size_t>(kPixelGrain),
                     [&](size_t begin, size_t end) -> absl::Status {
                       return body(static_cast<int64_t>(begin), static_cast<int64_t>(end));
                     });
}

// Elements of `In` at `from` as elements of `Out`, by convert(index, value).
template <typename In, typename Out, typename Convert>
absl::Status Store(const Context& context, const uint8_t* from, const Convert& convert,
                   GrayPicture* out) {
  uint8_t* const to = out->stored.data.data();
  return ForRanges(context, out->picture, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      StoreLE<Out>(to + i * static_cast<int64_t>(sizeof(Out)),
                   static_cast<Out>(convert(PixelAt<In>(from, i))));
    return absl::OkStatus();
  });
}

void StoreAs(DType dtype, GrayPicture* out) {
  out->stored = Tensor::Zeros(dtype, {out->picture.height, out->picture.width});
  out->picture.dtype = dtype;
  out->picture.data = out->stored.data.data();
}

// Integers of 8 and 16 bits with a sign.
template <typename In, typename Out>
absl::Status StoreSigned(const Context& context, DType dtype, const uint8_t* from,
                         GrayPicture* out) {
  StoreAs(dtype, out);
  // Of int8 too: these are numbers, no characters.
  out->picture.origin = std::numeric_limits<In>::min();  // NOLINT(bugprone-signed-char-misuse)
  return Store<In, Out>(
      context, from, [](In v) { return int32_t{v} - std::numeric_limits<In>::min(); }, out);
}

template <typename T>
struct Extremes {
  T low = std::numeric_limits<T>::max();
  T high = std::numeric_limits<T>::lowest();
};

// Of the pixels for which `counts` is true.
template <typename T, typename Counts>
absl::StatusOr<Extremes<T>> ExtremesOf(const Context& context, const Picture& gray,
                                       const uint8_t* values, const Counts& counts) {
  Extremes<T> all;
  std::mutex mutex;  // extremes: the order of the ranges does not matter
  TRINE_RETURN_IF_ERROR(ForRanges(context, gray, [&](int64_t begin, int64_t end) {
    Extremes<T> here;
    for (int64_t i = begin; i < end; ++i) {
      if (!counts(i)) continue;
      const T value = PixelAt<T>(values, i);
      here.low = std::min(here.low, value);
      here.high = std::max(here.high, value);
    }
    const std::lock_guard<std::mutex> lock(mutex);
    all.low = std::min(all.low, here.low);
    all.high = std::max(all.high, here.high);
    return absl::OkStatus();
  }));
  return all;
}

template <typename In>
absl::Status StoreAsDoubles(const Context& context, const uint8_t* from, GrayPicture* out) {
  StoreAs(DType::kFloat64, out);
  out->picture.whole = true;
  const Picture& gray = out->picture;
  TRINE_RETURN_IF_ERROR((Store<In, double>(
      context, from, [](In v) { return static_cast<double>(v); }, out)));
  if constexpr (sizeof(In) < 8) return absl::OkStatus();
  return ForRanges(context, gray, [&](int64_t begin, int64_t end) -> absl::Status {
    for (int64_t i = begin; i < end; ++i) {
      const double value = PixelAt<double>(gray.data, i);
      // 2^64 itself is not a value of either.
      const bool survives = value < static_cast<double>(std::numeric_limits<In>::max()) &&
                            static_cast<In>(value) == PixelAt<In>(from, i);
      if (survives || !gray.Contains(i)) continue;
      return InvalidField(PixelField(gray, i), std::to_string(PixelAt<In>(from, i)),
                          "pictures of 64-bit integers are computed in float64, which holds all of "
                          "them up to 2^53 and not this one");
    }
    return absl::OkStatus();
  });
}

// Integers of 32 and 64 bits. All pixels count here: windows of some profiles reach outside.
template <typename In>
absl::Status StoreWide(const Context& context, const uint8_t* from, GrayPicture* out) {
  TRINE_ASSIGN_OR_RETURN(const Extremes<In> range,
                         ExtremesOf<In>(context, out->picture, from, [](int64_t) { return true; }));
  const bool is_near = std::cmp_greater_equal(range.low, -kMostOrigin) &&
                       std::cmp_less_equal(range.high, kMostOrigin);
  if (!is_near || int64_t(range.high) - int64_t(range.low) > 65535)
    return StoreAsDoubles<In>(context, from, out);
  StoreAs(DType::kUint16, out);
  const int64_t origin = static_cast<int64_t>(range.low);
  out->picture.origin = origin;
  return Store<In, uint16_t>(
      context, from, [origin](In v) { return static_cast<int64_t>(v) - origin; }, out);
}

absl::Status StoreValues(const Context& context, const TensorView& gray, GrayPicture* out) {
  const uint8_t* const from = gray.data.data();
  const auto widen = [](float value) { return value; };
  switch (gray.dtype) {
    case DType::kUint8:
    case DType::kUint16:
    case DType::kFloat32:
    case DType::kFloat64:
      break;
    case DType::kBool:
      out->picture.dtype = DType::kUint8;
      break;
    case DType::kInt8:
      return StoreSigned<int8_t, uint8_t>(context, DType::kUint8, from, out);
    case DType::kInt16:
      return StoreSigned<int16_t, uint16_t>(context, DType::kUint16, from, out);
    case DType::kInt32:
      return StoreWide<int32_t>(context, from, out);
    case DType::kUint32:
      return StoreWide<uint32_t>(context, from, out);
    case DType::kInt64:
      return StoreWide<int64_t>(context, from, out);
    case DType::kUint64:
      return StoreWide<uint64_t>(context, from, out);
    case DType::kFloat16:
      StoreAs(DType::kFloat32, out);
      return Store<Float16Element, float>(context, from, widen, out);
    case DType::kBfloat16:
      StoreAs(DType::kFloat32, out);
      return Store<BFloat16Element, float>(context, from, widen, out);
  }
  return absl::OkStatus();
}

// Leaves out what is not finite, or refuses it.
template <typename T>
absl::Status CheckFinite(const Context& context, NanPolicy policy, GrayPicture* out) {
  Picture& gray = out->picture;
  std::atomic<int64_t> ignored{0};
  TRINE_RETURN_IF_ERROR(ForRanges(context, gray, [&](int64_t begin, int64_t end) -> absl::Status {
    int64_t here = 0;
    for (int64_t i = begin; i < end; ++i) {
      const T value = PixelAt<T>(gray.data, i);
      if (std::isfinite(value) || !gray.Contains(i)) continue;
      if (policy != NanPolicy::kIgnore)
        return InvalidField(PixelField(gray, i), double{value},
                            "must be finite; a mask or nan_policy IGNORE leaves such pixels out");
      ++here;
    }
    ignored += here;
    return absl::OkStatus();
  }));
  out->ignored_pixels = ignored.load();
  if (out->ignored_pixels == 0) return absl::OkStatus();
  out->inside = LongArray<uint8_t>::ForOverwrite(static_cast<size_t>(gray.pixels()));
  TRINE_RETURN_IF_ERROR(ForRanges(context, gray, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const bool counts = std::isfinite(PixelAt<T>(gray.data, i)) && gray.Contains(i);
      out->inside[static_cast<size_t>(i)] = counts ? 255 : 0;
    }
    return absl::OkStatus();
  }));
  gray.inside = out->inside.data();
  gray.leaves_out = true;
  return absl::OkStatus();
}

absl::Status CheckMagnitudes(const Context& context, const Picture& gray) {
  std::atomic<bool> any{false}, near{false};
  TRINE_RETURN_IF_ERROR(ForRanges(context, gray, [&](int64_t begin, int64_t end) -> absl::Status {
    double most = 0;
    for (int64_t i = begin; i < end; ++i) {
      if (!gray.Contains(i)) continue;
      const double value = PixelAt<double>(gray.data, i);
      if (std::fabs(value) > kMostMagnitude)
        return InvalidField(PixelField(gray, i), value, "at most 2^400 (2.6e120) from 0");
      most = std::max(most, std::fabs(value));
    }
    if (most > 0) any = true;
    if (most >= kLeastMagnitude) near = true;
    return absl::OkStatus();
  }));
  if (near || !any) return absl::OkStatus();
  return InvalidField("gray", std::string_view("below 2^-400 everywhere"),
                      "some value of float64 must be at least 2^-400 (3.9e-121) from 0, or all 0");
}

}  // namespace

uint64_t GrayBytes(DType dtype, NanPolicy policy) {
  const uint64_t inside = IsFloat(dtype) && policy == NanPolicy::kIgnore ? 1 : 0;
  switch (dtype) {
    case DType::kInt8:
      return 1;
    case DType::kInt16:
      return 2;
    case DType::kFloat16:
    case DType::kBfloat16:
      return 4 + inside;
    case DType::kInt32:
    case DType::kUint32:
    case DType::kInt64:
    case DType::kUint64:
      return 8;
    default:
      return inside;
  }
}

uint64_t StoredBytes(DType dtype) {
  const uint64_t own = GrayBytes(dtype, NanPolicy::kRefuse);
  return own > 0 ? own : DTypeSize(dtype);
}

absl::StatusOr<GrayPicture> MakeGrayPicture(const Context& context, const Inputs& inputs,
                                            const Options& options) {
  GrayPicture out;
  out.picture.height = inputs.gray.shape[0];
  out.picture.width = inputs.gray.shape[1];
  out.picture.dtype = inputs.gray.dtype;
  out.picture.data = inputs.gray.data.data();
  out.picture.inside = inputs.mask ? inputs.mask->data.data() : nullptr;
  TRINE_RETURN_IF_ERROR(StoreValues(context, inputs.gray, &out));
  if (out.picture.whole) return out;
  if (out.picture.dtype == DType::kFloat32) {
    TRINE_RETURN_IF_ERROR(CheckFinite<float>(context, options.nan_policy, &out));
  }
  if (out.picture.dtype == DType::kFloat64) {
    TRINE_RETURN_IF_ERROR(CheckFinite<double>(context, options.nan_policy, &out));
    TRINE_RETURN_IF_ERROR(CheckMagnitudes(context, out.picture));
  }
  return out;
}

absl::StatusOr<ValueRange> RangeOf(const Context& context, const Picture& gray) {
  return WithPixelType(gray.dtype, [&](auto type) -> absl::StatusOr<ValueRange> {
    using T = decltype(type);
    TRINE_ASSIGN_OR_RETURN(
        const Extremes<T> found,
        ExtremesOf<T>(context, gray, gray.data, [&](int64_t i) { return gray.Contains(i); }));
    if (found.low > found.high) return ValueRange{};
    const double origin = static_cast<double>(gray.origin);
    return ValueRange{origin + static_cast<double>(found.low),
                      origin + static_cast<double>(found.high)};
  });
}

}  // namespace trine::segment
