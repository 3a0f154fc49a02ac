// The states of a call (phase_). "Queue's thread": the one thread of the completion queue that the
// call came on; all its events are handled there. "Place": of those that may run at once.
//
// state      | since           | carried on by    | place | on the ledger            | next
// -----------+-----------------+------------------+-------+--------------------------+-----------
// kWaiting   | Accept          | queue's thread   | no    | nothing                  | kReading,
//            |                 |                  |       |                          | kFinishing
// kReading   | StartRead       | the read, then   | no    | a stream's state         | kQueued,
//            |                 | queue's thread   |       |                          | kFinishing
// kQueued    | Queue*          | the admission    | waits | + the message, and what  | kRunning,
//            |                 |                  |       | its work may need        | kFinishing
// kRunning   | Run*            | a pool thread;   | holds | + what the work reserves | kWriting,
//            |                 | small requests:  |       |                          | kReading,
//            |                 | queue's thread   |       |                          | kFinishing
// kWriting   | StartWrite      | the write        | no    | a stream's state and its | kQueued,
//            |                 |                  |       | answer                   | kFinishing
// kFinishing | Finish*         | the last write   | no    | a unary call's answer    | OnFinished:
//            |                 |                  |       | until OnFinished         | all released
//
// A call of an immediate method goes from kReading to kFinishing. What ends a call early: a refusal
// (any state), the client's end (OnDone) and the deadline (OnDeadline), which take it out of
// kReading and kQueued at once, cut kWriting and kFinishing off, and are polled in kRunning.
#include "server/call/call.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "server/base/status_names.h"
#include "server/call/allowed_time.h"
#include "server/call/status_map.h"
#include "server/observe/trace.h"

namespace trine::server {
namespace {

double SecondsSince(RpcCall::Clock::time_point start) {
  return std::chrono::duration<double>(RpcCall::Clock::now() - start).count();
}

}  // namespace

void RpcCall::Accept(CallEnv* env, grpc::AsyncGenericService* service,
                     grpc::ServerCompletionQueue* queue) {
  auto* call = new RpcCall(env, service, queue);
  // The reference that the constructor made belongs to accepted_tag_.
  service->RequestCall(&call->context_, &call->stream_, queue, queue, call->accepted_tag_.AsTag());
}

RpcCall::RpcCall(CallEnv* env, grpc::AsyncGenericService* service,
                 grpc::ServerCompletionQueue* queue)
    : env_(*env), service_(service), queue_(queue), stream_(&context_) {
  env_.live_calls.Begin();
  context_.AsyncNotifyWhenDone(done_tag_.AsTag());
}

RpcCall::~RpcCall() {
  if (!accepted_) return;
  handler_.reset();
  ReleaseAll();
  if (stream_open_) env_.admission.CloseStream();
  ReportEnd();
  env_.active.End();
}

void RpcCall::Unref() {
  if (refs_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  ActiveCalls& live_calls = env_.live_calls;
  delete this;
  live_calls.End();
}

void RpcCall::OnAccepted(bool ok) {
  if (!ok) return;  // the server shuts down; done_tag_ will not come
  Accept(&env_, service_, queue_);
  accepted_ = true;
  Ref();  // done_tag_
  env_.active.Begin();
  arrived_ = Clock::now();
  ReadHeaders();
  metrics_->Started();
  if (absl::Status status = MayStart(); !status.ok()) return Finish(status);
  SetDeadline();
  StartRead();
}

std::string_view RpcCall::Header(const char* name) const {
  const auto& metadata = context_.client_metadata();
  const auto found = metadata.find(name);
  if (found == metadata.end()) return {};
  return {found->second.data(), found->second.size()};
}

void RpcCall::ReadHeaders() {
  const auto found = env_.methods.find(context_.method());
  served_ = found == env_.methods.end() ? nullptr : &found->second;
  metrics_ = served_ == nullptr ? env_.unknown.get() : served_->metrics.get();
  call_.request_id = RequestId(Header("x-request-id"));
  context_.AddInitialMetadata("x-request-id", call_.request_id);
  BeginTrace();
  peer_ = context_.peer();
  client_ = env_.clients.Name(peer_, Header("x-forwarded-for"));
  call_.context.pool = &env_.pool;
  call_.context.limits = &env_.options.limits;
  call_.context.cancel = cancel_.token();
  call_.context.memory = this;
  call_.max_response.value = env_.options.max_message_bytes;
  call_.notes = &notes_;
  call_.wire = {env_.buffers, metrics_};
}

// The caller's trace goes on; without one a new trace begins where somebody records it.
void RpcCall::BeginTrace() {
  trace_ = ContinueTrace(Header("traceparent"));
  if (trace_.empty() && env_.tracer != nullptr && IsSampled(env_.options.otlp_sample_percent))
    trace_ = server::BeginTrace();
  if (!trace_.empty()) context_.AddInitialMetadata("traceparent", trace_.Traceparent());
}

void RpcCall::SetDeadline() {
  const auto [allowed, is_ours] = TimeAllowed(env_.options, context_.deadline());
  deadline_ = arrived_ + allowed;
  cancel_.SetDeadline(deadline_);
  if (!is_ours) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  alarm_set_ = true;
  Ref();
  alarm_.Set(queue_, std::chrono::system_clock::now() + allowed, deadline_tag_.AsTag());
}

absl::Status RpcCall::MayStart() {
  TRINE_ASSIGN_OR_RETURN(std::string token, env_.auth.Check(context_, context_.method()));
  if (!token.empty()) client_ = std::move(token);
  if (served_ == nullptr) {
    return MakeError(absl::StatusCode::kUnimplemented, {.reason = "UNKNOWN_METHOD"},
                     "this server has no such method");
  }
  const Method& method = served_->method;
  if (method.stream) {
    TRINE_RETURN_IF_ERROR(env_.admission.OpenStream());
    stream_open_ = true;
    handler_ = method.stream();
    return absl::OkStatus();
  }
  // Refused before the message is read, the call costs next to nothing.
  return method.traits.immediate ? absl::OkStatus() : env_.admission.Peek(client_);
}

void RpcCall::StartRead() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (deadline_fired_) return FinishLocked(Cancelled());
  phase_ = Phase::kReading;
  Ref();
  stream_.Read(&in_, read_tag_.AsTag());
}

void RpcCall::OnRead(bool ok) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (phase_ != Phase::kReading) return;  // the deadline has ended the call meanwhile
    phase_ = Phase::kRunning;               // OnDeadline keeps off until the queue has it
  }
  if (ok) {
    bytes_in_ += in_.Length();
    metrics_->Received(in_.Length());
    has_message_ = true;
    if (absl::Status status = CheckSize(in_.Length(), "message"); !status.ok()) {
      in_.Clear();
      return Finish(status);
    }
  }
  if (handler_ != nullptr) {
    half_closed_ = !ok;
    return QueueStreamStep(ok ? in_.Length() : 0);
  }
  if (!ok) {
    return Finish(MakeError(absl::StatusCode::kInvalidArgument, {.reason = "MALFORMED_MESSAGE"},
                            "the call ended before its request message came"));
  }
  QueueUnary();
}

void RpcCall::StartWrite() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (deadline_fired_) return FinishLocked(Cancelled());
  bytes_out_ += out_.Length();
  metrics_->Sent(out_.Length());
  phase_ = Phase::kWriting;
  Ref();
  stream_.Write(out_, written_tag_.AsTag());
}

void RpcCall::OnWritten(bool ok) {
  {
    // The write began under it: what the other thread did to out_ is seen here.
    const std::lock_guard<std::mutex> lock(mutex_);
    out_.Clear();
  }
  // A write fails where the client is gone; then nobody reads the status either.
  if (!ok)
    return Finish(
        MakeError(absl::StatusCode::kCancelled, {.reason = "CANCELLED"}, "the client went away"));
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    phase_ = Phase::kRunning;
  }
  QueueStreamStep(0);
}

void RpcCall::Finish(const absl::Status& status) {
  const std::lock_guard<std::mutex> lock(mutex_);
  FinishLocked(status);
}

void RpcCall::FinishLocked(const absl::Status& status) {
  phase_ = Phase::kFinishing;
  status_ = status;
  Ref();
  stream_.Finish(ToGrpcStatus(status), finished_tag_.AsTag());
}

void RpcCall::FinishWithResponse() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (deadline_fired_) return FinishLocked(Cancelled());
  bytes_out_ += out_.Length();
  metrics_->Sent(out_.Length());
  phase_ = Phase::kFinishing;
  Ref();
  stream_.WriteAndFinish(out_, grpc::WriteOptions(), grpc::Status::OK, finished_tag_.AsTag());
}

void RpcCall::OnFinished(bool) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    out_.Clear();
    if (alarm_set_) alarm_.Cancel();
  }
  // The answer is sent, or nobody will read it. What a stream keeps goes with its handler.
  handler_.reset();
  ReleaseAll();
}

// The call is over for gRPC: its status was sent, or it was cancelled (by the client, by its
// deadline, by a lost connection or by the server's end).
void RpcCall::OnDone(bool) {
  if (!context_.IsCancelled()) return;
  cut_off_.store(true, std::memory_order_relaxed);
  // gRPC's clock for the client's deadline and ours differ by the time that the request travelled.
  if (const auto now = Clock::now(); now + std::chrono::milliseconds(5) >= deadline_) {
    cancel_.SetDeadline(now);
  } else {
    cancel_.Cancel();
  }
  // Where it runs, the work sees the cancellation; a read or write ends by itself.
  if (env_.admission.Withdraw(&place_)) {
    Finish(Cancelled());
    Unref();  // the place's
  }
}

void RpcCall::OnDeadline(bool ok) {
  if (!ok) return;  // the call ended before
  bool slow_reader = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    deadline_fired_ = true;
    if (phase_ == Phase::kReading) return FinishLocked(Cancelled());
    slow_reader = phase_ == Phase::kWriting || phase_ == Phase::kFinishing;
  }
  if (slow_reader) {
    // It does not read its answers and holds their memory.
    context_.TryCancel();
  } else if (env_.admission.Withdraw(&place_)) {
    Finish(Cancelled());
    Unref();  // the place's
  }
}

absl::Status RpcCall::Cancelled() const {
  absl::Status status = cancel_.token().Check();
  if (!status.ok()) return status;
  // The alarm's clock may run a little ahead of the token's.
  return MakeError(absl::StatusCode::kDeadlineExceeded, {.reason = "DEADLINE"},
                   "the deadline passed before the request was done");
}

void RpcCall::ReportEnd() {
  absl::Status status = status_;
  // What was sent did not arrive: the client saw a cancellation or its deadline.
  if (cut_off_.load(std::memory_order_relaxed)) status = Cancelled();
  const double seconds = SecondsSince(arrived_);
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  const std::string_view reason = detail ? std::string_view(detail->reason) : std::string_view();
  metrics_->Handled(static_cast<int>(status.code()), seconds);
  if (!status.ok() && !handler_ran_ && status.code() != absl::StatusCode::kCancelled)
    metrics_->Refused(reason);
  if (!notes_.model.empty()) metrics_->Coded(notes_.model, compute_seconds_, bytes_in_, bytes_out_);
  if (env_.tracer != nullptr && trace_.sampled) ReportSpan(status, reason);
  if (!env_.log.Enabled(spdlog::level::info)) return;
  const std::string method = context_.method();
  env_.log.Info("rpc", {{"request_id", call_.request_id},
                        {"trace_id", trace_.trace_id},
                        {"span_id", trace_.span_id},
                        {"method", std::string_view(method).substr(0, 128)},
                        {"status", StatusCodeName(static_cast<int>(status.code()))},
                        {"reason", reason},
                        {"model", notes_.model},
                        {"bytes_in", static_cast<int64_t>(bytes_in_)},
                        {"bytes_out", static_cast<int64_t>(bytes_out_)},
                        {"queue_ms", queue_seconds_ * 1e3},
                        {"compute_ms", compute_seconds_ * 1e3},
                        {"total_ms", seconds * 1e3},
                        {"peer", peer_},
                        {"client", client_}});
}

void RpcCall::ReportSpan(const absl::Status& status, std::string_view reason) {
  const auto now = Clock::now();
  const grpc::string_ref authority = context_.ExperimentalGetAuthority();
  env_.tracer->Report({.trace = trace_,
                       .path = context_.method(),
                       .served = served_ != nullptr,
                       .authority = {authority.data(), authority.size()},
                       .status_code = static_cast<int>(status.code()),
                       .reason = reason,
                       .request_id = call_.request_id,
                       .peer = peer_,
                       .client = client_,
                       .model = notes_.model,
                       .bytes_in = bytes_in_,
                       .bytes_out = bytes_out_,
                       .start = arrived_,
                       .end = now,
                       .queue_start = queued_at_,
                       .queue_end = queue_left_,
                       .compute_start = computed_at_,
                       .compute_end = compute_ended_});
}

}  // namespace trine::server
