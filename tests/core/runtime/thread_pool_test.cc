#include "core/runtime/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <set>
#include <thread>
#include <vector>

namespace trine {
namespace {

using std::chrono::seconds;

// Counts the threads that are inside at the same time, holding each until `wanted` have come.
class Gathering {
 public:
  explicit Gathering(int wanted) : wanted_(wanted) {}
  bool WaitForAll() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++inside_;
    all_here_.notify_all();
    return all_here_.wait_for(lock, seconds(30), [this] { return inside_ >= wanted_; });
  }

 private:
  const int wanted_;
  int inside_ = 0;
  std::mutex mutex_;
  std::condition_variable all_here_;
};

TEST(ThreadPool, ReallyRunsAsManyThreadsAsAsked) {
  ThreadPool pool(8);
  EXPECT_EQ(pool.threads(), 8);
  Gathering gathering(8);
  const Context context{.pool = &pool};
  // Eight ranges that wait for each other: with fewer threads the wait times out.
  const absl::Status status = ParallelFor(context, 8, 1, [&](size_t, size_t) {
    return gathering.WaitForAll() ? absl::OkStatus() : absl::InternalError("alone");
  });
  EXPECT_TRUE(status.ok()) << status;
}

TEST(ThreadPool, SubmittedJobsRunOnWorkersAndAreAwaited) {
  std::atomic<int> done{0};
  std::atomic<bool> on_caller{false};
  const auto caller = std::this_thread::get_id();
  {
    ThreadPool pool(2);
    for (int i = 0; i < 100; ++i) {
      pool.Submit([&] {
        if (std::this_thread::get_id() == caller) on_caller = true;
        ++done;
      });
    }
  }
  EXPECT_EQ(done, 100);
  EXPECT_FALSE(on_caller);
}

TEST(ThreadPool, ManyRequestsWithLoopsInLoops) {
  ThreadPool pool(4);
  std::atomic<int> items{0};
  std::atomic<int> left{20};
  std::mutex mutex;
  std::condition_variable idle;
  for (int i = 0; i < 20; ++i) {
    pool.Submit([&] {
      const Context context{.pool = &pool};
      const absl::Status status = ParallelFor(context, 10, 1, [&](size_t, size_t) {
        return ParallelFor(context, 100, 7, [&](size_t begin, size_t end) {
          items += static_cast<int>(end - begin);
          return absl::OkStatus();
        });
      });
      EXPECT_TRUE(status.ok());
      const std::lock_guard<std::mutex> lock(mutex);
      if (--left == 0) idle.notify_all();
    });
  }
  std::unique_lock<std::mutex> lock(mutex);
  ASSERT_TRUE(idle.wait_for(lock, seconds(60), [&] { return left == 0; }));
  EXPECT_EQ(items, 20 * 10 * 100);
}

TEST(ThreadPool, AJobWaitsForNoOther) {
  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;
  int stuck = 0;
  int ranges = 0;
  ThreadPool pool(2);  // ends before what its jobs use
  // As many jobs as threads, and loops over all helpers, that wait for a job that comes later.
  for (int i = 0; i < 4; ++i) {
    pool.Submit([&] {
      const Context context{.pool = &pool};
      ASSERT_TRUE(ParallelFor(context, 2, 1, [&](size_t, size_t) {
                    std::unique_lock<std::mutex> lock(mutex);
                    ++stuck;
                    changed.notify_all();
                    changed.wait(lock, [&] { return over; });
                    return absl::OkStatus();
                  }).ok());
    });
  }
  {
    std::unique_lock<std::mutex> lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, seconds(60), [&] { return stuck >= 4; }));
  }
  pool.Submit([&] {
    const Context context{.pool = &pool};
    std::atomic<int> ran{0};
    ASSERT_TRUE(ParallelFor(context, 10, 1, [&](size_t, size_t) {
                  ++ran;
                  return absl::OkStatus();
                }).ok());
    const std::lock_guard<std::mutex> lock(mutex);
    ranges = ran;
    over = true;
    changed.notify_all();
  });
  std::unique_lock<std::mutex> lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, seconds(60), [&] { return over; }));
  over = true;
  changed.notify_all();
  lock.unlock();
  EXPECT_EQ(ranges, 10);
}

TEST(ThreadPool, EndsWhileHelpersAreStillOnTheirWay) {
  for (int i = 0; i < 200; ++i) {
    ThreadPool pool(4);
    const Context context{.pool = &pool};
    ASSERT_TRUE(ParallelFor(context, 4, 1, [](size_t, size_t) { return absl::OkStatus(); }).ok());
  }
}

TEST(ParallelFor, ThrowsWhatAnyThreadThrew) {
  ThreadPool pool(4);
  const Context context{.pool = &pool};
  for (const size_t bad : {size_t{0}, size_t{57}, size_t{99}}) {
    try {
      (void)ParallelFor(context, 100, 1, [&](size_t begin, size_t) {
        if (begin == bad) throw std::bad_alloc();
        return absl::OkStatus();
      });
      ADD_FAILURE() << bad;
    } catch (const std::bad_alloc&) {
    }
  }
}

TEST(ParallelFor, CutsTheSameRangesForAnyNumberOfThreads) {
  ThreadPool pool(3);
  for (const int threads : {0, 1, 2, 3}) {
    for (const size_t n : {0, 1, 9, 10, 11, 1000}) {
      std::mutex mutex;
      std::multiset<std::pair<size_t, size_t>> ranges;
      const Context context{.pool = threads == 1 ? nullptr : &pool, .max_threads = threads};
      ASSERT_TRUE(ParallelFor(context, n, 10, [&](size_t begin, size_t end) {
                    const std::lock_guard<std::mutex> lock(mutex);
                    ranges.insert({begin, end});
                    return absl::OkStatus();
                  }).ok());
      size_t at = 0;
      for (const auto& [begin, end] : ranges) {
        EXPECT_EQ(begin, at);
        EXPECT_EQ(end, std::min(n, begin + 10));
        at = end;
      }
      EXPECT_EQ(at, n);
    }
  }
}

TEST(ParallelFor, MaxThreadsIsKept) {
  ThreadPool pool(8);
  const Context context{.pool = &pool, .max_threads = 2};
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  ASSERT_TRUE(ParallelFor(context, 64, 1, [&](size_t, size_t) {
                const int now = ++inside;
                int seen = most;
                while (seen < now && !most.compare_exchange_weak(seen, now)) {
                }
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
                --inside;
                return absl::OkStatus();
              }).ok());
  EXPECT_LE(most, 2);
}

TEST(ParallelFor, TheLowestErrorWinsAndStopsTheRest) {
  ThreadPool pool(4);
  const Context context{.pool = &pool};
  std::atomic<int> ran{0};
  const absl::Status status = ParallelFor(context, 10'000, 1, [&](size_t begin, size_t) {
    ++ran;
    return begin >= 3 ? absl::InternalError(std::to_string(begin)) : absl::OkStatus();
  });
  // Ranges are drawn in order, so range 3 always starts before the loop stops.
  EXPECT_EQ(status.message(), "3");
  EXPECT_LT(ran, 10'000);
}

TEST(ParallelFor, StopsWhenCancelled) {
  ThreadPool pool(2);
  CancelSource source;
  const Context context{.pool = &pool, .cancel = source.token()};
  std::atomic<int> ran{0};
  const absl::Status status = ParallelFor(context, 1'000'000, 1, [&](size_t, size_t) {
    if (++ran == 10) source.Cancel();
    return absl::OkStatus();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_LT(ran, 1000);
  EXPECT_EQ(ParallelFor(context, 0, 1, [](size_t, size_t) { return absl::OkStatus(); }).code(),
            absl::StatusCode::kCancelled);
}

TEST(ThreadPool, TellsHowLongItsThreadsWorked) {
  ThreadPool pool(2);
  EXPECT_EQ(pool.busy_seconds(), 0);
  std::mutex mutex;
  std::condition_variable changed;
  bool may_end = false;
  std::atomic<int> ended{0};
  const Context context{.pool = &pool};
  const auto wait = [&](size_t, size_t) {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return may_end; });
    return absl::OkStatus();
  };
  const auto start = std::chrono::steady_clock::now();
  // A loop of two ranges within a job: two threads work, and the nested one counts once.
  pool.Submit([&] {
    EXPECT_TRUE(ParallelFor(context, 2, 1, wait).ok());
    ended.store(1);
  });
  // Seen while the work still runs.
  while (pool.busy_seconds() < 0.02) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  double last = pool.busy_seconds();
  for (int i = 0; i < 1000; ++i) {
    const double now = pool.busy_seconds();
    EXPECT_GE(now, last);
    last = now;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex);
    may_end = true;
  }
  changed.notify_all();
  while (pool.pending() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  const double busy = pool.busy_seconds();
  EXPECT_EQ(ended.load(), 1);
  EXPECT_LE(busy, 2 * passed.count());
  EXPECT_EQ(pool.busy_seconds(), busy) << "idle threads do not count";
}

}  // namespace
}  // namespace trine
