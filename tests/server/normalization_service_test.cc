// Normalize, NormalizeGradient and NormalizeStream through the registry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "core/base/float16.h"
#include "tests/server/service_harness.h"
#include "trine/v1/normalization.pb.h"

namespace trine::server {
namespace {

using absl::StatusCode;
using testing::DoubleNear;
using testing::FloatNear;
using testing::Pointwise;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The example of TensorRT's documentation of LRN.
v1::NormalizeRequest TensorRtExample() {
  v1::NormalizeRequest request;
  *request.mutable_tensor() =
      MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 5, 1, 1}, {0, 1, 2, 3, 4});
  v1::LrnOptions* options = request.mutable_options();
  options->set_preset(v1::LRN_PRESET_ONNX);
  options->set_size(3);
  options->set_alpha(1);
  options->set_beta(1);
  options->set_bias(0.1);
  return request;
}
const std::vector<double> kTensorRtOutput = {0.0, 0.56603775, 0.4195804, 0.3071672, 0.47430828};

v1::NormalizeGradientRequest GradientExample() {
  v1::NormalizeGradientRequest request;
  *request.mutable_tensor() = MakeTensor<double>(v1::DATA_TYPE_FLOAT64, {1, 4}, {1, -2, 3, 0.5});
  *request.mutable_output_gradient() =
      MakeTensor<double>(v1::DATA_TYPE_FLOAT64, {1, 4}, {0.5, 1, -1, 2});
  v1::LrnOptions* options = request.mutable_options();
  options->set_size(3);
  options->set_alpha(0.7);
  return request;
}

class NormalizationServiceTest : public testing::Test {
 protected:
  absl::StatusOr<v1::NormalizeResponse> Normalize(const v1::NormalizeRequest& request) {
    return services_.Unary<v1::NormalizeResponse>("Normalize", request);
  }
  absl::StatusOr<v1::NormalizeGradientResponse> Gradient(
      const v1::NormalizeGradientRequest& request) {
    return services_.Unary<v1::NormalizeGradientResponse>("NormalizeGradient", request);
  }
  StreamRun<v1::NormalizeStreamResponse> Stream(
      const std::vector<v1::NormalizeStreamRequest>& requests) {
    return services_.Stream<v1::NormalizeStreamResponse>("NormalizeStream", requests);
  }

  ServiceHarness services_;
};

TEST_F(NormalizationServiceTest, GivesThePublishedExampleInEveryFloatType) {
  v1::NormalizeRequest request = TensorRtExample();
  auto response = Normalize(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->tensor().dtype(), v1::DATA_TYPE_FLOAT32);
  EXPECT_THAT(response->tensor().shape(), testing::ElementsAre(1, 5, 1, 1));
  EXPECT_THAT(Values<float>(response->tensor()), Pointwise(FloatNear(1e-6f), kTensorRtOutput));

  *request.mutable_tensor() =
      MakeTensor<double>(v1::DATA_TYPE_FLOAT64, {1, 5, 1, 1}, {0, 1, 2, 3, 4});
  response = Normalize(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(Values<double>(response->tensor()), Pointwise(DoubleNear(1e-7), kTensorRtOutput));

  std::vector<uint16_t> halves, brains;
  for (const float x : {0.f, 1.f, 2.f, 3.f, 4.f}) {
    halves.push_back(FloatToFloat16(x));
    brains.push_back(FloatToBFloat16(x));
  }
  *request.mutable_tensor() = MakeTensor(v1::DATA_TYPE_FLOAT16, {1, 5, 1, 1}, halves);
  response = Normalize(request);
  ASSERT_TRUE(response.ok()) << response.status();
  std::vector<float> widened;
  for (const uint16_t bits : Values<uint16_t>(response->tensor()))
    widened.push_back(Float16ToFloat(bits));
  EXPECT_THAT(widened, Pointwise(FloatNear(5e-4f), kTensorRtOutput));

  *request.mutable_tensor() = MakeTensor(v1::DATA_TYPE_BFLOAT16, {1, 5, 1, 1}, brains);
  response = Normalize(request);
  ASSERT_TRUE(response.ok()) << response.status();
  widened.clear();
  for (const uint16_t bits : Values<uint16_t>(response->tensor()))
    widened.push_back(BFloat16ToFloat(bits));
  EXPECT_THAT(widened, Pointwise(FloatNear(4e-3f), kTensorRtOutput));
}

TEST_F(NormalizationServiceTest, EchoesWhatItResolved) {
  v1::NormalizeRequest request = TensorRtExample();
  request.clear_options();
  auto response = Normalize(request);
  ASSERT_TRUE(response.ok()) << response.status();
  const v1::LrnResolved& alexnet = response->resolved();
  EXPECT_EQ(alexnet.preset(), v1::LRN_PRESET_ALEXNET);
  EXPECT_EQ(alexnet.mode(), v1::LRN_MODE_ACROSS_CHANNELS);
  EXPECT_EQ(alexnet.layout(), v1::LRN_LAYOUT_NCHW);
  EXPECT_EQ(alexnet.activation(), v1::LRN_ACTIVATION_NONE);
  EXPECT_EQ(alexnet.size(), 5);
  EXPECT_EQ(alexnet.lo(), 2);
  EXPECT_EQ(alexnet.hi(), 2);
  EXPECT_EQ(alexnet.a(), 1e-4);
  EXPECT_EQ(alexnet.beta(), 0.75);
  EXPECT_EQ(alexnet.k(), 2);

  request.mutable_options()->set_preset(v1::LRN_PRESET_TENSORFLOW);
  response = Normalize(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->resolved().layout(), v1::LRN_LAYOUT_NHWC);
  EXPECT_EQ(response->resolved().size(), 11);
  EXPECT_EQ(response->resolved().a(), 1);
  EXPECT_EQ(response->resolved().beta(), 0.5);
}

TEST_F(NormalizationServiceTest, LetsTheRequestWinOverThePreset) {
  v1::NormalizeRequest request = TensorRtExample();
  v1::LrnOptions* options = request.mutable_options();
  options->Clear();
  options->set_preset(v1::LRN_PRESET_CAFFE);
  options->set_mode(v1::LRN_MODE_WITHIN_CHANNEL);
  options->set_layout(v1::LRN_LAYOUT_NHWC);
  options->set_size(4);
  options->set_even_window(v1::LRN_EVEN_WINDOW_HIGH);
  options->set_alpha(0.25);
  options->set_beta(0);
  options->set_bias(0);
  options->set_alpha_scaling(v1::LRN_ALPHA_SCALING_SUM);
  options->set_activation(v1::LRN_ACTIVATION_RELU);
  const auto response = Normalize(request);
  ASSERT_TRUE(response.ok()) << response.status();
  const v1::LrnResolved& resolved = response->resolved();
  EXPECT_EQ(resolved.preset(), v1::LRN_PRESET_CAFFE);
  EXPECT_EQ(resolved.mode(), v1::LRN_MODE_WITHIN_CHANNEL);
  EXPECT_EQ(resolved.layout(), v1::LRN_LAYOUT_NHWC);
  EXPECT_EQ(resolved.activation(), v1::LRN_ACTIVATION_RELU);
  EXPECT_EQ(resolved.size(), 4);
  EXPECT_EQ(resolved.lo(), 1);
  EXPECT_EQ(resolved.hi(), 2);
  EXPECT_EQ(resolved.a(), 0.25);
  EXPECT_EQ(resolved.beta(), 0);
  EXPECT_EQ(resolved.k(), 0);
}

TEST_F(NormalizationServiceTest, ReadsEveryLayout) {
  // The same picture of two channels, three ways: channel c holds c + 1 everywhere.
  v1::NormalizeRequest request = TensorRtExample();
  const std::vector<float> first = {1, 1, 1, 2, 2, 2}, last = {1, 2, 1, 2, 1, 2};
  *request.mutable_tensor() = MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 2, 1, 3}, first);
  const auto channels_first = Normalize(request);
  ASSERT_TRUE(channels_first.ok()) << channels_first.status();
  *request.mutable_tensor() = MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 1, 3, 2}, last);
  request.mutable_options()->set_layout(v1::LRN_LAYOUT_NHWC);
  const auto channels_last = Normalize(request);
  ASSERT_TRUE(channels_last.ok()) << channels_last.status();
  *request.mutable_tensor() = MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 3, 2}, last);
  request.mutable_options()->set_layout(v1::LRN_LAYOUT_HWC);
  const auto hwc = Normalize(request);
  ASSERT_TRUE(hwc.ok()) << hwc.status();

  const auto a = Values<float>(channels_first->tensor());
  const auto b = Values<float>(channels_last->tensor());
  EXPECT_EQ(b, (std::vector<float>{a[0], a[3], a[1], a[4], a[2], a[5]}));
  EXPECT_EQ(Values<float>(hwc->tensor()), b);
}

TEST_F(NormalizationServiceTest, TakesEmptyTensors) {
  v1::NormalizeRequest request = TensorRtExample();
  *request.mutable_tensor() = MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {0, 1, 2}, {});
  const auto response = Normalize(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(response->tensor().shape(), testing::ElementsAre(0, 1, 2));
  EXPECT_TRUE(response->tensor().data().empty());
}

TEST_F(NormalizationServiceTest, GivesTheSameBitsWithAnyThreads) {
  v1::NormalizeRequest request = TensorRtExample();
  std::vector<float> values(3 * 32 * 17 * 19);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = -8.0f + static_cast<float>((1091 * i + 1637) % 16);
  *request.mutable_tensor() = MakeTensor(v1::DATA_TYPE_FLOAT32, {3, 32, 17, 19}, values);
  const auto all = Normalize(request);
  ASSERT_TRUE(all.ok()) << all.status();
  request.set_max_threads(1);
  const auto one = Normalize(request);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(all->tensor().data(), one->tensor().data());
}

TEST_F(NormalizationServiceTest, GivesTheGradient) {
  // Against central differences of the forward RPC: d sum(g * y) / dx_j.
  const v1::NormalizeGradientRequest request = GradientExample();
  const auto response = Gradient(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(response->input_gradient().shape(), testing::ElementsAre(1, 4));
  EXPECT_EQ(response->resolved().a(), 0.7);
  const auto gradient = Values<double>(response->input_gradient());
  const auto x = Values<double>(request.tensor()), g = Values<double>(request.output_gradient());
  const auto loss = [&](size_t j, double step) {
    auto moved = x;
    moved[j] += step;
    v1::NormalizeRequest forward;
    *forward.mutable_tensor() = MakeTensor(v1::DATA_TYPE_FLOAT64, {1, 4}, moved);
    *forward.mutable_options() = request.options();
    const auto y = Values<double>(Normalize(forward).value().tensor());
    double sum = 0;
    for (size_t i = 0; i < y.size(); ++i) sum += g[i] * y[i];
    return sum;
  };
  constexpr double kStep = 1e-5;
  for (size_t j = 0; j < x.size(); ++j) {
    EXPECT_NEAR(gradient[j], (loss(j, kStep) - loss(j, -kStep)) / (2 * kStep), 1e-8) << j;
  }
}

TEST_F(NormalizationServiceTest, PassesTheGradientOfNothing) {
  // TensorFlow's test: with an input of zeros and alpha 0 the gradient is that of the output.
  v1::NormalizeGradientRequest request;
  *request.mutable_tensor() =
      MakeTensor(v1::DATA_TYPE_FLOAT32, {4, 4, 2, 2}, std::vector<float>(64, 0));
  *request.mutable_output_gradient() =
      MakeTensor(v1::DATA_TYPE_FLOAT32, {4, 4, 2, 2}, std::vector<float>(64, 1));
  request.mutable_options()->set_preset(v1::LRN_PRESET_TENSORFLOW);
  request.mutable_options()->set_alpha(0);
  const auto response = Gradient(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(Values<float>(response->input_gradient()), std::vector<float>(64, 1));
}

TEST_F(NormalizationServiceTest, AnswersItemsOfAStreamInOrder) {
  std::vector<v1::NormalizeStreamRequest> requests(3);
  for (auto& request : requests) *request.mutable_item() = TensorRtExample();
  *requests[1].mutable_item()->mutable_tensor() =
      MakeTensor<double>(v1::DATA_TYPE_FLOAT64, {1, 2}, {1, 2});
  const auto run = Stream(requests);
  ASSERT_TRUE(run.status.ok()) << run.status;
  ASSERT_EQ(run.responses.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(run.responses[i].index(), static_cast<int64_t>(i));
  EXPECT_EQ(run.responses[1].item().tensor().dtype(), v1::DATA_TYPE_FLOAT64);
  EXPECT_THAT(Values<float>(run.responses[2].item().tensor()),
              Pointwise(FloatNear(1e-6f), kTensorRtOutput));
  EXPECT_EQ(run.responses[2].item().resolved().k(), 0.1);
}

TEST_F(NormalizationServiceTest, EndsAStreamAtARefusedItem) {
  std::vector<v1::NormalizeStreamRequest> requests(3);
  for (auto& request : requests) *request.mutable_item() = TensorRtExample();
  requests[1].mutable_item()->mutable_tensor()->set_dtype(v1::DATA_TYPE_INT32);
  auto run = Stream(requests);
  ExpectRefused(run.status, StatusCode::kInvalidArgument, "item.tensor.dtype");
  EXPECT_EQ(run.responses.size(), 1u);

  requests[1].clear_item();
  run = Stream(requests);
  ExpectRefused(run.status, StatusCode::kInvalidArgument, "item");
  EXPECT_EQ(run.responses.size(), 1u);

  requests[1] = requests[0];
  requests[1].mutable_item()->set_max_threads(-2);
  ExpectRefused(Stream(requests).status, StatusCode::kInvalidArgument, "item.max_threads");
}

TEST_F(NormalizationServiceTest, TakesAStreamOfNothing) {
  const auto run = Stream({});
  EXPECT_TRUE(run.status.ok()) << run.status;
  EXPECT_TRUE(run.responses.empty());
}

struct Refusal {
  std::string field;
  std::function<void(v1::NormalizeRequest&)> spoil;
  StatusCode code = StatusCode::kInvalidArgument;
};

std::vector<Refusal> TensorRefusals() {
  using Request = v1::NormalizeRequest;
  const auto shape = [](std::vector<int64_t> dims) {
    return [dims](Request& r) {
      r.mutable_tensor()->mutable_shape()->Assign(dims.begin(), dims.end());
    };
  };
  const auto dtype = [](int number) {
    return
        [number](Request& r) { r.mutable_tensor()->set_dtype(static_cast<v1::DataType>(number)); };
  };
  return {
      {"tensor", [](Request& r) { r.clear_tensor(); }},
      {"tensor.dtype", dtype(0)},
      {"tensor.dtype", dtype(99)},
      {"tensor.dtype", dtype(-1)},
      {"tensor.dtype",
       [](Request& r) {
         *r.mutable_tensor() = MakeTensor<int32_t>(v1::DATA_TYPE_INT32, {1, 2}, {1, 2});
       }},
      {"tensor.dtype",
       [](Request& r) {
         *r.mutable_tensor() = MakeTensor<uint8_t>(v1::DATA_TYPE_BOOL, {1, 2}, {1, 0});
       }},
      {"tensor.shape", shape({int64_t{1} << 62, 8, 1, 1})},
      {"tensor.shape", shape({INT64_MAX, INT64_MAX})},
      {"tensor.shape", shape({1 << 20, 1 << 20}), StatusCode::kResourceExhausted},
      {"tensor.shape[1]", shape({1, -5, 1, 1})},
      {"tensor.shape[0]", shape({INT64_MIN, 5})},
      {"tensor.shape", shape({1, 1, 1, 1, 1, 1, 1, 1, 5})},
      {"tensor.shape", shape({1, 1, 1, 1, 1, 5})},
      {"tensor.shape", shape({5})},
      {"tensor.data", shape({})},  // a scalar, and five elements
      {"tensor.data", shape({1, 6, 1, 1})},
      {"tensor.data", shape({0, 5})},
      {"tensor.data", [](Request& r) { r.mutable_tensor()->mutable_data()->pop_back(); }},
      {"tensor.data", [](Request& r) { r.mutable_tensor()->clear_data(); }},
      {"max_threads", [](Request& r) { r.set_max_threads(-1); }},
      {"max_threads", [](Request& r) { r.set_max_threads(INT32_MIN); }},
  };
}

std::vector<Refusal> OptionRefusals() {
  using Request = v1::NormalizeRequest;
  const auto options = [](std::function<void(v1::LrnOptions&)> spoil) {
    return [spoil](Request& r) { spoil(*r.mutable_options()); };
  };
  using O = v1::LrnOptions;
  std::vector<Refusal> cases = {
      {"options.preset", options([](O& o) { o.set_preset(static_cast<v1::LrnPreset>(9)); })},
      {"options.mode", options([](O& o) { o.set_mode(static_cast<v1::LrnMode>(3)); })},
      {"options.layout", options([](O& o) { o.set_layout(static_cast<v1::LrnLayout>(-4)); })},
      {"options.alpha_scaling",
       options([](O& o) { o.set_alpha_scaling(static_cast<v1::LrnAlphaScaling>(4)); })},
      {"options.even_window",
       options([](O& o) { o.set_even_window(static_cast<v1::LrnEvenWindow>(500)); })},
      {"options.activation",
       options([](O& o) { o.set_activation(static_cast<v1::LrnActivation>(3)); })},
      {"options.size", options([](O& o) { o.clear_window(); })},  // ONNX needs one
      {"options.size", options([](O& o) {
         o.set_preset(v1::LRN_PRESET_CAFFE);
         o.set_size(4);
       })},
      {"options.size", options([](O& o) {
         o.set_preset(v1::LRN_PRESET_CUDNN);
         o.set_size(17);
       })},
      {"options.bias", options([](O& o) {
         o.set_preset(v1::LRN_PRESET_CUDNN);
         o.set_bias(0);
       })},
      {"options.beta", options([](O& o) {
         o.set_preset(v1::LRN_PRESET_CUDNN);
         o.set_bias(1);
         o.set_beta(0);
       })},
      {"tensor.shape", options([](O& o) { o.set_layout(v1::LRN_LAYOUT_HWC); })},
      {"tensor.shape",
       [](Request& r) {
         *r.mutable_tensor() = MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 2}, {1, 2});
         r.mutable_options()->set_mode(v1::LRN_MODE_WITHIN_CHANNEL);
       }},
  };
  for (const int64_t size : {int64_t{0}, int64_t{-1}, int64_t{65536}, INT64_MAX, INT64_MIN}) {
    cases.push_back({"options.size", options([size](O& o) { o.set_size(size); })});
  }
  for (const int64_t radius : {int64_t{-1}, int64_t{32768}, INT64_MAX}) {
    cases.push_back(
        {"options.depth_radius", options([radius](O& o) { o.set_depth_radius(radius); })});
  }
  for (const double value : {kNaN, kInfinity, -kInfinity}) {
    cases.push_back({"options.alpha", options([value](O& o) { o.set_alpha(value); })});
    cases.push_back({"options.beta", options([value](O& o) { o.set_beta(value); })});
    cases.push_back({"options.bias", options([value](O& o) { o.set_bias(value); })});
  }
  return cases;
}

TEST_F(NormalizationServiceTest, RefusesBadTensors) {
  const auto cases = TensorRefusals();
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "case " << i << ", " << cases[i].field);
    v1::NormalizeRequest request = TensorRtExample();
    cases[i].spoil(request);
    ExpectRefused(Normalize(request).status(), cases[i].code, cases[i].field);
  }
}

TEST_F(NormalizationServiceTest, RefusesBadOptions) {
  const auto cases = OptionRefusals();
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "case " << i << ", " << cases[i].field);
    v1::NormalizeRequest request = TensorRtExample();
    cases[i].spoil(request);
    ExpectRefused(Normalize(request).status(), cases[i].code, cases[i].field);
  }
}

TEST_F(NormalizationServiceTest, NamesWhatAnEnumAllows) {
  v1::NormalizeRequest request = TensorRtExample();
  request.mutable_options()->set_mode(static_cast<v1::LrnMode>(42));
  const auto detail = GetErrorDetail(Normalize(request).status());
  ASSERT_TRUE(detail.has_value());
  EXPECT_EQ(detail->value, "42");
  EXPECT_EQ(detail->limit, "allowed: ACROSS_CHANNELS = 1, WITHIN_CHANNEL = 2");
}

TEST_F(NormalizationServiceTest, RefusesBadGradients) {
  v1::NormalizeGradientRequest request = GradientExample();
  request.clear_output_gradient();
  ExpectRefused(Gradient(request).status(), StatusCode::kInvalidArgument, "output_gradient");
  request = GradientExample();
  request.clear_tensor();
  ExpectRefused(Gradient(request).status(), StatusCode::kInvalidArgument, "tensor");
  request = GradientExample();
  *request.mutable_output_gradient() =
      MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 4}, {1, 2, 3, 4});
  ExpectRefused(Gradient(request).status(), StatusCode::kInvalidArgument, "output_gradient.dtype");
  request = GradientExample();
  request.mutable_output_gradient()->set_shape(0, 2);
  request.mutable_output_gradient()->set_shape(1, 2);
  ExpectRefused(Gradient(request).status(), StatusCode::kInvalidArgument, "output_gradient.shape");
  request.mutable_output_gradient()->set_shape(1, -2);
  ExpectRefused(Gradient(request).status(), StatusCode::kInvalidArgument,
                "output_gradient.shape[1]");
  request = GradientExample();
  request.mutable_output_gradient()->mutable_data()->push_back('x');
  ExpectRefused(Gradient(request).status(), StatusCode::kInvalidArgument, "output_gradient.data");
  request = GradientExample();
  request.mutable_options()->set_beta(kNaN);
  ExpectRefused(Gradient(request).status(), StatusCode::kInvalidArgument, "options.beta");
  request = GradientExample();
  request.set_max_threads(-1);
  ExpectRefused(Gradient(request).status(), StatusCode::kInvalidArgument, "max_threads");
  for (v1::Tensor* tensor : {request.mutable_tensor(), request.mutable_output_gradient()}) {
    *tensor = MakeTensor<int16_t>(v1::DATA_TYPE_INT16, {1, 2}, {1, 2});
  }
  request.set_max_threads(0);
  ExpectRefused(Gradient(request).status(), StatusCode::kInvalidArgument, "tensor.dtype");
}

TEST_F(NormalizationServiceTest, RefusesBytesThatAreNoMessage) {
  for (const char* method : {"Normalize", "NormalizeGradient"}) {
    const auto status = services_.UnaryBytes(method, "\x0a\xff\xff\xff\x7f").status();
    ExpectRefused(status, StatusCode::kInvalidArgument, "");
    EXPECT_EQ(GetErrorDetail(status)->reason, "MALFORMED_MESSAGE");
  }
  const auto run = services_.StreamBytes("NormalizeStream", {"\xff"});
  ExpectRefused(run.status, StatusCode::kInvalidArgument, "");
}

TEST(NormalizationServiceLimitsTest, BoundsTheAnswer) {
  Limits limits;
  limits.max_output_bytes = 19;
  ServiceHarness services(limits);
  ExpectRefused(services.Unary<v1::NormalizeResponse>("Normalize", TensorRtExample()).status(),
                StatusCode::kResourceExhausted, "tensor.data");
}

TEST(NormalizationServiceLimitsTest, StopsWhenCancelledOrLate) {
  ServiceHarness services;
  services.cancel().SetDeadline(std::chrono::steady_clock::now());
  ExpectRefused(services.Unary<v1::NormalizeResponse>("Normalize", TensorRtExample()).status(),
                StatusCode::kDeadlineExceeded, "");
  services.cancel().Cancel();
  ExpectRefused(services.Unary<v1::NormalizeResponse>("Normalize", TensorRtExample()).status(),
                StatusCode::kCancelled, "");
}

}  // namespace
}  // namespace trine::server
