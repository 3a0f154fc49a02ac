// One RPC on its way: the one path that every method of every service takes.
//
// A call is a chain of steps, and exactly one thing carries the chain on at any time: an operation
// of gRPC (read, write, finish), a place in the admission queue, or a job on the pool. phase_ says
// which, under mutex_. What comes from the side, the client's cancellation (OnDone) and the
// server's own deadline (OnDeadline), may take the chain over only from the queue or from a read;
// elsewhere it sets the cancellation that the work polls, and the chain ends by itself. So Finish
// is called exactly once, whatever comes first.
//
// Lifetime: counted references, one for each operation whose tag is still out and one for a job
// or place in the queue. The last one deletes the call, which then counts and logs its end.
//
// Completion queues and not callback reactors: gRPC 1.51's callback threads fall asleep after a
// second of silence, for up to 100 ms.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/async_generic_service.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/base/cancel.h"
#include "server/base/queue_tag.h"
#include "server/call/call_env.h"
#include "server/observe/trace.h"

namespace trine::server {

class RpcCall final : private MemoryAccount {
 public:
  using Clock = std::chrono::steady_clock;

  // Waits on `queue` for one call and serves it; a call that arrives waits for the next first.
  // REQUIRES: `env`, `service` and `queue` outlive the server.
  static void Accept(CallEnv* env, grpc::AsyncGenericService* service,
                     grpc::ServerCompletionQueue* queue);

 private:
  using Tag = CallTag<RpcCall>;
  friend Tag;  // for Unref

  enum class Phase { kWaiting, kReading, kQueued, kRunning, kWriting, kFinishing };

  RpcCall(CallEnv* env, grpc::AsyncGenericService* service, grpc::ServerCompletionQueue* queue);
  ~RpcCall() override;
  void Ref() { refs_.fetch_add(1, std::memory_order_relaxed); }
  void Unref();

  // Events of the completion queue (call.cc).
  void OnAccepted(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnFinished(bool ok);
  void OnDone(bool ok);
  void OnDeadline(bool ok);

  // Before the first message (call.cc).
  void ReadHeaders();
  void SetDeadline();
  absl::Status MayStart();

  // Operations (call.cc). REQUIRES: the caller carries the chain.
  void StartRead();
  void StartWrite();
  void Finish(const absl::Status& status);
  void FinishWithResponse();
  void BeginTrace();
  void ReportEnd();
  void ReportSpan(const absl::Status& status, std::string_view reason);
  std::string_view Header(const char* name) const;
  void FinishLocked(const absl::Status& status);
  // What the client reads when it went away or its time was over.
  absl::Status Cancelled() const;

  // The steps of the two kinds of methods (call_steps.cc), on pool threads.
  void QueueUnary();
  void RunUnary();
  void QueueStreamStep(uint64_t bytes);
  void RunStreamStep();
  void StartJob(void (RpcCall::*job)());
  absl::Status CallHandler(bool* produced);
  absl::Status CheckSize(size_t bytes, const char* field) const;
  bool FinishIfOver();

  // What the call has on the ledger (call_memory.cc).
  Cost CostOf(uint64_t bytes) const;
  absl::Status Reserve(uint64_t bytes) override;
  absl::Status ReserveResult(uint64_t bytes) override;
  absl::Status ChargeAnswer();
  absl::Status ChargeState();
  void ReleaseStep();
  void ReleaseAll();

  CallEnv& env_;
  grpc::AsyncGenericService* const service_;
  grpc::ServerCompletionQueue* const queue_;

  // Declared before the stream, which refers to it.
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  grpc::Alarm alarm_;
  Tag accepted_tag_{this, &RpcCall::OnAccepted};
  Tag read_tag_{this, &RpcCall::OnRead};
  Tag written_tag_{this, &RpcCall::OnWritten};
  Tag finished_tag_{this, &RpcCall::OnFinished};
  Tag done_tag_{this, &RpcCall::OnDone};
  Tag deadline_tag_{this, &RpcCall::OnDeadline};

  std::atomic<int> refs_{1};
  bool accepted_ = false;
  ServedMethod* served_ = nullptr;  // null: not a method of this server
  MethodMetrics* metrics_ = nullptr;
  Call call_;
  CancelSource cancel_;
  CallNotes notes_;
  TraceContext trace_;
  std::string peer_;    // "ipv4:10.0.0.7:51234"
  std::string client_;  // who shares limits and is named in the log: a token, else an address
  Clock::time_point arrived_;
  Clock::time_point deadline_ = Clock::time_point::max();
  std::unique_ptr<RawStream> handler_;  // of a stream
  Admission::Place place_;

  // Touched only by what carries the chain.
  grpc::ByteBuffer in_;
  grpc::ByteBuffer out_;
  bool stream_open_ = false;  // counted in the admission's streams
  bool has_message_ = false;  // in_ holds a message that the handler has not seen
  bool half_closed_ = false;  // the client sends no more
  bool end_handled_ = false;  // and the handler knows
  Cost step_;  // on the ledger: of the message that is worked on; of a unary call its answer too
  Cost kept_;  // of a stream: its state, and its answer until that is written
  uint64_t bytes_in_ = 0;
  uint64_t bytes_out_ = 0;
  Clock::time_point queued_at_;  // of the last wait
  Clock::time_point queue_left_;
  Clock::time_point computed_at_;  // of the last run of the handler
  Clock::time_point compute_ended_;
  double queue_seconds_ = 0;
  double compute_seconds_ = 0;
  bool handler_ran_ = false;
  absl::Status status_;  // what Finish was told

  std::mutex mutex_;
  Phase phase_ = Phase::kWaiting;
  bool alarm_set_ = false;
  bool deadline_fired_ = false;       // no operation may wait for the client any more
  std::atomic<bool> cut_off_{false};  // gRPC says that the client did not get the status
};

}  // namespace trine::server
