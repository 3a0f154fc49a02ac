// The one pool of threads that all kernels share.
//
// Every job has a thread of its own while it runs, so that none waits for the end of another; the
// operating system shares the CPUs between them. A loop is run by the thread that calls it and, as
// far as they are free, by helpers: threads() - 1 workers of a oneTBB task arena, which go round
// between the loops that want help, range by range. Loops may be nested.
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
  // `threads` is how many may work on one loop, 1 to 1024; 0 means AvailableCpus(). More threads
  // than CPUs are really started (results must not depend on it, and tests want to see that).
  explicit ThreadPool(int threads = 0);
  // Waits for everything submitted.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const;
  // Jobs that Submit took and that have not ended.
  int pending() const;

  // Seconds that threads have spent on jobs and loops of this pool since it began, summed over the
  // threads, those of what runs now included: its rate over threads() is the pool's utilisation,
  // above 1 where more jobs run at once than there are threads().
  double busy_seconds() const;

  // Runs `job` at once on a thread of the pool, never on the caller's; how many run at once is the
  // caller's to bound. `job` must not throw.
  void Submit(std::function<void()> job);

 private:
  friend absl::Status ParallelFor(const Context&, size_t, size_t,
                                  absl::FunctionRef<absl::Status(size_t, size_t)>);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Threads that one call with this context may use at once, at least 1.
uint64_t ThreadsOf(const Context& context);

// Calls body(begin, end) for ranges of at most `grain` items that together cover [0, n) once, on
// at most context.max_threads threads of context.pool (or on the caller's thread without a pool),
// and returns when all have ended. The ranges are [i*grain, min(n, (i+1)*grain)), whatever the
// number of threads: results that depend on the cut are still the same everywhere. What `body`
// throws on any thread is thrown to the caller, when all have ended.
//
// Before each range the context's cancellation is checked; after the first error no new range
// starts. The error returned is that of the lowest range that failed. `grain` 0 counts as 1.
// A range should take 10 us to 10 ms: shorter wastes time on scheduling, longer delays
// cancellation.
absl::Status ParallelFor(const Context& context, size_t n, size_t grain,
                         absl::FunctionRef<absl::Status(size_t begin, size_t end)> body);

}  // namespace trine
