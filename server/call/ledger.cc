#include "server/call/ledger.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/checked.h"
#include "core/base/error.h"

namespace trine::server {
namespace {

// Long enough that a client which obeys it does not keep the refusing path busy, short against a
// caller's patience.
constexpr int64_t kRetryAfterMs = 200;

// held + more > limit, without overflow.
bool Exceeds(uint64_t held, uint64_t more, uint64_t limit) {
  return more > limit || held > limit - more;
}

}  // namespace

absl::Status RefuseForNow(const char* reason, const char* name, uint64_t limit, std::string value,
                          const std::string& text) {
  return MakeError(absl::StatusCode::kResourceExhausted,
                   {.reason = reason,
                    .value = std::move(value),
                    .limit = absl::StrCat(name, " = ", limit),
                    .retry_after_ms = kRetryAfterMs},
                   text);
}

absl::Status Ledger::MemoryFull(uint64_t more, uint64_t alone) const {
  // No retry can help a call that exceeds the room by itself.
  if (alone > room()) {
    return MakeError(absl::StatusCode::kResourceExhausted,
                     {.reason = "MEMORY_LIMIT",
                      .value = absl::StrCat(alone),
                      .limit = absl::StrCat("memory_limit = ", bounds_.memory_limit)},
                     absl::StrCat("the request needs ", alone, " bytes of memory, memory_limit = ",
                                  bounds_.memory_limit, " leaves ", room(), " for calls"));
  }
  std::string text = absl::StrCat("the server is busy: calls hold or may need ", sum_.total(),
                                  " bytes of memory, ", more,
                                  " more exceed memory_limit = ", bounds_.memory_limit);
  if (bounds_.memory_aside > 0) {
    absl::StrAppend(&text, ", of which ", bounds_.memory_aside, " are set aside for buffers");
  }
  return RefuseForNow("MEMORY_FULL", "memory_limit", bounds_.memory_limit,
                      absl::StrCat(sum_.total(), " + ", more), text);
}

absl::Status Ledger::Check(Cost* cost) const {
  // A request that is alone may exceed the limit.
  if (sum_.bytes > 0 && Exceeds(sum_.bytes, cost->bytes, bounds_.max_inflight_bytes)) {
    return RefuseForNow(
        "INFLIGHT_FULL", "max_inflight_bytes", bounds_.max_inflight_bytes,
        absl::StrCat(sum_.bytes, " + ", cost->bytes),
        absl::StrCat("the server is busy: requests of ", sum_.bytes, " bytes are in flight, ",
                     cost->bytes,
                     " more exceed max_inflight_bytes = ", bounds_.max_inflight_bytes));
  }
  if (bounds_.memory_limit == 0 || !Exceeds(sum_.total(), cost->total(), room()))
    return absl::OkStatus();
  if (!IsAlone(sum_) || Exceeds(sum_.total(), cost->certain(), room()))
    return MemoryFull(cost->total(), cost->certain());
  cost->memory = room() - sum_.total() - cost->held;
  return absl::OkStatus();
}

absl::Status Ledger::CheckStep(const Cost& cost) const {
  if (bounds_.memory_limit == 0 || cost.certain() == 0 ||
      !Exceeds(sum_.certain(), cost.certain(), room()))
    return absl::OkStatus();
  return MemoryFull(cost.certain(), cost.certain());
}

bool Ledger::Overfull() const {
  return sum_.bytes > bounds_.max_inflight_bytes ||
         (bounds_.memory_limit > 0 && sum_.total() > room());
}

void Ledger::Add(const Cost& cost) {
  sum_.bytes += cost.bytes;
  sum_.memory += cost.memory;
  sum_.held += cost.held;
  sum_.asked += cost.asked;
}

void Ledger::Remove(const Cost& cost) {
  sum_.bytes -= cost.bytes;
  sum_.memory -= cost.memory;
  sum_.held -= cost.held;
  sum_.asked -= cost.asked;
}

Cost Ledger::Without(const Cost& own) const {
  return {sum_.bytes - own.bytes, sum_.memory - own.memory, sum_.held - own.held,
          sum_.asked - own.asked};
}

void Ledger::Change(Cost* own, const Cost& to) {
  Remove(*own);
  Add(to);
  *own = to;
}

// As much again stays free of what others hold; who is the only one may fill the room.
bool Ledger::MayHold(const Cost& others, const Cost& to) const {
  const uint64_t again = others.held == 0 ? 0 : to.held;
  return !Exceeds(others.certain(), SaturatingAdd(to.total(), again), room());
}

absl::Status Ledger::Recharge(Cost* own, const Cost& to) {
  if (bounds_.memory_limit > 0 && to.total() > own->total()) {
    const Cost others = Without(*own);
    if (Exceeds(others.total(), to.total(), room()) ||
        (to.held > own->held && !MayHold(others, to)))
      return MemoryFull(to.total() - own->total(), to.certain());
  }
  return RechargeStep(own, to);
}

absl::Status Ledger::RechargeStep(Cost* own, const Cost& to) {
  if (bounds_.memory_limit > 0 && to.certain() > own->certain() &&
      Exceeds(Without(*own).certain(), to.certain(), room()))
    return MemoryFull(to.certain() - own->certain(), to.certain());
  Change(own, to);
  return absl::OkStatus();
}

absl::Status Ledger::Keep(Cost* own, uint64_t held) {
  Cost to = *own;
  to.held = held;
  if (bounds_.memory_limit > 0 && held > own->held && !MayHold(Without(*own), to))
    return MemoryFull(held - own->held, to.certain());
  Change(own, to);
  return absl::OkStatus();
}

}  // namespace trine::server
