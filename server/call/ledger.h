// The ledger of memory: every byte that a client can make the server hold, from its arrival until
// it is sent or dropped.
//
// memory_limit is shared out: gRPC's buffers and the blocks kept for the next payloads have a part
// of their own (memory_aside), calls have the rest, the room of this ledger. A call is charged
//   on arrival        its message and what the work on it is likely to need (a multiple of it);
//                     refused where that exceeds the room. The guess of a request that is alone (no
//                     other work is charged, three quarters of the room are free) is cut to the
//                     room where the work asks for all that it needs anyway. A step of a stream is
//                     not refused for what it may need but waits (Overfull); one with a long
//                     message is refused where that does not fit
//   while it works    what it asks for, before it allocates; refused likewise, alone or not
//   when it answers   the answer instead, until it is sent
//   between messages  the state of its stream
// What stays while nothing runs (answers that are not read, state of streams) and was not estimated
// on arrival is charged only while as much again stays free of such memory. So a caller that does
// not read its answers leaves room for others, however large the answers are: n such calls leave
// 1/(n+1) of the room. Nobody waits for memory that another holds: the newest growth is refused,
// so of several that ask for more than there is the first has it.
//
// Guesses may exceed the room, by steps that wait; what is certain (messages, memory that was asked
// for, what is held) never does, but for the short messages of such steps.
//
// Thread safety: none; Admission guards it.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace trine::server {

// What one call has on the ledger [bytes].
struct Cost {
  uint64_t bytes = 0;   // of messages that came and are not done with
  uint64_t memory = 0;  // that the work on them may need, the messages included
  uint64_t held = 0;    // answers that are not sent, state of an open stream
  uint64_t asked = 0;   // of memory: no guess any more

  uint64_t total() const { return memory + held; }
  uint64_t certain() const { return asked + held; }
};

// RESOURCE_EXHAUSTED that names a limit and says when to come back.
absl::Status RefuseForNow(const char* reason, const char* name, uint64_t limit, std::string value,
                          const std::string& text);

class Ledger {
 public:
  struct Bounds {
    uint64_t max_inflight_bytes = 0;
    uint64_t memory_limit = 0;  // 0: none
    uint64_t memory_aside = 0;  // of memory_limit
  };

  explicit Ledger(const Bounds& bounds) : bounds_(bounds) {}

  // May a call of `*cost` begin? RESOURCE_EXHAUSTED, INFLIGHT_FULL, MEMORY_FULL or
  // MEMORY_LIMIT (it can never fit). Cuts what is a
  // guess of it to what there is, where the call is alone.
  absl::Status Check(Cost* cost) const;
  // May a step of a stream wait that has `cost`? MEMORY_FULL or MEMORY_LIMIT where what is certain
  // of it does not fit.
  absl::Status CheckStep(const Cost& cost) const;
  // More is charged than may be, which only steps of streams bring about.
  bool Overfull() const;

  void Add(const Cost& cost);
  // REQUIRES: it was added.
  void Remove(const Cost& cost);
  // Changes what a unary call has from `*own` to `to`. RESOURCE_EXHAUSTED, MEMORY_FULL, where it
  // would grow beyond the room: then nothing changes. To shrink is never refused.
  absl::Status Recharge(Cost* own, const Cost& to);
  // The same for a step of a stream, which asks whatever the work of others is guessed at.
  absl::Status RechargeStep(Cost* own, const Cost& to);
  // Changes own->held, what a stream keeps, to `held`. RESOURCE_EXHAUSTED likewise, but whatever
  // the work of other calls is guessed at: that passes, and steps of streams wait for it already.
  absl::Status Keep(Cost* own, uint64_t held);

  const Cost& sum() const { return sum_; }

 private:
  uint64_t room() const { return bounds_.memory_limit - bounds_.memory_aside; }
  Cost Without(const Cost& own) const;
  void Change(Cost* own, const Cost& to);
  // A request whose guess is larger than the room would otherwise never run.
  bool IsAlone(const Cost& others) const { return others.memory == 0 && others.held <= room() / 4; }
  bool MayHold(const Cost& others, const Cost& to) const;
  // The refusal of `more` to a call that would then have `alone` for certain: MEMORY_LIMIT where
  // that exceeds the room whatever others do, so that no retry can help.
  absl::Status MemoryFull(uint64_t more, uint64_t alone) const;

  const Bounds bounds_;
  Cost sum_;
};

}  // namespace trine::server
