// What items in chunks tell the ledger of memory: what came, not what a head says.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/runtime/memory_account.h"
#include "tests/server/services/all_services.h"
#include "tests/server/services/chunked_items.h"
#include "tests/server/services/service_harness.h"

namespace trine::server {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
// An array of its own mapping, in whole pages of 2 MiB.
constexpr uint64_t kItem = 64 * kMiB;

// Grants up to `room` bytes and keeps what was asked.
class Room : public MemoryAccount {
 public:
  absl::Status Reserve(uint64_t bytes) override {
    asked.push_back(bytes);
    if (bytes <= room) return absl::OkStatus();
    return absl::ResourceExhaustedError("no room");
  }
  absl::Status ReserveResult(uint64_t bytes) override { return Reserve(bytes); }
  uint64_t most() const {
    return asked.empty() ? 0 : *std::max_element(asked.begin(), asked.end());
  }

  uint64_t room = UINT64_MAX;
  std::vector<uint64_t> asked;
};

struct OpenStream {
  explicit OpenStream(const char* name) : stream(FindMethod(name)->stream()) {
    call.context.memory = &account;
  }
  template <typename Req>
  absl::Status Send(const Req& request) {
    return stream->OnMessage(call, ToBuffer(request.SerializeAsString(), 1 << 14));
  }
  bool Produce() {
    grpc::ByteBuffer out;
    const absl::StatusOr<bool> more = stream->Produce(call, &out);
    EXPECT_TRUE(more.ok()) << more.status();
    if (more.ok() && *more) sent = out;
    return more.ok() && *more;
  }

  Room account;
  Call call;
  std::unique_ptr<RawStream> stream;
  grpc::ByteBuffer sent;
};

v1::SegmentStreamRequest PictureHead(uint64_t pixels) {
  v1::SegmentStreamRequest head;
  v1::Tensor* tensor = head.mutable_item()->mutable_image()->mutable_tensor();
  tensor->set_dtype(v1::DATA_TYPE_UINT8);
  tensor->add_shape(1);
  tensor->add_shape(static_cast<int64_t>(pixels));
  head.mutable_item()->mutable_outputs()->set_mask(true);
  head.mutable_chunked()->set_image_bytes(pixels);
  return head;
}

v1::NormalizeStreamRequest TensorHead(uint64_t bytes) {
  v1::NormalizeStreamRequest head;
  v1::Tensor* tensor = head.mutable_item()->mutable_tensor();
  tensor->set_dtype(v1::DATA_TYPE_FLOAT32);
  tensor->add_shape(static_cast<int64_t>(bytes / 4 / 16));
  tensor->add_shape(16);
  head.mutable_chunked()->set_tensor_bytes(bytes);
  return head;
}

v1::NormalizeGradientStreamRequest GradientHead(uint64_t bytes) {
  v1::NormalizeGradientStreamRequest head;
  *head.mutable_item()->mutable_tensor() = TensorHead(bytes / 2).item().tensor();
  *head.mutable_item()->mutable_output_gradient() = head.item().tensor();
  head.mutable_chunked()->set_tensor_bytes(bytes / 2);
  head.mutable_chunked()->set_output_gradient_bytes(bytes / 2);
  return head;
}

template <typename Req>
void ExpectGrowsWithWhatComes(const char* name, const Req& head) {
  SCOPED_TRACE(name);
  OpenStream stream(name);
  ASSERT_TRUE(stream.Send(head).ok());
  EXPECT_LT(stream.stream->HeldBytes(), 4096u);  // of kItem that it claims
  EXPECT_LT(stream.account.most(), 4096u);
  const Req chunk = Chunk<Req>(std::string(2 * kMiB - 1, '\1'));
  for (uint64_t came = chunk.chunk().size(); came < 10 * kMiB; came += chunk.chunk().size()) {
    stream.account.asked.clear();
    ASSERT_TRUE(stream.Send(chunk).ok());
    EXPECT_FALSE(stream.Produce());
    EXPECT_GE(stream.stream->HeldBytes(), came);
    EXPECT_LE(stream.stream->HeldBytes(), came + 2 * kMiB + 4096);
    EXPECT_LE(stream.account.most(), 4 * kMiB);  // beside what it held
  }
  // Asked for before it is taken.
  const uint64_t held = stream.stream->HeldBytes();
  stream.account.room = 0;
  EXPECT_EQ(stream.Send(chunk).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(stream.stream->HeldBytes(), held);
}

TEST(ItemMemory, AHeadHoldsNothingOfWhatItClaims) {
  ExpectGrowsWithWhatComes("SegmentStream", PictureHead(kItem));
  ExpectGrowsWithWhatComes("NormalizeStream", TensorHead(kItem));
  ExpectGrowsWithWhatComes("NormalizeGradientStream", GradientHead(kItem));
}

template <typename Req>
void SendAll(OpenStream& stream, uint64_t bytes) {
  const Req chunk = Chunk<Req>(std::string(2 * kMiB, '\1'));
  for (uint64_t came = 0; came < bytes; came += 2 * kMiB) {
    if (came > 0) {
      EXPECT_FALSE(stream.Produce());
    }
    stream.account.asked.clear();
    ASSERT_TRUE(stream.Send(chunk).ok());
  }
}

TEST(ItemMemory, AnAnswerIsHeldUntilItIsSent) {
  OpenStream stream("SegmentStream");
  ASSERT_TRUE(stream.Send(PictureHead(kItem)).ok());
  ASSERT_NO_FATAL_FAILURE(SendAll<v1::SegmentStreamRequest>(stream, kItem));
  EXPECT_GE(stream.stream->HeldBytes(), kItem);
  ASSERT_TRUE(stream.Produce());  // the head
  // The steps asked for the mask beside the picture, which is on the stream's account already.
  EXPECT_GE(stream.account.most(), kItem);
  EXPECT_LT(stream.account.most(), kItem + kItem / 2);
  for (uint64_t left = kItem; left > 0; left -= 2 * kMiB) {
    EXPECT_EQ(stream.stream->HeldBytes(), kItem);
    ASSERT_TRUE(stream.Produce());
  }
  EXPECT_EQ(stream.stream->HeldBytes(), kItem);  // the last chunk may not be written yet
  EXPECT_FALSE(stream.Produce());
  EXPECT_EQ(stream.stream->HeldBytes(), 0u);
}

TEST(ItemMemory, ATensorIsNormalizedWhereItCame) {
  OpenStream stream("NormalizeStream");
  ASSERT_TRUE(stream.Send(TensorHead(kItem)).ok());
  ASSERT_NO_FATAL_FAILURE(SendAll<v1::NormalizeStreamRequest>(stream, kItem));
  ASSERT_TRUE(stream.Produce());
  EXPECT_LE(stream.account.most(), 8 * kMiB);
  EXPECT_EQ(stream.stream->HeldBytes(), kItem);
}

TEST(ItemMemory, AWholeItemOfAStreamAsksForItsResult) {
  OpenStream stream("NormalizeStream");
  v1::NormalizeStreamRequest request;
  *request.mutable_item() = TensorHead(kMiB).item();
  request.mutable_item()->mutable_tensor()->set_data(std::string(kMiB, '\1'));
  ASSERT_TRUE(stream.Send(request).ok());
  ASSERT_TRUE(stream.Produce());
  EXPECT_GE(stream.account.most(), kMiB);
  EXPECT_LT(stream.account.most(), 2 * kMiB);
  EXPECT_EQ(stream.stream->HeldBytes(), 0u);
}

TEST(ItemMemory, CancelledInTheMiddleAndAtWork) {
  for (const bool late : {false, true}) {
    ServiceHarness services;
    if (late) {
      services.cancel().SetDeadline(std::chrono::steady_clock::now());
    } else {
      services.cancel().Cancel();
    }
    std::vector<v1::NormalizeStreamRequest> messages = {TensorHead(4 * kMiB)};
    for (int i = 0; i < 2; ++i)
      messages.push_back(Chunk<v1::NormalizeStreamRequest>(std::string(2 * kMiB, '\1')));
    ExpectRefused(services.Stream<v1::NormalizeStreamResponse>("NormalizeStream", messages).status,
                  late ? absl::StatusCode::kDeadlineExceeded : absl::StatusCode::kCancelled, "");
  }
}

}  // namespace
}  // namespace trine::server
