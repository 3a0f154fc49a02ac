// Counting calls, to wait for their end.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace trine::server {

// Counts what has begun and not ended. Thread-safe.
class ActiveCalls {
 public:
  void Begin() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++count_;
  }
  void End() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (--count_ == 0) idle_.notify_all();
  }
  int count() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return count_;
  }
  // True once there was none; false where there still are some at `deadline`.
  bool WaitIdle(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock<std::mutex> lock(mutex_);
    return idle_.wait_until(lock, deadline, [this] { return count_ == 0; });
  }
  void WaitIdle() {
    std::unique_lock<std::mutex> lock(mutex_);
    idle_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  int count_ = 0;
};

}  // namespace trine::server
