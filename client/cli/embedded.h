// A server in this process, for commands that are given none: the same code path as any other.
#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"

namespace trine::cli {

class EmbeddedServer {
 public:
  // Listens nowhere: only `channel` leads to it.
  static absl::StatusOr<std::unique_ptr<EmbeddedServer>> Start(uint64_t max_message_bytes,
                                                               bool verbose);
  virtual ~EmbeddedServer() = default;
  virtual std::shared_ptr<grpc::Channel> channel() const = 0;
};

}  // namespace trine::cli
