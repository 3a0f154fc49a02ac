// Items in chunks: the same answers as whole ones, and what is refused.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/server/services/chunked_items.h"
#include "tests/server/services/normalization/normalization_examples.h"
#include "tests/server/services/segmentation/segment_examples.h"
#include "tests/server/services/service_harness.h"

namespace trine::server {
namespace {

using absl::StatusCode;
using NormalizeMessages = std::vector<v1::NormalizeStreamRequest>;
using SegmentMessages = std::vector<v1::SegmentStreamRequest>;

constexpr size_t kLongestChunk = size_t{2} << 20;

v1::NormalizeRequest Floats(int64_t count) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(i % 97) / 8);
  v1::NormalizeRequest request;
  *request.mutable_tensor() = MakeTensor(v1::DATA_TYPE_FLOAT32, {1, count}, values);
  return request;
}

v1::SegmentRequest Row(size_t pixels) {
  std::vector<uint8_t> values(pixels);
  for (size_t i = 0; i < pixels; ++i) values[i] = i % 3 == 0 ? 200 : 10;
  v1::SegmentRequest request;
  *request.mutable_image()->mutable_tensor() =
      MakeTensor(v1::DATA_TYPE_UINT8, {1, static_cast<int64_t>(pixels)}, values);
  request.mutable_outputs()->set_mask(true);
  return request;
}

// All payloads there are: a file, a mask, markers, a ground truth; a mask, labels, distances and a
// cutout back.
v1::SegmentRequest Everything(v1::ImageFormat format) {
  v1::SegmentRequest request;
  const v1::Tensor disks = Disks::Picture();
  request.mutable_image()->set_encoded(
      PngOf({DType::kUint8,
             {Disks::kHeight, Disks::kWidth},
             {reinterpret_cast<const uint8_t*>(disks.data().data()),
              reinterpret_cast<const uint8_t*>(disks.data().data() + disks.data().size())}}));
  std::vector<uint8_t> mask(Disks::kHeight * Disks::kWidth, 1);
  mask[0] = 0;
  *request.mutable_mask()->mutable_tensor() =
      MakeTensor(v1::DATA_TYPE_BOOL, {Disks::kHeight, Disks::kWidth}, mask);
  std::vector<uint16_t> markers(Disks::kHeight * Disks::kWidth, 0);
  markers[12 * Disks::kWidth + 5] = 7;
  markers[12 * Disks::kWidth + 25] = 3;
  *request.mutable_markers()->mutable_tensor() =
      MakeTensor(v1::DATA_TYPE_UINT16, {Disks::kHeight, Disks::kWidth}, markers);
  *request.mutable_ground_truth()->mutable_tensor() =
      MakeTensor(v1::DATA_TYPE_UINT8, {Disks::kHeight, Disks::kWidth}, mask);
  request.add_steps()->mutable_otsu();
  request.add_steps()->mutable_distance();
  request.add_steps()->mutable_watershed()->set_markers(v1::MARKER_SOURCE_GIVEN);
  request.add_steps()->mutable_measure();
  request.mutable_outputs()->set_mask(true);
  request.mutable_outputs()->set_labels(true);
  request.mutable_outputs()->set_distance(true);
  request.mutable_outputs()->set_cutout(true);
  request.mutable_outputs()->set_format(format);
  return request;
}

v1::NormalizeResponse Unary(ServiceHarness& services, const v1::NormalizeRequest& item) {
  const auto response = services.Unary<v1::NormalizeResponse>("Normalize", item);
  EXPECT_TRUE(response.ok()) << response.status();
  return *response;
}
v1::NormalizeGradientResponse Unary(ServiceHarness& services,
                                    const v1::NormalizeGradientRequest& item) {
  const auto response = services.Unary<v1::NormalizeGradientResponse>("NormalizeGradient", item);
  EXPECT_TRUE(response.ok()) << response.status();
  return *response;
}
v1::SegmentResponse Unary(ServiceHarness& services, const v1::SegmentRequest& item) {
  const auto response = services.Unary<v1::SegmentResponse>("Segment", item);
  EXPECT_TRUE(response.ok()) << response.status();
  return *response;
}

StreamRun<v1::NormalizeStreamResponse> StreamOf(ServiceHarness& services,
                                                const NormalizeMessages& messages) {
  return services.Stream<v1::NormalizeStreamResponse>("NormalizeStream", messages);
}
StreamRun<v1::NormalizeGradientStreamResponse> StreamOf(
    ServiceHarness& services, const std::vector<v1::NormalizeGradientStreamRequest>& messages) {
  return services.Stream<v1::NormalizeGradientStreamResponse>("NormalizeGradientStream", messages);
}
StreamRun<v1::SegmentStreamResponse> StreamOf(ServiceHarness& services,
                                              const SegmentMessages& messages) {
  return services.Stream<v1::SegmentStreamResponse>("SegmentStream", messages);
}

template <typename Item>
void ExpectAsUnary(const Item& item, size_t chunk_bytes) {
  SCOPED_TRACE(chunk_bytes);
  ServiceHarness services;
  const auto run = StreamOf(services, InChunks(item, chunk_bytes));
  ASSERT_TRUE(run.status.ok()) << run.status;
  ASSERT_FALSE(run.responses.empty());
  EXPECT_TRUE(run.responses[0].has_chunked());
  size_t at = 0;
  const auto answer = Join(run.responses, &at);
  EXPECT_EQ(at, run.responses.size());
  EXPECT_EQ(answer.SerializeAsString(), Unary(services, item).SerializeAsString());
}

TEST(ItemStream, ATensorInChunksIsNormalizedAsAWholeOne) {
  for (const int64_t count : {1, 15, 16, 17, 31, 32, 33, 1000}) {
    SCOPED_TRACE(count);
    ExpectAsUnary(Floats(count), 64);
  }
  ExpectAsUnary(Floats(50), 1);
  ExpectAsUnary(TensorRtExample(), 7);
}

TEST(ItemStream, GradientsWholeAndInChunks) {
  const v1::NormalizeGradientRequest item = GradientExample();  // of 32 and 32 bytes
  for (const size_t chunk : std::vector<size_t>{1, 31, 32, 33, 63, 64, 65})
    ExpectAsUnary(item, chunk);
  ServiceHarness services;
  const auto run = StreamOf(services, std::vector{Whole(item), Whole(item)});
  ASSERT_TRUE(run.status.ok()) << run.status;
  ASSERT_EQ(run.responses.size(), 2u);
  EXPECT_EQ(run.responses[1].index(), 1);
  EXPECT_EQ(run.responses[1].item().SerializeAsString(), Unary(services, item).SerializeAsString());

  auto head = std::vector{InChunks(item, 64)[0]};
  head[0].mutable_chunked()->set_output_gradient_bytes(33);
  ExpectRefused(StreamOf(services, head).status, StatusCode::kInvalidArgument,
                "item.output_gradient.data");
  head[0].mutable_chunked()->set_output_gradient_bytes(32);
  head[0].mutable_item()->mutable_output_gradient()->set_data("some");
  ExpectRefused(StreamOf(services, head).status, StatusCode::kInvalidArgument,
                "item.output_gradient.data");
  head[0].mutable_item()->clear_output_gradient();
  ExpectRefused(StreamOf(services, head).status, StatusCode::kInvalidArgument,
                "item.output_gradient");
}

TEST(ItemStream, APictureInChunksIsSegmentedAsAWholeOne) {
  for (const size_t pixels : std::vector<size_t>{1, 63, 64, 65, 127, 128, 129}) {
    SCOPED_TRACE(pixels);
    ExpectAsUnary(Row(pixels), 64);
  }
  for (const v1::ImageFormat format :
       {v1::IMAGE_FORMAT_TENSOR, v1::IMAGE_FORMAT_PNG, v1::IMAGE_FORMAT_TIFF}) {
    // Chunks that end within and across the pictures, and one for all of them.
    for (const size_t chunk : std::vector<size_t>{1, 100, 1000, 1'000'000})
      ExpectAsUnary(Everything(format), chunk);
  }
}

TEST(ItemStream, ItemsAroundTheLongestChunk) {
  for (const size_t bytes : {kLongestChunk - 1, kLongestChunk, kLongestChunk + 1,
                             2 * kLongestChunk - 1, 2 * kLongestChunk, 2 * kLongestChunk + 1}) {
    ExpectAsUnary(Row(bytes), kLongestChunk);
  }
  ExpectAsUnary(Floats(kLongestChunk / 4 + 1), kLongestChunk);
}

TEST(ItemStream, NumbersAloneComeInAHeadWithoutChunks) {
  ServiceHarness services;
  const auto run = StreamOf(services, InChunks(DisksRequest(), 100));
  ASSERT_TRUE(run.status.ok()) << run.status;
  ASSERT_EQ(run.responses.size(), 1u);
  EXPECT_TRUE(run.responses[0].has_chunked());
  EXPECT_EQ(run.responses[0].item().SerializeAsString(),
            Unary(services, DisksRequest()).SerializeAsString());
}

TEST(ItemStream, WholeItemsAndItemsInChunksMix) {
  ServiceHarness services;
  const std::vector<v1::SegmentRequest> items = {Row(100), Everything(v1::IMAGE_FORMAT_TENSOR),
                                                 Row(7), Row(200), DisksRequest()};
  const std::vector<bool> in_chunks = {false, true, false, true, true};
  SegmentMessages messages;
  for (size_t i = 0; i < items.size(); ++i) {
    if (in_chunks[i]) {
      Cut(Whole(items[i]), 99, &messages);
    } else {
      messages.push_back(Whole(items[i]));
    }
  }
  const auto run = StreamOf(services, messages);
  ASSERT_TRUE(run.status.ok()) << run.status;
  size_t at = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    ASSERT_LT(at, run.responses.size());
    EXPECT_EQ(run.responses[at].index(), static_cast<int64_t>(i));
    EXPECT_EQ(run.responses[at].has_chunked(), in_chunks[i]);
    EXPECT_EQ(Join(run.responses, &at).SerializeAsString(),
              Unary(services, items[i]).SerializeAsString());
  }
  EXPECT_EQ(at, run.responses.size());
}

void ExpectSegmentRefused(const SegmentMessages& messages, std::string_view field,
                          std::string_view text = "",
                          StatusCode code = StatusCode::kInvalidArgument) {
  ServiceHarness services;
  const absl::Status status = StreamOf(services, messages).status;
  ExpectRefused(status, code, field);
  EXPECT_NE(status.message().find(std::string(text)), std::string::npos) << status;
}

TEST(ItemStream, ChunksThatAreNotWhatTheHeadSays) {
  using Req = v1::SegmentStreamRequest;
  const SegmentMessages good = InChunks(Row(100), 40);  // a head, 40, 40, 20
  ASSERT_EQ(good.size(), 4u);
  SegmentMessages messages = good;
  messages.push_back(Chunk<Req>("x"));
  ExpectSegmentRefused(messages, "item", "none is short of bytes");  // one too many
  messages = good;
  messages.pop_back();
  ExpectSegmentRefused(messages, "chunk", "20 bytes before the end");  // one too few
  messages = good;
  *messages[3].mutable_chunk() += "x";
  ExpectSegmentRefused(messages, "chunk", "20 bytes are still to come");  // too long
  messages = good;
  messages[2].clear_chunk();
  ExpectSegmentRefused(messages, "chunk", "is 0 bytes long");
  ExpectSegmentRefused({good[1], good[0], good[2], good[3]}, "item", "missing");  // out of order
  ExpectSegmentRefused({good[0], good[1], good[0]}, "item", "60 bytes are still to come");
  ExpectSegmentRefused({good[0], good[1], Whole(Row(3))}, "item", "60 bytes are still to come");
  messages = {good[0], good[1], {}};
  messages[2].mutable_chunked();
  ExpectSegmentRefused(messages, "chunked", "60 bytes are still to come");
  messages = good;
  messages[0].set_chunk(messages[1].chunk());
  ExpectSegmentRefused(messages, "chunk", "messages of their own");
  ExpectSegmentRefused({Req()}, "item");
  messages = InChunks(Row(kLongestChunk + 1), kLongestChunk + 1);
  ExpectSegmentRefused(messages, "chunk", "at most 2097152 bytes");
}

TEST(ItemStream, HeadsThatCannotBeRight) {
  SegmentMessages head = {InChunks(Row(100), 100)[0]};
  head[0].mutable_chunked()->set_image_bytes(99);
  ExpectSegmentRefused(head, "item.image.tensor.data");
  head[0].mutable_chunked()->set_image_bytes(100);
  head[0].mutable_chunked()->set_mask_bytes(100);
  ExpectSegmentRefused(head, "item.mask");  // there is none
  head[0].mutable_chunked()->clear_mask_bytes();
  head[0].mutable_item()->mutable_image()->mutable_tensor()->set_data("some");
  ExpectSegmentRefused(head, "item.image.tensor.data", "a head leaves it empty");
  head[0].mutable_item()->mutable_image()->set_encoded("some");
  ExpectSegmentRefused(head, "item.image.encoded", "a head leaves it empty");
  head[0].mutable_item()->clear_image();
  ExpectSegmentRefused(head, "item.image");
  head = {InChunks(Row(100), 100)[0]};
  head[0].mutable_item()->add_steps();
  ExpectSegmentRefused(head, "item.steps[0]");

  // Of a file the head says that it is there, no more.
  v1::SegmentRequest file = Everything(v1::IMAGE_FORMAT_TENSOR);
  head = {InChunks(file, 100)[0]};
  ExpectSegmentRefused(head, "chunk", "before the end of the item");
  head[0].mutable_item()->mutable_mask()->mutable_tensor()->add_shape(0);
  head[0].mutable_chunked()->set_mask_bytes(0);
  ExpectSegmentRefused(head, "item.mask.tensor.shape");
  file.clear_markers();
  ExpectSegmentRefused({InChunks(file, 100)[0]}, "item.steps[2].watershed.markers");
  file.clear_steps();
  file.add_steps()->mutable_measure();
  ExpectSegmentRefused({InChunks(file, 100)[0]}, "item.outputs.mask");
  file.clear_outputs();
  ExpectSegmentRefused({InChunks(file, 100)[0]}, "item.steps[0]");
  file = Everything(v1::IMAGE_FORMAT_TENSOR);
  file.set_max_threads(-1);
  ExpectSegmentRefused({InChunks(file, 100)[0]}, "item.max_threads");

  NormalizeMessages tensor = {InChunks(Floats(10), 40)[0]};
  tensor[0].mutable_chunked()->set_tensor_bytes(41);
  ServiceHarness services;
  ExpectRefused(StreamOf(services, tensor).status, StatusCode::kInvalidArgument,
                "item.tensor.data");
  tensor[0].mutable_chunked()->set_tensor_bytes(40);
  tensor[0].mutable_item()->mutable_options()->set_size(0);
  ExpectRefused(StreamOf(services, tensor).status, StatusCode::kInvalidArgument,
                "item.options.size");
  tensor[0].mutable_item()->clear_options();
  tensor[0].mutable_item()->mutable_tensor()->set_data("some");
  ExpectRefused(StreamOf(services, tensor).status, StatusCode::kInvalidArgument,
                "item.tensor.data");
  tensor[0].mutable_item()->clear_tensor();
  ExpectRefused(StreamOf(services, tensor).status, StatusCode::kInvalidArgument, "item.tensor");

  // Of a message that is no longer than others, but would stay until its chunks have come.
  head = {InChunks(Row(100), 100)[0]};
  head[0].GetReflection()->MutableUnknownFields(&head[0])->AddLengthDelimited(
      99, std::string(kLongestChunk, 'x'));
  ExpectSegmentRefused(head, "item", "a head has at most");
}

TEST(ItemStream, TheLimitOfAnItem) {
  Limits limits;
  limits.max_item_bytes = 1000;
  ServiceHarness services(limits);
  const auto refusal = [&](const v1::SegmentRequest& item) {
    return StreamOf(services, InChunks(item, 100)).status;
  };
  EXPECT_TRUE(refusal(Row(999)).ok());
  EXPECT_TRUE(refusal(Row(1000)).ok());
  // The head alone is enough.
  v1::SegmentRequest longer = Row(1001);
  longer.clear_outputs();
  const absl::Status status = StreamOf(services, SegmentMessages{InChunks(longer, 100)[0]}).status;
  ExpectRefused(status, StatusCode::kResourceExhausted, "chunked");
  EXPECT_EQ(GetErrorDetail(status)->limit, "max_item_bytes = 1000");
  // All payloads together, and numbers that have no sum.
  SegmentMessages head = {InChunks(Everything(v1::IMAGE_FORMAT_TENSOR), 100)[0]};
  ExpectRefused(StreamOf(services, head).status, StatusCode::kResourceExhausted, "chunked");
  head[0].mutable_chunked()->set_image_bytes(UINT64_MAX - 1);
  ExpectRefused(StreamOf(services, head).status, StatusCode::kResourceExhausted, "chunked");
  // It bounds answers in chunks too.
  v1::SegmentRequest labels = Row(250);
  labels.add_steps()->mutable_otsu();
  labels.add_steps()->mutable_components();
  labels.mutable_outputs()->set_mask(false);
  labels.mutable_outputs()->set_labels(true);
  EXPECT_TRUE(refusal(labels).ok());
  labels.mutable_outputs()->set_mask(true);
  const absl::Status answer = refusal(labels);
  ExpectRefused(answer, StatusCode::kResourceExhausted, "item.outputs");
  EXPECT_EQ(GetErrorDetail(answer)->limit, "max_item_bytes = 1000");
  // Not whole items.
  EXPECT_TRUE(StreamOf(services, SegmentMessages{Whole(Row(5000))}).status.ok());
}

TEST(ItemStream, AnswersThatNoMessageHoldsLeaveInChunks) {
  ServiceHarness services;
  services.BoundResponses(500);
  const absl::Status whole = StreamOf(services, SegmentMessages{Whole(Row(600))}).status;
  ExpectRefused(whole, StatusCode::kResourceExhausted, "item.outputs");
  EXPECT_TRUE(StreamOf(services, InChunks(Row(600), 100)).status.ok());
  EXPECT_FALSE(StreamOf(services, NormalizeMessages{Whole(Floats(200))}).status.ok());
  EXPECT_TRUE(StreamOf(services, InChunks(Floats(200), 100)).status.ok());
}

}  // namespace
}  // namespace trine::server
