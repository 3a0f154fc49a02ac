// Who calls, for limits per client and the log, where no token says it: the peer's address, or what
// a proxy that is trusted says of the one before it.
// Thread safety: immutable.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace trine::server {

class ClientNamer {
 public:
  // `trusted`: addresses of proxies, "10.0.0.7", "10.0.0.0/8", "fd00::/8". Errors name the option
  // trusted-proxies.
  static absl::StatusOr<ClientNamer> Create(const std::vector<std::string>& trusted);

  // "ipv4:10.0.0.7", "ipv6:[::1]" or "unix:" (all of a socket are one), from gRPC's name of the
  // peer and the header x-forwarded-for. The header counts where the peer is a trusted proxy: then
  // the client is its last address that is no trusted proxy itself, since what comes before that
  // was written by the client.
  std::string Name(std::string_view peer, std::string_view forwarded_for) const;

 private:
  // IPv4 as ::ffff:a.b.c.d.
  using Bits = std::array<uint8_t, 16>;
  struct Network {
    Bits bits{};
    int length = 128;
  };

  static bool Parse(std::string_view text, Bits* bits, bool* is_v4);
  bool IsTrusted(const Bits& bits) const;

  std::vector<Network> trusted_;
};

}  // namespace trine::server
