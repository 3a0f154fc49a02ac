// grpc.health.v1.Health, on the completion queues of the server that it belongs to.
//
// Why not gRPC's own: that one's callback threads poll the connections beside the queues, and every
// message of every call then wakes a thread more before it reaches the one that wants it. So it is
// in gRPC 1.51; this file may go where a later gRPC shares the queues' polling with its callbacks.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/grpcpp.h>

#include <mutex>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/base/active_calls.h"

namespace trine::server {

// Thread safety: all members may be called from any thread.
class HealthService {
 public:
  // Knows `services` and the server as a whole, "". Nothing is serving before SetServing.
  explicit HealthService(const std::vector<std::string>& services);

  // To register before the server starts; must outlive the server.
  grpc::Service* service() { return &service_; }

  // Waits for calls on `queue`, whose tags ServeQueue fires. REQUIRES: the server has started.
  void Serve(grpc::ServerCompletionQueue* queue);

  // Tells all who watch.
  void SetServing(bool serving);
  // Ends every watch, those to come too, with UNAVAILABLE, once it knows the last status: a server
  // whose watches went on could close none of their connections in order.
  void EndWatches();

  // Returns when no operation waits on a queue any more or ever will. REQUIRES: the server was
  // shut down and all its calls cancelled.
  void WaitIdle() { calls_.WaitIdle(); }

 private:
  using RawService = grpc::health::v1::Health::WithRawMethod_Check<
      grpc::health::v1::Health::WithRawMethod_Watch<grpc::health::v1::Health::Service>>;
  using Status = grpc::health::v1::HealthCheckResponse;
  class CheckCall;
  class WatchCall;

  // SERVICE_UNKNOWN for a name that is not known. REQUIRES: mutex_ is held.
  Status::ServingStatus StatusOf(const std::string& service) const;

  RawService service_;
  const std::unordered_set<std::string> names_;
  mutable std::mutex mutex_;
  bool serving_ = false;
  bool ending_ = false;           // no watch goes on
  std::set<WatchCall*> watches_;  // that may be written to
  ActiveCalls calls_;             // objects with an operation on a queue
};

}  // namespace trine::server
