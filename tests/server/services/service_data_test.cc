// Published numbers through the RPCs, on the data that TRINE_TEST_DATA names: normalization in the
// frameworks' conventions, and Otsu thresholds of well-known pictures.
#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "tests/server/services/service_harness.h"
#include "trine/v1/normalization.pb.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server {
namespace {

using google::protobuf::Struct;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::Pointwise;

class ServiceDataTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("TRINE_TEST_DATA");
    if (folder == nullptr) GTEST_SKIP() << "TRINE_TEST_DATA is not set";
    folder_ = folder;
  }

  std::string ReadFile(const std::string& name) const {
    std::ifstream in(folder_ + "/" + name, std::ios::binary);
    EXPECT_TRUE(in) << name;
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

  v1::SegmentResponse Segment(const v1::SegmentRequest& request) {
    auto response = services_.Unary<v1::SegmentResponse>("Segment", request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *std::move(response) : v1::SegmentResponse();
  }

  std::string folder_;
  ServiceHarness services_;
};

std::vector<double> Numbers(const Struct& object, const std::string& name) {
  std::vector<double> numbers;
  for (const auto& value : object.fields().at(name).list_value().values()) {
    numbers.push_back(value.number_value());
  }
  return numbers;
}

v1::LrnOptions OptionsOf(const Struct& vector) {
  static const std::map<std::string, v1::LrnPreset> kPresets = {
      {"onnx", v1::LRN_PRESET_ONNX},
      {"pytorch", v1::LRN_PRESET_PYTORCH},
      {"tensorflow", v1::LRN_PRESET_TENSORFLOW},
      {"caffe", v1::LRN_PRESET_CAFFE}};
  v1::LrnOptions options;
  options.set_preset(kPresets.at(vector.fields().at("preset").string_value()));
  if (vector.fields().at("mode").string_value() == "within") {
    options.set_mode(v1::LRN_MODE_WITHIN_CHANNEL);
  }
  for (const auto& [name, value] : vector.fields().at("params").struct_value().fields()) {
    const double number = value.number_value();
    if (name == "size") options.set_size(static_cast<int64_t>(number));
    if (name == "depth_radius") options.set_depth_radius(static_cast<int64_t>(number));
    if (name == "alpha") options.set_alpha(number);
    if (name == "beta") options.set_beta(number);
    if (name == "bias") options.set_bias(number);
  }
  return options;
}

template <typename T>
v1::Tensor TensorOf(v1::DataType dtype, const Struct& vector, const std::string& name) {
  const std::vector<double> dims = Numbers(vector, "shape"), values = Numbers(vector, name);
  return MakeTensor<T>(dtype, {dims.begin(), dims.end()}, {values.begin(), values.end()});
}

template <typename T>
void CheckVector(ServiceHarness& services, v1::DataType dtype, const Struct& vector) {
  const double tolerance = vector.fields().at("abs_tol").number_value();
  v1::NormalizeRequest request;
  *request.mutable_tensor() = TensorOf<T>(dtype, vector, "input");
  *request.mutable_options() = OptionsOf(vector);
  const auto response = services.Unary<v1::NormalizeResponse>("Normalize", request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(Values<T>(response->tensor()),
              Pointwise(DoubleNear(tolerance), Numbers(vector, "output")));
  if (vector.fields().count("grad_input") == 0) return;

  v1::NormalizeGradientRequest gradient;
  *gradient.mutable_tensor() = request.tensor();
  *gradient.mutable_output_gradient() = TensorOf<T>(dtype, vector, "grad_output");
  *gradient.mutable_options() = request.options();
  const auto back = services.Unary<v1::NormalizeGradientResponse>("NormalizeGradient", gradient);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_THAT(Values<T>(back->input_gradient()),
              Pointwise(DoubleNear(tolerance), Numbers(vector, "grad_input")));
}

TEST_F(ServiceDataTest, NormalizesAsTheFrameworksDo) {
  google::protobuf::ListValue vectors;
  ASSERT_TRUE(
      google::protobuf::util::JsonStringToMessage(ReadFile("lrn/vectors.json"), &vectors).ok());
  ASSERT_EQ(vectors.values_size(), 16);
  int gradients = 0;
  for (const auto& value : vectors.values()) {
    const Struct& vector = value.struct_value();
    SCOPED_TRACE(vector.fields().at("name").string_value());
    CheckVector<float>(services_, v1::DATA_TYPE_FLOAT32, vector);
    CheckVector<double>(services_, v1::DATA_TYPE_FLOAT64, vector);
    gradients += static_cast<int>(vector.fields().count("grad_input"));
  }
  EXPECT_EQ(gradients, 6);
}

TEST_F(ServiceDataTest, FindsTheExactThresholds) {
  // By classes: two (Otsu), three, four, five; from rational arithmetic.
  const std::map<std::string, std::vector<std::vector<double>>> kExpected = {
      {"camera", {{102}, {87, 176}, {69, 134, 180}, {46, 100, 145, 182}}},
      {"coins", {{107}, {77, 139}, {63, 107, 156}, {58, 95, 134, 173}}},
      {"moon", {{87}, {86, 141}, {60, 102, 142}, {56, 97, 114, 148}}},
      {"page", {{157}, {114, 186}, {93, 150, 199}, {71, 119, 161, 203}}},
      {"text", {{109}, {90, 129}, {79, 115, 136}, {71, 104, 125, 140}}},
      {"cell", {{122}, {50, 123}, {50, 108, 173}, {40, 62, 109, 173}}}};
  for (const auto& [name, by_classes] : kExpected) {
    v1::SegmentRequest request;
    request.mutable_image()->set_encoded(ReadFile("images/skimage/" + name + ".png"));
    EXPECT_THAT(Segment(request).threshold().thresholds(), ElementsAreArray(by_classes[0])) << name;
    for (int classes = 2; classes <= 5; ++classes) {
      request.clear_steps();
      request.add_steps()->mutable_multi_otsu()->set_classes(classes);
      EXPECT_THAT(Segment(request).threshold().thresholds(),
                  ElementsAreArray(by_classes[static_cast<size_t>(classes) - 2]))
          << name << ", " << classes << " classes";
    }
  }
}

TEST_F(ServiceDataTest, BreaksATieAsEachLibraryDoes) {
  v1::SegmentRequest request;
  request.mutable_image()->set_encoded(ReadFile("images/skimage/microaneurysms.png"));
  const auto threshold = [&](v1::SegmentProfile profile) {
    request.set_profile(profile);
    return Segment(request).threshold();
  };
  const v1::ThresholdResult exact = threshold(v1::SEGMENT_PROFILE_EXACT);
  EXPECT_THAT(exact.thresholds(), ElementsAre(93));
  EXPECT_EQ(exact.plateau_low(), 93);
  EXPECT_EQ(exact.plateau_high(), 94);
  EXPECT_THAT(threshold(v1::SEGMENT_PROFILE_OPENCV).thresholds(), ElementsAre(93));
  EXPECT_THAT(threshold(v1::SEGMENT_PROFILE_IMAGEJ).thresholds(), ElementsAre(94));
  EXPECT_THAT(threshold(v1::SEGMENT_PROFILE_MATLAB).thresholds(), ElementsAre(93.5));
}

TEST_F(ServiceDataTest, MakesGrayOfAColourPicture) {
  // 100 on the BT.601 gray of the astronaut.
  v1::SegmentRequest request;
  request.mutable_image()->set_encoded(ReadFile("images/skimage/astronaut.png"));
  EXPECT_THAT(Segment(request).threshold().thresholds(), ElementsAre(100));
}

}  // namespace
}  // namespace trine::server
