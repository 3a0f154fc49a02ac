// The one pool of threads that all kernels share, over a oneTBB task arena.
//
// Many requests may submit at once; a request's parallel loops share the pool fairly with the
// others' because idle workers steal from all of them. Loops may be nested.
// Thread safety: all members may be called from any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/runtime/context.h"

namespace trine {

class ThreadPool {
 public:
  // `threads` worker threads, 1 to 1024; 0 means AvailableCpus(). More threads than CPUs are
  // really started (results must not depend on it, and tests want to see that).
  explicit ThreadPool(int threads = 0);
  // Waits for everything submitted.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const;
  // Jobs that Submit took and that have not ended.
  int pending() const;

  // Seconds that threads have spent on jobs and loops of this pool since it began, summed over the
  // threads, those of what runs now included: its rate over threads() is the pool's utilisation.
  double busy_seconds() const;

  // Runs `job` on a worker, never on the caller's thread. `job` must not throw.
  void Submit(std::function<void()> job);

 private:
  friend absl::Status ParallelFor(const Context&, size_t, size_t,
                                  absl::FunctionRef<absl::Status(size_t, size_t)>);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Calls body(begin, end) for ranges of at most `grain` items that together cover [0, n) once, on
// at most context.max_threads threads of context.pool (or on the caller's thread without a pool),
// and returns when all have ended. The ranges are [i*grain, min(n, (i+1)*grain)), whatever the
// number of threads: results that depend on the cut are still the same everywhere.
//
// Before each range the context's cancellation is checked; after the first error no new range
// starts. The error returned is that of the lowest range that failed. `grain` 0 counts as 1.
// A range should take 10 us to 5 ms: shorter wastes time on scheduling, longer delays cancellation.
absl::Status ParallelFor(const Context& context, size_t n, size_t grain,
                         absl::FunctionRef<absl::Status(size_t begin, size_t end)> body);

}  // namespace trine
