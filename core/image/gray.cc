// Gray from colour, by the weights that the libraries of the field use.
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "core/base/strings.h"
#include "core/image/image.h"
#include "core/image/picture.h"
#include "core/runtime/thread_pool.h"

namespace trine::image {
namespace {

constexpr size_t kPixelsPerRange = 65536;

// Integers: 2^16 - 1 times the weights' sum stays below 2^32.
template <typename T>
T WeighInteger(uint32_t r, uint32_t g, uint32_t b, GrayWeights weights) {
  switch (weights) {
    case GrayWeights::kMean:
      return static_cast<T>((r + g + b + 1) / 3);
    case GrayWeights::kOpencvBt601:
      return static_cast<T>((9798 * r + 19235 * g + 3735 * b + (1u << 14)) >> 15);
    default:
      return static_cast<T>((299 * r + 587 * g + 114 * b + 500) / 1000);
  }
}

// float32: computed in double and rounded once, but for OpenCV's own order of float operations
// (modules/imgproc/src/color_rgb.simd.hpp, RGB2Gray<float>, with fused multiply-add).
float WeighFloat(float r, float g, float b, GrayWeights weights) {
  switch (weights) {
    case GrayWeights::kMean:
      return static_cast<float>((double{r} + double{g} + double{b}) / 3.0);
    case GrayWeights::kOpencvBt601:
      return std::fma(b, 0.114f, std::fma(r, 0.299f, g * 0.587f));
    case GrayWeights::kBt709:
      return static_cast<float>(0.2125 * double{r} + 0.7154 * double{g} + 0.0721 * double{b});
    default:
      return static_cast<float>((299.0 * double{r} + 587.0 * double{g} + 114.0 * double{b}) /
                                1000.0);
  }
}

template <typename T>
void WeighPixels(const uint8_t* in, size_t begin, size_t end, GrayWeights weights, uint8_t* out) {
  // skimage.util.img_as_float divides by the dtype's maximum first.
  constexpr double kScale = std::is_integral_v<T> ? 1.0 / std::numeric_limits<T>::max() : 1.0;
  for (size_t i = begin; i < end; ++i) {
    const T r = LoadLE<T>(in + (3 * i) * sizeof(T));
    const T g = LoadLE<T>(in + (3 * i + 1) * sizeof(T));
    const T b = LoadLE<T>(in + (3 * i + 2) * sizeof(T));
    if constexpr (std::is_integral_v<T>) {
      if (weights == GrayWeights::kBt709) {
        const double gray = 0.2125 * (r * kScale) + 0.7154 * (g * kScale) + 0.0721 * (b * kScale);
        StoreLE(out + i * sizeof(float), static_cast<float>(gray));
      } else {
        StoreLE(out + i * sizeof(T), WeighInteger<T>(r, g, b, weights));
      }
    } else {
      StoreLE(out + i * sizeof(T), WeighFloat(r, g, b, weights));
    }
  }
}

void WeighAny(DType dtype, const uint8_t* in, size_t begin, size_t end, GrayWeights weights,
              uint8_t* out) {
  switch (dtype) {
    case DType::kUint8:
      return WeighPixels<uint8_t>(in, begin, end, weights, out);
    case DType::kUint16:
      return WeighPixels<uint16_t>(in, begin, end, weights, out);
    default:
      return WeighPixels<float>(in, begin, end, weights, out);
  }
}

// Copies channel `channel` of `channels` for the pixels [begin, end).
void CopyChannel(const uint8_t* in, size_t channels, size_t channel, size_t element, size_t begin,
                 size_t end, uint8_t* out) {
  for (size_t i = begin; i < end; ++i) {
    std::memcpy(out + i * element, in + (i * channels + channel) * element, element);
  }
}

absl::Status CheckWeights(GrayWeights weights) {
  const auto value = static_cast<int64_t>(weights);
  if (value >= 1 && value <= 4) return absl::OkStatus();
  return InvalidField("weights", value, "it must be one of the gray weights 1 to 4");
}

}  // namespace

absl::StatusOr<Tensor> ExtractChannel(const Context& context, const TensorView& picture,
                                      int64_t channel) {
  TRINE_RETURN_IF_ERROR(ValidateTensor(picture, *context.limits, "image"));
  const size_t rank = picture.shape.size();
  if (rank != 2 && rank != 3) {
    return InvalidField("image.shape", ShapeToString(picture.shape),
                        "a picture must be [H,W] or [H,W,C]");
  }
  const int64_t channels = rank == 3 ? picture.shape[2] : 1;
  if (channel < 0 || channel >= channels) {
    return InvalidField("channel", channel,
                        absl::StrCat("the picture has ", channels, " channels, from 0"));
  }
  Tensor out = Tensor::Zeros(picture.dtype, {picture.shape[0], picture.shape[1]});
  const size_t element = DTypeSize(picture.dtype);
  TRINE_RETURN_IF_ERROR(
      ParallelFor(context, out.data.size() / element, kPixelsPerRange,
                  [&](size_t begin, size_t end) -> absl::Status {
                    CopyChannel(picture.data.data(), static_cast<size_t>(channels),
                                static_cast<size_t>(channel), element, begin, end, out.data.data());
                    return absl::OkStatus();
                  }));
  return out;
}

absl::StatusOr<Tensor> ToGray(const Context& context, const TensorView& picture,
                              GrayWeights weights) {
  TRINE_RETURN_IF_ERROR(ValidateTensor(picture, *context.limits, "image"));
  TRINE_RETURN_IF_ERROR(CheckWeights(weights));
  const size_t rank = picture.shape.size();
  if (rank == 2 || (rank == 3 && picture.shape[2] == 1)) {
    return ExtractChannel(context, picture, 0);
  }
  if (rank != 3 || picture.shape[2] != 3) {
    return InvalidField("image.shape", ShapeToString(picture.shape),
                        "gray is made of a picture [H,W], [H,W,1] or [H,W,3]");
  }
  if (picture.dtype != DType::kUint8 && picture.dtype != DType::kUint16 &&
      picture.dtype != DType::kFloat32) {
    return NotOffered("image.dtype",
                      absl::StrCat("gray is not made of ", ToAbsl(DTypeName(picture.dtype)),
                                   "; it is of uint8, uint16 and float32"));
  }
  const DType dtype = weights == GrayWeights::kBt709 ? DType::kFloat32 : picture.dtype;
  const uint64_t pixels = picture.elements() / 3;
  if (pixels * DTypeSize(dtype) > context.limits->max_output_bytes) {
    return LimitExceeded("image", pixels * DTypeSize(dtype), "max_output_bytes",
                         context.limits->max_output_bytes);
  }
  Tensor out = Tensor::Zeros(dtype, {picture.shape[0], picture.shape[1]});
  TRINE_RETURN_IF_ERROR(
      ParallelFor(context, pixels, kPixelsPerRange, [&](size_t begin, size_t end) -> absl::Status {
        WeighAny(picture.dtype, picture.data.data(), begin, end, weights, out.data.data());
        return absl::OkStatus();
      }));
  return out;
}

}  // namespace trine::image
