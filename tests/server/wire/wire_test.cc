// Bytes in slices to messages and back: the payload scanner and splicer against protobuf itself.
#include "server/wire/wire.h"

#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "server/wire/wire_format.h"
#include "tests/server/wire/wire_oracle.h"
#include "trine/v1/coding.pb.h"
#include "trine/v1/normalization.pb.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server::testing {
namespace {

using google::protobuf::BytesValue;

constexpr size_t kCuts[] = {1, 2, 3, 7, 100, 1 << 20};

std::string Bytes(size_t count, int factor) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out.push_back(static_cast<char>(i * factor));
  return out;
}

void FillTensor(v1::Tensor* tensor, size_t bytes) {
  tensor->set_dtype(v1::DATA_TYPE_UINT8);
  tensor->add_shape(static_cast<int64_t>(bytes));
  tensor->set_data(Bytes(bytes, 31));
}

v1::SegmentRequest Segment() {
  v1::SegmentRequest request;
  FillTensor(request.mutable_image()->mutable_tensor(), 300);
  request.mutable_mask()->set_encoded(Bytes(200, 17));
  FillTensor(request.mutable_markers()->mutable_tensor(), 5);
  request.add_steps()->mutable_otsu();
  request.mutable_outputs()->set_mask(true);
  request.set_max_threads(3);
  return request;
}

class CountCopies : public CopyCounter {
 public:
  void Copied(size_t bytes) override { copies.push_back(bytes); }
  std::vector<size_t> copies;
};

TEST(Wire, ParsesHoweverTheBytesAreCut) {
  const std::string raw = Segment().SerializeAsString();
  for (const size_t cut : kCuts) EXPECT_EQ(CompareWithProtobuf<v1::SegmentRequest>(raw, cut), "");
}

TEST(Wire, EveryTruncationIsTakenOrRefusedAsProtobufDoes) {
  const std::string raw = Segment().SerializeAsString();
  for (size_t length = 0; length <= raw.size(); ++length) {
    for (const size_t cut : {size_t{1}, size_t{64}}) {
      EXPECT_EQ(CompareWithProtobuf<v1::SegmentRequest>(raw.substr(0, length), cut), "") << length;
    }
  }
}

TEST(Wire, EveryFlippedBitIsReadAsProtobufDoes) {
  v1::SegmentRequest small = Segment();
  small.mutable_image()->mutable_tensor()->set_data("ab");
  small.mutable_mask()->set_encoded("c");
  const std::string raw = small.SerializeAsString();
  for (size_t i = 0; i < raw.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = raw;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      EXPECT_EQ(CompareWithProtobuf<v1::SegmentRequest>(flipped, 5), "") << i << " " << bit;
    }
  }
}

TEST(Wire, RandomMessagesAreReadAsProtobufDoes) {
  std::mt19937 random(7);
  const std::string parts[] = {Segment().SerializeAsString(),
                               std::string("\x0a\x00", 2),           // an empty image
                               std::string("\x0a\x02\x12\x00", 4),   // an empty file
                               std::string("\x0a\x03\x12\x01x", 5),  // a file
                               std::string("\x0a\x06\x0a\x04\x1a\x02yz", 8),
                               std::string("\x0b\x08\x01\x0c", 4),  // a group in place of it
                               std::string("\x8a\x00\x00", 3),      // a long tag
                               std::string("\x0a\x83\x80\x80\x00\x12\x01w", 8)};
  for (int i = 0; i < 3000; ++i) {
    std::string raw;
    for (uint32_t n = random() % 5; n > 0; --n) raw += parts[random() % std::size(parts)];
    for (uint32_t n = random() % 3; n > 0 && !raw.empty(); --n)
      raw[random() % raw.size()] = static_cast<char>(random());
    EXPECT_EQ(CompareWithProtobuf<v1::SegmentRequest>(raw, 1 + random() % 9), "") << i;
  }
}

TEST(Wire, TheLastValueHoldsAndMessagesMerge) {
  v1::EncodeRequest first, second, third;
  FillTensor(first.mutable_tensor(), 10);
  second.mutable_tensor()->set_data("last");
  third.mutable_image()->set_encoded("other");
  for (const std::string& raw :
       {first.SerializeAsString() + second.SerializeAsString(),
        first.SerializeAsString() + third.SerializeAsString() + second.SerializeAsString(),
        second.SerializeAsString() + third.SerializeAsString()}) {
    for (const size_t cut : kCuts) EXPECT_EQ(CompareWithProtobuf<v1::EncodeRequest>(raw, cut), "");
  }
}

TEST(Wire, GroupsNestAsDeepAsProtobufLetsThem) {
  for (const int depth : {1, 50, 98, 99, 100, 101, 200}) {
    const std::string raw = std::string(static_cast<size_t>(depth), '\x7b') +
                            std::string(static_cast<size_t>(depth), '\x7c');
    EXPECT_EQ(CompareWithProtobuf<BytesValue>(raw, 8), "") << depth;
  }
}

TEST(Wire, AnEmptyMessageHasNoBytes) {
  Request<BytesValue> request;
  EXPECT_TRUE(request.Parse(grpc::ByteBuffer()).ok());
  EXPECT_TRUE(request.Payload(request.message().value()).empty());
  EXPECT_EQ(request.PayloadSize(request.message().value()), 0u);
  EXPECT_FALSE(request.TakeJoined(request.message().value()).has_value());
  const grpc::Slice none;
  EXPECT_TRUE(request.Parse(grpc::ByteBuffer(&none, 1)).ok());
}

TEST(Wire, MalformedBytesSaySo) {
  Request<BytesValue> request;
  const absl::Status status = request.Parse(Sliced("\x0a\x05x", 1));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(GetErrorDetail(status)->reason, "MALFORMED_MESSAGE");
}

TEST(Wire, APayloadInOneSliceIsReadWhereItLies) {
  BytesValue sent;
  sent.set_value(Bytes(5000, 31));
  const std::string raw = sent.SerializeAsString();
  const grpc::Slice slice(raw.data(), raw.size());
  CountCopies counter;
  Request<BytesValue> request({nullptr, &counter});
  ASSERT_TRUE(request.Parse(grpc::ByteBuffer(&slice, 1)).ok());
  const ByteView bytes = request.Payload(request.message().value());
  EXPECT_EQ(bytes.data() + bytes.size(), slice.end());
  EXPECT_FALSE(request.TakeJoined(request.message().value()).has_value());
  EXPECT_TRUE(counter.copies.empty());
}

TEST(Wire, APayloadInManySlicesIsJoinedOnce) {
  BytesValue sent;
  sent.set_value(Bytes(5000, 31));
  CountCopies counter;
  Request<BytesValue> request({nullptr, &counter});
  ASSERT_TRUE(request.Parse(Sliced(sent.SerializeAsString(), 999)).ok());
  EXPECT_EQ(request.PayloadSize(request.message().value()), 5000u);
  EXPECT_TRUE(counter.copies.empty());
  const ByteView bytes = request.Payload(request.message().value());
  EXPECT_EQ(request.Payload(request.message().value()).data(), bytes.data());
  EXPECT_EQ(counter.copies, std::vector<size_t>{5000});

  Request<BytesValue> taken({nullptr, &counter});
  ASSERT_TRUE(taken.Parse(Sliced(sent.SerializeAsString(), 999)).ok());
  std::optional<Buffer> joined = taken.TakeJoined(taken.message().value());
  ASSERT_TRUE(joined.has_value());
  EXPECT_EQ(std::string(joined->data(), joined->data() + joined->size()), sent.value());
}

TEST(Wire, AnswersAreProtobufsBytes) {
  v1::SegmentResponse segment;
  FillTensor(segment.mutable_mask()->mutable_tensor(), 300);
  segment.mutable_labels()->set_encoded(Bytes(200, 5));
  FillTensor(segment.mutable_distance(), 128);
  segment.add_regions()->set_area(5);
  segment.set_width(9);
  EXPECT_EQ(CompareAnswer(segment), "");
  v1::NormalizeStreamResponse item;
  FillTensor(item.mutable_item()->mutable_tensor(), 70000);
  item.mutable_item()->mutable_resolved()->set_beta(0.75);
  item.set_index(3);
  EXPECT_EQ(CompareAnswer(item), "");
  v1::EncodeStreamResponse chunk;
  chunk.set_chunk("");
  EXPECT_EQ(CompareAnswer(chunk), "");
  EXPECT_EQ(CompareAnswer(v1::DecodeResponse()), "");
}

TEST(Wire, APayloadIsSentFromWhereItLies) {
  Response<BytesValue> response;
  std::string value(1 << 20, 'y');
  const char* const where = value.data();
  response.SetPayload(response.mutable_message()->mutable_value(), std::move(value));
  grpc::ByteBuffer buffer;
  ASSERT_TRUE(response.Serialize(&buffer).ok());
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(buffer.Dump(&slices).ok());
  ASSERT_EQ(slices.size(), 2u);
  EXPECT_EQ(reinterpret_cast<const char*>(slices[1].begin()), where);
}

TEST(Wire, AnEmptyAnswerIsABufferAllTheSame) {
  grpc::ByteBuffer buffer;
  ASSERT_TRUE(Response<BytesValue>().Serialize(&buffer).ok());
  EXPECT_TRUE(buffer.Valid());
  EXPECT_EQ(buffer.Length(), 0u);
}

TEST(Wire, VarintsHaveTheLengthThatIsSaid) {
  for (const uint64_t value : {0ULL, 127ULL, 128ULL, 16383ULL, 16384ULL, ~0ULL}) {
    std::string out;
    AppendVarint(&out, value);
    EXPECT_EQ(out.size(), VarintBytes(value));
  }
}

TEST(BufferPool, GivesBlocksBack) {
  auto pool = std::make_shared<BufferPool>(1 << 20);
  const uint8_t* first = nullptr;
  {
    Buffer buffer = AllocateBuffer(pool, 100000);
    first = buffer.data();
    EXPECT_EQ(buffer.size(), 100000u);
    EXPECT_EQ(pool->idle_bytes(), 0u);
  }
  EXPECT_GE(pool->idle_bytes(), 100000u);
  EXPECT_LT(pool->idle_bytes(), 125001u);
  Buffer again = AllocateBuffer(pool, 99000);
  EXPECT_EQ(again.data(), first);
  EXPECT_EQ(pool->idle_bytes(), 0u);
}

TEST(BufferPool, KeepsNoMoreThanItMay) {
  auto pool = std::make_shared<BufferPool>(200000);
  {
    std::vector<Buffer> buffers;
    for (int i = 0; i < 5; ++i) buffers.push_back(AllocateBuffer(pool, 65536));
    buffers.push_back(AllocateBuffer(pool, 300000));
  }
  EXPECT_LE(pool->idle_bytes(), 200000u);
  EXPECT_GE(pool->idle_bytes(), 65536u);
}

TEST(BufferPool, EverySizeFits) {
  auto pool = std::make_shared<BufferPool>(uint64_t{1} << 30);
  for (const size_t bytes :
       {size_t{0}, size_t{1}, size_t{65535}, size_t{65536}, size_t{65537}, size_t{81920},
        size_t{81921}, size_t{131072}, size_t{131073}, size_t{16} << 20, (size_t{16} << 20) + 1}) {
    for (int round = 0; round < 2; ++round) {
      Buffer buffer = AllocateBuffer(pool, bytes);
      EXPECT_EQ(buffer.size(), bytes);
      if (bytes > 0) buffer.data()[bytes - 1] = 1;
    }
  }
}

}  // namespace
}  // namespace trine::server::testing
