// A server in this process, for commands that are given none: the same code path as any other.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace trine::cli {

class EmbeddedServer {
 public:
  // Listens on a socket in a folder that only this user may enter; both go with the object.
  static absl::StatusOr<std::unique_ptr<EmbeddedServer>> Start(uint64_t max_message_bytes,
                                                               bool verbose);
  virtual ~EmbeddedServer() = default;
  virtual const std::string& target() const = 0;
};

}  // namespace trine::cli
