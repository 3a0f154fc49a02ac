#include "server/rpc.h"

#include <algorithm>

#include "core/base/error.h"

namespace trine::server {

absl::StatusOr<Context> Call::WithThreads(int32_t max_threads) const {
  if (max_threads < 0) return InvalidField("max_threads", int64_t{max_threads}, "at least 0");
  Context limited = context;
  if (max_threads > 0) {
    limited.max_threads =
        context.max_threads > 0 ? std::min(context.max_threads, max_threads) : max_threads;
  }
  return limited;
}

}  // namespace trine::server
