// Who is asked before memory is allocated that the size of an input does not bound.
//
// What an input is likely to need is charged when it arrives, estimated from its size. Work that
// needs more (a few coded bytes may honestly decode to 64 MiB) says so here first, and is refused
// where it does not fit. Thread safety: one thread at a time, that of the work.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace trine {

class MemoryAccount {
 public:
  virtual ~MemoryAccount() = default;

  // The work needs `bytes` in all beside its input: what it holds by now and what it is about to
  // allocate. Asking for no more than before is free. RESOURCE_EXHAUSTED where it does not fit:
  // then nothing was charged, and the work ends with this status.
  virtual absl::Status Reserve(uint64_t bytes) = 0;

  // The same for a result of `bytes`, which stays until whoever asked for it has read it: it must
  // leave room for others (server/README.md says how much).
  virtual absl::Status ReserveResult(uint64_t bytes) = 0;
};

}  // namespace trine
