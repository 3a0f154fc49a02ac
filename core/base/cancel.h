// Cancellation and deadlines, polled by every kernel at least every 10 ms of work.
//
// A CancelSource belongs to whoever runs a request; the tokens it hands out are given to the work.
// Thread safety: everything here may be called from any thread at any time.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"

namespace trine {

namespace internal {
struct CancelState {
  std::atomic<bool> cancelled{false};
  std::atomic<std::chrono::steady_clock::time_point> deadline{
      std::chrono::steady_clock::time_point::max()};
  std::function<void()> on_poll;  // empty but in tests
};
}  // namespace internal

// Says whether work should stop. Cheap to copy. A default token never stops anything.
class CancelToken {
 public:
  CancelToken() = default;

  // True once the source was cancelled or its deadline has passed. About 25 ns.
  bool ShouldStop() const;
  // OK, or CANCELLED (reason CANCELLED), or DEADLINE_EXCEEDED (reason DEADLINE).
  absl::Status Check() const;

 private:
  friend class CancelSource;
  explicit CancelToken(std::shared_ptr<const internal::CancelState> state)
      : state_(std::move(state)) {}
  std::shared_ptr<const internal::CancelState> state_;
};

class CancelSource {
 public:
  CancelSource() : state_(std::make_shared<internal::CancelState>()) {}

  void Cancel() { state_->cancelled.store(true, std::memory_order_relaxed); }
  void SetDeadline(std::chrono::steady_clock::time_point deadline) {
    state_->deadline.store(deadline, std::memory_order_relaxed);
  }
  // For tests of how densely work polls: `callback` is called at the start of each poll, on the
  // thread of the work. To be set before any token is used.
  void OnPoll(std::function<void()> callback) { state_->on_poll = std::move(callback); }
  CancelToken token() const { return CancelToken(state_); }

 private:
  std::shared_ptr<internal::CancelState> state_;
};

}  // namespace trine
