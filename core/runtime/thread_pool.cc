#include "core/runtime/thread_pool.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/runtime/cpu_quota.h"
#include "core/runtime/tsan.h"

namespace trine {
namespace {

namespace tbb = oneapi::tbb;

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

// The ranges of one ParallelFor, drawn in order by its caller and by those who help. Helpers come
// when a thread is free, which may be after the end: they hold the loop, not what the body needs.
class Loop {
 public:
  Loop(const Context& context, size_t n, size_t grain,
       absl::FunctionRef<absl::Status(size_t, size_t)> body)
      : cancel_(context.cancel), n_(n), grain_(grain), ranges_(RangesOf(n, grain)), body_(body) {}

  static size_t RangesOf(size_t n, size_t grain) { return n / grain + (n % grain != 0); }

  // Runs the next range. False where none is left to start.
  bool RunNext() {
    size_t range = 0;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stopped_ || next_ == ranges_) return false;
      range = next_++;
      ++running_;
    }
    absl::Status status;
    std::exception_ptr thrown;
    try {
      status = cancel_.Check();
      if (status.ok()) status = body_(range * grain_, std::min(n_, (range + 1) * grain_));
    } catch (...) {
      thrown = std::current_exception();
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    if ((thrown != nullptr || !status.ok()) && (!stopped_ || range < failed_)) {
      stopped_ = true;
      failed_ = range;
      status_ = std::move(status);
      thrown_ = thrown;
    }
    if (--running_ == 0) quiet_.notify_all();
    return true;
  }

  // Waits for the ranges that helpers still run; no other starts. Throws what the body threw.
  absl::Status Finish() {
    std::unique_lock<std::mutex> lock(mutex_);
    quiet_.wait(lock, [this] { return running_ == 0; });
    stopped_ = true;
    if (thrown_ != nullptr) std::rethrow_exception(thrown_);
    return std::move(status_);
  }

 private:
  const CancelToken cancel_;
  const size_t n_;
  const size_t grain_;
  const size_t ranges_;
  const absl::FunctionRef<absl::Status(size_t, size_t)> body_;
  std::mutex mutex_;
  std::condition_variable quiet_;
  size_t next_ = 0;
  size_t running_ = 0;
  bool stopped_ = false;
  size_t failed_ = 0;  // the lowest range that did
  absl::Status status_;
  std::exception_ptr thrown_;
};

// A thread for each job that runs: started when needed, kept for the next.
class JobThreads {
 public:
  explicit JobThreads(int at_once) {
    for (int i = 0; i < at_once; ++i) threads_.emplace_back([this] { Work(); });
  }

  // Waits for all jobs.
  ~JobThreads() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void Submit(std::function<void()> job) {
    const std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back(std::move(job));
    ++pending_;
    changed_.notify_one();
    if (static_cast<size_t>(pending_) <= threads_.size()) return;
    try {
      threads_.emplace_back([this] { Work(); });
    } catch (const std::system_error&) {
      // No more threads are to be had: the job waits for one of those that are.
    }
  }

  int pending() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return pending_;
  }

 private:
  void Work() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      std::function<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      job = nullptr;  // what it holds goes before it counts as ended
      lock.lock();
      --pending_;
    }
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;  // not yet begun
  int pending_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

struct ThreadPool::Impl {
  explicit Impl(int n)
      : threads(n),
        // oneTBB never starts more workers than CPUs unless this is raised.
        control(tbb::global_control::max_allowed_parallelism, static_cast<size_t>(n) + 1),
        helpers(std::max(n - 1, 1), /*reserved_for_masters=*/0),
        jobs(std::in_place, n) {}

  // Waits for all jobs, then for helpers that come when their loop is over.
  ~Impl() {
    jobs.reset();
    std::unique_lock<std::mutex> lock(mutex);
    gone.wait(lock, [this] { return coming == 0; });
  }

  // Has a helper run ranges of `loop`, one after the other while no other loop waits for help,
  // else in turn with these. False where there is no memory to ask for one: those who run the loop
  // do without.
  bool Help(const std::shared_ptr<Loop>& loop) {
    Ask();
    try {
      // Apart from oneTBB's own task, whose memory ThreadSanitizer cannot follow.
      auto boxed = std::make_unique<std::shared_ptr<Loop>>(loop);
      TsanRelease(boxed.get());
      helpers.enqueue(HelperTask{this, boxed.get()});
      (void)boxed.release();  // the task's
      return true;
    } catch (const std::bad_alloc&) {
      waiting.fetch_sub(1, std::memory_order_relaxed);
      Go();
      return false;
    }
  }

  void Ask() {
    waiting.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard<std::mutex> lock(mutex);
    ++coming;
  }

  void Go() {
    const std::lock_guard<std::mutex> lock(mutex);
    if (--coming == 0) gone.notify_all();
  }

  // Named, for tests/tsan.supp: it is read from memory of oneTBB's.
  struct HelperTask {
    Impl* impl;
    std::shared_ptr<Loop>* loop;
    void operator()() const { impl->Come(loop); }
  };

  void Come(std::shared_ptr<Loop>* boxed) {
    TsanAcquire(boxed);
    waiting.fetch_sub(1, std::memory_order_relaxed);
    RunSome(*boxed);
    delete boxed;
    Go();
  }

  void RunSome(const std::shared_ptr<Loop>& loop) {
    const BusyScope scope(&busy);
    while (loop->RunNext())
      if (waiting.load(std::memory_order_relaxed) > 0 && Help(loop)) return;
  }

  const int threads;
  BusyClock busy;               // outlives the threads' work
  std::atomic<int> waiting{0};  // helpers that were asked for and have not come
  std::mutex mutex;
  std::condition_variable gone;
  int coming = 0;  // helpers that were asked for and have not gone
  tbb::global_control control;
  tbb::task_arena helpers;
  std::optional<JobThreads> jobs;  // until the end
};

ThreadPool::ThreadPool(int threads)
    : impl_(std::make_unique<Impl>(std::clamp(threads > 0 ? threads : AvailableCpus(), 1, 1024))) {}

ThreadPool::~ThreadPool() = default;

int ThreadPool::threads() const { return impl_->threads; }

int ThreadPool::pending() const { return impl_->jobs->pending(); }

double ThreadPool::busy_seconds() const {
  return static_cast<double>(impl_->busy.Nanoseconds()) * 1e-9;
}

void ThreadPool::Submit(std::function<void()> job) {
  impl_->jobs->Submit([impl = impl_.get(), job = std::move(job)] {
    const BusyScope busy(&impl->busy);
    job();
  });
}

uint64_t ThreadsOf(const Context& context) {
  const int pool = context.pool == nullptr ? 1 : context.pool->threads();
  return static_cast<uint64_t>(context.max_threads > 0 ? std::min(pool, context.max_threads)
                                                       : pool);
}

absl::Status ParallelFor(const Context& context, size_t n, size_t grain,
                         absl::FunctionRef<absl::Status(size_t, size_t)> body) {
  grain = std::max<size_t>(grain, 1);
  const size_t ranges = Loop::RangesOf(n, grain);
  if (ranges == 0) return context.cancel.Check();
  const size_t threads = std::min<size_t>(ThreadsOf(context), ranges);
  if (threads <= 1) {
    for (size_t i = 0; i < ranges; ++i) {
      absl::Status status = context.cancel.Check();
      if (status.ok()) status = body(i * grain, std::min(n, (i + 1) * grain));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }
  const auto loop = std::make_shared<Loop>(context, n, grain, body);
  ThreadPool::Impl& impl = *context.pool->impl_;
  for (size_t i = 1; i < threads && impl.Help(loop); ++i) {
  }
  const BusyScope busy(&impl.busy);
  while (loop->RunNext()) {
  }
  return loop->Finish();
}

}  // namespace trine
