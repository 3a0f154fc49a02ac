// Segment and SegmentStream through the registry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "core/image/image.h"
#include "tests/server/services/segmentation/segment_examples.h"
#include "tests/server/services/service_harness.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server {
namespace {

using testing::ElementsAre;

class SegmentationServiceTest : public testing::Test {
 protected:
  v1::SegmentResponse Segment(const v1::SegmentRequest& request) {
    auto response = services_.Unary<v1::SegmentResponse>("Segment", request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *std::move(response) : v1::SegmentResponse();
  }

  // The picture in a file of an answer.
  static Tensor Decode(const std::string& file, image::Format format) {
    const ByteView bytes(reinterpret_cast<const uint8_t*>(file.data()), file.size());
    EXPECT_EQ(image::RecognizeFormat(bytes), format);
    auto picture = image::DecodeImage({}, bytes);
    EXPECT_TRUE(picture.ok()) << picture.status();
    return picture.ok() ? *std::move(picture) : Tensor();
  }

  ServiceHarness services_;
};

TEST_F(SegmentationServiceTest, ThresholdsByOtsuWithoutSteps) {
  const v1::SegmentResponse response = Segment(DisksRequest());
  EXPECT_EQ(response.height(), Disks::kHeight);
  EXPECT_EQ(response.width(), Disks::kWidth);
  const v1::ThresholdResult& threshold = response.threshold();
  EXPECT_THAT(threshold.thresholds(), ElementsAre(40));
  EXPECT_EQ(threshold.plateau_low(), 40);
  EXPECT_EQ(threshold.plateau_high(), 199);
  EXPECT_DOUBLE_EQ(threshold.separability(), 1);
  ASSERT_EQ(threshold.classes_size(), 2);
  const double bright = static_cast<double>(Disks::Area() - 1) / (Disks::kHeight * Disks::kWidth);
  EXPECT_DOUBLE_EQ(threshold.classes(1).weight(), bright);
  EXPECT_DOUBLE_EQ(threshold.classes(0).weight(), 1 - bright);
  EXPECT_DOUBLE_EQ(threshold.classes(0).mean(), 40);
  EXPECT_DOUBLE_EQ(threshold.classes(1).mean(), 200);
  EXPECT_DOUBLE_EQ(response.foreground_fraction(), bright);
  // Nothing large comes unasked.
  EXPECT_FALSE(response.has_mask() || response.has_labels() || response.has_distance());
}

TEST_F(SegmentationServiceTest, KeepsEachProfilesTieRule) {
  v1::SegmentRequest request = DisksRequest();
  const auto threshold = [&](v1::SegmentProfile profile) {
    request.set_profile(profile);
    return Segment(request).threshold().thresholds(0);
  };
  EXPECT_EQ(threshold(v1::SEGMENT_PROFILE_UNSPECIFIED), 40);
  EXPECT_EQ(threshold(v1::SEGMENT_PROFILE_EXACT), 40);
  EXPECT_EQ(threshold(v1::SEGMENT_PROFILE_OPENCV), 40);
  EXPECT_EQ(threshold(v1::SEGMENT_PROFILE_SKIMAGE), 40);
  EXPECT_EQ(threshold(v1::SEGMENT_PROFILE_IMAGEJ), 199);
  EXPECT_EQ(threshold(v1::SEGMENT_PROFILE_MATLAB), 119.5);
}

// Otsu, holes filled, components, distance, watershed, contours, measurements.
v1::SegmentRequest WholePipeline() {
  v1::SegmentRequest request = DisksRequest();
  request.add_steps()->mutable_otsu();
  request.add_steps()->mutable_fill_holes();
  request.add_steps()->mutable_components();
  request.add_steps()->mutable_distance();
  request.add_steps()->mutable_watershed();
  request.add_steps()->mutable_contours();
  request.add_steps()->mutable_measure();
  return request;
}

TEST_F(SegmentationServiceTest, SeparatesTouchingDisks) {
  v1::SegmentRequest request = WholePipeline();
  request.mutable_outputs()->set_mask(true);
  request.mutable_outputs()->set_labels(true);
  request.mutable_outputs()->set_distance(true);
  const v1::SegmentResponse response = Segment(request);

  EXPECT_EQ(response.label_count(), 2);
  ASSERT_EQ(response.regions_size(), 2);
  const v1::Region& left = response.regions(0);
  const v1::Region& right = response.regions(1);
  EXPECT_EQ(left.label(), 1);
  EXPECT_EQ(right.label(), 2);
  EXPECT_EQ(left.area() + right.area(), Disks::Area());
  EXPECT_EQ(left.min_y(), 4);
  EXPECT_EQ(left.min_x(), 1);
  EXPECT_EQ(left.max_y(), 21);
  EXPECT_EQ(right.max_x(), 32);
  EXPECT_NEAR(left.centroid_y(), 12, 0.3);
  EXPECT_NEAR(left.centroid_x(), 9, 0.5);
  EXPECT_NEAR(right.centroid_x(), 23, 0.5);
  EXPECT_NEAR(left.mean_intensity(), 200, 1);  // the hole's pixel is dark
  EXPECT_EQ(right.mean_intensity(), 200);

  // An outline of each, the one found last first.
  ASSERT_EQ(response.contours_size(), 2);
  EXPECT_EQ(response.contours(0).label(), 2);
  EXPECT_EQ(response.contours(0).next(), 1);
  const v1::Contour& outline = response.contours(1);
  EXPECT_EQ(outline.label(), 1);
  EXPECT_FALSE(outline.is_hole());
  EXPECT_EQ(outline.next(), -1);
  EXPECT_EQ(outline.parent(), -1);
  EXPECT_EQ(outline.points_size() % 2, 0);
  EXPECT_EQ(outline.points(0), 9);  // the topmost pixel: x, then y
  EXPECT_EQ(outline.points(1), 4);

  const auto mask = Values<uint8_t>(response.mask().tensor());
  const auto labels = Values<int32_t>(response.labels().tensor());
  const auto distance = Values<float>(response.distance());
  EXPECT_EQ(response.labels().tensor().dtype(), v1::DATA_TYPE_INT32);
  EXPECT_EQ(response.distance().dtype(), v1::DATA_TYPE_FLOAT32);
  EXPECT_THAT(response.mask().tensor().shape(), ElementsAre(Disks::kHeight, Disks::kWidth));
  for (int64_t i = 0; i < Disks::kHeight * Disks::kWidth; ++i) {
    const bool is_disk = Disks::IsDisk(i / Disks::kWidth, i % Disks::kWidth);
    const auto at = static_cast<size_t>(i);
    ASSERT_EQ(mask[at], is_disk ? 255 : 0) << i;
    ASSERT_EQ(labels[at] != 0, is_disk) << i;
    ASSERT_EQ(distance[at] > 0, is_disk) << i;
  }
  EXPECT_DOUBLE_EQ(response.foreground_fraction(),
                   static_cast<double>(Disks::Area()) / (Disks::kHeight * Disks::kWidth));
}

TEST_F(SegmentationServiceTest, FindsTheHoleUnlessItIsFilled) {
  v1::SegmentRequest request = DisksRequest();
  request.add_steps()->mutable_otsu();
  request.add_steps()->mutable_contours();
  v1::SegmentResponse response = Segment(request);
  ASSERT_EQ(response.contours_size(), 2);
  const int hole = response.contours(0).is_hole() ? 0 : 1;
  EXPECT_TRUE(response.contours(hole).is_hole());
  EXPECT_EQ(response.contours(hole).parent(), 1 - hole);
  EXPECT_EQ(response.contours(1 - hole).child(), hole);

  // A hole of more than max_area stays: this one has one pixel.
  request.mutable_steps(1)->mutable_fill_holes()->set_max_area(1);
  request.mutable_steps(1)->mutable_fill_holes()->set_connectivity(v1::CONNECTIVITY_8);
  request.add_steps()->mutable_contours();
  EXPECT_EQ(Segment(request).contours_size(), 1);
}

TEST_F(SegmentationServiceTest, PacksResultsInEveryFormat) {
  v1::SegmentRequest request = WholePipeline();
  request.mutable_outputs()->set_mask(true);
  request.mutable_outputs()->set_labels(true);
  const v1::SegmentResponse tensors = Segment(request);
  const auto labels = Values<int32_t>(tensors.labels().tensor());

  request.mutable_outputs()->set_format(v1::IMAGE_FORMAT_PNG);
  v1::SegmentResponse files = Segment(request);
  Tensor mask = Decode(files.mask().encoded(), image::Format::kPng);
  EXPECT_EQ(std::string(mask.data.begin(), mask.data.end()), tensors.mask().tensor().data());
  Tensor map = Decode(files.labels().encoded(), image::Format::kPng);
  ASSERT_EQ(map.dtype, DType::kUint16);
  ASSERT_EQ(map.data.size(), labels.size() * 2);
  for (size_t i = 0; i < labels.size(); ++i) {
    ASSERT_EQ(LoadLE<uint16_t>(map.data.data() + 2 * i), labels[i]) << i;
  }

  request.mutable_outputs()->set_format(v1::IMAGE_FORMAT_TIFF);
  files = Segment(request);
  mask = Decode(files.mask().encoded(), image::Format::kTiff);
  EXPECT_EQ(std::string(mask.data.begin(), mask.data.end()), tensors.mask().tensor().data());
  const std::string& tiff = files.labels().encoded();
  EXPECT_EQ(image::RecognizeFormat({reinterpret_cast<const uint8_t*>(tiff.data()), tiff.size()}),
            image::Format::kTiff);

  request.mutable_outputs()->set_format(v1::IMAGE_FORMAT_TENSOR);
  EXPECT_EQ(Segment(request).mask().tensor().data(), tensors.mask().tensor().data());
}

TEST_F(SegmentationServiceTest, CutsOutWhatIsInTheMask) {
  v1::SegmentRequest request;
  request.mutable_outputs()->set_cutout(true);
  v1::Tensor* const image = request.mutable_image()->mutable_tensor();
  *image = MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 3, 3}, {1, 2, 3, 90, 80, 70, 99, 98, 97});
  v1::SegmentResponse response = Segment(request);
  EXPECT_FALSE(response.has_mask());
  EXPECT_THAT(response.cutout().tensor().shape(), ElementsAre(1, 3, 3));
  EXPECT_THAT(Values<uint8_t>(response.cutout().tensor()),
              ElementsAre(0, 0, 0, 90, 80, 70, 99, 98, 97));
  request.set_channel(1);
  request.set_invert(true);
  EXPECT_THAT(Values<uint8_t>(Segment(request).cutout().tensor()),
              ElementsAre(1, 2, 3, 0, 0, 0, 0, 0, 0));
  request.clear_channel();
  request.set_invert(false);
  request.mutable_outputs()->set_format(v1::IMAGE_FORMAT_PNG);
  request.mutable_outputs()->set_mask(true);
  response = Segment(request);
  EXPECT_THAT(Decode(response.cutout().encoded(), image::Format::kPng).data,
              ElementsAre(0, 0, 0, 90, 80, 70, 99, 98, 97));
  EXPECT_THAT(Decode(response.mask().encoded(), image::Format::kPng).data,
              ElementsAre(0, 255, 255));

  *image = MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 3}, {-1, 0.25f, NAN});
  request.set_nan_policy(v1::NAN_POLICY_IGNORE);
  request.mutable_outputs()->set_format(v1::IMAGE_FORMAT_TENSOR);
  EXPECT_THAT(Values<float>(Segment(request).cutout().tensor()), ElementsAre(0, 0.25f, 0));
}

TEST_F(SegmentationServiceTest, ChoosesMarkersAndReliefAsDocumented) {
  // Two bright disks in a mask. UNSPECIFIED without markers: maxima of the distance, flooded on
  // the distance; said aloud it is the same; the gray relief of flat disks splits them otherwise.
  v1::SegmentRequest request = WholePipeline();
  request.mutable_outputs()->set_labels(true);
  const std::string unspecified = Segment(request).labels().tensor().data();
  v1::WatershedStep* watershed = request.mutable_steps(4)->mutable_watershed();
  watershed->set_markers(v1::MARKER_SOURCE_DISTANCE);
  watershed->set_relief(v1::RELIEF_DISTANCE);
  watershed->set_marker_height(1);
  watershed->set_connectivity(v1::CONNECTIVITY_4);
  EXPECT_EQ(Segment(request).labels().tensor().data(), unspecified);
  // A saddle that no maximum rises above so far leaves one label.
  watershed->set_marker_height(100);
  EXPECT_EQ(Segment(request).label_count(), 1);

  // With markers: GIVEN and GRAY.
  std::vector<uint8_t> markers(Disks::kHeight * Disks::kWidth, 0);
  markers[12 * Disks::kWidth + 3] = 5;
  *request.mutable_markers()->mutable_tensor() =
      MakeTensor(v1::DATA_TYPE_UINT8, {Disks::kHeight, Disks::kWidth}, markers);
  request.mutable_steps(4)->mutable_watershed()->Clear();
  const v1::SegmentResponse given = Segment(request);
  EXPECT_EQ(given.label_count(), 5);
  watershed->set_markers(v1::MARKER_SOURCE_GIVEN);
  watershed->set_relief(v1::RELIEF_GRAY);
  EXPECT_EQ(Segment(request).labels().tensor().data(), given.labels().tensor().data());
}

TEST_F(SegmentationServiceTest, RunsTheOtherThresholdingSteps) {
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() =
      MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {2, 3}, {10, 10, 100, 100, 200, 200});
  request.mutable_outputs()->set_labels(true);
  request.mutable_outputs()->set_mask(true);
  request.add_steps()->mutable_multi_otsu();  // three classes
  v1::SegmentResponse response = Segment(request);
  EXPECT_THAT(response.threshold().thresholds(), ElementsAre(10, 100));
  EXPECT_EQ(response.threshold().classes_size(), 3);
  EXPECT_THAT(Values<int32_t>(response.labels().tensor()), ElementsAre(0, 0, 1, 1, 2, 2));

  request.mutable_steps(0)->mutable_multi_otsu()->set_classes(2);
  EXPECT_EQ(Segment(request).threshold().thresholds_size(), 1);

  v1::ThresholdStep* threshold = request.mutable_steps(0)->mutable_threshold();
  threshold->add_thresholds(50.5);
  threshold->add_thresholds(150);
  response = Segment(request);
  EXPECT_THAT(Values<int32_t>(response.labels().tensor()), ElementsAre(0, 0, 1, 1, 2, 2));
  EXPECT_THAT(Values<uint8_t>(response.mask().tensor()), ElementsAre(0, 0, 255, 255, 255, 255));

  request.add_steps()->mutable_invert();
  EXPECT_THAT(Values<uint8_t>(Segment(request).mask().tensor()), ElementsAre(255, 255, 0, 0, 0, 0));
  request.set_invert(true);  // and twice is not at all
  EXPECT_THAT(Values<uint8_t>(Segment(request).mask().tensor()),
              ElementsAre(0, 0, 255, 255, 255, 255));
}

TEST_F(SegmentationServiceTest, TellsWhatIsOfAnotherMask) {
  v1::SegmentRequest request = DisksRequest();
  request.add_steps()->mutable_threshold()->add_thresholds(100);
  request.set_invert(true);
  request.mutable_outputs()->set_mask(true);
  EXPECT_THAT(Segment(request).warnings(), testing::IsEmpty());  // the labels are not sent
  request.mutable_outputs()->set_labels(true);
  EXPECT_THAT(Segment(request).warnings(),
              ElementsAre(testing::HasSubstr("the labels are the classes of gray values")));
  request.add_steps()->mutable_components();
  request.add_steps()->mutable_measure();
  EXPECT_THAT(Segment(request).warnings(), testing::IsEmpty());
  request.add_steps()->mutable_fill_holes();
  EXPECT_THAT(Segment(request).warnings(),
              ElementsAre("the labels are those of the mask before steps[3].fill_holes",
                          "the regions are those of the mask before steps[3].fill_holes"));
}

TEST_F(SegmentationServiceTest, RunsEveryLocalThreshold) {
  // A step on a slope: one threshold for all cannot find the bright columns, a local one does.
  std::vector<uint8_t> pixels;
  for (int y = 0; y < 9; ++y) {
    for (int x = 0; x < 32; ++x) pixels.push_back(static_cast<uint8_t>(4 * x + (x % 8 == 4) * 60));
  }
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() = MakeTensor(v1::DATA_TYPE_UINT8, {9, 32}, pixels);
  request.mutable_outputs()->set_mask(true);
  v1::LocalThresholdStep* local = request.add_steps()->mutable_local_threshold();
  const auto bright_columns = [&] {
    const auto mask = Values<uint8_t>(Segment(request).mask().tensor());
    int right = 0;
    for (int x = 0; x < 32; ++x)
      right += (mask[4 * 32 + static_cast<size_t>(x)] != 0) == (x % 8 == 4);
    return right;
  };
  local->set_window(9);
  local->set_method(v1::LOCAL_METHOD_MEAN);
  local->set_offset(-20);
  EXPECT_EQ(bright_columns(), 32);
  local->set_method(v1::LOCAL_METHOD_GAUSSIAN);
  local->set_sigma(3);
  EXPECT_EQ(bright_columns(), 32);
  local->Clear();
  local->set_window(9);
  local->set_method(v1::LOCAL_METHOD_SAUVOLA);
  local->set_k(-0.35);
  local->set_r(128);
  const std::string sauvola = Segment(request).mask().tensor().data();
  local->set_method(v1::LOCAL_METHOD_UNSPECIFIED);
  local->clear_r();  // the default, for 8 bits
  EXPECT_EQ(Segment(request).mask().tensor().data(), sauvola);
  local->Clear();
  EXPECT_GT(Segment(request).foreground_fraction(), 0);
}

TEST_F(SegmentationServiceTest, EchoesTheLocalThresholdsParameters) {
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() =
      MakeTensor<float>(v1::DATA_TYPE_FLOAT32, {1, 3}, {0, 100, 255});
  v1::LocalThresholdStep* local = request.add_steps()->mutable_local_threshold();
  v1::LocalThresholdResult with = Segment(request).local_threshold();
  EXPECT_EQ(with.method(), v1::LOCAL_METHOD_SAUVOLA);
  EXPECT_EQ(with.window(), 51);
  EXPECT_EQ(with.k(), 0.2);
  EXPECT_EQ(with.r(), 127.5);
  EXPECT_EQ(with.sigma(), 0);
  local->set_r(0.5);
  const v1::SegmentResponse warned = Segment(request);
  EXPECT_EQ(warned.local_threshold().r(), 0.5);
  EXPECT_THAT(warned.warnings(), ElementsAre(testing::HasSubstr("less than a hundredth")));
  local->Clear();
  local->set_method(v1::LOCAL_METHOD_GAUSSIAN);
  local->set_window(7);
  local->set_offset(-3);
  with = Segment(request).local_threshold();
  EXPECT_EQ(with.sigma(), 1);
  EXPECT_EQ(with.offset(), -3);
  EXPECT_EQ(with.r(), 0);
}

TEST_F(SegmentationServiceTest, RemovesSmallRegionsOfAWatershed) {
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() =
      MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 6}, {1, 1, 9, 1, 1, 1});
  *request.mutable_markers()->mutable_tensor() =
      MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {1, 6}, {8, 0, 0, 0, 0, 5});
  v1::WatershedStep* watershed = request.add_steps()->mutable_watershed();
  watershed->set_lines(true);
  request.mutable_outputs()->set_labels(true);
  EXPECT_THAT(Values<int32_t>(Segment(request).labels().tensor()), ElementsAre(8, 8, 8, 0, 5, 5));
  watershed->set_min_area(3);
  const v1::SegmentResponse response = Segment(request);
  EXPECT_THAT(Values<int32_t>(response.labels().tensor()), ElementsAre(1, 1, 1, 0, 0, 0));
  EXPECT_EQ(response.label_count(), 1);
  watershed->set_min_area(-1);
  ExpectRefused(services_.Unary<v1::SegmentResponse>("Segment", request).status(),
                absl::StatusCode::kInvalidArgument, "steps[0].watershed.min_area");
}

TEST_F(SegmentationServiceTest, RemovesSmallComponents) {
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() =
      MakeTensor<uint8_t>(v1::DATA_TYPE_UINT8, {3, 4}, {9, 0, 0, 9, 0, 9, 0, 0, 0, 0, 0, 0});
  request.add_steps()->mutable_otsu();
  v1::ComponentsStep* components = request.add_steps()->mutable_components();
  EXPECT_EQ(Segment(request).label_count(), 2);
  components->set_connectivity(v1::CONNECTIVITY_4);
  EXPECT_EQ(Segment(request).label_count(), 3);
  components->set_connectivity(v1::CONNECTIVITY_8);
  components->set_min_area(2);
  const v1::SegmentResponse response = Segment(request);
  EXPECT_EQ(response.label_count(), 1);
  EXPECT_DOUBLE_EQ(response.foreground_fraction(), 2.0 / 12);
}

TEST_F(SegmentationServiceTest, GivesTheSameBitsWithAnyThreads) {
  v1::SegmentRequest request = WholePipeline();
  request.mutable_outputs()->set_labels(true);
  const v1::SegmentResponse all = Segment(request);
  request.set_max_threads(1);
  EXPECT_EQ(Segment(request).SerializeAsString(), all.SerializeAsString());
}

TEST_F(SegmentationServiceTest, AnswersItemsOfAStreamInOrder) {
  std::vector<v1::SegmentStreamRequest> requests(3);
  for (auto& request : requests) *request.mutable_item() = DisksRequest();
  *requests[1].mutable_item() = WholePipeline();
  requests[2].mutable_item()->set_profile(v1::SEGMENT_PROFILE_IMAGEJ);
  auto run = services_.Stream<v1::SegmentStreamResponse>("SegmentStream", requests);
  ASSERT_TRUE(run.status.ok()) << run.status;
  ASSERT_EQ(run.responses.size(), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(run.responses[static_cast<size_t>(i)].index(), i);
  EXPECT_EQ(run.responses[1].item().label_count(), 2);
  EXPECT_THAT(run.responses[2].item().threshold().thresholds(), ElementsAre(199));

  requests[1].mutable_item()->mutable_steps(0)->Clear();
  run = services_.Stream<v1::SegmentStreamResponse>("SegmentStream", requests);
  ExpectRefused(run.status, absl::StatusCode::kInvalidArgument, "item.steps[0]");
  EXPECT_EQ(run.responses.size(), 1u);
  requests[0].clear_item();
  run = services_.Stream<v1::SegmentStreamResponse>("SegmentStream", requests);
  ExpectRefused(run.status, absl::StatusCode::kInvalidArgument, "item");
}

}  // namespace
}  // namespace trine::server
