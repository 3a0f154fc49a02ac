// What every preset resolves to, and what Resolve refuses, field by field.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <ostream>

#include "core/base/error.h"
#include "core/normalize/lrn.h"

namespace trine::normalize {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
const Shape kNchw{2, 8, 5, 6};

constexpr Mode kAcross = Mode::kAcrossChannels;
constexpr Mode kWithin = Mode::kWithinChannel;
constexpr Layout kFirst = Layout::kChannelsFirst;
constexpr Layout kLast = Layout::kChannelsLast;

struct Row {
  LrnOptions options;
  Resolved want;
};

LrnOptions Of(Preset preset) {
  LrnOptions options;
  options.preset = preset;
  return options;
}

LrnOptions Sized(Preset preset, int64_t size) {
  LrnOptions options = Of(preset);
  options.size = size;
  return options;
}

LrnOptions Within(LrnOptions options) {
  options.mode = kWithin;
  return options;
}

LrnOptions OpenVino(int64_t size) {
  LrnOptions options = Sized(Preset::kOpenvino, size);
  options.alpha = 2e-3;
  options.beta = 0.6;
  options.bias = 3;
  return options;
}

LrnOptions Radius(Preset preset, int64_t radius) {
  LrnOptions options = Of(preset);
  options.depth_radius = radius;
  return options;
}

LrnOptions WithEven(LrnOptions options, EvenWindow even) {
  options.even_window = even;
  return options;
}

LrnOptions WithScaling(LrnOptions options, AlphaScaling scaling) {
  options.alpha_scaling = scaling;
  return options;
}

Resolved Want(Preset preset, Mode mode, Layout layout, int64_t size, int64_t lo, int64_t hi,
              double a, double beta, double k) {
  return {preset, mode, layout, Activation::kNone, size, lo, hi, a, beta, k};
}

std::vector<Row> Rows() {
  using P = Preset;
  return {
      {Of(P::kAlexnet), Want(P::kAlexnet, kAcross, kFirst, 5, 2, 2, 1e-4, .75, 2)},
      {Sized(P::kAlexnet, 4), Want(P::kAlexnet, kAcross, kFirst, 4, 2, 2, 1e-4, .75, 2)},
      {Within(Of(P::kAlexnet)), Want(P::kAlexnet, kWithin, kFirst, 5, 2, 2, 1e-4, .75, 2)},
      {Of(P::kCaffe), Want(P::kCaffe, kAcross, kFirst, 5, 2, 2, 1.0 / 5, .75, 1)},
      {Within(Of(P::kCaffe)), Want(P::kCaffe, kWithin, kFirst, 5, 2, 2, 1.0 / 25, .75, 1)},
      {WithEven(Sized(P::kCaffe, 4), EvenWindow::kHigh),
       Want(P::kCaffe, kAcross, kFirst, 4, 1, 2, 1.0 / 4, .75, 1)},
      {Sized(P::kPytorch, 4), Want(P::kPytorch, kAcross, kFirst, 4, 2, 1, 1e-4 / 4, .75, 1)},
      {Sized(P::kPytorch, 5), Want(P::kPytorch, kAcross, kFirst, 5, 2, 2, 1e-4 / 5, .75, 1)},
      {Sized(P::kPytorch, 1), Want(P::kPytorch, kAcross, kFirst, 1, 0, 0, 1e-4, .75, 1)},
      {Sized(P::kOnnx, 4), Want(P::kOnnx, kAcross, kFirst, 4, 1, 2, 1e-4 / 4, .75, 1)},
      {Sized(P::kOnnx, 3), Want(P::kOnnx, kAcross, kFirst, 3, 1, 1, 1e-4 / 3, .75, 1)},
      {Of(P::kTensorflow), Want(P::kTensorflow, kAcross, kLast, 11, 5, 5, 1, .5, 1)},
      {Radius(P::kTensorflow, 0), Want(P::kTensorflow, kAcross, kLast, 1, 0, 0, 1, .5, 1)},
      {Radius(P::kTensorflow, 32767),
       Want(P::kTensorflow, kAcross, kLast, 65535, 32767, 32767, 1, .5, 1)},
      {Sized(P::kTensorflow, 7), Want(P::kTensorflow, kAcross, kLast, 7, 3, 3, 1, .5, 1)},
      {WithEven(Sized(P::kTensorflow, 6), EvenWindow::kLow),
       Want(P::kTensorflow, kAcross, kLast, 6, 3, 2, 1, .5, 1)},
      {Of(P::kCudnn), Want(P::kCudnn, kAcross, kFirst, 5, 2, 2, 1e-4 / 5, .75, 2)},
      {Sized(P::kCudnn, 16), Want(P::kCudnn, kAcross, kFirst, 16, 7, 8, 1e-4 / 16, .75, 2)},
      {Of(P::kOnednn), Want(P::kOnednn, kAcross, kFirst, 5, 2, 2, 1e-4 / 5, .75, 1)},
      {Sized(P::kOnednn, 4), Want(P::kOnednn, kAcross, kFirst, 4, 1, 1, 1e-4 / 4, .75, 1)},
      {Sized(P::kOnednn, 2), Want(P::kOnednn, kAcross, kFirst, 2, 0, 0, 1e-4 / 2, .75, 1)},
      {Within(Sized(P::kOnednn, 4)), Want(P::kOnednn, kWithin, kFirst, 4, 1, 1, 1e-4 / 16, .75, 1)},
      {OpenVino(4), Want(P::kOpenvino, kAcross, kFirst, 4, 2, 2, 2e-3 / 4, .6, 3)},
      {Within(OpenVino(3)), Want(P::kOpenvino, kWithin, kFirst, 3, 1, 1, 2e-3 / 9, .6, 3)},
      // The request wins over the preset.
      {WithScaling(Of(P::kAlexnet), AlphaScaling::kSize),
       Want(P::kAlexnet, kAcross, kFirst, 5, 2, 2, 1e-4 / 5, .75, 2)},
      {WithScaling(Within(Of(P::kCaffe)), AlphaScaling::kSize),
       Want(P::kCaffe, kWithin, kFirst, 5, 2, 2, 1.0 / 5, .75, 1)},
      {WithScaling(Of(P::kCaffe), AlphaScaling::kSum),
       Want(P::kCaffe, kAcross, kFirst, 5, 2, 2, 1, .75, 1)},
      {WithEven(Sized(P::kAlexnet, 4), EvenWindow::kTruncate),
       Want(P::kAlexnet, kAcross, kFirst, 4, 1, 1, 1e-4, .75, 2)},
      {WithEven(Sized(P::kOnednn, 4), EvenWindow::kWiden),
       Want(P::kOnednn, kAcross, kFirst, 4, 2, 2, 1e-4 / 4, .75, 1)},
      // even_window says nothing about an odd size.
      {WithEven(Sized(P::kOnnx, 5), EvenWindow::kTruncate),
       Want(P::kOnnx, kAcross, kFirst, 5, 2, 2, 1e-4 / 5, .75, 1)},
  };
}

TEST(Presets, ResolveToTheseConstants) {
  int number = 0;
  for (const Row& row : Rows()) {
    SCOPED_TRACE(number++);
    const absl::StatusOr<Resolved> got = Resolve(row.options, kNchw);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(got->preset, row.want.preset);
    EXPECT_EQ(got->mode, row.want.mode);
    EXPECT_EQ(got->layout, row.want.layout);
    EXPECT_EQ(got->activation, row.want.activation);
    EXPECT_EQ(got->size, row.want.size);
    EXPECT_EQ(got->lo, row.want.lo);
    EXPECT_EQ(got->hi, row.want.hi);
    EXPECT_EQ(got->a, row.want.a);
    EXPECT_EQ(got->beta, row.want.beta);
    EXPECT_EQ(got->k, row.want.k);
  }
}

TEST(Presets, TheRequestWins) {
  LrnOptions options = Of(Preset::kTensorflow);
  options.layout = kFirst;
  options.mode = kWithin;
  options.activation = Activation::kRelu;
  options.alpha = -3;
  options.beta = -0.5;
  options.bias = 0;
  const absl::StatusOr<Resolved> got = Resolve(options, kNchw);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->layout, kFirst);
  EXPECT_EQ(got->mode, kWithin);
  EXPECT_EQ(got->activation, Activation::kRelu);
  EXPECT_EQ(got->a, -3);
  EXPECT_EQ(got->beta, -0.5);
  EXPECT_EQ(got->k, 0);
}

// The power of n is the number of axes that the window slides over.
TEST(Presets, DivisorWithinAChannel) {
  const LrnOptions options = Within(Sized(Preset::kCaffe, 3));
  EXPECT_EQ(Resolve(options, {2, 4, 9})->a, 1.0 / 3);
  EXPECT_EQ(Resolve(options, {2, 4, 9, 9})->a, 1.0 / 9);
  EXPECT_EQ(Resolve(options, {2, 4, 9, 9, 9})->a, 1.0 / 27);
  LrnOptions hwc = options;
  hwc.layout = Layout::kHwc;
  EXPECT_EQ(Resolve(hwc, {9, 9, 3})->a, 1.0 / 9);
  EXPECT_EQ(Resolve(Sized(Preset::kCaffe, 3), {2, 4, 9, 9, 9})->a, 1.0 / 3);
}

TEST(Presets, Names) {
  const std::pair<Preset, std::string_view> names[] = {
      {Preset::kAlexnet, "alexnet"},       {Preset::kCaffe, "caffe"},
      {Preset::kPytorch, "pytorch"},       {Preset::kOnnx, "onnx"},
      {Preset::kTensorflow, "tensorflow"}, {Preset::kCudnn, "cudnn"},
      {Preset::kOnednn, "onednn"},         {Preset::kOpenvino, "openvino"}};
  for (const auto& [preset, name] : names) {
    EXPECT_EQ(PresetName(preset), name);
    EXPECT_EQ(ParsePreset(name), preset);
  }
  EXPECT_EQ(ParsePreset("AlexNet"), std::nullopt);
  EXPECT_EQ(ParsePreset(""), std::nullopt);
  EXPECT_EQ(PresetName(static_cast<Preset>(99)), "unknown");
}

void ExpectRefused(const LrnOptions& options, const Shape& shape, std::string_view field,
                   std::string_view value) {
  const absl::StatusOr<Resolved> got = Resolve(options, shape);
  ASSERT_FALSE(got.ok()) << field;
  EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument);
  const std::optional<ErrorDetail> detail = GetErrorDetail(got.status());
  ASSERT_TRUE(detail.has_value());
  EXPECT_EQ(detail->reason, "INVALID_FIELD");
  EXPECT_EQ(detail->field, field);
  EXPECT_EQ(detail->value, value);
  EXPECT_FALSE(detail->limit.empty());
}

TEST(Refusals, Sizes) {
  const Shape& shape = kNchw;
  ExpectRefused(Sized(Preset::kAlexnet, 0), shape, "options.size", "0");
  ExpectRefused(Sized(Preset::kAlexnet, -5), shape, "options.size", "-5");
  ExpectRefused(Sized(Preset::kAlexnet, 65536), shape, "options.size", "65536");
  ExpectRefused(Sized(Preset::kAlexnet, std::numeric_limits<int64_t>::max()), shape, "options.size",
                "9223372036854775807");
  ExpectRefused(Radius(Preset::kAlexnet, -1), shape, "options.depth_radius", "-1");
  ExpectRefused(Radius(Preset::kAlexnet, 32768), shape, "options.depth_radius", "32768");
  ExpectRefused(Radius(Preset::kAlexnet, std::numeric_limits<int64_t>::max()), shape,
                "options.depth_radius", "9223372036854775807");
  LrnOptions both = Sized(Preset::kAlexnet, 5);
  both.depth_radius = 2;
  ExpectRefused(both, shape, "options.depth_radius", "2");
  ExpectRefused(Sized(Preset::kCaffe, 4), shape, "options.size", "4");
  ExpectRefused(Within(Sized(Preset::kCaffe, 2)), shape, "options.size", "2");
  ExpectRefused(Sized(Preset::kTensorflow, 10), shape, "options.size", "10");
}

TEST(Refusals, MissingValues) {
  for (const Preset preset : {Preset::kPytorch, Preset::kOnnx, Preset::kOpenvino})
    ExpectRefused(Of(preset), kNchw, "options.size", "absent");
  LrnOptions options = OpenVino(5);
  options.alpha.reset();
  ExpectRefused(options, kNchw, "options.alpha", "absent");
  options = OpenVino(5);
  options.beta.reset();
  ExpectRefused(options, kNchw, "options.beta", "absent");
  options = OpenVino(5);
  options.bias.reset();
  ExpectRefused(options, kNchw, "options.bias", "absent");
}

TEST(Refusals, NumbersThatAreNotFinite) {
  for (const auto& [value, text] :
       {std::pair<double, const char*>{kInf, "inf"}, {-kInf, "-inf"}, {kNan, "nan"}}) {
    LrnOptions options;
    options.alpha = value;
    ExpectRefused(options, kNchw, "options.alpha", text);
    options = {};
    options.beta = value;
    ExpectRefused(options, kNchw, "options.beta", text);
    options = {};
    options.bias = value;
    ExpectRefused(options, kNchw, "options.bias", text);
  }
}

TEST(Refusals, LimitsOfCudnn) {
  ExpectRefused(Sized(Preset::kCudnn, 17), kNchw, "options.size", "17");
  ExpectRefused(Radius(Preset::kCudnn, 8), kNchw, "options.depth_radius", "8");
  LrnOptions options = Of(Preset::kCudnn);
  options.bias = 9e-6;
  ExpectRefused(options, kNchw, "options.bias", "9e-06");
  options.bias = 1e-5;
  EXPECT_TRUE(Resolve(options, kNchw).ok());
  options.beta = 0.009;
  ExpectRefused(options, kNchw, "options.beta", "0.009");
  options.beta = 0.01;
  EXPECT_TRUE(Resolve(options, kNchw).ok());
  EXPECT_TRUE(Resolve(Radius(Preset::kCudnn, 7), kNchw).ok());
}

TEST(Refusals, Shapes) {
  ExpectRefused({}, {}, "tensor.shape", "scalar");
  ExpectRefused({}, {7}, "tensor.shape", "7");
  ExpectRefused({}, {1, 2, 3, 4, 5, 6}, "tensor.shape", "1x2x3x4x5x6");
  ExpectRefused(Within({}), {2, 3}, "tensor.shape", "2x3");
  LrnOptions hwc;
  hwc.layout = Layout::kHwc;
  ExpectRefused(hwc, {1, 4, 4, 3}, "tensor.shape", "1x4x4x3");
  ExpectRefused(hwc, {4, 3}, "tensor.shape", "4x3");
  EXPECT_TRUE(Resolve(hwc, {4, 4, 3}).ok());
  EXPECT_TRUE(Resolve({}, {2, 3}).ok());
  EXPECT_TRUE(Resolve({}, {1, 2, 3, 4, 5}).ok());
}

TEST(Refusals, NumbersThatAreNoEnumerators) {
  LrnOptions options;
  options.preset = static_cast<Preset>(9);
  ExpectRefused(options, kNchw, "options.preset", "9");
  options = {};
  options.preset = static_cast<Preset>(0);
  ExpectRefused(options, kNchw, "options.preset", "0");
  options = {};
  options.mode = static_cast<Mode>(3);
  ExpectRefused(options, kNchw, "options.mode", "3");
  options = {};
  options.layout = static_cast<Layout>(4);
  ExpectRefused(options, kNchw, "options.layout", "4");
  options = {};
  options.alpha_scaling = static_cast<AlphaScaling>(0);
  ExpectRefused(options, kNchw, "options.alpha_scaling", "0");
  options = {};
  options.even_window = static_cast<EvenWindow>(5);
  ExpectRefused(options, kNchw, "options.even_window", "5");
  options = {};
  options.activation = static_cast<Activation>(3);
  ExpectRefused(options, kNchw, "options.activation", "3");
}

}  // namespace
}  // namespace trine::normalize
