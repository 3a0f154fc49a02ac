// The server as a library: the binary, the command line's embedded mode and the tests run the same.
#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/options/options.h"

namespace trine::server {

class Server {
 public:
  // Listens when it returns. Errors name the option.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Options& options);
  // Reads and checks the files that the options name, as Start would.
  static absl::Status CheckFiles(const Options& options);
  virtual ~Server() = default;  // stops at once what still runs

  // Where it listens, with real port numbers: "127.0.0.1:40213", "unix:/run/trine.sock".
  virtual const std::vector<std::string>& addresses() const = 0;
  virtual const std::string& metrics_address() const = 0;  // empty: none
  virtual const std::string& health_address() const = 0;   // empty: none
  // For callers in this process: calls go through memory, without sockets, TLS and tokens. Longest
  // message received over it: `max_message_bytes`.
  virtual std::shared_ptr<grpc::Channel> InProcessChannel(int max_message_bytes) = 0;

  // NOT_SERVING, and after `delay` no new calls; running calls until `deadline` after that, then
  // cancels them; returns when nothing runs. True when all ended by themselves.
  virtual bool Drain(std::chrono::milliseconds deadline, std::chrono::milliseconds delay) = 0;
  bool Drain(std::chrono::milliseconds deadline) { return Drain(deadline, {}); }
};

}  // namespace trine::server
