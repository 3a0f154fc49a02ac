// Normalize, NormalizeGradient and NormalizeStream through the registry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/base/float16.h"
#include "tests/server/services/normalization/normalization_examples.h"
#include "tests/server/services/service_harness.h"
#include "trine/v1/normalization.pb.h"

namespace trine::server {
namespace {

using absl::StatusCode;
using testing::DoubleNear;
using testing::FloatNear;
using testing::Pointwise;

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

// NaN that no input holds does not come in silence.
TEST_F(NormalizationServiceTest, WarnsOfBasesWithoutAPower) {
  const auto warnings = [this](double bias, double beta, float value) {
    v1::NormalizeRequest request;
    *request.mutable_tensor() =
        MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 3}, {value, value, value});
    request.mutable_options()->set_bias(bias);
    request.mutable_options()->set_beta(beta);
    v1::NormalizeGradientRequest gradient;
    *gradient.mutable_tensor() = request.tensor();
    *gradient.mutable_output_gradient() = request.tensor();
    *gradient.mutable_options() = request.options();
    const auto response = Normalize(request);
    const auto of_gradient = Gradient(gradient);
    EXPECT_TRUE(response.ok() && of_gradient.ok()) << response.status() << of_gradient.status();
    EXPECT_EQ(response->warnings_size(), of_gradient->warnings_size());
    for (const std::string& warning : response->warnings())
      EXPECT_THAT(warning, testing::HasSubstr("k + a * sum"));
    return response->warnings_size();
  };
  EXPECT_EQ(warnings(-1, 0.75, 1), 1);
  EXPECT_EQ(warnings(0, 0.75, 0), 1);
  EXPECT_EQ(warnings(-1, 2, 1), 0);
  EXPECT_EQ(warnings(1, 0.75, 0), 0);
  EXPECT_EQ(warnings(1, 0.75, std::nanf("")), 0);  // the input's own
}

// Nor does infinity.
TEST_F(NormalizationServiceTest, WarnsOfResultsThatTheTypeDoesNotHold) {
  const auto warnings = [this](double bias, float value) {
    v1::NormalizeRequest request;
    *request.mutable_tensor() = MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 3}, {1, value, 1});
    request.mutable_options()->set_alpha(0);
    request.mutable_options()->set_beta(1);
    request.mutable_options()->set_bias(bias);
    v1::NormalizeGradientRequest gradient;
    *gradient.mutable_tensor() = request.tensor();
    *gradient.mutable_output_gradient() = request.tensor();
    *gradient.mutable_options() = request.options();
    const auto response = Normalize(request);
    const auto of_gradient = Gradient(gradient);
    EXPECT_TRUE(response.ok() && of_gradient.ok()) << response.status() << of_gradient.status();
    EXPECT_EQ(response->warnings_size(), of_gradient->warnings_size());
    for (const std::string& warning : response->warnings())
      EXPECT_THAT(warning, testing::HasSubstr("infinite although their inputs are finite"));
    return response->warnings_size();
  };
  EXPECT_EQ(warnings(0.25, 1e38F), 1);
  EXPECT_EQ(warnings(0.25, 1e37F), 0);
  EXPECT_EQ(warnings(1, 3e38F), 0);
  EXPECT_EQ(warnings(0.25, std::numeric_limits<float>::infinity()), 0);  // the input's own
}

// [H,W,C] is what pictures in arrays are; as a batch it would be normalized along its width.
TEST_F(NormalizationServiceTest, WarnsOfABatchThatLooksLikeAPicture) {
  const auto warnings = [this](std::vector<int64_t> shape, const v1::LrnOptions& options) {
    int64_t elements = 1;
    for (const int64_t d : shape) elements *= d;
    v1::NormalizeRequest request;
    *request.mutable_tensor() = MakeTensor<float>(
        v1::DATA_TYPE_FLOAT32, shape, std::vector<float>(static_cast<size_t>(elements), 1.0F));
    *request.mutable_options() = options;
    v1::NormalizeGradientRequest gradient;
    *gradient.mutable_tensor() = request.tensor();
    *gradient.mutable_output_gradient() = request.tensor();
    *gradient.mutable_options() = options;
    const auto response = Normalize(request);
    const auto of_gradient = Gradient(gradient);
    EXPECT_TRUE(response.ok() && of_gradient.ok()) << response.status() << of_gradient.status();
    EXPECT_EQ(response->warnings_size(), of_gradient->warnings_size());
    return std::vector<std::string>(response->warnings().begin(), response->warnings().end());
  };
  using testing::ElementsAre;
  using testing::HasSubstr;
  using testing::IsEmpty;
  v1::LrnOptions options;
  for (const int64_t channels : {1, 3, 4}) {
    EXPECT_THAT(warnings({6, 9, channels}, options), ElementsAre(HasSubstr("9 channels")));
  }
  EXPECT_THAT(warnings({6, 9, 5}, options), ElementsAre(HasSubstr("HWC")));
  EXPECT_THAT(warnings({6, 9, 6}, options), IsEmpty());
  EXPECT_THAT(warnings({2, 9, 3}, options), IsEmpty());
  EXPECT_THAT(warnings({4, 5, 5}, options), ElementsAre(HasSubstr("[N,C,W] with 5 channels")));
  EXPECT_THAT(warnings({4, 4, 5}, options), IsEmpty());
  EXPECT_THAT(warnings({5, 5}, options), ElementsAre(HasSubstr("[N,C] with 5 channels")));
  EXPECT_THAT(warnings({4, 5}, options), IsEmpty());
  EXPECT_THAT(warnings({5, 4}, options), IsEmpty());
  EXPECT_THAT(warnings({2, 8, 8, 4}, options), ElementsAre(HasSubstr("NHWC takes it")));
  EXPECT_THAT(warnings({2, 7, 8, 4}, options), IsEmpty());
  EXPECT_THAT(warnings({2, 8, 7, 4}, options), IsEmpty());
  EXPECT_THAT(warnings({2, 8, 8, 5}, options), IsEmpty());
  EXPECT_THAT(warnings({2, 0, 8, 4}, options), IsEmpty());
  EXPECT_THAT(warnings({6, 3, 3}, options), IsEmpty());
  EXPECT_THAT(warnings({6, 9, 3, 3}, options), IsEmpty());
  for (const v1::LrnLayout layout : {v1::LRN_LAYOUT_HWC, v1::LRN_LAYOUT_NCHW}) {
    options.set_layout(layout);
    EXPECT_THAT(warnings({6, 9, 3}, options), IsEmpty());
  }
  options.clear_layout();
  options.set_preset(v1::LRN_PRESET_TENSORFLOW);
  EXPECT_THAT(warnings({6, 9, 3}, options), IsEmpty());
  EXPECT_THAT(warnings({3, 6, 9}, options), ElementsAre(HasSubstr("[N,W,C] with 9 channels")));
  EXPECT_THAT(warnings({2, 4, 8, 8}, options), ElementsAre(HasSubstr("NCHW takes it")));
  EXPECT_THAT(warnings({2, 5, 8, 8}, options), IsEmpty());
  options.set_mode(v1::LRN_MODE_WITHIN_CHANNEL);
  EXPECT_THAT(warnings({6, 9, 3}, options), ElementsAre(HasSubstr("[N,W,C] with 3 channels")));
}

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

}  // namespace
}  // namespace trine::server
