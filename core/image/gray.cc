// Gray from colour, by the weights that the libraries of the field use.
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "core/base/element_type.h"
#include "core/base/strings.h"
#include "core/image/image.h"
#include "core/image/picture.h"
#include "core/runtime/thread_pool.h"

namespace trine::image {
namespace {

constexpr size_t kPixelsPerRange = 65536;

// The whole number at or below n / d.
template <typename N>
N FloorOf(N n, N d) {
  if constexpr (std::is_unsigned_v<N>) {
    return n / d;
  } else {
    return n / d - (n % d < 0 ? 1 : 0);
  }
}

// Integers. N holds the highest value times the weights' sum: uint32_t for 16 bits, int64_t for
// what is wider or has a sign.
double MatlabLuma(double r, double g, double b) {
  return 0.298936021293776 * r + 0.587043074451121 * g + 0.114020904255103 * b;
}

template <typename T, typename N>
T WeighInteger(N r, N g, N b, GrayWeights weights) {
  switch (weights) {
    case GrayWeights::kMean:
      return static_cast<T>(FloorOf<N>(r + g + b + 1, 3));
    case GrayWeights::kMatlabYiq:  // at most 1e-15 above the largest: rounded back to it
      return static_cast<T>(std::round(
          MatlabLuma(static_cast<double>(r), static_cast<double>(g), static_cast<double>(b))));
    case GrayWeights::kOpencvBt601:
      return static_cast<T>((9798 * r + 19235 * g + 3735 * b + (N{1} << 14)) >> 15);
    default:
      return static_cast<T>(FloorOf<N>(299 * r + 587 * g + 114 * b + 500, 1000));
  }
}

// rgb2gray's product of float64 pixels with its weights, as OpenBLAS computes it with fused
// multiply-adds.
double WeighBt709(double r, double g, double b) {
  return std::fma(b, 0.0721, std::fma(r, 0.2125, g * 0.7154));
}

// float32: computed in double and rounded once, but for OpenCV's own order of float operations
// (modules/imgproc/src/color_rgb.simd.hpp, RGB2Gray<float>, with fused multiply-add) and
// scikit-image's float32.
float WeighFloat(float r, float g, float b, GrayWeights weights) {
  switch (weights) {
    case GrayWeights::kMean:
      return static_cast<float>((double{r} + double{g} + double{b}) / 3.0);
    case GrayWeights::kOpencvBt601:
      return std::fma(b, 0.114f, std::fma(r, 0.299f, g * 0.587f));
    case GrayWeights::kBt709:
      return 0.2125f * r + 0.7154f * g + 0.0721f * b;
    case GrayWeights::kMatlabYiq:
      return static_cast<float>(MatlabLuma(r, g, b));
    default:
      return static_cast<float>((299.0 * double{r} + 587.0 * double{g} + 114.0 * double{b}) /
                                1000.0);
  }
}

double WeighDouble(double r, double g, double b, GrayWeights weights) {
  switch (weights) {
    case GrayWeights::kMean:
      return (r + g + b) / 3.0;
    case GrayWeights::kBt709:
      return WeighBt709(r, g, b);
    case GrayWeights::kMatlabYiq:
      return MatlabLuma(r, g, b);
    default:
      return (299.0 * r + 587.0 * g + 114.0 * b) / 1000.0;
  }
}

template <typename T>
void WeighPixels(const uint8_t* in, size_t begin, size_t end, GrayWeights weights, uint8_t* out) {
  using Number = std::conditional_t<std::is_unsigned_v<T> && sizeof(T) <= 2, uint32_t, int64_t>;
  // skimage.util.img_as_float divides by the dtype's maximum first.
  constexpr double kScale =
      std::is_integral_v<T> ? 1.0 / static_cast<double>(std::numeric_limits<T>::max()) : 1.0;
  for (size_t i = begin; i < end; ++i) {
    const T r = LoadLE<T>(in + (3 * i) * sizeof(T));
    const T g = LoadLE<T>(in + (3 * i + 1) * sizeof(T));
    const T b = LoadLE<T>(in + (3 * i + 2) * sizeof(T));
    if constexpr (std::is_integral_v<T>) {
      if (weights == GrayWeights::kBt709) {
        StoreLE(out + i * sizeof(double),
                WeighBt709(static_cast<double>(r) * kScale, static_cast<double>(g) * kScale,
                           static_cast<double>(b) * kScale));
      } else {
        StoreLE(out + i * sizeof(T),
                WeighInteger<T, Number>(static_cast<Number>(r), static_cast<Number>(g),
                                        static_cast<Number>(b), weights));
      }
    } else if constexpr (std::is_same_v<T, double>) {
      StoreLE(out + i * sizeof(T), WeighDouble(r, g, b, weights));
    } else {
      StoreLE(out + i * sizeof(float), WeighFloat(r, g, b, weights));
    }
  }
}

bool IsWeighed(DType dtype, GrayWeights weights) {
  if (IsFloat(dtype)) return true;
  if (dtype == DType::kBool) return false;
  if (weights == GrayWeights::kBt709) return dtype == DType::kUint8 || dtype == DType::kUint16;
  return DTypeSize(dtype) <= 4;
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
  if (value >= 1 && value <= 5) return absl::OkStatus();
  return InvalidField("weights", value, "it must be one of the gray weights 1 to 5");
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

DType GrayDType(DType picture, GrayWeights weights) {
  if (picture == DType::kFloat64) return picture;
  if (IsFloat(picture)) return DType::kFloat32;
  return weights == GrayWeights::kBt709 ? DType::kFloat64 : picture;
}

absl::Status CheckGrayDType(DType picture, GrayWeights weights) {
  if (IsWeighed(picture, weights)) return absl::OkStatus();
  return NotOffered("image.dtype", absl::StrCat("these weights do not make gray of ",
                                                ToAbsl(DTypeName(picture)), " colour"));
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
  TRINE_RETURN_IF_ERROR(CheckGrayDType(picture.dtype, weights));
  const DType dtype = GrayDType(picture.dtype, weights);
  const uint64_t pixels = picture.elements() / 3;
  if (pixels * DTypeSize(dtype) > context.limits->max_output_bytes) {
    return LimitExceeded("image", pixels * DTypeSize(dtype), "max_output_bytes",
                         context.limits->max_output_bytes);
  }
  Tensor out = Tensor::Zeros(dtype, {picture.shape[0], picture.shape[1]});
  TRINE_RETURN_IF_ERROR(
      ParallelFor(context, pixels, kPixelsPerRange, [&](size_t begin, size_t end) -> absl::Status {
        WithElementType(picture.dtype, [&](auto type) {
          WeighPixels<decltype(type)>(picture.data.data(), begin, end, weights, out.data.data());
        });
        return absl::OkStatus();
      }));
  return out;
}

}  // namespace trine::image
