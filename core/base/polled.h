// Polling cancellation once in so many units of work, the one way for all kernels: costly enough
// that a poll (about 25 ns) does not count, short enough that none is more than 10 ms after the
// one before.
//
// Thread safety: a Poller belongs to one thread.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "core/base/cancel.h"
#include "core/base/error.h"

namespace trine {

// For loops that report their work as they go. Polls at the first report, and then once in every
// `interval` units.
class Poller {
 public:
  // `cancel` must outlive the Poller.
  Poller(const CancelToken& cancel, uint64_t interval) : cancel_(cancel), interval_(interval) {}

  // CANCELLED or DEADLINE_EXCEEDED where the work is to stop. REQUIRES: units >= 0.
  absl::Status Spend(std::integral auto units) {
    return IsDue(static_cast<uint64_t>(units)) ? cancel_.Check() : absl::OkStatus();
  }
  // The same for functions that return no status: false where the work is to stop.
  bool Continue(std::integral auto units) {
    return !IsDue(static_cast<uint64_t>(units)) || !cancel_.ShouldStop();
  }

 private:
  bool IsDue(uint64_t units) {
    if (units < left_) {
      left_ -= units;
      return false;
    }
    left_ = interval_;
    return true;
  }

  const CancelToken& cancel_;
  uint64_t interval_;
  uint64_t left_ = 0;  // units until the next poll
};

// For work that can be cut anywhere: calls step(begin, length) for the pieces of [0, n), each at
// most `piece` long, and polls before each.
template <typename Step>
absl::Status InPieces(size_t n, size_t piece, const CancelToken& cancel, Step step) {
  for (size_t begin = 0; begin < n; begin += piece) {
    TRINE_RETURN_IF_ERROR(cancel.Check());
    step(begin, std::min(piece, n - begin));
  }
  return absl::OkStatus();
}

}  // namespace trine
