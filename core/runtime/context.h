// What a kernel needs from its surroundings, handed down as one argument.
#pragma once

#include "core/base/cancel.h"
#include "core/base/limits.h"

namespace trine {

class ThreadPool;

// Cheap to copy; what it points to must outlive the call. The default runs on the caller's thread,
// is never cancelled and has the default limits.
struct Context {
  ThreadPool* pool = nullptr;  // null: everything runs on the caller's thread
  int max_threads = 0;         // threads that one call may use; 0: all of the pool's
  CancelToken cancel;
  const Limits* limits = &DefaultLimits();
};

}  // namespace trine
