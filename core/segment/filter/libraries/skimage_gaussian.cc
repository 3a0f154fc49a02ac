#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/segment/filter/libraries/libraries.h"
#include "core/segment/filter/smooth/real_rows.h"
#include "core/segment/kernels/pairwise_sum.h"

namespace trine::segment {
namespace {

// Of distance 0, 1, ..., as scipy's _gaussian_kernel1d has them to 4 sigma.
std::vector<double> ScipyWeights(double sigma) {
  const int64_t radius = static_cast<int64_t>(std::floor(4 * sigma + 0.5));
  std::vector<double> all;
  for (int64_t d = -radius; d <= radius; ++d)
    all.push_back(std::exp(-0.5 / (sigma * sigma) * static_cast<double>(d * d)));
  const double sum = PairwiseSum(all.data(), all.size());
  std::vector<double> out;
  for (size_t i = static_cast<size_t>(radius); i < all.size(); ++i) out.push_back(all[i] / sum);
  return out;
}

// Integers as floats from 0 to 1, as img_as_float has them.
template <typename T>
absl::Status ReadFloats(const Context& context, const Picture& gray, double* out) {
  constexpr double kUnit = 1.0 / std::numeric_limits<T>::max();
  return ParallelFor(context, static_cast<size_t>(gray.pixels()), static_cast<size_t>(kPixelGrain),
                     [&](size_t begin, size_t end) {
                       for (size_t i = begin; i < end; ++i)
                         out[i] = PixelAt<T>(gray.data, static_cast<int64_t>(i)) * kUnit;
                       return absl::OkStatus();
                     });
}

}  // namespace

DType SkimageFloats(DType gray) {
  return gray == DType::kUint8 || gray == DType::kUint16 ? DType::kFloat64 : gray;
}

absl::Status SmoothSkimageGaussian(const Context& context, const Picture& gray, double sigma,
                                   uint8_t* out) {
  const std::vector<double> weights = ScipyWeights(sigma);
  // Each thread keeps the rows under the weights.
  const int64_t rows = std::min(gray.height, 2 * static_cast<int64_t>(weights.size()));
  TRINE_RETURN_IF_ERROR(context.Reserve(ThreadsOf(context) * sizeof(double) *
                                        static_cast<uint64_t>(rows * (gray.width + kRowSlack))));
  if (gray.dtype == DType::kFloat32)
    return WeighPicture<float, double, float>(context, gray, weights, out);
  if (gray.dtype == DType::kFloat64)
    return WeighPicture<double, double>(context, gray, weights, out);
  Scratch<double> values = MakeScratch<double>(gray.pixels());
  TRINE_RETURN_IF_ERROR(gray.dtype == DType::kUint8
                            ? ReadFloats<uint8_t>(context, gray, values.data())
                            : ReadFloats<uint16_t>(context, gray, values.data()));
  Picture floats = gray;
  floats.dtype = DType::kFloat64;
  floats.data = reinterpret_cast<const uint8_t*>(values.data());
  return WeighPicture<double, double>(context, floats, weights, out);
}

}  // namespace trine::segment
