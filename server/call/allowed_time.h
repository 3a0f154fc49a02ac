// How long a call may take.
#pragma once

#include <algorithm>
#include <chrono>

#include "server/options/options.h"

namespace trine::server {

struct AllowedTime {
  std::chrono::milliseconds time;
  // The server has to watch it: gRPC watches the client's own deadline and then cancels the call.
  bool is_ours;
};

// Of a call that arrives now with the deadline `given` (gRPC's "never": none).
inline AllowedTime TimeAllowed(const Options& options,
                               std::chrono::system_clock::time_point given) {
  const auto max = std::chrono::milliseconds(options.max_deadline_ms);
  const auto usual = std::chrono::milliseconds(options.default_deadline_ms);
  const auto now = std::chrono::system_clock::now();
  // gRPC's "never" need not be the clock's maximum: ten years away is as good as never.
  if (given == std::chrono::system_clock::time_point::max() ||
      given - now >= std::chrono::hours(24 * 3650)) {
    return {std::min(usual, max), true};
  }
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(given - now);
  return {std::min(left, max), left > max};
}

}  // namespace trine::server
