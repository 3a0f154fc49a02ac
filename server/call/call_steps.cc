// The steps of a call between its messages: waiting for its turn, the handler on the pool.
#include <exception>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "server/call/call.h"

namespace trine::server {
namespace {

double Seconds(RpcCall::Clock::duration d) { return std::chrono::duration<double>(d).count(); }

// The call that this thread is taking to the admission: it may run here. One that the admission
// starts later, when another leaves, may not: calls would pile up on one stack.
thread_local const RpcCall* entering = nullptr;

}  // namespace

absl::Status RpcCall::CheckSize(size_t bytes, const char* field) const {
  if (bytes <= env_.options.max_message_bytes) return absl::OkStatus();
  return LimitExceeded(field, bytes, "max_message_bytes", env_.options.max_message_bytes);
}

// `job` on the pool, with the reference of the place in the queue.
void RpcCall::StartJob(void (RpcCall::*job)()) {
  env_.pool.Submit([this, job] {
    (this->*job)();
    Unref();
  });
}

// A call that was cancelled, or whose time is over, before it takes a place in the queue: what
// would withdraw it has come already. All events of a call come on one thread, that of its queue,
// so nothing comes between this and the place.
bool RpcCall::FinishIfOver() {
  if (!call_.context.cancel.ShouldStop()) return false;
  in_.Clear();
  Finish(Cancelled());
  return true;
}

void RpcCall::QueueUnary() {
  if (served_->method.traits.immediate) {
    absl::Status status = CallHandler(nullptr);
    ReleaseStep();  // what it reserved
    if (!status.ok()) return Finish(status);
    step_ = {0, 0, out_.Length()};
    env_.admission.Charge(step_);
    return FinishWithResponse();
  }
  if (FinishIfOver()) return;
  const uint64_t bytes = in_.Length();
  queued_at_ = Clock::now();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    phase_ = Phase::kQueued;
  }
  step_ = CostOf(bytes);
  Ref();
  // 0 means never, for a request of no bytes too.
  const bool small = bytes < served_->method.traits.inline_bytes;
  if (small) entering = this;
  absl::Status status = env_.admission.EnterUnary(&place_, client_, &step_, [this] {
    if (entering != this) return StartJob(&RpcCall::RunUnary);
    entering = nullptr;
    call_.context.pool = nullptr;
    RunUnary();
    Unref();
  });
  entering = nullptr;
  if (!status.ok()) {
    step_ = {};
    in_.Clear();
    Finish(status);
    Unref();
  }
}

void RpcCall::RunUnary() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    phase_ = Phase::kRunning;
  }
  queue_left_ = Clock::now();
  queue_seconds_ = Seconds(queue_left_ - queued_at_);
  metrics_->Queued(queue_seconds_);
  absl::Status status = call_.context.cancel.Check();
  if (status.ok()) status = CallHandler(nullptr);
  in_.Clear();
  // A result that nobody waits for any more is dropped.
  if (status.ok()) status = call_.context.cancel.Check();
  if (status.ok()) status = ChargeAnswer();
  if (!status.ok()) {
    out_.Clear();
    ReleaseStep();
  }
  env_.admission.Leave(&place_);
  if (status.ok()) return FinishWithResponse();
  Finish(status);
}

void RpcCall::QueueStreamStep(uint64_t bytes) {
  if (FinishIfOver()) return;
  queued_at_ = Clock::now();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    phase_ = Phase::kQueued;
  }
  step_ = CostOf(bytes);
  Ref();
  const absl::Status status = env_.admission.EnterStreamStep(
      &place_, client_, step_, [this] { StartJob(&RpcCall::RunStreamStep); });
  if (!status.ok()) {
    step_ = {};
    in_.Clear();
    Finish(status);
    Unref();
  }
}

void RpcCall::RunStreamStep() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    phase_ = Phase::kRunning;
  }
  queue_left_ = Clock::now();
  const double waited = Seconds(queue_left_ - queued_at_);
  queue_seconds_ += waited;
  metrics_->Queued(waited);
  bool produced = false;
  absl::Status status = call_.context.cancel.Check();
  if (status.ok()) status = CallHandler(&produced);
  in_.Clear();
  if (status.ok()) status = ChargeState();
  if (!status.ok()) out_.Clear();
  ReleaseStep();
  env_.admission.Leave(&place_);
  if (!status.ok()) return Finish(status);
  if (produced) return StartWrite();
  if (end_handled_) return Finish(absl::OkStatus());
  StartRead();
}

// Unary: the handler, in_ to out_. Stream: the message or the end where it has not been handed over
// yet, then one Produce; *produced says whether out_ holds a response.
absl::Status RpcCall::CallHandler(bool* produced) {
  const auto start = Clock::now();
  handler_ran_ = true;
  absl::Status status;
  try {
    if (handler_ == nullptr) {
      status = served_->method.unary(call_, in_, &out_);
    } else {
      if (has_message_) {
        has_message_ = false;
        status = handler_->OnMessage(call_, in_);
        in_.Clear();
      } else if (half_closed_ && !end_handled_) {
        end_handled_ = true;
        status = handler_->OnEnd(call_);
      }
      if (status.ok()) {
        absl::StatusOr<bool> more = handler_->Produce(call_, &out_);
        status = more.status();
        *produced = more.ok() && *more;
      }
    }
  } catch (const std::bad_alloc&) {
    status = MakeError(absl::StatusCode::kResourceExhausted,
                       {.reason = "OUT_OF_MEMORY", .retry_after_ms = 1000},
                       "the server has not enough memory for this request now");
  } catch (const std::exception& e) {
    env_.log.Error("a handler threw", {{"request_id", call_.request_id}, {"what", e.what()}});
    status = MakeError(absl::StatusCode::kInternal, {.reason = "INTERNAL"},
                       "the server failed to do this; its log says more");
  }
  computed_at_ = start;
  compute_ended_ = Clock::now();
  const double seconds = Seconds(compute_ended_ - start);
  compute_seconds_ += seconds;
  metrics_->Computed(seconds);
  if (!status.ok() && !GetErrorDetail(status)) {
    env_.log.Error("a handler failed without details",
                   {{"request_id", call_.request_id}, {"status", ToStd(status.message())}});
  }
  if (status.ok() && out_.Valid()) status = CheckSize(out_.Length(), "response");
  if (!status.ok()) out_.Clear();
  return status;
}

}  // namespace trine::server
