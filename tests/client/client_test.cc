// One call of each function, and how calls end that do not go well.
#include "client/client.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/status.h"
#include "core/base/error.h"
#include "tests/client/test_server.h"

namespace trine::testing {
namespace {

using client::Options;

void SetFloats(const std::vector<int64_t>& shape, const std::vector<float>& values,
               v1::Tensor* tensor) {
  tensor->set_dtype(v1::DATA_TYPE_FLOAT32);
  tensor->mutable_shape()->Assign(shape.begin(), shape.end());
  tensor->set_data(values.data(), values.size() * sizeof(float));
}

std::string ReasonOf(const absl::Status& status) {
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  return detail.has_value() ? detail->reason : "none";
}

TEST_F(ClientTest, Normalize) {
  v1::NormalizeRequest request;
  SetFloats({1, 1}, {2}, request.mutable_tensor());
  request.mutable_options()->set_size(1);
  request.mutable_options()->set_alpha(1);
  request.mutable_options()->set_beta(1);
  request.mutable_options()->set_bias(1);
  const auto response = client_->Normalize(request);
  ASSERT_TRUE(response.ok()) << response.status();
  float y = 0;
  ASSERT_EQ(response->tensor().data().size(), sizeof(y));
  std::memcpy(&y, response->tensor().data().data(), sizeof(y));
  EXPECT_FLOAT_EQ(y, 2.0F / 5);  // x / (1 + x^2)
  EXPECT_EQ(response->resolved().size(), 1);
}

TEST_F(ClientTest, NormalizeGradient) {
  v1::NormalizeGradientRequest request;
  SetFloats({1, 1}, {2}, request.mutable_tensor());
  SetFloats({1, 1}, {1}, request.mutable_output_gradient());
  request.mutable_options()->set_size(1);
  request.mutable_options()->set_alpha(1);
  request.mutable_options()->set_beta(1);
  request.mutable_options()->set_bias(1);
  const auto response = client_->NormalizeGradient(request);
  ASSERT_TRUE(response.ok()) << response.status();
  float dx = 0;
  ASSERT_EQ(response->input_gradient().data().size(), sizeof(dx));
  std::memcpy(&dx, response->input_gradient().data().data(), sizeof(dx));
  EXPECT_FLOAT_EQ(dx, (1.0F - 4) / 25);  // (1 - x^2) / (1 + x^2)^2
}

TEST_F(ClientTest, EncodeDecodeInspect) {
  v1::EncodeRequest encode;
  encode.set_data(std::string(5000, 'x') + "yz");
  const auto coded = client_->Encode(encode);
  ASSERT_TRUE(coded.ok()) << coded.status();
  EXPECT_EQ(coded->statistics().raw_bytes(), 5002u);
  v1::DecodeRequest decode;
  decode.set_coded(coded->coded());
  const auto decoded = client_->Decode(decode);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->data(), encode.data());
  v1::InspectRequest inspect;
  inspect.set_coded(coded->coded());
  const auto info = client_->Inspect(inspect);
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->raw_bytes(), 5002u);
}

TEST_F(ClientTest, SegmentInfoHealth) {
  v1::SegmentRequest request;
  v1::Tensor* tensor = request.mutable_image()->mutable_tensor();
  tensor->set_dtype(v1::DATA_TYPE_UINT8);
  tensor->add_shape(2);
  tensor->add_shape(2);
  tensor->set_data(std::string("\x0A\x0A\xC8\xC8", 4));
  const auto response = client_->Segment(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->threshold().thresholds(0), 10);
  EXPECT_EQ(response->foreground_fraction(), 0.5);

  const auto info = client_->GetServerInfo();
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_GE(info->threads(), 1);
  const auto health = client_->CheckHealth();
  ASSERT_TRUE(health.ok()) << health.status();
  EXPECT_EQ(*health, client::Health::kServing);
  EXPECT_EQ(client_->CheckHealth("no.such.Service").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ClientTest, NormalizeStreamKeepsTheOrder) {
  int made = 0;
  const auto next = [&](v1::NormalizeRequest* item, const CancelToken&) -> absl::StatusOr<bool> {
    if (made == 100) return false;
    SetFloats({1, 1}, {static_cast<float>(made++)}, item->mutable_tensor());
    item->mutable_options()->set_beta(0);  // y = x
    return true;
  };
  int64_t used = 0;
  const auto use = [&](v1::NormalizeResponse item, int64_t index) -> absl::Status {
    float y = -1;
    if (item.tensor().data().size() != sizeof(y)) return absl::InternalError("size");
    std::memcpy(&y, item.tensor().data().data(), sizeof(y));
    EXPECT_EQ(index, used);
    EXPECT_EQ(y, static_cast<float>(used++));
    return absl::OkStatus();
  };
  const absl::Status status = client_->NormalizeStream(next, use);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(used, 100);
}

TEST_F(ClientTest, AStreamEndsAtTheItemThatIsRefused) {
  int made = 0;
  const auto next = [&](v1::SegmentRequest* item, const CancelToken&) -> absl::StatusOr<bool> {
    if (made == 3) return false;
    v1::Tensor* tensor = item->mutable_image()->mutable_tensor();
    tensor->set_dtype(v1::DATA_TYPE_UINT8);
    tensor->add_shape(1);
    tensor->add_shape(made++ == 1 ? 7 : 2);  // the second one lies about its size
    tensor->set_data("ab");
    return true;
  };
  int used = 0;
  const auto use = [&](v1::SegmentResponse, int64_t) {
    ++used;
    return absl::OkStatus();
  };
  const absl::Status status = client_->SegmentStream(next, use);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_EQ(used, 1);
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  ASSERT_TRUE(detail.has_value());
  EXPECT_NE(detail->field.find("item.image.tensor"), std::string::npos) << detail->field;
}

TEST_F(ClientTest, DetailsOfAnErrorArrive) {
  v1::NormalizeRequest request;
  SetFloats({1, 1}, {2}, request.mutable_tensor());
  request.mutable_options()->set_size(0);
  const absl::Status status = client_->Normalize(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  ASSERT_TRUE(detail.has_value()) << status;
  EXPECT_EQ(detail->reason, "INVALID_FIELD");
  EXPECT_EQ(detail->field, "options.size");
  EXPECT_EQ(detail->value, "0");
  EXPECT_FALSE(detail->limit.empty());
}

TEST_F(ClientTest, CorruptStreamsTellBlockAndOffset) {
  v1::EncodeRequest encode;
  encode.set_data("some bytes that are coded");
  std::string coded = client_->Encode(encode)->coded();
  coded.resize(coded.size() - 3);
  v1::DecodeRequest decode;
  decode.set_coded(coded);
  const absl::Status status = client_->Decode(decode).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReasonOf(status), "CORRUPT_STREAM");
  EXPECT_GE(GetErrorDetail(status)->offset, 0);
}

TEST_F(ClientTest, LongRequestsAreRefusedBeforeTheyAreSent) {
  Options options;
  options.max_message_bytes = 4096;
  v1::EncodeRequest request;
  request.set_data(std::string(5000, 'a'));
  const absl::Status status = MakeClient(options)->Encode(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(status), "LIMIT_EXCEEDED");
  EXPECT_EQ(GetErrorDetail(status)->limit, "max_message_bytes = 4096");
}

TEST_F(ClientTest, TokensAreSent) {
  std::string path = ::testing::TempDir() + "/trine_client_test_token_XXXXXX";
  const int fd = mkstemp(path.data());
  ASSERT_GE(fd, 0);
  const std::string token = "secret-secret-secret";
  ASSERT_EQ(write(fd, token.data(), token.size()), static_cast<ssize_t>(token.size()));
  close(fd);
  server::Options with_token;
  with_token.token_file = path;
  ASSERT_NO_FATAL_FAILURE(StartServer(with_token));
  unlink(path.c_str());
  EXPECT_EQ(client_->GetServerInfo().status().code(), absl::StatusCode::kUnauthenticated);
  Options options;
  options.token = token;
  EXPECT_TRUE(MakeClient(options)->GetServerInfo().ok());
}

TEST_F(ClientTest, NobodyListens) {
  const std::unique_ptr<client::Client> late = MakeClient(Options());
  server_.reset();
  const absl::Status status = late->GetServerInfo().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(client::IsUnreachable(status)) << status;
}

// A port that accepts and never says a word.
TEST(Unreachable, AMutePeer) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), 0);
  Options options;
  options.target = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
  options.timeout = std::chrono::milliseconds(300);
  const absl::Status status = (*client::Client::Create(options))->GetServerInfo().status();
  EXPECT_TRUE(client::IsUnreachable(status)) << status;
  close(listener);
}

TEST(CreateClient, RefusesOptionsThatContradict) {
  const auto field_of = [](const Options& options) {
    const std::optional<ErrorDetail> detail =
        GetErrorDetail(client::Client::Create(options).status());
    return detail.has_value() ? detail->field : "none";
  };
  Options options;
  options.target = "";
  EXPECT_EQ(field_of(options), "target");
  options = Options();
  options.tls_cert = "certificate";
  EXPECT_EQ(field_of(options), "tls_key");
  options = Options();
  options.token = "two\nlines";
  EXPECT_EQ(field_of(options), "token");
  options = Options();
  options.timeout = std::chrono::milliseconds(0);
  EXPECT_EQ(field_of(options), "timeout");
  options = Options();
  options.max_message_bytes = uint64_t{1} << 32;
  EXPECT_EQ(field_of(options), "max_message_bytes");
}

}  // namespace
}  // namespace trine::testing
