// grpc.reflection.v1 and v1alpha, on the completion queues of the server that they belong to.
//
// Why not gRPC's own: 1.51 has v1alpha only, and today's tools ask for v1 first. This file and
// described_services may go where a packaged gRPC serves both.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "server/base/active_calls.h"
#include "server/net/described_services.h"

namespace trine::server {

// Thread safety: all members may be called from any thread.
class ReflectionService {
 public:
  // Lists `services` and itself.
  explicit ReflectionService(std::vector<std::string> services);
  ~ReflectionService();

  // Before the server starts; must outlive the server.
  void Register(grpc::ServerBuilder* builder);

  // Waits for calls on `queue`, whose tags ServeQueue fires. REQUIRES: the server has started.
  void Serve(grpc::ServerCompletionQueue* queue);

  // Ends every stream, those to come too, with UNAVAILABLE (see HealthService::EndWatches).
  void EndStreams();

  // Returns when no operation waits on a queue any more or ever will. REQUIRES: the server was
  // shut down and all its calls cancelled.
  void WaitIdle() { calls_.WaitIdle(); }

 private:
  class Version;
  class StreamCall;

  const DescribedServices described_;
  std::vector<std::unique_ptr<Version>> versions_;
  std::mutex mutex_;
  bool ending_ = false;            // no stream goes on
  std::set<StreamCall*> streams_;  // that are open
  ActiveCalls calls_;              // objects with an operation on a queue
};

}  // namespace trine::server
