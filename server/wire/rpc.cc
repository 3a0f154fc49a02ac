#include "server/wire/rpc.h"

#include <algorithm>
#include <set>

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

CallBeside::CallBeside(const Call& call, uint64_t parsed_bytes)
    : call_(call), account_(call.context.memory) {
  if (parsed_bytes == 0) return;
  account_.SetBeside(parsed_bytes);
  beside_ = call;
  beside_->context.memory = &account_;
}

std::vector<std::string> Registry::services() const {
  std::set<std::string> names;
  for (const Method& method : methods_) names.insert(method.service);
  return {names.begin(), names.end()};
}

}  // namespace trine::server
