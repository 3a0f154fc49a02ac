// Items longer than a message: the client cuts them, and the results are those of short ones.
#include "client/item_chunks.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "tests/client/test_server.h"

namespace trine::testing {
namespace {

using client::ItemCutter;
using client::ItemJoiner;
using client::Options;

std::string LimitOf(const absl::Status& status) {
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  return detail.has_value() ? detail->limit : "none";
}

std::string RandomBytes(size_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::string out(n, '\0');
  for (char& c : out) c = static_cast<char>(random() % 100);
  return out;
}

v1::NormalizeRequest Floats(int64_t positions) {
  v1::NormalizeRequest request;
  v1::Tensor* tensor = request.mutable_tensor();
  tensor->set_dtype(v1::DATA_TYPE_FLOAT32);
  for (const int64_t n : {int64_t{1}, int64_t{8}, positions}) tensor->add_shape(n);
  tensor->mutable_data()->resize(static_cast<size_t>(positions) * 8 * sizeof(float));
  std::mt19937 random(3);
  for (size_t at = 0; at < tensor->data().size(); at += sizeof(float)) {
    StoreLE(tensor->mutable_data()->data() + at, static_cast<float>(random() % 1000) / 100);
  }
  return request;
}

v1::SegmentRequest Picture(int64_t side) {
  v1::SegmentRequest request;
  v1::Tensor* tensor = request.mutable_image()->mutable_tensor();
  tensor->set_dtype(v1::DATA_TYPE_UINT8);
  tensor->add_shape(side);
  tensor->add_shape(side);
  tensor->set_data(RandomBytes(static_cast<size_t>(side * side), 4));
  *request.mutable_mask() = request.image();
  request.add_steps()->mutable_otsu();
  request.add_steps()->mutable_components();
  request.mutable_outputs()->set_mask(true);
  request.mutable_outputs()->set_labels(true);
  return request;
}

// A client whose messages are so short.
Options Short(uint64_t max_message_bytes) {
  Options options;
  options.max_message_bytes = max_message_bytes;
  return options;
}

TEST_F(ClientTest, LongItemsGoInChunks) {
  const auto one = MakeClient(Short(4096));
  const auto normalized = one->Normalize(Floats(5000));
  ASSERT_TRUE(normalized.ok()) << normalized.status();
  EXPECT_EQ(normalized->SerializeAsString(), client_->Normalize(Floats(5000))->SerializeAsString());
  v1::NormalizeGradientRequest gradient;
  *gradient.mutable_tensor() = Floats(2000).tensor();
  *gradient.mutable_output_gradient() = gradient.tensor();
  const auto derived = one->NormalizeGradient(gradient);
  ASSERT_TRUE(derived.ok()) << derived.status();
  EXPECT_EQ(derived->SerializeAsString(),
            client_->NormalizeGradient(gradient)->SerializeAsString());
  const v1::SegmentRequest picture = Picture(100);
  const auto segmented = one->Segment(picture);  // copied: it is still whole
  ASSERT_TRUE(segmented.ok()) << segmented.status();
  EXPECT_EQ(picture.image().tensor().data().size(), 10'000u);
  EXPECT_EQ(segmented->SerializeAsString(), client_->Segment(picture)->SerializeAsString());
}

TEST_F(ClientTest, AServerOfShortMessagesGetsChunks) {
  server::Options options;
  options.max_message_bytes = 3 << 20;
  ASSERT_NO_FATAL_FAILURE(StartServer(options));
  const auto normalized = client_->Normalize(Floats(200'000));  // 6.4 MB: the server refuses it
  ASSERT_TRUE(normalized.ok()) << normalized.status();
  EXPECT_EQ(normalized->tensor().data().size(), 6'400'000u);
  v1::SegmentRequest file;  // short, but not what it comes to: 4 MB of labels
  file.mutable_image()->set_encoded("P5\n1000 1000\n255\n" + RandomBytes(1'000'000, 5));
  file.add_steps()->mutable_otsu();
  file.add_steps()->mutable_components();
  file.mutable_outputs()->set_labels(true);
  const auto labels = client_->Segment(file);
  ASSERT_TRUE(labels.ok()) << labels.status();
  EXPECT_EQ(labels->labels().tensor().data().size(), 4'000'000u);
}

TEST_F(ClientTest, AClientOfShorterMessagesThanTheServers) {
  v1::SegmentRequest file;
  file.mutable_image()->set_encoded("P5\n1000 1000\n255\n" + RandomBytes(1'000'000, 5));
  file.mutable_outputs()->set_mask(true);
  file.mutable_outputs()->set_format(v1::IMAGE_FORMAT_TENSOR);
  file.add_steps()->mutable_otsu();
  file.add_steps()->mutable_components();
  file.mutable_outputs()->set_labels(true);
  const auto answer = MakeClient(Short(3 << 20))->Segment(file);  // 5 MB come back
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->SerializeAsString(), client_->Segment(file)->SerializeAsString());
}

TEST_F(ClientTest, NeitherSideTakesLongMessages) {
  server::Options options;
  options.max_message_bytes = 4096;
  ASSERT_NO_FATAL_FAILURE(StartServer(options));
  const auto answer = MakeClient(Short(4096))->Segment(Picture(100));
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_NO_FATAL_FAILURE(StartServer(server::Options()));
  EXPECT_EQ(answer->SerializeAsString(), client_->Segment(Picture(100))->SerializeAsString());
}

TEST_F(ClientTest, StreamsMixLongAndShortItems) {
  const std::vector<int64_t> positions = {1, 4000, 2, 3, 5000};
  size_t made = 0;
  const auto next = [&](v1::NormalizeRequest* item, const CancelToken&) -> absl::StatusOr<bool> {
    if (made == positions.size()) return false;
    *item = Floats(positions[made++]);
    return true;
  };
  int64_t used = 0;
  const auto use = [&](v1::NormalizeResponse item, int64_t index) -> absl::Status {
    EXPECT_EQ(index, used);
    const v1::NormalizeRequest request = Floats(positions[static_cast<size_t>(used++)]);
    EXPECT_EQ(item.SerializeAsString(), client_->Normalize(request)->SerializeAsString());
    return absl::OkStatus();
  };
  const absl::Status status = MakeClient(Short(4096))->NormalizeStream(next, use);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(used, 5);
}

TEST_F(ClientTest, RefusalsAreThoseOfUnaryCalls) {
  const auto one = MakeClient(Short(4096));
  v1::NormalizeRequest request = Floats(5000);
  request.mutable_options()->set_size(0);
  EXPECT_EQ(GetErrorDetail(one->Normalize(request).status())->field, "options.size");
  v1::SegmentRequest picture = Picture(100);
  picture.mutable_mask()->mutable_tensor()->set_shape(0, 50);
  EXPECT_EQ(GetErrorDetail(one->Segment(picture).status())->field, "mask.tensor.data");
  // What is long for another reason than its payloads stays refused.
  request = Floats(1);
  for (int i = 0; i < 5000; ++i) request.mutable_tensor()->add_shape(1);
  EXPECT_EQ(LimitOf(one->Normalize(request).status()), "max_message_bytes = 4096");
}

TEST_F(ClientTest, TheServersLimitIsNamed) {
  server::Options options;
  options.max_message_bytes = 3 << 20;
  options.limits.max_item_bytes = 5'000'000;
  ASSERT_NO_FATAL_FAILURE(StartServer(options));
  const absl::Status status = client_->Normalize(Floats(200'000)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_EQ(LimitOf(status), "max_item_bytes = 5000000");
}

std::vector<size_t> ChunksOf(const std::vector<size_t>& payloads, uint64_t max_message_bytes) {
  v1::SegmentStreamRequest request;
  v1::SegmentRequest* const item = request.mutable_item();
  std::vector<v1::Image*> pictures = {item->mutable_image(), item->mutable_mask(),
                                      item->mutable_markers(), item->mutable_ground_truth()};
  std::string all;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const std::string bytes = RandomBytes(payloads[i], static_cast<uint32_t>(i));
    all += bytes;
    pictures[i]->set_encoded(bytes);
  }
  ItemCutter<v1::SegmentStreamRequest> cutter(max_message_bytes);
  cutter.Cut(&request);
  EXPECT_EQ(request.chunked().image_bytes(), payloads[0]);
  EXPECT_EQ(request.chunked().mask_bytes(), payloads[1]);
  EXPECT_EQ(request.chunked().markers_bytes(), payloads[2]);
  EXPECT_EQ(request.chunked().ground_truth_bytes(), payloads[3]);
  EXPECT_TRUE(request.item().image().has_encoded());
  EXPECT_TRUE(request.item().image().encoded().empty());
  std::vector<size_t> sizes;
  std::string sent;
  while (cutter.has_more()) {
    cutter.Next(&request);
    EXPECT_FALSE(request.has_item());
    EXPECT_LE(request.ByteSizeLong(), max_message_bytes);
    sizes.push_back(request.chunk().size());
    sent += request.chunk();
  }
  EXPECT_EQ(sent, all);
  return sizes;
}

TEST(ItemCutterTest, ChunksAreFullToTheLast) {
  using Sizes = std::vector<size_t>;
  EXPECT_EQ(ChunksOf({0, 0, 0, 0}, 1024), Sizes());
  EXPECT_EQ(ChunksOf({1, 0, 0, 0}, 1024), Sizes{1});
  EXPECT_EQ(ChunksOf({1007, 0, 0, 0}, 1024), Sizes{1007});
  EXPECT_EQ(ChunksOf({1008, 0, 0, 0}, 1024), Sizes{1008});
  EXPECT_EQ(ChunksOf({1009, 0, 0, 0}, 1024), (Sizes{1008, 1}));
  EXPECT_EQ(ChunksOf({1000, 16, 1000, 0}, 1024), (Sizes{1008, 1008}));
  EXPECT_EQ(ChunksOf({0, 0, 0, 5'000'000}, 64 << 20), (Sizes{2 << 20, 2 << 20, 805'696}));
}

TEST(ItemJoinerTest, AnswersThatMakeNoSense) {
  using Res = v1::NormalizeStreamResponse;
  const auto add = [](ItemJoiner<Res>* joiner, Res message) {
    static Res whole;
    return joiner->Add(&message, &whole);
  };
  const auto head = [](uint64_t bytes) {
    Res response;
    response.mutable_item();
    response.mutable_chunked()->set_tensor_bytes(bytes);
    return response;
  };
  const auto chunk = [](size_t bytes) {
    Res response;
    response.set_chunk(std::string(bytes, 'x'));
    return response;
  };
  const auto expect_protocol_error = [](const absl::StatusOr<bool>& added) {
    ASSERT_FALSE(added.ok());
    EXPECT_EQ(GetErrorDetail(added.status())->reason, "PROTOCOL");
  };
  ItemJoiner<Res> joiner;
  expect_protocol_error(add(&joiner, chunk(1)));
  expect_protocol_error(add(&joiner, head(uint64_t{1} << 40)));
  ASSERT_TRUE(add(&joiner, head(0)).value());
  ASSERT_FALSE(add(&joiner, head(3)).value());
  EXPECT_TRUE(joiner.is_open());
  ASSERT_FALSE(add(&joiner, chunk(2)).value());
  ASSERT_TRUE(add(&joiner, chunk(1)).value());
  EXPECT_FALSE(joiner.is_open());
  for (const Res& wrong : {head(3), chunk(0), chunk(4)}) {
    ItemJoiner<Res> open;
    ASSERT_FALSE(add(&open, head(3)).value());
    expect_protocol_error(add(&open, wrong));
  }
  ItemJoiner<v1::SegmentStreamResponse> pictures;
  v1::SegmentStreamResponse without_mask, whole;
  without_mask.mutable_item();
  without_mask.mutable_chunked()->set_mask_bytes(3);
  EXPECT_FALSE(pictures.Add(&without_mask, &whole).ok());
}

}  // namespace
}  // namespace trine::testing
