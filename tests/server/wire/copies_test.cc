// How often each RPC copies a payload: the table in core/README.md.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "server/wire/rpc.h"
#include "tests/server/services/all_services.h"
#include "tests/server/services/service_harness.h"
#include "tests/server/wire/wire_oracle.h"
#include "trine/v1/coding.pb.h"
#include "trine/v1/normalization.pb.h"
#include "trine/v1/segmentation.pb.h"

namespace trine::server::testing {
namespace {

constexpr size_t kBytes = 64 << 10;

class CountCopies : public CopyCounter {
 public:
  void Copied(size_t bytes) override { copies.push_back(bytes); }
  std::vector<size_t> copies;
};

// The sizes of the copies that a call makes whose request comes in slices of `slice_bytes`.
template <typename Req>
std::vector<size_t> Copies(const std::string& method, const Req& request, size_t slice_bytes,
                           std::string* answer = nullptr) {
  CountCopies counter;
  Call call;
  call.wire.copies = &counter;
  grpc::ByteBuffer out;
  const absl::Status status =
      FindMethod(method)->unary(call, Sliced(request.SerializeAsString(), slice_bytes), &out);
  EXPECT_TRUE(status.ok()) << status;
  if (answer != nullptr) *answer = Joined(out);
  return counter.copies;
}

template <typename Req>
void ExpectOneCopyAPayload(const std::string& method, const Req& request,
                           const std::vector<size_t>& payloads) {
  SCOPED_TRACE(method);
  EXPECT_EQ(Copies(method, request, 1 << 30), std::vector<size_t>());
  EXPECT_EQ(Copies(method, request, 9999), payloads);
}

void FillFloats(v1::Tensor* tensor) {
  tensor->set_dtype(v1::DATA_TYPE_FLOAT32);
  tensor->add_shape(16);
  tensor->add_shape(kBytes / 16 / sizeof(float));
  std::string* data = tensor->mutable_data();
  data->resize(kBytes);
  for (size_t i = 0; i < kBytes; i += sizeof(float)) {
    StoreLE(reinterpret_cast<uint8_t*>(data->data()) + i, static_cast<float>(i % 7));
  }
}

std::string Pixels() {
  std::mt19937 random(5);
  std::string out;
  for (size_t i = 0; i < kBytes; ++i) out.push_back(static_cast<char>(random() % 100));
  return out;
}

TEST(Copies, Normalize) {
  v1::NormalizeRequest request;
  FillFloats(request.mutable_tensor());
  ExpectOneCopyAPayload("Normalize", request, {kBytes});
}

TEST(Copies, NormalizeGradient) {
  v1::NormalizeGradientRequest request;
  FillFloats(request.mutable_tensor());
  FillFloats(request.mutable_output_gradient());
  ExpectOneCopyAPayload("NormalizeGradient", request, {kBytes, kBytes});
}

TEST(Copies, EncodeDecodeInspect) {
  v1::EncodeRequest encode;
  encode.set_data(Pixels());
  ExpectOneCopyAPayload("Encode", encode, {kBytes});
  std::string answer;
  Copies("Encode", encode, 1 << 30, &answer);
  v1::EncodeResponse encoded;
  ASSERT_TRUE(encoded.ParseFromString(answer));
  ASSERT_GT(encoded.coded().size(), 9999u);
  v1::DecodeRequest decode;
  decode.set_coded(encoded.coded());
  ExpectOneCopyAPayload("Decode", decode, {encoded.coded().size()});
  v1::InspectRequest inspect;
  inspect.set_coded(encoded.coded());
  ExpectOneCopyAPayload("Inspect", inspect, {encoded.coded().size()});
}

TEST(Copies, Segment) {
  v1::SegmentRequest request;
  v1::Tensor* tensor = request.mutable_image()->mutable_tensor();
  tensor->set_dtype(v1::DATA_TYPE_UINT8);
  tensor->add_shape(256);
  tensor->add_shape(kBytes / 256);
  tensor->set_data(Pixels());
  *request.mutable_mask() = request.image();
  request.mutable_outputs()->set_mask(true);
  ExpectOneCopyAPayload("Segment", request, {kBytes, kBytes});
}

// The sizes of the copies that a stream makes whose messages come in slices of `slice_bytes`.
template <typename Req>
std::vector<size_t> StreamCopies(const std::string& method, const std::vector<Req>& requests,
                                 size_t slice_bytes, std::vector<std::string>* answers = nullptr) {
  CountCopies counter;
  Call call;
  call.wire.copies = &counter;
  const std::unique_ptr<RawStream> stream = FindMethod(method)->stream();
  const auto drain = [&] {
    while (true) {
      grpc::ByteBuffer out;
      const absl::StatusOr<bool> more = stream->Produce(call, &out);
      EXPECT_TRUE(more.ok()) << more.status();
      if (!more.ok() || !*more) return;
      if (answers != nullptr) answers->push_back(Joined(out));
    }
  };
  for (const Req& request : requests) {
    const absl::Status status =
        stream->OnMessage(call, Sliced(request.SerializeAsString(), slice_bytes));
    EXPECT_TRUE(status.ok()) << status;
    drain();
  }
  EXPECT_TRUE(stream->OnEnd(call).ok());
  drain();
  return counter.copies;
}

std::string RandomBytes(size_t n) {
  std::mt19937 random(6);
  std::string out(n, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

TEST(Copies, EncodeStreamAndDecodeStream) {
  // Of one thread a batch is a block of 1 MiB.
  constexpr size_t kBlock = 1 << 20;
  std::vector<v1::EncodeStreamRequest> encode(2);
  encode[0].mutable_header();
  encode[1].set_chunk(RandomBytes(kBytes));
  std::vector<std::string> answers;
  EXPECT_EQ(StreamCopies("EncodeStream", encode, 1 << 30, &answers), std::vector<size_t>{kBytes});
  EXPECT_EQ(StreamCopies("EncodeStream", encode, 9999), (std::vector<size_t>{kBytes, kBytes}));
  v1::EncodeStreamResponse encoded;
  ASSERT_TRUE(encoded.ParseFromString(answers.at(0)));
  const size_t coded = encoded.chunk().size();
  ASSERT_GT(coded, 9999u);

  std::vector<v1::DecodeStreamRequest> decode(2);
  decode[0].mutable_header();
  decode[1].set_chunk(encoded.chunk());
  EXPECT_EQ(StreamCopies("DecodeStream", decode, 1 << 30), std::vector<size_t>{coded});
  EXPECT_EQ(StreamCopies("DecodeStream", decode, 9999), (std::vector<size_t>{coded, coded}));

  // Whole batches are coded where they are; what they come to is cut into chunks.
  encode[1].set_chunk(RandomBytes(2 * kBlock));
  answers.clear();
  std::vector<size_t> cut;
  const std::vector<size_t> copies = StreamCopies("EncodeStream", encode, 1 << 30, &answers);
  for (const std::string& answer : answers) {
    ASSERT_TRUE(encoded.ParseFromString(answer));
    if (encoded.chunk().size() > 1000) cut.push_back(encoded.chunk().size());
  }
  ASSERT_EQ(cut.size(), 2u);
  ASSERT_GE(copies.size(), 2u);
  EXPECT_EQ(std::vector<size_t>(copies.begin(), copies.begin() + 2), cut);
  size_t all = 0;
  for (const size_t bytes : copies) all += bytes;
  EXPECT_LT(all, 2 * kBlock + 1000);
}

// In however many slices a chunk comes, it is copied once, to its place.
TEST(Copies, ItemsInChunks) {
  std::vector<v1::NormalizeStreamRequest> normalize(3);
  FillFloats(normalize[0].mutable_item()->mutable_tensor());
  const std::string floats =
      std::exchange(*normalize[0].mutable_item()->mutable_tensor()->mutable_data(), "");
  normalize[0].mutable_chunked()->set_tensor_bytes(floats.size());
  normalize[1].set_chunk(floats.substr(0, 40'000));
  normalize[2].set_chunk(floats.substr(40'000));
  std::vector<v1::SegmentStreamRequest> segment(3);
  v1::SegmentRequest* const item = segment[0].mutable_item();
  v1::Tensor* tensor = item->mutable_image()->mutable_tensor();
  tensor->set_dtype(v1::DATA_TYPE_UINT8);
  tensor->add_shape(256);
  tensor->add_shape(kBytes / 256);
  *item->mutable_mask() = item->image();
  item->mutable_outputs()->set_mask(true);
  segment[0].mutable_chunked()->set_image_bytes(kBytes);
  segment[0].mutable_chunked()->set_mask_bytes(kBytes);
  segment[1].set_chunk(Pixels() + Pixels().substr(0, 9));
  segment[2].set_chunk(Pixels().substr(9));
  for (const size_t slice_bytes : {size_t{1} << 30, size_t{9999}}) {
    EXPECT_EQ(StreamCopies("NormalizeStream", normalize, slice_bytes),
              (std::vector<size_t>{40'000, kBytes - 40'000}));
    EXPECT_EQ(StreamCopies("SegmentStream", segment, slice_bytes),
              (std::vector<size_t>{kBytes + 9, kBytes - 9}));
  }
}

// Large answers leave as slices of the memory that the kernel wrote.
TEST(Copies, AnswersAreSentFromTheKernelsMemory) {
  v1::NormalizeRequest request;
  FillFloats(request.mutable_tensor());
  const Call call;
  grpc::ByteBuffer out;
  ASSERT_TRUE(FindMethod("Normalize")
                  ->unary(call, Sliced(request.SerializeAsString(), 1 << 30), &out)
                  .ok());
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(out.Dump(&slices).ok());
  ASSERT_GE(slices.size(), 2u);
  EXPECT_EQ(slices[1].size(), kBytes);
}

// Beyond the 50 MB up to which protobuf reserves memory at once.
TEST(Copies, ALargePayloadIsCopiedOnceToo) {
  constexpr size_t kLarge = 60'000'000;
  v1::NormalizeRequest request;
  v1::Tensor* tensor = request.mutable_tensor();
  tensor->set_dtype(v1::DATA_TYPE_BFLOAT16);
  tensor->add_shape(1000);
  tensor->add_shape(kLarge / 2000);
  tensor->mutable_data()->assign(kLarge, '\0');
  EXPECT_EQ(Copies("Normalize", request, 100'000), std::vector<size_t>{kLarge});
}

}  // namespace
}  // namespace trine::server::testing
