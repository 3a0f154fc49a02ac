// grpc.reflection.v1 and v1alpha, on the completion queues of the server that they belong to.
//
// Why not gRPC's own: 1.51 has v1alpha only, and today's tools ask for v1 first. This file and
// described_services may go where a packaged gRPC serves both.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <string>
#include <vector>

#include "server/net/described_services.h"
#include "server/net/side_call.h"

namespace trine::server {

// Thread safety: all members may be called from any thread.
class ReflectionService {
 public:
  // Lists `services` and itself. `options` and `admission` outlive it.
  ReflectionService(std::vector<std::string> services, const Options& options,
                    Admission* admission);

  // Before the server starts; must outlive the server.
  void Register(grpc::ServerBuilder* builder);

  // Waits for calls on `queue`, whose tags ServeQueue fires. REQUIRES: the server has started.
  void Serve(grpc::ServerCompletionQueue* queue);

  // Ends every stream, those to come too, with UNAVAILABLE (see HealthService::EndCalls).
  void EndCalls() { calls_.End(); }

  // Returns when no operation waits on a queue any more or ever will. REQUIRES: the server was
  // shut down and all its calls cancelled.
  void WaitIdle() { calls_.objects.WaitIdle(); }

 private:
  class StreamCall;

  const DescribedServices described_;
  std::vector<std::unique_ptr<SideService>> versions_;
  SideCalls calls_;
};

}  // namespace trine::server
