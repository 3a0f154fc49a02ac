// Everything that Segment refuses: the code, the field that is blamed, and words for it.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "tests/server/services/chunked_items.h"
#include "tests/server/services/segmentation/segment_examples.h"
#include "tests/server/services/service_harness.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server {
namespace {

using absl::StatusCode;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Refusal {
  std::string field;
  std::function<void(v1::SegmentRequest&)> spoil;
  StatusCode code = StatusCode::kInvalidArgument;
  bool is_in_bytes = false;  // of a picture: what is known of it without them does not tell
};

Refusal InBytes(Refusal refusal) {
  refusal.is_in_bytes = true;
  return refusal;
}

// The head of an item in chunks, of which none follows, is refused already.
void CheckHead(ServiceHarness& services, const v1::SegmentRequest& item, const Refusal& refusal) {
  v1::SegmentStreamRequest head = Whole(item);
  TakePayloads(&head);
  const absl::Status status =
      services.Stream<v1::SegmentStreamResponse>("SegmentStream", std::vector{head}).status;
  if (refusal.is_in_bytes) {
    ExpectRefused(status, StatusCode::kInvalidArgument, "chunk");
  } else {
    ExpectRefused(status, refusal.code, "item." + refusal.field);
  }
}

void Check(const std::vector<Refusal>& cases) {
  ServiceHarness services;
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "case " << i << ", " << cases[i].field);
    v1::SegmentRequest request = DisksRequest();
    cases[i].spoil(request);
    ExpectRefused(services.Unary<v1::SegmentResponse>("Segment", request).status(), cases[i].code,
                  cases[i].field);
    CheckHead(services, request, cases[i]);
  }
}

using Request = v1::SegmentRequest;

TEST(SegmentationRefusalsTest, Images) {
  const auto tensor = [](const v1::Tensor& value) {
    return [value](Request& r) { *r.mutable_image()->mutable_tensor() = value; };
  };
  const auto shape = [](std::vector<int64_t> dims) {
    return [dims](Request& r) {
      r.mutable_image()->mutable_tensor()->mutable_shape()->Assign(dims.begin(), dims.end());
    };
  };
  const auto encoded = [](std::string bytes) {
    return [bytes](Request& r) { r.mutable_image()->set_encoded(bytes); };
  };
  const std::string png = PngOf({DType::kUint8, {2, 2}, {1, 2, 3, 4}});
  Check({
      {"image", [](Request& r) { r.clear_image(); }},
      {"image", [](Request& r) { r.mutable_image()->clear_source(); }},
      {"image.tensor.dtype", tensor(v1::Tensor())},
      {"image.tensor.dtype",
       tensor(MakeTensor<uint8_t>(static_cast<v1::DataType>(77), {1, 1}, {1}))},
      InBytes({"image.tensor.data[0][1]",
               tensor(MakeTensor<double>(v1::DATA_TYPE_FLOAT64, {1, 2}, {0, 1e200}))}),
      InBytes(
          {"image.tensor.data[0][0]",
           tensor(MakeTensor<int64_t>(v1::DATA_TYPE_INT64, {1, 2}, {(int64_t{1} << 53) + 1, 0}))}),
      {"image.tensor.shape", tensor(MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {0, 5}, {}))},
      {"image.tensor.shape", tensor(MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {5, 0}, {}))},
      {"image.tensor.shape", tensor(MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {5, 5, 0}, {}))},
      {"image.tensor.shape", tensor(MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1}, {1}))},
      {"image.tensor.shape", tensor(MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {}, {1}))},
      {"image.tensor.shape", tensor(MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 1, 1, 1}, {1}))},
      {"image.tensor.shape", tensor(MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 1, 2}, {1, 2}))},
      {"image.tensor.shape",
       tensor(MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 1, 4}, {1, 2, 3, 4}))},
      {"image.tensor.shape", shape({1, 1, 1, 1, 1, 1, 1, 1, 1})},
      {"image.tensor.shape", shape({INT64_MAX, 3})},
      {"image.tensor.shape", shape({1 << 16, 1 << 16}), StatusCode::kResourceExhausted},
      {"image.tensor.shape[1]", shape({Disks::kHeight, -Disks::kWidth})},
      {"image.tensor.data", shape({Disks::kHeight, Disks::kWidth + 1})},
      InBytes({"image.tensor.data[0][1]",
               tensor(MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 2}, {0, std::nanf("")}))}),
      InBytes({"image.tensor.data[1][0]",
               tensor(MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {2, 1}, {0, INFINITY}))}),
      {"image.page", [](Request& r) { r.mutable_image()->set_page(0); }},
      {"image.encoded", encoded("")},
      InBytes({"image.encoded", encoded("this is no picture")}),
      InBytes({"image.encoded", encoded(png.substr(0, png.size() - 20))}),
      InBytes({"image.encoded", encoded(png.substr(0, 8))}),
      InBytes({"image.encoded", encoded("P5\n5 5\n255\n1234")}),
      InBytes({"image.encoded", encoded("P5\n99999999 99999999\n255\n1"),
               StatusCode::kResourceExhausted}),
      {"image.page",
       [&](Request& r) {
         r.mutable_image()->set_encoded(png);
         r.mutable_image()->set_page(-1);
       }},
      InBytes({"image.page",
               [&](Request& r) {
                 r.mutable_image()->set_encoded(png);
                 r.mutable_image()->set_page(1);
               }}),
      {"channel", [](Request& r) { r.set_channel(1); }},
      {"channel", [](Request& r) { r.set_channel(-1); }},
      {"profile", [](Request& r) { r.set_profile(static_cast<v1::SegmentProfile>(6)); }},
      {"nan_policy", [](Request& r) { r.set_nan_policy(static_cast<v1::NanPolicy>(3)); }},
      {"max_threads", [](Request& r) { r.set_max_threads(-7); }},
  });
}

TEST(SegmentationRefusalsTest, ADamagedPictureSaysSo) {
  ServiceHarness services;
  v1::SegmentRequest request;
  std::string png = PngOf({DType::kUint8, {2, 2}, {1, 2, 3, 4}});
  png[png.size() - 22] ^= 0x55;
  request.mutable_image()->set_encoded(png);
  const absl::Status status = services.Unary<v1::SegmentResponse>("Segment", request).status();
  ExpectRefused(status, StatusCode::kInvalidArgument, "image.encoded");
  EXPECT_EQ(GetErrorDetail(status)->reason, "CORRUPT_IMAGE");
}

TEST(SegmentationRefusalsTest, MasksMarkersAndGroundTruths) {
  const auto mask = [](const v1::Tensor& value) {
    return [value](Request& r) { *r.mutable_mask()->mutable_tensor() = value; };
  };
  const auto truth = [](const v1::Tensor& value) {
    return [value](Request& r) { *r.mutable_ground_truth()->mutable_tensor() = value; };
  };
  const auto markers = [](const v1::Tensor& value) {
    return [value](Request& r) {
      *r.mutable_markers()->mutable_tensor() = value;
      r.add_steps()->mutable_watershed();
    };
  };
  constexpr int64_t kH = Disks::kHeight, kW = Disks::kWidth;
  const std::vector<uint8_t> zeros(kH * kW, 0);
  std::vector<uint32_t> huge(kH * kW, 0);
  huge[kW + 2] = 0x80000000u;
  std::vector<int64_t> negative(kH * kW, 0);
  negative[1] = -1;
  Check({
      {"mask", [](Request& r) { r.mutable_mask(); }},
      {"mask.tensor.shape", mask(MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 1}, {1}))},
      {"mask.tensor.shape", mask(MakeTensor(v1::DATA_TYPE_UINT8, {kW, kH}, zeros))},
      {"mask.tensor.shape", mask(MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {kH, kW, 0}, {}))},
      {"mask.tensor.data", mask(MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {kH, kW}, {1}))},
      InBytes(
          {"mask.tensor", mask(MakeTensor(v1::DATA_TYPE_UINT8, {kH, kW}, zeros))}),  // 0 everywhere
      InBytes({"mask.encoded",
               [](Request& r) {
                 r.mutable_mask()->set_encoded(PngOf({DType::kUint8, {2, 2}, {1, 2, 3, 4}}));
               }}),
      InBytes({"mask.encoded", [](Request& r) { r.mutable_mask()->set_encoded("no picture"); }}),
      {"ground_truth", [](Request& r) { r.mutable_ground_truth(); }},
      {"ground_truth_dark", [](Request& r) { r.set_ground_truth_dark(true); }},
      {"ground_truth.tensor.shape", truth(MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 1}, {1}))},
      {"ground_truth.tensor.shape",
       truth(MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {kH, kW, 0}, {}))},
      {"ground_truth.tensor.data", truth(MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {kH, kW}, {1}))},
      {"ground_truth.tensor",
       [&](Request& r) {
         truth(MakeTensor(v1::DATA_TYPE_UINT8, {kH, kW}, zeros))(r);
         r.add_steps()->mutable_all_thresholds();
       }},
      InBytes({"ground_truth.encoded",
               [](Request& r) { r.mutable_ground_truth()->set_encoded("no picture"); }}),
      {"markers.tensor.dtype", markers(MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 1}, {1}))},
      {"markers.tensor.dtype", markers(MakeTensor<double>(v1::DATA_TYPE_FLOAT64, {1, 1}, {1}))},
      InBytes({"markers.tensor.data[0][1]",
               markers(MakeTensor(v1::DATA_TYPE_INT64, {kH, kW}, negative))}),
      {"markers.tensor.shape", markers(MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {2, 1}, {1, 2}))},
      {"markers.tensor.shape",
       markers(MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {kH, kW, 2},
                                   std::vector<uint8_t>(static_cast<size_t>(2 * kH * kW), 1)))},
      InBytes(
          {"markers.tensor.data[1][2]", markers(MakeTensor(v1::DATA_TYPE_UINT32, {kH, kW}, huge))}),
      InBytes({"markers.encoded",
               [](Request& r) {
                 r.mutable_markers()->set_encoded(PngOf({DType::kUint8, {1, 1, 3}, {1, 2, 3}}));
               }}),
  });
}

TEST(SegmentationRefusalsTest, Steps) {
  const auto steps = [](std::function<void(v1::SegmentStep&)> last) {
    return [last](Request& r) {
      r.add_steps()->mutable_otsu();
      last(*r.add_steps());
    };
  };
  using Step = v1::SegmentStep;
  const auto thresholds = [&](std::vector<double> values) {
    return steps([values](Step& s) {
      s.mutable_threshold()->mutable_thresholds()->Assign(values.begin(), values.end());
    });
  };
  std::vector<double> many(16);
  for (size_t i = 0; i < many.size(); ++i) many[i] = static_cast<double>(i);
  const auto watershed = [](std::function<void(v1::WatershedStep&)> spoil) {
    return [spoil](Request& r) {
      r.add_steps()->mutable_otsu();
      r.add_steps()->mutable_distance();
      spoil(*r.add_steps()->mutable_watershed());
    };
  };
  std::vector<Refusal> cases = {
      {"steps[1]", steps([](Step&) {})},
      {"steps",
       [](Request& r) {
         for (int i = 0; i < 65; ++i) r.add_steps()->mutable_otsu();
       },
       StatusCode::kResourceExhausted},
      {"steps[0]", [](Request& r) { r.add_steps()->mutable_invert(); }},
      {"steps[0]", [](Request& r) { r.add_steps()->mutable_fill_holes(); }},
      {"steps[0]", [](Request& r) { r.add_steps()->mutable_components(); }},
      {"steps[0]", [](Request& r) { r.add_steps()->mutable_distance(); }},
      {"steps[0]", [](Request& r) { r.add_steps()->mutable_contours(); }},
      {"steps[0]", [](Request& r) { r.add_steps()->mutable_measure(); }},
      {"steps[1]", steps([](Step& s) { s.mutable_measure(); })},
      {"steps[1]", steps([](Step& s) { s.mutable_watershed(); })},  // no distance map
      {"steps[1].threshold.thresholds", thresholds({})},
      {"steps[1].threshold.thresholds", thresholds(many)},
      {"steps[1].threshold.thresholds[1]", thresholds({3, 3})},
      {"steps[1].threshold.thresholds[2]", thresholds({1, 4, 2})},
      {"steps[1].threshold.thresholds[0]", thresholds({kNaN})},
      {"steps[1].threshold.thresholds[1]", thresholds({0, kInfinity})},
      {"steps[1].fill_holes.max_area",
       steps([](Step& s) { s.mutable_fill_holes()->set_max_area(-1); })},
      {"steps[1].fill_holes.connectivity", steps([](Step& s) {
         s.mutable_fill_holes()->set_connectivity(static_cast<v1::Connectivity>(8));
       })},
      {"steps[1].components.min_area",
       steps([](Step& s) { s.mutable_components()->set_min_area(INT64_MIN); })},
      {"steps[1].components.connectivity", steps([](Step& s) {
         s.mutable_components()->set_connectivity(static_cast<v1::Connectivity>(-1));
       })},
      {"steps[2].watershed.markers",
       watershed([](auto& w) { w.set_markers(static_cast<v1::MarkerSource>(3)); })},
      {"steps[2].watershed.markers",
       watershed([](auto& w) { w.set_markers(v1::MARKER_SOURCE_GIVEN); })},
      {"steps[2].watershed.relief",
       watershed([](auto& w) { w.set_relief(static_cast<v1::Relief>(3)); })},
      {"steps[2].watershed.connectivity",
       watershed([](auto& w) { w.set_connectivity(static_cast<v1::Connectivity>(4)); })},
      {"steps[2].watershed.marker_height", watershed([](auto& w) { w.set_marker_height(-0.5); })},
      {"steps[2].watershed.marker_height", watershed([](auto& w) { w.set_marker_height(kNaN); })},
  };
  for (const int32_t classes : {0, 1, 17, -3, INT32_MAX, INT32_MIN}) {
    cases.push_back({"steps[1].multi_otsu.classes",
                     steps([classes](Step& s) { s.mutable_multi_otsu()->set_classes(classes); })});
  }
  Check(cases);
}

TEST(SegmentationRefusalsTest, LocalThresholds) {
  const auto local = [](std::function<void(v1::LocalThresholdStep&)> spoil) {
    return [spoil](Request& r) { spoil(*r.add_steps()->mutable_local_threshold()); };
  };
  using Local = v1::LocalThresholdStep;
  const std::string path = "steps[0].local_threshold.";
  std::vector<Refusal> cases = {
      {path + "method", local([](Local& s) { s.set_method(static_cast<v1::LocalMethod>(99)); })},
      {path + "k", local([](Local& s) {
         s.set_method(v1::LOCAL_METHOD_MEAN);
         s.set_k(0.5);
       })},
      {path + "offset", local([](Local& s) {
         s.set_method(v1::LOCAL_METHOD_MEAN);
         s.set_offset(kNaN);
       })},
      {path + "k", local([](Local& s) { s.set_k(kInfinity); })},
      {path + "r", local([](Local& s) { s.set_r(0); })},
      {path + "r", local([](Local& s) { s.set_r(kNaN); })},
      {path + "sigma", local([](Local& s) {
         s.set_method(v1::LOCAL_METHOD_GAUSSIAN);
         s.set_sigma(-1);
       })},
  };
  for (const int64_t window :
       {int64_t{2}, int64_t{4}, int64_t{1}, int64_t{-3}, int64_t{65537}, INT64_MAX, INT64_MIN}) {
    cases.push_back({path + "window", local([window](Local& s) { s.set_window(window); })});
  }
  Check(cases);
}

TEST(SegmentationRefusalsTest, WhatAProfileDoesNotHave) {
  Check({
      {"profile",
       [](Request& r) {
         r.set_profile(v1::SEGMENT_PROFILE_IMAGEJ);
         r.add_steps()->mutable_multi_otsu();
       },
       StatusCode::kUnimplemented},
      {"profile",
       [](Request& r) {
         r.set_profile(v1::SEGMENT_PROFILE_OPENCV);
         *r.mutable_image()->mutable_tensor() =
             MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 2}, {0, 1});
       },
       StatusCode::kUnimplemented},
      {"profile",
       [](Request& r) {
         r.set_profile(v1::SEGMENT_PROFILE_IMAGEJ);
         *r.mutable_image()->mutable_tensor() =
             MakeTensor<int16_t>(v1::DATA_TYPE_INT16, {1, 2}, {0, 1});
       },
       StatusCode::kUnimplemented},
      {"image.tensor.dtype",
       [](Request& r) {
         *r.mutable_image()->mutable_tensor() =
             MakeTensor<int64_t>(v1::DATA_TYPE_INT64, {1, 1, 3}, {0, 1, 2});
       },
       StatusCode::kUnimplemented},
      {"image.tensor.dtype",
       [](Request& r) {
         r.set_profile(v1::SEGMENT_PROFILE_SKIMAGE);
         *r.mutable_image()->mutable_tensor() =
             MakeTensor<uint32_t>(v1::DATA_TYPE_UINT32, {1, 1, 3}, {0, 1, 2});
       },
       StatusCode::kUnimplemented},
  });
}

TEST(SegmentationRefusalsTest, Outputs) {
  Check({
      InBytes({"outputs.format",
               [](Request& r) {
                 std::vector<int32_t> markers(Disks::kHeight * Disks::kWidth, 0);
                 markers[5] = -1;
                 *r.mutable_markers()->mutable_tensor() =
                     MakeTensor(v1::DATA_TYPE_INT32, {Disks::kHeight, Disks::kWidth}, markers);
                 r.set_profile(v1::SEGMENT_PROFILE_SKIMAGE);
                 r.mutable_outputs()->set_labels(true);
                 r.mutable_outputs()->set_format(v1::IMAGE_FORMAT_PNG);
                 r.add_steps()->mutable_watershed();
               }}),
      {"outputs.format",
       [](Request& r) { r.mutable_outputs()->set_format(static_cast<v1::ImageFormat>(4)); }},
      {"outputs.labels", [](Request& r) { r.mutable_outputs()->set_labels(true); }},
      {"outputs.cutout",
       [](Request& r) {
         r.mutable_outputs()->set_cutout(true);
         r.add_steps()->mutable_all_thresholds();
       }},
      InBytes({"outputs.format",  // no PNG of floats
               [](Request& r) {
                 *r.mutable_image()->mutable_tensor() =
                     MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 2}, {0, 1});
                 r.mutable_outputs()->set_cutout(true);
                 r.mutable_outputs()->set_format(v1::IMAGE_FORMAT_PNG);
               }}),
      {"outputs.distance", [](Request& r) { r.mutable_outputs()->set_distance(true); }},
      {"outputs.distance",
       [](Request& r) {
         *r.mutable_markers()->mutable_tensor() =
             MakeTensor(v1::DATA_TYPE_UINT8, {Disks::kHeight, Disks::kWidth},
                        std::vector<uint8_t>(Disks::kHeight * Disks::kWidth, 1));
         r.mutable_outputs()->set_mask(true);
         r.mutable_outputs()->set_distance(true);
         r.add_steps()->mutable_watershed();
       }},
  });
}

}  // namespace
}  // namespace trine::server
