// Everything that the normalization service refuses: the code, the field, and words for it.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "tests/server/services/chunked_items.h"
#include "tests/server/services/normalization/normalization_examples.h"
#include "tests/server/services/service_harness.h"
#include "trine/v1/normalization.pb.h"

namespace trine::server {
namespace {

using absl::StatusCode;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

class NormalizationRefusalsTest : public testing::Test {
 protected:
  absl::Status Normalize(const v1::NormalizeRequest& request) {
    const auto status = services_.Unary<v1::NormalizeResponse>("Normalize", request).status();
    CheckHead<v1::NormalizeStreamResponse>("NormalizeStream", request, status);
    return status;
  }
  absl::Status Gradient(const v1::NormalizeGradientRequest& request) {
    const auto status =
        services_.Unary<v1::NormalizeGradientResponse>("NormalizeGradient", request).status();
    CheckHead<v1::NormalizeGradientStreamResponse>("NormalizeGradientStream", request, status);
    return status;
  }

  // What is refused shows in the head of an item in chunks, of which none follows.
  template <typename Response, typename Item>
  void CheckHead(const char* method, const Item& item, const absl::Status& refusal) {
    auto head = Whole(item);
    TakePayloads(&head);
    const auto detail = GetErrorDetail(refusal);
    ASSERT_TRUE(detail.has_value()) << refusal;
    ExpectRefused(services_.Stream<Response>(method, std::vector{head}).status, refusal.code(),
                  "item." + detail->field);
  }

  ServiceHarness services_;
};

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

TEST_F(NormalizationRefusalsTest, RefusesBadTensors) {
  const auto cases = TensorRefusals();
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "case " << i << ", " << cases[i].field);
    v1::NormalizeRequest request = TensorRtExample();
    cases[i].spoil(request);
    ExpectRefused(Normalize(request), cases[i].code, cases[i].field);
  }
}

TEST_F(NormalizationRefusalsTest, RefusesBadOptions) {
  const auto cases = OptionRefusals();
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "case " << i << ", " << cases[i].field);
    v1::NormalizeRequest request = TensorRtExample();
    cases[i].spoil(request);
    ExpectRefused(Normalize(request), cases[i].code, cases[i].field);
  }
}

TEST_F(NormalizationRefusalsTest, NamesWhatAnEnumAllows) {
  v1::NormalizeRequest request = TensorRtExample();
  request.mutable_options()->set_mode(static_cast<v1::LrnMode>(42));
  const auto detail = GetErrorDetail(Normalize(request));
  ASSERT_TRUE(detail.has_value());
  EXPECT_EQ(detail->value, "42");
  EXPECT_EQ(detail->limit, "allowed: ACROSS_CHANNELS = 1, WITHIN_CHANNEL = 2");
}

TEST_F(NormalizationRefusalsTest, RefusesBadGradients) {
  v1::NormalizeGradientRequest request = GradientExample();
  request.clear_output_gradient();
  ExpectRefused(Gradient(request), StatusCode::kInvalidArgument, "output_gradient");
  request = GradientExample();
  request.clear_tensor();
  ExpectRefused(Gradient(request), StatusCode::kInvalidArgument, "tensor");
  request = GradientExample();
  *request.mutable_output_gradient() =
      MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 4}, {1, 2, 3, 4});
  ExpectRefused(Gradient(request), StatusCode::kInvalidArgument, "output_gradient.dtype");
  request = GradientExample();
  request.mutable_output_gradient()->set_shape(0, 2);
  request.mutable_output_gradient()->set_shape(1, 2);
  ExpectRefused(Gradient(request), StatusCode::kInvalidArgument, "output_gradient.shape");
  request.mutable_output_gradient()->set_shape(1, -2);
  ExpectRefused(Gradient(request), StatusCode::kInvalidArgument, "output_gradient.shape[1]");
  request = GradientExample();
  request.mutable_output_gradient()->mutable_data()->push_back('x');
  ExpectRefused(Gradient(request), StatusCode::kInvalidArgument, "output_gradient.data");
  request = GradientExample();
  request.mutable_options()->set_beta(kNaN);
  ExpectRefused(Gradient(request), StatusCode::kInvalidArgument, "options.beta");
  request = GradientExample();
  request.set_max_threads(-1);
  ExpectRefused(Gradient(request), StatusCode::kInvalidArgument, "max_threads");
  for (v1::Tensor* tensor : {request.mutable_tensor(), request.mutable_output_gradient()}) {
    *tensor = MakeTensor<int16_t>(v1::DATA_TYPE_INT16, {1, 2}, {1, 2});
  }
  request.set_max_threads(0);
  ExpectRefused(Gradient(request), StatusCode::kInvalidArgument, "tensor.dtype");
}

TEST_F(NormalizationRefusalsTest, RefusesBytesThatAreNoMessage) {
  for (const char* method : {"Normalize", "NormalizeGradient"}) {
    const auto status = services_.UnaryBytes(method, "\x0a\xff\xff\xff\x7f").status();
    ExpectRefused(status, StatusCode::kInvalidArgument, "");
    EXPECT_EQ(GetErrorDetail(status)->reason, "MALFORMED_MESSAGE");
  }
  const auto run = services_.StreamBytes("NormalizeStream", {"\xff"});
  ExpectRefused(run.status, StatusCode::kInvalidArgument, "");
}

TEST(NormalizationLimitsTest, BoundsTheAnswer) {
  Limits limits;
  limits.max_output_bytes = 19;
  ServiceHarness services(limits);
  ExpectRefused(services.Unary<v1::NormalizeResponse>("Normalize", TensorRtExample()).status(),
                StatusCode::kResourceExhausted, "tensor.data");
}

// The services refuse by themselves: the path, which weighs what was computed, is not in this test.
TEST(NormalizationLimitsTest, RefusesBeforeItComputesWhatNoMessageHolds) {
  ServiceHarness services;
  const v1::NormalizeRequest request = TensorRtExample();
  const auto whole = services.UnaryBytes("Normalize", request.SerializeAsString());
  ASSERT_TRUE(whole.ok()) << whole.status();
  // What fits is never refused.
  services.BoundResponses(whole->size());
  EXPECT_TRUE(services.Unary<v1::NormalizeResponse>("Normalize", request).ok());
  services.BoundResponses(request.tensor().data().size() + 2);
  const absl::Status status = services.Unary<v1::NormalizeResponse>("Normalize", request).status();
  ExpectRefused(status, StatusCode::kResourceExhausted, "tensor.data");
  EXPECT_EQ(GetErrorDetail(status)->limit.rfind("max_message_bytes = ", 0), 0u) << status;
  v1::NormalizeStreamRequest item;
  *item.mutable_item() = request;
  const auto run = services.Stream<v1::NormalizeStreamResponse>(
      "NormalizeStream", std::vector<v1::NormalizeStreamRequest>{item});
  ExpectRefused(run.status, StatusCode::kResourceExhausted, "item.tensor.data");
}

TEST(NormalizationLimitsTest, StopsWhenCancelledOrLate) {
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
