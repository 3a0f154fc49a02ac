// EncodeStream and DecodeStream of the client: bytes, progress, and how they end early.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>

#include "client/status.h"
#include "core/base/error.h"
#include "tests/client/test_server.h"

namespace trine::testing {
namespace {

std::string SomeBytes(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 7;
  for (char& c : bytes) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>((state >> 24) & (state >> 20));
  }
  return bytes;
}

// `bytes` in pieces of at most `piece`.
client::Source From(const std::string& bytes, size_t piece = SIZE_MAX) {
  return [&bytes, piece, at = size_t{0}](MutableByteView out,
                                         const CancelToken&) mutable -> absl::StatusOr<size_t> {
    const size_t n = std::min({piece, out.size(), bytes.size() - at});
    std::memcpy(out.data(), bytes.data() + at, n);
    at += n;
    return n;
  };
}

client::Sink To(std::string* out) {
  return [out](ByteView bytes) {
    out->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return absl::OkStatus();
  };
}

// A pipe whose other end says nothing: ends only when it is told to.
client::Source Endless(std::atomic<bool>* ended) {
  return [ended](MutableByteView, const CancelToken& stop) -> absl::StatusOr<size_t> {
    while (!stop.ShouldStop()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ended->store(true);
    return absl::CancelledError("told to");
  };
}

class ByteStreamsTest : public ClientTest {
 protected:
  std::string Encode(const std::string& raw) {
    v1::EncodeStreamHeader header;
    header.mutable_content()->mutable_bytes();
    std::string coded;
    const auto statistics = client_->EncodeStream(header, From(raw), To(&coded));
    EXPECT_TRUE(statistics.ok()) << statistics.status();
    return coded;
  }
};

TEST_F(ByteStreamsTest, RoundTripOfSeveralSizesAndPieces) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{524'288}, size_t{3'000'001}}) {
    const std::string raw = SomeBytes(size);
    v1::EncodeStreamHeader header;
    header.mutable_content()->mutable_bytes();
    std::string coded;
    uint64_t last_sent = 0;
    const auto progress = [&](uint64_t sent, uint64_t) {
      EXPECT_GE(sent, last_sent);
      last_sent = sent;
    };
    const auto statistics = client_->EncodeStream(header, From(raw, 100'000), To(&coded), progress);
    ASSERT_TRUE(statistics.ok()) << statistics.status();
    EXPECT_EQ(last_sent, size);
    EXPECT_EQ(statistics->raw_bytes(), size);
    EXPECT_EQ(statistics->coded_bytes(), coded.size());

    std::string decoded;
    bool told = false;
    const auto summary = client_->DecodeStream(
        v1::DecodeStreamHeader(), From(coded, 1000),
        [&](const v1::Content& content) {
          told = content.has_bytes();
          return absl::OkStatus();
        },
        To(&decoded));
    ASSERT_TRUE(summary.ok()) << summary.status();
    EXPECT_TRUE(told);
    EXPECT_TRUE(decoded == raw) << size;
    EXPECT_EQ(summary->raw_bytes(), size);
  }
}

TEST_F(ByteStreamsTest, TheSameBytesAsTheUnaryCall) {
  v1::EncodeRequest request;
  request.set_data(SomeBytes(1'500'000));
  request.mutable_options()->set_model(v1::CODING_MODEL_STATIC);
  v1::EncodeStreamHeader header;
  header.mutable_content()->mutable_bytes();
  *header.mutable_options() = request.options();
  std::string coded;
  ASSERT_TRUE(client_->EncodeStream(header, From(request.data()), To(&coded)).ok());
  EXPECT_TRUE(client_->Encode(request)->coded() == coded);
}

TEST_F(ByteStreamsTest, ARange) {
  const std::string raw = SomeBytes(3'000'000);
  const std::string coded = Encode(raw);
  v1::DecodeStreamHeader header;
  header.mutable_range()->set_offset(1'048'570);
  header.mutable_range()->set_length(20);
  std::string decoded;
  const auto summary = client_->DecodeStream(header, From(coded), nullptr, To(&decoded));
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(decoded, raw.substr(1'048'570, 20));
  EXPECT_EQ(summary->blocks_decoded(), 2u);
}

TEST_F(ByteStreamsTest, TheSourcesErrorEndsTheCall) {
  v1::EncodeStreamHeader header;
  header.mutable_content()->mutable_bytes();
  std::string coded;
  const auto broken = [](MutableByteView, const CancelToken&) -> absl::StatusOr<size_t> {
    return absl::DataLossError("the disk is broken");
  };
  const auto statistics = client_->EncodeStream(header, broken, To(&coded));
  EXPECT_EQ(statistics.status(), absl::DataLossError("the disk is broken"));
}

TEST_F(ByteStreamsTest, TheSinksErrorEndsTheCall) {
  const std::string coded = Encode(SomeBytes(3'000'000));
  int writes = 0;
  const auto full = [&writes](ByteView) {
    return ++writes == 2 ? absl::ResourceExhaustedError("the disk is full") : absl::OkStatus();
  };
  const auto summary = client_->DecodeStream(v1::DecodeStreamHeader(), From(coded), nullptr, full);
  EXPECT_EQ(summary.status(), absl::ResourceExhaustedError("the disk is full"));
  EXPECT_EQ(writes, 2);
}

TEST_F(ByteStreamsTest, ARefusalStopsASourceThatWaits) {
  v1::EncodeStreamHeader header;
  header.mutable_content()->mutable_bytes();
  header.mutable_options()->set_block_bytes(1);  // refused
  std::atomic<bool> ended{false};
  std::string coded;
  const auto statistics = client_->EncodeStream(header, Endless(&ended), To(&coded));
  EXPECT_EQ(statistics.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(ended.load());
}

TEST_F(ByteStreamsTest, TheDeadlineStopsASourceThatWaits) {
  ASSERT_TRUE(client_->GetServerInfo().ok());
  client::Options options;
  options.stream_timeout = std::chrono::milliseconds(1500);
  const std::unique_ptr<client::Client> hasty = MakeClient(options);
  ASSERT_TRUE(hasty->GetServerInfo().ok());  // connected
  v1::EncodeStreamHeader header;
  header.mutable_content()->mutable_bytes();
  std::atomic<bool> ended{false};
  std::string coded;
  const absl::Status status = hasty->EncodeStream(header, Endless(&ended), To(&coded)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_EQ(GetErrorDetail(status)->reason, "DEADLINE");
  EXPECT_TRUE(ended.load());
}

TEST_F(ByteStreamsTest, AServerThatGoesAwayIsUnreachable) {
  v1::EncodeStreamHeader header;
  header.mutable_content()->mutable_bytes();
  std::atomic<bool> ended{false};
  std::atomic<bool> waits{false};
  const client::Source endless = Endless(&ended);
  const auto source = [&](MutableByteView out, const CancelToken& stop) {
    waits.store(true);
    return endless(out, stop);
  };
  absl::Status status;
  std::string coded;
  std::thread call([&] { status = client_->EncodeStream(header, source, To(&coded)).status(); });
  while (!waits.load()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  server_.reset();
  call.join();
  EXPECT_TRUE(ended.load());
  EXPECT_FALSE(status.ok());
  // Cancelled by the server as it went, or the connection broke before it could say so.
  EXPECT_TRUE(client::IsUnreachable(status) || status.code() == absl::StatusCode::kCancelled ||
              status.code() == absl::StatusCode::kUnavailable)
      << status;
}

}  // namespace
}  // namespace trine::testing
