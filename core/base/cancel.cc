#include "core/base/cancel.h"

#include "core/base/error.h"

namespace trine {

bool CancelToken::ShouldStop() const {
  if (state_ == nullptr) return false;
  if (state_->on_poll) state_->on_poll();
  if (state_->cancelled.load(std::memory_order_relaxed)) return true;
  const auto deadline = state_->deadline.load(std::memory_order_relaxed);
  return deadline != std::chrono::steady_clock::time_point::max() &&
         std::chrono::steady_clock::now() >= deadline;
}

absl::Status CancelToken::Check() const {
  if (!ShouldStop()) return absl::OkStatus();
  if (state_->cancelled.load(std::memory_order_relaxed)) {
    return MakeError(absl::StatusCode::kCancelled, {.reason = "CANCELLED"},
                     "the caller cancelled the request");
  }
  return MakeError(absl::StatusCode::kDeadlineExceeded, {.reason = "DEADLINE"},
                   "the deadline passed before the work was done");
}

}  // namespace trine
