#include "client/cli/files/overlay.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/element_type.h"
#include "core/base/error.h"

namespace trine::cli {
namespace {

using Colour = std::array<uint8_t, 3>;

// Saturated colours, well apart; neighbouring labels differ.
constexpr Colour kColours[] = {{255, 32, 32},  {32, 200, 64}, {64, 112, 255}, {255, 200, 0},
                               {224, 64, 255}, {0, 208, 224}, {255, 128, 0},  {160, 232, 0},
                               {255, 96, 160}, {0, 152, 136}};

Colour ColourOf(int64_t label) {
  const auto count = static_cast<int64_t>(std::size(kColours));
  return kColours[static_cast<size_t>(((label - 1) % count + count) % count)];
}

template <typename T>
std::vector<uint8_t> Stretch(ByteView data) {
  const size_t count = data.size() / sizeof(T);
  double low = INFINITY;
  double high = -INFINITY;
  for (size_t i = 0; i < count; ++i) {
    const auto v = static_cast<double>(LoadLE<T>(&data[i * sizeof(T)]));
    if (!std::isfinite(v)) continue;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  const double factor = high > low ? 255.0 / (high - low) : 0;
  std::vector<uint8_t> out(count);
  for (size_t i = 0; i < count; ++i) {
    const auto v = static_cast<double>(LoadLE<T>(&data[i * sizeof(T)]));
    if (!std::isfinite(v)) continue;
    out[i] = static_cast<uint8_t>(std::clamp(std::lround((v - low) * factor), 0L, 255L));
  }
  return out;
}

std::vector<uint8_t> ToBytes(const TensorView& picture) {
  if (picture.dtype == DType::kUint8) return {picture.data.begin(), picture.data.end()};
  return WithElementType(picture.dtype,
                         [&](auto type) { return Stretch<decltype(type)>(picture.data); });
}

template <typename T>
std::vector<int64_t> WidenFrom(ByteView data) {
  std::vector<int64_t> out(data.size() / sizeof(T));
  for (size_t i = 0; i < out.size(); ++i) out[i] = LoadLE<T>(&data[i * sizeof(T)]);
  return out;
}

absl::StatusOr<std::vector<int64_t>> Widen(const TensorView& labels) {
  switch (labels.dtype) {
    case DType::kUint8:
      return WidenFrom<uint8_t>(labels.data);
    case DType::kUint16:
      return WidenFrom<uint16_t>(labels.data);
    case DType::kUint32:
      return WidenFrom<uint32_t>(labels.data);
    case DType::kInt32:
      return WidenFrom<int32_t>(labels.data);
    default:
      return InvalidField("labels.dtype", DTypeName(labels.dtype),
                          "an overlay needs uint8, uint16, uint32 or int32");
  }
}

}  // namespace

absl::StatusOr<Tensor> DrawOverlay(const TensorView& picture, const TensorView& labels, bool fill) {
  const bool gray =
      picture.shape.size() == 2 || (picture.shape.size() == 3 && picture.shape[2] == 1);
  const bool colour = picture.shape.size() == 3 && picture.shape[2] == 3;
  if ((!gray && !colour) || labels.shape.size() != 2 || picture.shape[0] != labels.shape[0] ||
      picture.shape[1] != labels.shape[1]) {
    return InvalidField("picture.shape", ShapeToString(picture.shape),
                        absl::StrCat("an overlay needs [H,W] or [H,W,3] and labels of that size, "
                                     "not ",
                                     ShapeToString(labels.shape)));
  }
  const std::vector<uint8_t> bytes = ToBytes(picture);
  TRINE_ASSIGN_OR_RETURN(const std::vector<int64_t> map, Widen(labels));
  const auto height = static_cast<size_t>(labels.shape[0]);
  const auto width = static_cast<size_t>(labels.shape[1]);
  const bool mask =
      std::all_of(map.begin(), map.end(), [](int64_t v) { return v == 0 || v == 255; });
  Tensor out = Tensor::Zeros(DType::kUint8, {labels.shape[0], labels.shape[1], 3});
  for (size_t y = 0; y < height; ++y) {
    for (size_t x = 0; x < width; ++x) {
      const size_t at = y * width + x;
      uint8_t* pixel = &out.data[at * 3];
      const int64_t label = map[at];
      const bool edge =
          label != 0 &&
          ((y > 0 && map[at - width] != label) || (y + 1 < height && map[at + width] != label) ||
           (x > 0 && map[at - 1] != label) || (x + 1 < width && map[at + 1] != label));
      const Colour drawn = ColourOf(mask ? 1 : label);
      for (size_t c = 0; c < 3; ++c) {
        const uint8_t below = bytes[gray ? at : at * 3 + c];
        const bool filled = fill && label != 0;
        pixel[c] = edge     ? drawn[c]
                   : filled ? static_cast<uint8_t>((below + drawn[c] + 1) / 2)
                            : below;
      }
    }
  }
  return out;
}

}  // namespace trine::cli
