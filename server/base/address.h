// Addresses to listen on.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace trine::server {

struct Address {
  std::string host;       // without brackets
  int port = 0;           // 0: any
  std::string unix_path;  // not empty: a Unix socket, host and port mean nothing
  bool unix_abstract = false;

  // Only this machine reaches it.
  bool IsLocal() const;
  // "127.0.0.1:7433", "[::1]:7433", "unix:/run/trine.sock".
  std::string ToString() const;
};

// HOST:PORT, [IPV6]:PORT, unix:PATH or unix-abstract:NAME; port 0 to 65535. Errors name `option`.
absl::StatusOr<Address> ParseAddress(std::string_view option, std::string_view text);

}  // namespace trine::server
