// How a client reaches a server.
#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "core/base/limits.h"

namespace trine::client {

// Longest payload of a Normalize, NormalizeGradient or Segment call, in chunks where it is longer
// than a message: as long as a field of a message may be. Servers allow what their max_item_bytes
// says.
inline constexpr NamedLimit kItemLimit = {"bytes of an item",
                                          (uint64_t{1} << 31) - (uint64_t{64} << 10)};

// A message of a stream with the longest chunk that servers send [bytes]: received always.
inline constexpr uint64_t kLongestChunkMessage = (uint64_t{2} << 20) + 1024;

struct Options {
  // Where it is not null, what follows up to `token` does not matter: a channel that is there
  // already, such as one to a server in this process.
  std::shared_ptr<grpc::Channel> channel;

  // HOST:PORT, unix:PATH, dns:///NAME:PORT or any other target that gRPC's name resolution knows.
  // Several addresses of a dns:/// name are used in turn.
  std::string target = "127.0.0.1:7433";

  // TLS when `tls` is set or any of the PEM texts is not empty. Without `tls_ca` the system's
  // roots are trusted. `tls_cert` and `tls_key` are the client's own (mutual TLS): both or none.
  bool tls = false;
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;

  // Sent as "authorization: Bearer <token>" with every call, also without TLS: then only over a
  // network that is trusted. Empty: none.
  std::string token;

  // Longest message sent or received (chunks of up to 2 MiB are received always) [bytes]; what is
  // longer goes in chunks (Normalize, its gradient, Segment), or is refused before it is sent.
  uint64_t max_message_bytes = uint64_t{64} << 20;

  NamedLimit message_limit() const { return {"max_message_bytes", max_message_bytes}; }

  // Deadlines of a call: unary calls and health checks, and streams (which may be of any length).
  std::chrono::milliseconds timeout{60'000};
  std::chrono::milliseconds stream_timeout{3'600'000};
};

}  // namespace trine::client
