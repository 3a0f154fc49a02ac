#include "core/runtime/thread_pool.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

#include "core/runtime/cpu_quota.h"
#include "core/runtime/tsan.h"

namespace trine {
namespace {

namespace tbb = oneapi::tbb;

// The error of the lowest range that failed, and whether to start no further range.
class FirstError {
 public:
  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }

  void Record(size_t range, absl::Status status) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (status_.ok() || range < range_) {
      range_ = range;
      status_ = std::move(status);
    }
    stopped_.store(true, std::memory_order_relaxed);
  }

  absl::Status Take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::move(status_);
  }

 private:
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  size_t range_ = 0;
  absl::Status status_;
};

// Time that threads spend on a pool's work, what they are at now included. In whole nanoseconds:
// what is read never falls.
class BusyClock {
 public:
  int64_t Nanoseconds() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return total_ + active_ * Now() - starts_;
  }
  // The time now, to be given to End.
  int64_t Begin() {
    const std::lock_guard<std::mutex> lock(mutex_);
    const int64_t now = Now();
    ++active_;
    starts_ += now;
    return now;
  }
  void End(int64_t start) {
    const std::lock_guard<std::mutex> lock(mutex_);
    --active_;
    starts_ -= start;
    total_ += Now() - start;
  }

 private:
  int64_t Now() const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() -
                                                                origin_)
        .count();
  }

  const std::chrono::steady_clock::time_point origin_ = std::chrono::steady_clock::now();
  mutable std::mutex mutex_;
  int64_t active_ = 0;
  int64_t starts_ = 0;  // sum of the starts of what is active
  int64_t total_ = 0;   // of what has ended
};

// The thread works for `clock` until this is destroyed; counted once where loops are nested.
class BusyScope {
 public:
  explicit BusyScope(BusyClock* clock) : clock_(depth_++ == 0 ? clock : nullptr) {
    if (clock_ != nullptr) start_ = clock_->Begin();
  }
  ~BusyScope() {
    --depth_;
    if (clock_ != nullptr) clock_->End(start_);
  }
  BusyScope(const BusyScope&) = delete;
  BusyScope& operator=(const BusyScope&) = delete;

 private:
  static thread_local int depth_;
  BusyClock* const clock_;
  int64_t start_ = 0;
};
thread_local int BusyScope::depth_ = 0;

}  // namespace

struct ThreadPool::Impl {
  explicit Impl(int n)
      : threads(n),
        // oneTBB never starts more workers than CPUs unless this is raised; +1 for the slot that
        // a thread which calls ParallelFor from outside may take.
        control(tbb::global_control::max_allowed_parallelism, static_cast<size_t>(n) + 1),
        arena(n, /*reserved_for_masters=*/0) {}

  const int threads;
  BusyClock busy;  // outlives the arena's threads' work
  tbb::global_control control;
  tbb::task_arena arena;
  std::mutex mutex;
  std::condition_variable idle;
  int pending = 0;
};

ThreadPool::ThreadPool(int threads)
    : impl_(std::make_unique<Impl>(std::clamp(threads > 0 ? threads : AvailableCpus(), 1, 1024))) {}

ThreadPool::~ThreadPool() {
  std::unique_lock<std::mutex> lock(impl_->mutex);
  impl_->idle.wait(lock, [this] { return impl_->pending == 0; });
}

int ThreadPool::threads() const { return impl_->threads; }

int ThreadPool::pending() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->pending;
}

double ThreadPool::busy_seconds() const {
  return static_cast<double>(impl_->busy.Nanoseconds()) * 1e-9;
}

void ThreadPool::Submit(std::function<void()> job) {
  {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    ++impl_->pending;
  }
  // Apart from oneTBB's own task, whose memory ThreadSanitizer cannot follow.
  auto* const boxed = new std::function<void()>(std::move(job));
  TsanRelease(boxed);
  impl_->arena.enqueue([impl = impl_.get(), boxed] {
    TsanAcquire(boxed);
    // While a job waits for its own loop it must not pick up another request's job.
    {
      const BusyScope busy(&impl->busy);
      tbb::this_task_arena::isolate(*boxed);
      delete boxed;
    }
    const std::lock_guard<std::mutex> lock(impl->mutex);
    if (--impl->pending == 0) impl->idle.notify_all();
  });
}

absl::Status ParallelFor(const Context& context, size_t n, size_t grain,
                         absl::FunctionRef<absl::Status(size_t, size_t)> body) {
  grain = std::max<size_t>(grain, 1);
  const size_t ranges = n / grain + (n % grain != 0);
  if (ranges == 0) return context.cancel.Check();

  FirstError error;
  const auto run_range = [&](size_t i) {
    absl::Status status = context.cancel.Check();
    if (status.ok()) status = body(i * grain, std::min(n, (i + 1) * grain));
    if (!status.ok()) error.Record(i, std::move(status));
  };

  size_t threads = context.pool == nullptr ? 1 : static_cast<size_t>(context.pool->threads());
  if (context.max_threads > 0)
    threads = std::min(threads, static_cast<size_t>(context.max_threads));
  threads = std::min(threads, ranges);
  if (threads <= 1) {
    for (size_t i = 0; i < ranges && !error.stopped(); ++i) run_range(i);
    return error.Take();
  }

  // `threads` tasks that draw ranges in order: the lowest ranges start first, and no more than
  // max_threads of them run at a time.
  std::atomic<size_t> next{0};
  const auto draw = [&](size_t) {
    TsanAcquire(&next);
    const BusyScope busy(&context.pool->impl_->busy);
    while (!error.stopped()) {
      const size_t i = next.fetch_add(1, std::memory_order_relaxed);
      if (i >= ranges) break;
      run_range(i);
    }
    TsanRelease(&next);
  };
  TsanRelease(&next);
  context.pool->impl_->arena.execute([&] {
    tbb::this_task_arena::isolate(
        [&] { tbb::parallel_for(size_t{0}, threads, draw, tbb::simple_partitioner()); });
  });
  TsanAcquire(&next);
  return error.Take();
}

}  // namespace trine
