#include "client/cli/embedded.h"

#include <algorithm>
#include <utility>

#include "client/options.h"
#include "core/base/error.h"
#include "server/server.h"

namespace trine::cli {
namespace {

class Running : public EmbeddedServer {
 public:
  Running(std::unique_ptr<server::Server> server, uint64_t max_message_bytes)
      : server_(std::move(server)),
        channel_(server_->InProcessChannel(
            static_cast<int>(std::max(max_message_bytes, client::kLongestChunkMessage)))) {}

  std::shared_ptr<grpc::Channel> channel() const override { return channel_; }

 private:
  std::unique_ptr<server::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<EmbeddedServer>> EmbeddedServer::Start(uint64_t max_message_bytes,
                                                                      bool verbose) {
  server::Options options;
  options.listen.clear();
  options.metrics_listen.clear();
  options.reflection = false;
  options.channelz = false;
  options.log_level = verbose ? "info" : "off";
  options.max_message_bytes = max_message_bytes;
  // Room for one longest message that runs and one that waits.
  options.max_inflight_bytes = std::max(options.max_inflight_bytes, 2 * max_message_bytes);
  TRINE_ASSIGN_OR_RETURN(std::unique_ptr<server::Server> server, server::Server::Start(options));
  return std::make_unique<Running>(std::move(server), max_message_bytes);
}

}  // namespace trine::cli
