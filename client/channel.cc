#include "client/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <limits>
#include <string>

#include "core/base/error.h"

namespace trine::client {
namespace {

// Frames and buffers for messages of megabytes: fewer wake-ups a message than gRPC's 16 KiB.
constexpr int kMaxFrameBytes = 1 << 20;

bool UsesTls(const Options& options) {
  return options.tls || !options.tls_ca.empty() || !options.tls_cert.empty();
}

bool IsLoopback(const std::string& target) {
  for (const char* start : {"127.", "localhost:", "[::1]:", "unix:"}) {
    if (target.rfind(start, 0) == 0) return true;
  }
  return false;
}

std::shared_ptr<grpc::ChannelCredentials> MakeCredentials(const Options& options) {
  if (!UsesTls(options)) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = options.tls_ca;
  ssl.pem_cert_chain = options.tls_cert;
  ssl.pem_private_key = options.tls_key;
  return grpc::SslCredentials(ssl);
}

}  // namespace

absl::Status ValidateOptions(const Options& options) {
  if (options.channel == nullptr && options.target.empty()) {
    return InvalidField("target", "", "it must be HOST:PORT, unix:PATH or dns:///NAME:PORT");
  }
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return InvalidField(options.tls_cert.empty() ? "tls_cert" : "tls_key", "missing",
                        "a client certificate and its key need each other");
  }
  const auto printable = [](unsigned char c) { return c > 0x20 && c < 0x7F; };
  if (!std::all_of(options.token.begin(), options.token.end(), printable)) {
    return InvalidField("token", "not printable", "it must be printable ASCII without spaces");
  }
  if (options.timeout.count() <= 0 || options.stream_timeout.count() <= 0) {
    return InvalidField("timeout", int64_t{options.timeout.count()}, "it must be above 0 ms");
  }
  if (options.max_message_bytes < 1024 ||
      options.max_message_bytes > static_cast<uint64_t>(std::numeric_limits<int>::max())) {
    return InvalidField("max_message_bytes", static_cast<int64_t>(options.max_message_bytes),
                        "it must be 1024 to 2147483647 bytes");
  }
  return absl::OkStatus();
}

std::shared_ptr<grpc::Channel> MakeChannel(const Options& options) {
  if (options.channel != nullptr) return options.channel;
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(
      static_cast<int>(std::max(options.max_message_bytes, kLongestChunkMessage)));
  arguments.SetMaxSendMessageSize(-1);  // checked before, with a message that names the limit
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, kMaxFrameBytes);
  // A proxy named by the environment cannot reach this machine's own loopback interface.
  if (IsLoopback(options.target)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (options.target.rfind("dns:", 0) == 0) arguments.SetLoadBalancingPolicyName("round_robin");
  return grpc::CreateCustomChannel(options.target, MakeCredentials(options), arguments);
}

void PrepareCall(const Options& options, std::chrono::milliseconds timeout,
                 grpc::ClientContext* context) {
  context->set_deadline(std::chrono::system_clock::now() + timeout);
  if (!options.token.empty()) context->AddMetadata("authorization", "Bearer " + options.token);
}

}  // namespace trine::client
