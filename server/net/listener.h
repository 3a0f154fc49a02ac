// Building the grpc::Server: ports, channel arguments, health, reflection, channelz.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "server/net/acceptor.h"
#include "server/net/health.h"
#include "server/options/options.h"

namespace trine::server {

// A service of which gRPC knows the name only: its calls go to the generic service, while
// reflection lists it.
class NamedService;

struct Listener {
  Listener();
  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) noexcept;
  ~Listener();

  // Open connections; 0 before the start.
  int connections() const;

  // Answers health's calls, and fires what comes off the queues on a thread for each.
  void Run();
  // Ends these threads. REQUIRES: the server was shut down, and no operation but health's waits on
  // a queue or ever will.
  void StopQueues();

  std::shared_ptr<grpc::ServerCredentials> credentials;
  std::vector<std::unique_ptr<NamedService>> named;
  std::unique_ptr<HealthService> health;
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  std::vector<std::thread> threads;
  std::unique_ptr<grpc::Server> server;
  // Of the TCP addresses. Destroyed first; to be stopped before the server is shut down.
  std::unique_ptr<Acceptor> acceptor;
  std::vector<std::string> addresses;
  intptr_t channelz_id = 0;  // gRPC's number for the server; 0: not known
};

// The main server: every call but health's, reflection's and channelz's arrives at `generic`, on
// one of `queues` completion queues, over connections made with `credentials`. Errors name the
// option.
absl::StatusOr<Listener> StartMainListener(const Options& options,
                                           const std::vector<std::string>& services, int queues,
                                           std::shared_ptr<grpc::ServerCredentials> credentials,
                                           grpc::AsyncGenericService* generic);

// grpc.health.v1 for `services` (and reflection, where it is on) alone, in plaintext, on
// options.health_listen.
absl::StatusOr<Listener> StartHealthListener(const Options& options,
                                             const std::vector<std::string>& services);

}  // namespace trine::server
