// What Segment refuses because an output or a limit says so, and how its calls end early.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "tests/server/services/segmentation/segment_examples.h"
#include "tests/server/services/service_harness.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server {
namespace {

using absl::StatusCode;

// 256 x 256 isolated pixels: one label more than a 16-bit PNG holds.
TEST(SegmentationLimitsTest, MoreLabelsThanAPngHolds) {
  constexpr size_t kSide = 512;
  std::vector<uint8_t> pixels(kSide * kSide, 0);
  for (size_t y = 0; y < kSide; y += 2) {
    for (size_t x = 0; x < kSide; x += 2) pixels[y * kSide + x] = 255;
  }
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() =
      MakeTensor(v1::DATA_TYPE_UINT8, {kSide, kSide}, pixels);
  request.add_steps()->mutable_otsu();
  request.add_steps()->mutable_components();
  request.mutable_outputs()->set_labels(true);
  request.mutable_outputs()->set_format(v1::IMAGE_FORMAT_PNG);
  ServiceHarness services;
  const auto call = [&] { return services.Unary<v1::SegmentResponse>("Segment", request); };
  ExpectRefused(call().status(), StatusCode::kInvalidArgument, "outputs.format");
  EXPECT_NE(call().status().message().find("TIFF"), std::string::npos);
  request.mutable_outputs()->set_format(v1::IMAGE_FORMAT_TIFF);
  EXPECT_TRUE(call().ok()) << call().status();

  pixels[0] = 0;  // 65,535 fit
  *request.mutable_image()->mutable_tensor() =
      MakeTensor(v1::DATA_TYPE_UINT8, {kSide, kSide}, pixels);
  request.mutable_outputs()->set_format(v1::IMAGE_FORMAT_PNG);
  const auto fits = call();
  ASSERT_TRUE(fits.ok()) << fits.status();
  EXPECT_EQ(fits->label_count(), 65535);
}

TEST(SegmentationLimitsTest, WhatTheLimitsSay) {
  Limits limits;
  limits.max_output_bytes = 4 * Disks::kHeight * Disks::kWidth;
  limits.max_regions = 1;
  limits.max_segment_steps = 2;
  ServiceHarness services(limits);
  const auto refusal = [&](const v1::SegmentRequest& request) {
    return services.Unary<v1::SegmentResponse>("Segment", request).status();
  };
  v1::SegmentRequest request = DisksRequest();
  request.add_steps()->mutable_otsu();
  request.add_steps()->mutable_components();
  request.mutable_outputs()->set_mask(true);
  request.mutable_outputs()->set_labels(true);
  ExpectRefused(refusal(request), StatusCode::kResourceExhausted, "outputs");

  request = DisksRequest();
  request.add_steps()->mutable_otsu();
  request.add_steps()->mutable_contours();  // the outline and the hole's
  const absl::Status contours = refusal(request);
  ExpectRefused(contours, StatusCode::kResourceExhausted, "steps[1]");
  request.add_steps()->mutable_contours();
  ExpectRefused(refusal(request), StatusCode::kResourceExhausted, "steps");

  limits = Limits();
  limits.max_output_bytes = 64;
  ServiceHarness small(limits);
  request.Clear();
  request.mutable_image()->set_encoded("P5\n9 9\n255\n" + std::string(81, 'x'));
  ExpectRefused(small.Unary<v1::SegmentResponse>("Segment", request).status(),
                StatusCode::kResourceExhausted, "image.encoded");
}

TEST(SegmentationLimitsTest, OutputsThatNoMessageHolds) {
  ServiceHarness services;
  services.BoundResponses(4 * Disks::kHeight * Disks::kWidth);
  v1::SegmentRequest request = DisksRequest();
  request.add_steps()->mutable_otsu();
  request.add_steps()->mutable_components();
  request.mutable_outputs()->set_mask(true);
  EXPECT_TRUE(services.Unary<v1::SegmentResponse>("Segment", request).ok());
  // Three channels and the mask.
  v1::SegmentRequest colour = request;
  *colour.mutable_image()->mutable_tensor() =
      MakeTensor(v1::DATA_TYPE_UINT8, {Disks::kHeight, Disks::kWidth, 3},
                 std::vector<uint8_t>(Disks::kHeight * Disks::kWidth * 3, 1));
  colour.mutable_outputs()->set_cutout(true);
  EXPECT_TRUE(services.Unary<v1::SegmentResponse>("Segment", colour).ok());
  services.BoundResponses(4 * Disks::kHeight * Disks::kWidth - 1);
  ExpectRefused(services.Unary<v1::SegmentResponse>("Segment", colour).status(),
                StatusCode::kResourceExhausted, "outputs");
  services.BoundResponses(4 * Disks::kHeight * Disks::kWidth);
  request.mutable_outputs()->set_labels(true);
  const absl::Status status = services.Unary<v1::SegmentResponse>("Segment", request).status();
  ExpectRefused(status, StatusCode::kResourceExhausted, "outputs");
  EXPECT_EQ(GetErrorDetail(status)->limit.rfind("max_message_bytes = ", 0), 0u) << status;
  // Packed into files the same may fit, which shows when they are there.
  request.mutable_outputs()->set_format(v1::IMAGE_FORMAT_PNG);
  EXPECT_TRUE(services.Unary<v1::SegmentResponse>("Segment", request).ok());
}

// Before a step runs: this one would find no threshold.
TEST(SegmentationLimitsTest, WiderThanFilesAre) {
  ServiceHarness services;
  const auto refusal = [&](int64_t width, bool packs) {
    constexpr uint8_t kOnePeak[] = {0, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 5};
    std::vector<uint8_t> pixels(static_cast<size_t>(width));
    for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = kOnePeak[i % std::size(kOnePeak)];
    v1::SegmentRequest request;
    *request.mutable_image()->mutable_tensor() =
        MakeTensor(v1::DATA_TYPE_UINT8, {1, width}, pixels);
    request.add_steps()->mutable_auto_threshold()->set_method(v1::AUTO_METHOD_MINIMUM);
    request.mutable_outputs()->set_mask(packs);
    request.mutable_outputs()->set_format(v1::IMAGE_FORMAT_PNG);
    return services.Unary<v1::SegmentResponse>("Segment", request).status();
  };
  constexpr char kNoThreshold[] = "steps[0].auto_threshold.method";
  ExpectRefused(refusal(1'000'000, true), StatusCode::kInvalidArgument, kNoThreshold);
  ExpectRefused(refusal(1'000'001, true), StatusCode::kResourceExhausted, "outputs.format");
  ExpectRefused(refusal(1'000'001, false), StatusCode::kInvalidArgument, kNoThreshold);
}

TEST(SegmentationLimitsTest, ListsThatAnAnswerCannotHold) {
  // 50 components are 50 regions: more bytes than the answer may have, and so are their outlines.
  std::vector<uint8_t> pixels;
  for (int i = 0; i < 100; ++i) pixels.push_back(i % 2 == 0 ? 0 : 9);
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() = MakeTensor(v1::DATA_TYPE_UINT8, {1, 100}, pixels);
  request.add_steps()->mutable_otsu();
  request.add_steps()->mutable_components();
  request.add_steps()->mutable_measure();
  Limits limits;
  limits.max_output_bytes = 1000;
  ServiceHarness services(limits);
  ExpectRefused(services.Unary<v1::SegmentResponse>("Segment", request).status(),
                StatusCode::kResourceExhausted, "regions");
  request.mutable_steps(2)->mutable_contours();
  ExpectRefused(services.Unary<v1::SegmentResponse>("Segment", request).status(),
                StatusCode::kResourceExhausted, "contours");
}

// What a region is taken to need is no less than what it takes on the wire with all measurements.
TEST(SegmentationLimitsTest, RegionsAreCountedWithAllTheirMeasurements) {
  std::vector<uint8_t> pixels;
  for (int i = 0; i < 400; ++i) pixels.push_back(i % 4 == 0 ? 0 : static_cast<uint8_t>(90 + i % 4));
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() = MakeTensor(v1::DATA_TYPE_UINT8, {1, 400}, pixels);
  request.add_steps()->mutable_otsu();
  request.add_steps()->mutable_components();
  request.add_steps()->mutable_measure()->set_shape(true);
  ServiceHarness free;
  const auto response = free.Unary<v1::SegmentResponse>("Segment", request);
  ASSERT_TRUE(response.ok()) << response.status();
  v1::SegmentResponse regions;
  *regions.mutable_regions() = response->regions();
  Limits limits;
  limits.max_output_bytes = regions.ByteSizeLong() - 1;
  ServiceHarness services(limits);
  ExpectRefused(services.Unary<v1::SegmentResponse>("Segment", request).status(),
                StatusCode::kResourceExhausted, "regions");
}

TEST(SegmentationLimitsTest, CancelledAndLateCalls) {
  ServiceHarness services;
  services.cancel().SetDeadline(std::chrono::steady_clock::now());
  ExpectRefused(services.Unary<v1::SegmentResponse>("Segment", DisksRequest()).status(),
                StatusCode::kDeadlineExceeded, "");
  services.cancel().Cancel();
  v1::SegmentRequest request;
  request.mutable_image()->set_encoded(PngOf({DType::kUint8, {2, 2}, {1, 2, 3, 4}}));
  ExpectRefused(services.Unary<v1::SegmentResponse>("Segment", request).status(),
                StatusCode::kCancelled, "");
}

TEST(SegmentationLimitsTest, BytesThatAreNoMessage) {
  ServiceHarness services;
  ExpectRefused(services.UnaryBytes("Segment", "\x0a\x05\x0a").status(),
                StatusCode::kInvalidArgument, "");
  ExpectRefused(services.UnaryBytes("Segment", "").status(), StatusCode::kInvalidArgument, "image");
  ExpectRefused(services.StreamBytes("SegmentStream", {"\x07"}).status,
                StatusCode::kInvalidArgument, "");
}

}  // namespace
}  // namespace trine::server
