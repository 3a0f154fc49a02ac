// The pictures, masks and markers that Segment takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/image/image.h"
#include "tests/server/services/segmentation/segment_examples.h"
#include "tests/server/services/service_harness.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server {
namespace {

using testing::ElementsAre;

class SegmentationInputsTest : public testing::Test {
 protected:
  v1::SegmentResponse Segment(const v1::SegmentRequest& request) {
    auto response = services_.Unary<v1::SegmentResponse>("Segment", request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *std::move(response) : v1::SegmentResponse();
  }
  static std::string Encode(image::Format format, const Tensor& picture) {
    return image::EncodeImage({}, format, picture.view()).value();
  }

  ServiceHarness services_;
};

TEST_F(SegmentationInputsTest, MakesGrayAsTheProfileSays) {
  // One pixel: the mean of the upper class is its gray value.
  const auto gray = [&](v1::SegmentProfile profile, std::vector<uint8_t> rgb) {
    v1::SegmentRequest request;
    *request.mutable_image()->mutable_tensor() = MakeTensor(v1::DATA_TYPE_UINT8, {1, 1, 3}, rgb);
    request.set_profile(profile);
    request.add_steps()->mutable_threshold()->add_thresholds(0);
    return Segment(request).threshold().classes(1).mean();
  };
  const std::vector<uint8_t> colour = {10, 200, 30};
  EXPECT_EQ(gray(v1::SEGMENT_PROFILE_EXACT, colour), 124);
  EXPECT_EQ(gray(v1::SEGMENT_PROFILE_MATLAB, colour), 124);
  EXPECT_EQ(gray(v1::SEGMENT_PROFILE_OPENCV, colour), 124);
  EXPECT_EQ(gray(v1::SEGMENT_PROFILE_IMAGEJ, colour), 80);
  EXPECT_NEAR(gray(v1::SEGMENT_PROFILE_SKIMAGE, colour),
              (0.2125 * 10 + 0.7154 * 200 + 0.0721 * 30) / 255, 1e-7);
  // 46.503 is rounded up; OpenCV's fixed-point weights are a little smaller.
  EXPECT_EQ(gray(v1::SEGMENT_PROFILE_EXACT, {0, 33, 238}), 47);
  EXPECT_EQ(gray(v1::SEGMENT_PROFILE_OPENCV, {0, 33, 238}), 46);
}

TEST_F(SegmentationInputsTest, TakesOneChannel) {
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() =
      MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 2, 4}, {1, 2, 3, 10, 5, 6, 7, 90});
  request.set_channel(3);
  const v1::SegmentResponse response = Segment(request);
  EXPECT_EQ(response.threshold().classes(0).mean(), 10);
  EXPECT_EQ(response.threshold().classes(1).mean(), 90);
  EXPECT_EQ(response.width(), 2);
}

TEST_F(SegmentationInputsTest, ReadsGrayOfEveryType) {
  const auto classes = [&](const v1::Tensor& tensor) {
    v1::SegmentRequest request;
    *request.mutable_image()->mutable_tensor() = tensor;
    const v1::SegmentResponse response = Segment(request);
    return std::pair(response.threshold().classes(0).mean(),
                     response.threshold().classes(1).mean());
  };
  EXPECT_EQ(classes(MakeTensor<uint16_t>(v1::DATA_TYPE_UINT16, {2, 1}, {300, 60000})),
            std::pair(300.0, 60000.0));
  EXPECT_EQ(classes(MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 2, 1}, {-0.5f, 0.25f})),
            std::pair(-0.5, 0.25));
  EXPECT_EQ(classes(MakeTensor<uint8_t>(v1::DATA_TYPE_BOOL, {1, 2}, {0, 1})), std::pair(0.0, 1.0));
  EXPECT_EQ(classes(MakeTensor<int8_t>(v1::DATA_TYPE_INT8, {1, 2}, {-128, 127})),
            std::pair(-128.0, 127.0));
  EXPECT_EQ(classes(MakeTensor<int16_t>(v1::DATA_TYPE_INT16, {1, 2}, {-1000, 3000})),
            std::pair(-1000.0, 3000.0));
  EXPECT_EQ(classes(MakeTensor<int32_t>(v1::DATA_TYPE_INT32, {1, 2}, {-2000000000, 2000000000})),
            std::pair(-2e9, 2e9));
  EXPECT_EQ(classes(MakeTensor<uint32_t>(v1::DATA_TYPE_UINT32, {1, 2}, {4000000000u, 4000000001u})),
            std::pair(4e9, 4e9 + 1));
  EXPECT_EQ(classes(MakeTensor<int64_t>(v1::DATA_TYPE_INT64, {1, 2}, {-(1LL << 53), 1})),
            std::pair(-0x1p53, 1.0));
  EXPECT_EQ(classes(MakeTensor<uint64_t>(v1::DATA_TYPE_UINT64, {1, 2}, {3, 1ULL << 63})),
            std::pair(3.0, 0x1p63));
  EXPECT_EQ(classes(MakeTensor<uint16_t>(v1::DATA_TYPE_FLOAT16, {1, 2}, {0xBC00, 0x3800})),
            std::pair(-1.0, 0.5));
  EXPECT_EQ(classes(MakeTensor<uint16_t>(v1::DATA_TYPE_BFLOAT16, {1, 2}, {0xBF80, 0x4000})),
            std::pair(-1.0, 2.0));
  EXPECT_EQ(classes(MakeTensor<double>(v1::DATA_TYPE_FLOAT64, {1, 2}, {1e-100, 1e100})),
            std::pair(1e-100, 1e100));
  // Gray of colour, too.
  EXPECT_EQ(classes(MakeTensor<int16_t>(v1::DATA_TYPE_INT16, {1, 2, 3}, {-9, -9, -9, 8, 8, 8})),
            std::pair(-9.0, 8.0));
  EXPECT_EQ(classes(MakeTensor<double>(v1::DATA_TYPE_FLOAT64, {1, 2, 3}, {1, 1, 1, 2, 2, 2})),
            std::pair(1.0, 2.0));
}

TEST_F(SegmentationInputsTest, LeavesOutWhatIsNotFinite) {
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() =
      MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 5}, {std::nanf(""), 1, 9, INFINITY, -INFINITY});
  *request.mutable_mask()->mutable_tensor() =
      MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 5}, {1, 1, 1, 0, 0});
  ExpectRefused(services_.Unary<v1::SegmentResponse>("Segment", request).status(),
                absl::StatusCode::kInvalidArgument, "image.tensor.data[0][0]");
  request.set_nan_policy(v1::NAN_POLICY_IGNORE);
  request.mutable_outputs()->set_mask(true);
  const v1::SegmentResponse response = Segment(request);
  EXPECT_EQ(response.ignored_pixels(), 1);
  EXPECT_THAT(Values<uint8_t>(response.mask().tensor()), ElementsAre(0, 0, 255, 0, 0));
  EXPECT_EQ(response.foreground_fraction(), 0.5);
}

// Pages of one row of 8-bit gray.
std::string TiffOf(const std::vector<std::string>& pages) {
  const auto le = [](uint32_t value, int bytes) {
    return std::string(reinterpret_cast<const char*>(&value), static_cast<size_t>(bytes));
  };
  std::string file("II*\0\x08\0\0\0", 8);
  for (size_t i = 0; i < pages.size(); ++i) {
    constexpr uint32_t kTags = 8, kHead = 2 + 12 * kTags + 4;
    const auto at = static_cast<uint32_t>(file.size());
    const auto width = static_cast<uint32_t>(pages[i].size());
    file += le(kTags, 2);
    for (const auto& [tag, value] : std::vector<std::pair<uint32_t, uint32_t>>{{256, width},
                                                                               {257, 1},
                                                                               {258, 8},
                                                                               {259, 1},
                                                                               {262, 1},
                                                                               {273, at + kHead},
                                                                               {278, 1},
                                                                               {279, width}}) {
      file += le(tag, 2) + le(4, 2) + le(1, 4) + le(value, 4);
    }
    file += le(i + 1 < pages.size() ? at + kHead + width : 0, 4) + pages[i];
  }
  return file;
}

Tensor Floats(const Shape& shape, const std::vector<float>& values) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(values.data());
  return {DType::kFloat32, shape, {bytes, bytes + values.size() * sizeof(float)}};
}

TEST_F(SegmentationInputsTest, SaysThatAFileHasMorePages) {
  using testing::HasSubstr;
  v1::SegmentRequest request;
  request.mutable_image()->set_encoded(TiffOf({"ab", "cd", "ef"}));
  request.mutable_mask()->set_encoded(TiffOf({"\1\1", "\1\1"}));
  v1::SegmentResponse response = Segment(request);
  EXPECT_THAT(response.warnings(),
              ElementsAre("image.encoded: the file has 3 pages; image.page was not set, and page 0 "
                          "was taken",
                          HasSubstr("mask.encoded: the file has 2 pages; ")));
  EXPECT_EQ(response.threshold().thresholds(0), 'a');
  request.mutable_image()->set_page(0);
  request.mutable_mask()->set_page(1);
  EXPECT_THAT(Segment(request).warnings(), testing::IsEmpty());
  request.mutable_image()->set_page(2);
  EXPECT_EQ(Segment(request).threshold().thresholds(0), 'e');
  // One page, and none that can be counted.
  request.clear_mask();
  request.mutable_image()->set_encoded(TiffOf({"ab"}));
  request.mutable_image()->clear_page();
  EXPECT_THAT(Segment(request).warnings(), testing::IsEmpty());
  std::string circle = TiffOf({"ab"});
  circle[8 + 2 + 12 * 8] = 8;
  request.mutable_image()->set_encoded(circle);
  EXPECT_THAT(Segment(request).warnings(), ElementsAre(HasSubstr("form a circle")));
}

TEST_F(SegmentationInputsTest, SaysWhatIsOddAboutAFile) {
  v1::SegmentRequest request;
  const Tensor two = {DType::kUint8, {1, 2}, {0, 255}};
  request.mutable_image()->set_encoded(Encode(image::Format::kPng, two) + "trailer");
  request.mutable_mask()->set_encoded(Encode(image::Format::kPnm, two) + "x");
  EXPECT_THAT(Segment(request).warnings(),
              ElementsAre("image.encoded: 7 bytes behind the PNG picture were not read",
                          "mask.encoded: 1 byte behind the PNM picture was not read"));
}

TEST_F(SegmentationInputsTest, ReadsPicturesFromFiles) {
  const v1::Tensor picture = Disks::Picture();
  const auto pixels = Values<uint8_t>(picture);
  Tensor tensor{DType::kUint8,
                {Disks::kHeight, Disks::kWidth},
                {pixels.data(), pixels.data() + pixels.size()}};
  v1::SegmentRequest request = DisksRequest();
  request.mutable_outputs()->set_mask(true);
  const std::string expected = Segment(request).mask().tensor().data();
  for (const image::Format format :
       {image::Format::kPng, image::Format::kTiff, image::Format::kPnm}) {
    request.mutable_image()->set_encoded(Encode(format, tensor));
    EXPECT_EQ(Segment(request).mask().tensor().data(), expected);
  }
  request.mutable_image()->set_encoded(Encode(image::Format::kTiff, tensor));
  request.mutable_image()->set_page(0);
  EXPECT_EQ(Segment(request).mask().tensor().data(), expected);
}

TEST_F(SegmentationInputsTest, ReadsMasksOfEveryType) {
  // The right half belongs to nothing: half of what is left is bright.
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() =
      MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 4}, {10, 90, 90, 90});
  const auto check = [&](const char* what) {
    const v1::SegmentResponse response = Segment(request);
    EXPECT_DOUBLE_EQ(response.foreground_fraction(), 0.5) << what;
    EXPECT_DOUBLE_EQ(response.threshold().classes(1).weight(), 0.5) << what;
  };
  v1::Tensor* mask = request.mutable_mask()->mutable_tensor();
  *mask = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 4}, {1, 255, 0, 0});
  check("uint8");
  *mask = MakeTensor<uint8_t>(v1::DATA_TYPE_BOOL, {1, 4}, {1, 1, 0, 0});
  check("bool");
  *mask = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 4, 1}, {1, 255, 0, 0});
  check("one channel");
  *mask = MakeTensor<uint16_t>(v1::DATA_TYPE_UINT16, {1, 4}, {256, 1, 0, 0});
  check("uint16");
  *mask = MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 4}, {0.5f, -1, 0, -0.0f});
  check("float32");
  *mask = MakeTensor<double>(v1::DATA_TYPE_FLOAT64, {1, 4}, {1e-300, -1, 0, -0.0});
  check("float64");
  *mask = MakeTensor<uint16_t>(v1::DATA_TYPE_FLOAT16, {1, 4}, {1, 0x3C00, 0, 0x8000});
  check("float16");
  *mask = MakeTensor<int64_t>(v1::DATA_TYPE_INT64, {1, 4}, {-1, 1LL << 40, 0, 0});
  check("int64");
  *mask = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 4, 3}, {0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0});
  check("colour");
  request.mutable_mask()->set_encoded(
      Encode(image::Format::kPng, {DType::kUint8, {1, 4}, {255, 255, 0, 0}}));
  check("file");
}

// The first byte of BOOL that is neither 0 nor 1 is named, in whichever picture.
TEST_F(SegmentationInputsTest, RefusesBytesOfBoolAboveOne) {
  const v1::Tensor right = MakeTensor<uint8_t>(v1::DATA_TYPE_BOOL, {2, 2}, {0, 1, 1, 0});
  const auto request = [&] {
    v1::SegmentRequest r;
    *r.mutable_image()->mutable_tensor() = right;
    *r.mutable_mask()->mutable_tensor() = right;
    *r.mutable_ground_truth()->mutable_tensor() = right;
    *r.mutable_markers()->mutable_tensor() = right;
    r.add_steps()->mutable_threshold()->add_thresholds(0.5);
    r.add_steps()->mutable_watershed();
    return r;
  };
  Segment(request());
  const std::vector<std::pair<std::string, v1::Image* (v1::SegmentRequest::*)()>> fields = {
      {"image", &v1::SegmentRequest::mutable_image},
      {"mask", &v1::SegmentRequest::mutable_mask},
      {"ground_truth", &v1::SegmentRequest::mutable_ground_truth},
      {"markers", &v1::SegmentRequest::mutable_markers}};
  for (const auto& [field, picture] : fields) {
    v1::SegmentRequest wrong = request();
    *(wrong.*picture)()->mutable_tensor() =
        MakeTensor<uint8_t>(v1::DATA_TYPE_BOOL, {2, 2}, {0, 1, 7, 2});
    const absl::Status status = services_.Unary<v1::SegmentResponse>("Segment", wrong).status();
    ExpectRefused(status, absl::StatusCode::kInvalidArgument, field + ".tensor.data[1][0]");
    EXPECT_THAT(std::string(status.message()),
                testing::HasSubstr("is 7; a byte of BOOL must be 0 or 1"));
  }
  v1::SegmentRequest channels = request();
  channels.set_channel(0);
  *channels.mutable_image()->mutable_tensor() =
      MakeTensor<uint8_t>(v1::DATA_TYPE_BOOL, {2, 2, 2}, {0, 1, 1, 0, 1, 255, 0, 0});
  ExpectRefused(services_.Unary<v1::SegmentResponse>("Segment", channels).status(),
                absl::StatusCode::kInvalidArgument, "image.tensor.data[1][0][1]");
}

// Neither outside nor inside: whatever nan_policy says of the image.
TEST_F(SegmentationInputsTest, RefusesMasksThatAreNotFinite) {
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() =
      MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {2, 2}, {10, 90, 90, 90});
  for (const v1::NanPolicy policy : {v1::NAN_POLICY_REFUSE, v1::NAN_POLICY_IGNORE}) {
    request.set_nan_policy(policy);
    for (const float value : {std::nanf(""), INFINITY, -INFINITY}) {
      v1::Tensor* const mask = request.mutable_mask()->mutable_tensor();
      *mask = MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {2, 2}, {1, 0, value, 1});
      ExpectRefused(services_.Unary<v1::SegmentResponse>("Segment", request).status(),
                    absl::StatusCode::kInvalidArgument, "mask.tensor.data[1][0]");
      *mask = MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {2, 2, 2}, {1, 0, 0, 0, 0, 0, 0, value});
      ExpectRefused(services_.Unary<v1::SegmentResponse>("Segment", request).status(),
                    absl::StatusCode::kInvalidArgument, "mask.tensor.data[1][1]");
      request.mutable_mask()->set_encoded(
          Encode(image::Format::kTiff, Floats({2, 2}, {0, value, 1, 1})));
      ExpectRefused(services_.Unary<v1::SegmentResponse>("Segment", request).status(),
                    absl::StatusCode::kInvalidArgument, "mask.encoded[0][1]");
    }
  }
}

TEST_F(SegmentationInputsTest, ComparesWithTheGroundTruth) {
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() =
      MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 5}, {10, 90, 90, 10, 90});
  EXPECT_FALSE(Segment(request).has_mask_metrics());
  v1::Tensor* truth = request.mutable_ground_truth()->mutable_tensor();
  *truth = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 5}, {99, 255, 0, 128, 200});
  const auto check = [&](const char* what) {
    const v1::MaskMetrics metrics = Segment(request).mask_metrics();
    EXPECT_EQ(metrics.true_positives(), 2) << what;
    EXPECT_EQ(metrics.false_positives(), 1) << what;
    EXPECT_EQ(metrics.false_negatives(), 1) << what;
    EXPECT_EQ(metrics.true_negatives(), 1) << what;
    EXPECT_DOUBLE_EQ(metrics.precision(), 200.0 / 3) << what;
    EXPECT_DOUBLE_EQ(metrics.recall(), 200.0 / 3) << what;
    EXPECT_DOUBLE_EQ(metrics.f_measure(), 200.0 / 3) << what;
    EXPECT_DOUBLE_EQ(metrics.dice(), 2.0 / 3) << what;
    EXPECT_DOUBLE_EQ(metrics.iou(), 0.5) << what;
    EXPECT_DOUBLE_EQ(metrics.psnr(), 10 * std::log10(5.0 / 2)) << what;
    EXPECT_GT(metrics.drd(), 0) << what;
    EXPECT_GT(metrics.pseudo_precision(), metrics.precision()) << what;
    EXPECT_GT(metrics.pseudo_recall(), 0) << what;
    EXPECT_GT(metrics.pseudo_f_measure(), 0) << what;
  };
  check("uint8");
  *truth = MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 5, 1}, {0, 9, -1, 6, 7});
  check("float32");
  *truth = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 5, 3},
                               {0, 0, 99, 255, 255, 255, 0, 0, 0, 255, 255, 0, 200, 200, 200});
  check("colour");
  *truth = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 5}, {255, 0, 128, 127, 1});
  request.set_ground_truth_dark(true);
  check("dark");
  request.clear_ground_truth_dark();
  request.mutable_ground_truth()->set_encoded(
      Encode(image::Format::kPng, {DType::kUint8, {1, 5}, {0, 255, 0, 255, 255}}));
  check("file");
  // What the mask leaves out counts for nothing.
  *request.mutable_mask()->mutable_tensor() =
      MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 5}, {1, 1, 0, 0, 1});
  const v1::MaskMetrics inside = Segment(request).mask_metrics();
  EXPECT_EQ(inside.true_positives(), 2);
  EXPECT_EQ(inside.true_negatives(), 1);
  EXPECT_EQ(inside.f_measure(), 100);
  EXPECT_EQ(inside.psnr(), std::numeric_limits<double>::infinity());
}

TEST_F(SegmentationInputsTest, ReadsMarkersOfEveryType) {
  // A valley on either side of a ridge; given markers choose GIVEN and the gray relief.
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() =
      MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 7}, {0, 1, 2, 9, 2, 1, 0});
  request.add_steps()->mutable_watershed()->set_lines(true);
  request.mutable_outputs()->set_labels(true);
  const auto check = [&](const char* what) {
    EXPECT_THAT(Values<int32_t>(Segment(request).labels().tensor()),
                ElementsAre(7, 7, 7, 0, 3, 3, 3))
        << what;
  };
  v1::Tensor* markers = request.mutable_markers()->mutable_tensor();
  *markers = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 7}, {7, 0, 0, 0, 0, 0, 3});
  check("uint8");
  *markers = MakeTensor<int8_t>(v1::DATA_TYPE_INT8, {1, 7}, {7, 0, 0, 0, 0, 0, 3});
  check("int8");
  *markers = MakeTensor<uint16_t>(v1::DATA_TYPE_UINT16, {1, 7}, {7, 0, 0, 0, 0, 0, 3});
  check("uint16");
  *markers = MakeTensor<int16_t>(v1::DATA_TYPE_INT16, {1, 7}, {7, 0, 0, 0, 0, 0, 3});
  check("int16");
  *markers = MakeTensor<int32_t>(v1::DATA_TYPE_INT32, {1, 7}, {7, 0, 0, 0, 0, 0, 3});
  check("int32");
  *markers = MakeTensor<int64_t>(v1::DATA_TYPE_INT64, {1, 7}, {7, 0, 0, 0, 0, 0, 3});
  check("int64");
  *markers = MakeTensor<uint32_t>(v1::DATA_TYPE_UINT32, {1, 7, 1}, {7, 0, 0, 0, 0, 0, 3});
  check("uint32");
  request.mutable_markers()->set_encoded(
      Encode(image::Format::kPng, {DType::kUint8, {1, 7}, {7, 0, 0, 0, 0, 0, 3}}));
  check("file");
}

}  // namespace
}  // namespace trine::server
