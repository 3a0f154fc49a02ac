// grpc.health.v1.Health, on the completion queues of the server that it belongs to.
//
// Why not gRPC's own: that one's callback threads poll the connections beside the queues, and every
// message of every call then wakes a thread more before it reaches the one that wants it. So it is
// in gRPC 1.51; this file may go where a later gRPC shares the queues' polling with its callbacks.
//
// A probe gets through whatever others hold open: a Check has no place among max_side_calls, and is
// charged to the ledger even where that is full. kMaxChecks bounds them; one more cuts the oldest
// off, which has had longer than an honest one takes.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/server_builder.h>

#include <deque>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "grpc/health/v1/health.pb.h"
#include "server/net/side_call.h"

namespace trine::server {

// Thread safety: all members may be called from any thread.
class HealthService {
 public:
  static constexpr size_t kMaxChecks = 128;

  // Knows `services` and the server as a whole, "". Nothing is serving before SetServing. `options`
  // and `admission` outlive it.
  HealthService(const std::vector<std::string>& services, const Options& options,
                Admission* admission);

  // Before the server starts; must outlive the server.
  void Register(grpc::ServerBuilder* builder) { builder->RegisterService(&service_); }

  // Waits for calls on `queue`, whose tags ServeQueue fires. REQUIRES: the server has started.
  void Serve(grpc::ServerCompletionQueue* queue);

  // Tells all who watch.
  void SetServing(bool serving);
  // Ends every watch with UNAVAILABLE once it knows the last status, and those to come: a server
  // whose watches went on could close none of their connections in order.
  void EndCalls() { calls_.End(); }

  // Returns when no operation waits on a queue any more or ever will. REQUIRES: the server was
  // shut down and all its calls cancelled.
  void WaitIdle() { calls_.objects.WaitIdle(); }

 private:
  using Status = grpc::health::v1::HealthCheckResponse;
  class CheckCall;
  class WatchCall;

  // SERVICE_UNKNOWN for a name that is not known. REQUIRES: calls_.mutex is held.
  Status::ServingStatus StatusOf(const std::string& service) const;

  SideService service_;
  const std::unordered_set<std::string> names_;
  SideCalls calls_;
  bool serving_ = false;           // guarded by calls_.mutex, as the next
  std::deque<CheckCall*> checks_;  // that are open, the oldest first
  std::set<WatchCall*> watches_;   // that know what they watch
};

}  // namespace trine::server
