// What a call has on the ledger of memory, from the arrival of its message to the end of its
// answer.
#include <algorithm>

#include "core/base/checked.h"
#include "server/call/call.h"
#include "server/wire/chunk.h"

namespace trine::server {
namespace {

// Longer messages of streams are no chunks.
constexpr uint64_t kLongStep = kMaxChunkBytes + kRestOfChunk;

uint64_t Difference(uint64_t a, uint64_t b) { return a > b ? a - b : 0; }

// What an answer of so many bytes holds: a payload's block may be a quarter larger than what is in
// it (server/wire/buffer.h).
uint64_t AnswerMemory(uint64_t bytes) { return SaturatingAdd(bytes, bytes / 4); }

}  // namespace

Cost RpcCall::CostOf(uint64_t bytes) const {
  const MethodTraits& traits = served_->method.traits;
  const uint64_t memory = bytes * (1 + traits.memory_factor);
  // The short message of a stream's step waits where it is, in what is set aside for gRPC's
  // buffers; the bytes of a request may have to be joined.
  const uint64_t waits = bytes > kLongStep ? bytes : 0;
  const uint64_t asked = handler_ != nullptr ? waits : traits.asks_for_all ? 2 * bytes : memory;
  return {bytes, memory, 0, asked};
}

absl::Status RpcCall::Reserve(uint64_t bytes) {
  const bool stream = handler_ != nullptr;
  // Such a stream's work holds what it asks for longer than this step, as a rule: it is charged as
  // state at once, and ChargeState takes back what was needed for the moment only.
  if (stream && !served_->method.traits.asks_for_all)
    return bytes <= kept_.held ? absl::OkStatus() : env_.admission.Keep(&kept_, bytes);
  const uint64_t asked = Difference(SaturatingAdd(step_.bytes, bytes), step_.held);
  if (asked <= step_.asked) return absl::OkStatus();
  const Cost to = {step_.bytes, std::max(step_.memory, asked), step_.held, asked};
  return stream ? env_.admission.RechargeStep(&step_, to) : env_.admission.Recharge(&step_, to);
}

// A stream's result is taken chunk by chunk and is part of its state until then.
absl::Status RpcCall::ReserveResult(uint64_t bytes) {
  if (handler_ != nullptr) return Reserve(bytes);
  const uint64_t answer = AnswerMemory(bytes);
  // The estimate counts with an answer: what is set aside for this one is taken out of it.
  const uint64_t work = std::max(step_.bytes, Difference(step_.total(), answer));
  return env_.admission.Recharge(&step_, {step_.bytes, work, answer, std::min(step_.asked, work)});
}

// The work is done; the answer stays until it is sent.
absl::Status RpcCall::ChargeAnswer() {
  return env_.admission.Recharge(&step_, {0, 0, AnswerMemory(out_.Length())});
}

// What a stream keeps until its next step. What this step asked for is over where it holds nothing
// of it: it must not keep its own answer away.
absl::Status RpcCall::ChargeState() {
  if (served_->method.traits.asks_for_all) ReleaseStep();
  return env_.admission.Keep(&kept_, SaturatingAdd(handler_->HeldBytes(), out_.Length()));
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
