// What a kernel needs from its surroundings, handed down as one argument.
#pragma once

#include "absl/status/status.h"
#include "core/base/cancel.h"
#include "core/base/limits.h"
#include "core/runtime/memory_account.h"

namespace trine {

class ThreadPool;

// Cheap to copy; what it points to must outlive the call. The default runs on the caller's thread,
// is never cancelled, has the default limits and does not account for memory.
struct Context {
  ThreadPool* pool = nullptr;  // null: everything runs on the caller's thread
  int max_threads = 0;         // threads that one call may use; 0: all of the pool's
  CancelToken cancel;
  const Limits* limits = &DefaultLimits();
  MemoryAccount* memory = nullptr;  // null: memory is not accounted for

  // See MemoryAccount.
  absl::Status Reserve(uint64_t bytes) const {
    return memory == nullptr ? absl::OkStatus() : memory->Reserve(bytes);
  }
  absl::Status ReserveResult(uint64_t bytes) const {
    return memory == nullptr ? absl::OkStatus() : memory->ReserveResult(bytes);
  }
};

}  // namespace trine
