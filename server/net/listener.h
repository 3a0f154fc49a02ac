// Building the grpc::Server: ports, channel arguments, health, reflection, channelz.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "server/net/acceptor.h"
#include "server/net/health.h"
#include "server/net/reflection.h"
#include "server/options/options.h"

namespace trine::server {

struct Listener {
  // Open connections; 0 before the start.
  int connections() const { return acceptor == nullptr ? 0 : acceptor->connections(); }

  // Answers health's and reflection's calls, and fires what comes off the queues on a thread for
  // each.
  void Run();
  // No new connections and no new calls from now; calls that run go on, but for watches of health
  // and streams of reflection, which end. A connection hears of it (GOAWAY, NO_ERROR) and closes
  // when its last call has ended.
  void BeginShutdown();
  // Returns when no connection is left. What is still there at `deadline` is cancelled and cut, for
  // which gRPC 1.51's word to the client is GOAWAY, INTERNAL_ERROR. REQUIRES: BeginShutdown.
  void FinishShutdown(std::chrono::steady_clock::time_point deadline);
  // Ends the threads of Run. REQUIRES: FinishShutdown, and no operation but health's and
  // reflection's waits on a queue or ever will.
  void StopQueues();

  std::shared_ptr<grpc::ServerCredentials> credentials;
  std::unique_ptr<HealthService> health;
  std::unique_ptr<ReflectionService> reflection;  // null: none
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  std::vector<std::thread> threads;
  std::unique_ptr<grpc::Server> server;
  // Of all addresses. Destroyed before the server.
  std::unique_ptr<Acceptor> acceptor;
  std::future<void> closed;  // of a shutdown: ready when no connection is left
  std::vector<std::string> addresses;
};

// The main server: every call but health's, reflection's and channelz's arrives at `generic`, on
// one of `queues` completion queues, over connections made with `credentials`. `options` and
// `admission`, which counts health's and reflection's calls, outlive the result. Errors name the
// option.
absl::StatusOr<Listener> StartMainListener(const Options& options,
                                           const std::vector<std::string>& services,
                                           Admission* admission, int queues,
                                           std::shared_ptr<grpc::ServerCredentials> credentials,
                                           grpc::AsyncGenericService* generic);

// grpc.health.v1 for `services` (and reflection, where it is on) alone, in plaintext, on
// options.health_listen.
absl::StatusOr<Listener> StartHealthListener(const Options& options,
                                             const std::vector<std::string>& services,
                                             Admission* admission);

}  // namespace trine::server
