// What a call has on the ledger of memory, from the arrival of its message to the end of its
// answer.
#include <algorithm>

#include "core/base/checked.h"
#include "server/call/call.h"

namespace trine::server {
namespace {

uint64_t Sum(uint64_t a, uint64_t b) { return CheckedAdd(a, b).value_or(UINT64_MAX); }

uint64_t Difference(uint64_t a, uint64_t b) { return a > b ? a - b : 0; }

// What an answer of so many bytes holds: a payload's block may be a quarter larger than what is in
// it (server/wire/buffer.h).
uint64_t AnswerMemory(uint64_t bytes) { return Sum(bytes, bytes / 4); }

}  // namespace

Cost RpcCall::CostOf(uint64_t bytes) const {
  return {bytes, bytes * (1 + served_->method.traits.memory_factor)};
}

// A stream's work holds what it asks for longer than this step, as a rule: it is charged as state
// at once, and ChargeState takes back what was needed for the moment only.
absl::Status RpcCall::Reserve(uint64_t bytes) {
  if (handler_ != nullptr)
    return bytes <= kept_.held ? absl::OkStatus() : env_.admission.Keep(&kept_, bytes);
  const uint64_t needed = Sum(step_.bytes, bytes);
  if (needed <= step_.total()) return absl::OkStatus();
  return env_.admission.Recharge(&step_, {step_.bytes, needed - step_.held, step_.held});
}

// A stream's result is taken chunk by chunk and is part of its state until then.
absl::Status RpcCall::ReserveResult(uint64_t bytes) {
  if (handler_ != nullptr) return Reserve(bytes);
  const uint64_t answer = AnswerMemory(bytes);
  // The estimate counts with an answer: what is set aside for this one is taken out of it.
  const uint64_t work = std::max(step_.bytes, Difference(step_.total(), answer));
  return env_.admission.Recharge(&step_, {step_.bytes, work, answer});
}

// The work is done; the answer stays until it is sent.
absl::Status RpcCall::ChargeAnswer() {
  return env_.admission.Recharge(&step_, {0, 0, AnswerMemory(out_.Length())});
}

// What a stream keeps until its next step.
absl::Status RpcCall::ChargeState() {
  return env_.admission.Keep(&kept_, Sum(handler_->HeldBytes(), out_.Length()));
}

void RpcCall::ReleaseStep() {
  env_.admission.Release(step_);
  step_ = {};
}

void RpcCall::ReleaseAll() {
  ReleaseStep();
  env_.admission.Release(kept_);
  kept_ = {};
}

}  // namespace trine::server
