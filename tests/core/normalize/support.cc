#include "tests/core/normalize/support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/bytes.h"
#include "core/base/float16.h"

namespace trine::normalize {
namespace {

// Correctly rounded for what the tests need: values that are floats, or far from a tie.
uint16_t ToHalf(double value) { return FloatToFloat16(static_cast<float>(value)); }
uint16_t ToBrain(double value) { return FloatToBFloat16(static_cast<float>(value)); }

// Moves elements so that axis `from` becomes axis `to`.
Tensor MoveAxis(const Tensor& tensor, size_t from, size_t to) {
  const size_t rank = tensor.shape.size();
  std::vector<size_t> order;  // order[i]: the old axis that becomes axis i
  for (size_t i = 0; i < rank; ++i)
    if (i != from) order.push_back(i);
  order.insert(order.begin() + static_cast<std::ptrdiff_t>(to), from);
  Shape shape;
  for (const size_t axis : order) shape.push_back(tensor.shape[axis]);
  Tensor out = Tensor::Zeros(tensor.dtype, shape);
  const size_t bytes = DTypeSize(tensor.dtype);
  const size_t count = tensor.data.size() / bytes;
  for (size_t i = 0; i < count; ++i) {
    size_t rest = i;
    std::vector<size_t> at(rank);  // in old axes
    for (size_t axis = rank; axis-- > 0;) {
      at[order[axis]] = rest % static_cast<size_t>(shape[axis]);
      rest /= static_cast<size_t>(shape[axis]);
    }
    size_t source = 0;
    for (size_t axis = 0; axis < rank; ++axis)
      source = source * static_cast<size_t>(tensor.shape[axis]) + at[axis];
    std::memcpy(&out.data[i * bytes], &tensor.data[source * bytes], bytes);
  }
  return out;
}

struct Format {
  int mantissa_bits;  // stored ones
  int min_exponent;   // of the smallest normal number
  double max;
};

Format FormatOf(DType dtype) {
  if (dtype == DType::kFloat16) return {10, -14, 65504};
  if (dtype == DType::kBfloat16) return {7, -126, 0x1.FEp127};
  if (dtype == DType::kFloat32) return {23, -126, std::numeric_limits<float>::max()};
  return {52, -1022, std::numeric_limits<double>::max()};
}

}  // namespace

Tensor MakeTensor(DType dtype, const Shape& shape, const std::vector<double>& values) {
  Tensor tensor = Tensor::Zeros(dtype, shape);
  EXPECT_EQ(tensor.data.size(), values.size() * DTypeSize(dtype));
  for (size_t i = 0; i < values.size(); ++i) {
    uint8_t* p = &tensor.data[i * DTypeSize(dtype)];
    if (dtype == DType::kFloat16) StoreLE(p, ToHalf(values[i]));
    if (dtype == DType::kBfloat16) StoreLE(p, ToBrain(values[i]));
    if (dtype == DType::kFloat32) StoreLE(p, static_cast<float>(values[i]));
    if (dtype == DType::kFloat64) StoreLE(p, values[i]);
  }
  return tensor;
}

std::vector<double> Values(const Tensor& tensor) {
  const size_t bytes = DTypeSize(tensor.dtype);
  std::vector<double> values(tensor.data.size() / bytes);
  for (size_t i = 0; i < values.size(); ++i) {
    const uint8_t* p = &tensor.data[i * bytes];
    if (tensor.dtype == DType::kFloat16) values[i] = Float16ToFloat(LoadLE<uint16_t>(p));
    if (tensor.dtype == DType::kBfloat16) values[i] = BFloat16ToFloat(LoadLE<uint16_t>(p));
    if (tensor.dtype == DType::kFloat32) values[i] = LoadLE<float>(p);
    if (tensor.dtype == DType::kFloat64) values[i] = LoadLE<double>(p);
  }
  return values;
}

double UlpDistance(DType dtype, double got, double want) {
  if (std::isnan(got) && std::isnan(want)) return 0;
  if (std::isnan(got) || std::isnan(want)) return std::numeric_limits<double>::infinity();
  if (got == want) return 0;
  const Format format = FormatOf(dtype);
  if (std::isinf(got) && std::fabs(want) > format.max && std::signbit(got) == std::signbit(want))
    return 0;
  if (std::isinf(got) || std::isinf(want)) return std::numeric_limits<double>::infinity();
  const int exponent =
      want == 0 ? format.min_exponent : std::max(std::ilogb(want), format.min_exponent);
  return std::fabs(got - want) / std::ldexp(1.0, exponent - format.mantissa_bits);
}

double MaxUlp(const Tensor& got, const std::vector<double>& want) {
  const std::vector<double> values = Values(got);
  EXPECT_EQ(values.size(), want.size());
  double worst = 0;
  for (size_t i = 0; i < values.size(); ++i)
    worst = std::max(worst, UlpDistance(got.dtype, values[i], want[i]));
  return worst;
}

std::vector<double> Random::Bells(size_t count, double scale) {
  std::vector<double> values(count);
  for (double& value : values) value = scale * Bell();
  return values;
}

std::vector<double> Random::Decades(size_t count, double low, double high) {
  std::vector<double> values(count);
  for (double& value : values) {
    value = std::exp(Uniform(std::log(low), std::log(high)));
    if ((Bits() & 1) != 0) value = -value;
  }
  return values;
}

size_t Count(const Shape& shape) {
  size_t count = 1;
  for (const int64_t dim : shape) count *= static_cast<size_t>(dim);
  return count;
}

LrnOptions OnnxOptions(int64_t n, double alpha, double beta, double bias) {
  LrnOptions options;
  options.preset = Preset::kOnnx;
  options.size = n;
  options.alpha = alpha;
  options.beta = beta;
  options.bias = bias;
  return options;
}

oracle::Lrn ToOracle(const Resolved& resolved) {
  EXPECT_NE(resolved.layout, Layout::kHwc);
  return {.within = resolved.mode == Mode::kWithinChannel,
          .channels_last = resolved.layout == Layout::kChannelsLast,
          .lo = resolved.lo,
          .hi = resolved.hi,
          .a = resolved.a,
          .beta = resolved.beta,
          .k = resolved.k,
          .relu = resolved.activation == Activation::kRelu};
}

Resolved MustResolve(const LrnOptions& options, const Shape& shape) {
  absl::StatusOr<Resolved> resolved = Resolve(options, shape);
  EXPECT_TRUE(resolved.ok()) << resolved.status();
  return resolved.ok() ? *resolved : Resolved{};
}

Tensor RunLrn(const Resolved& resolved, const Tensor& in, const Context& context) {
  Tensor out = Tensor::Zeros(in.dtype, in.shape);
  const absl::Status status = Lrn(context, resolved, in.view(), out.mutable_view());
  EXPECT_TRUE(status.ok()) << status;
  return out;
}

Tensor RunGradient(const Resolved& resolved, const Tensor& in, const Tensor& dy,
                   const Context& context) {
  Tensor out = Tensor::Zeros(in.dtype, in.shape);
  const absl::Status status =
      LrnGradient(context, resolved, in.view(), dy.view(), out.mutable_view());
  EXPECT_TRUE(status.ok()) << status;
  return out;
}

Tensor ToChannelsLast(const Tensor& tensor) { return MoveAxis(tensor, 1, tensor.shape.size() - 1); }

Tensor ToChannelsFirst(const Tensor& tensor) {
  return MoveAxis(tensor, tensor.shape.size() - 1, 1);
}

}  // namespace trine::normalize
