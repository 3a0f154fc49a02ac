// Hands on in order what threads finish in any order.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace trine::coding {

// Calls take(0), take(1), ... take(n - 1), one at a time, each as soon as it and all before it are
// done: on a thread that has just finished one, while the others work on. Thread-safe.
class InOrder {
 public:
  // `take` outlives this.
  InOrder(size_t n, absl::FunctionRef<absl::Status(size_t)> take) : take_(take), done_(n) {}

  // `i` is done. Takes what can be taken now, unless another thread is at that: then that one goes
  // on to it. After an error, which the thread gets that took, nothing else is taken.
  // REQUIRES: once for each i < n.
  absl::Status Done(size_t i) {
    std::unique_lock<std::mutex> lock(mutex_);
    done_[i] = true;
    if (taking_) return absl::OkStatus();
    taking_ = true;
    while (next_ < done_.size() && done_[next_]) {
      lock.unlock();
      if (absl::Status status = take_(next_); !status.ok()) return status;
      lock.lock();
      ++next_;
    }
    taking_ = false;
    return absl::OkStatus();
  }

 private:
  const absl::FunctionRef<absl::Status(size_t)> take_;
  std::mutex mutex_;
  std::vector<bool> done_;
  size_t next_ = 0;      // the first that was not taken
  bool taking_ = false;  // a thread is; for good where that failed
};

}  // namespace trine::coding
