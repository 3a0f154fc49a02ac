// In place of otlp.cc where opentelemetry-cpp was not found.
#include "core/base/error.h"
#include "server/observe/otlp.h"

namespace trine::server {

absl::Status CallTracer::Check(const std::string& endpoint) {
  if (endpoint.empty()) return absl::OkStatus();
  return InvalidField("otlp-endpoint", endpoint,
                      "must be empty: this server was built without opentelemetry-cpp");
}

std::unique_ptr<CallTracer> CallTracer::Create(const std::string&, std::function<void(bool)>,
                                               Logger*) {
  return nullptr;
}

}  // namespace trine::server
