// Calls at a fixed rate or from a fixed number of callers, and what became of them.
//
// An open loop: a call is due at its time whether or not earlier ones have ended, and its latency
// counts from then, so a server that stalls cannot hide it by stalling the client too. The calls
// are bytes over gRPC's generic stub: what they cost here is little beside what they cost the
// server. Thread safety: Run may be called once, from one thread.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace trine::load {

struct Kind {
  std::string method;  // path
  grpc::ByteBuffer request;
};

struct Plan {
  std::vector<std::shared_ptr<grpc::Channel>> channels;  // taken in turn
  std::vector<Kind> kinds;                               // taken in turn
  double rate = 0;                                       // calls a second; 0: `callers` of them
  int callers = 1;                                       // calls open at once where rate is 0
  int max_open = 20000;  // calls open at once at a rate; a call due beyond it counts as skipped
  std::chrono::milliseconds duration{1000};
  std::chrono::milliseconds deadline{30000};  // of a call
  double cancel_share = 0;                    // of the calls, cancelled `cancel_after` they began
  std::chrono::milliseconds cancel_after{0};
  bool wait_for_ready = false;
  const std::atomic<bool>* stop = nullptr;  // ends the duration early once it is true
};

struct Outcome {
  double ended_s = 0;      // after the start
  double latency_ms = 0;   // since the call was due
  int code = 0;            // grpc::StatusCode
  bool cancelled = false;  // by ourselves
};

// A call that failed without our doing.
struct Failure {
  std::string request_id;
  int code = 0;
  std::string message;
};

struct Result {
  double started_at_s = 0;  // of the system's monotonic clock
  uint64_t skipped = 0;
  std::vector<Outcome> outcomes;
  std::vector<Failure> failures;  // the first ten thousand
};

// Returns when the duration is over and every call has ended.
Result Run(const Plan& plan);

}  // namespace trine::load
