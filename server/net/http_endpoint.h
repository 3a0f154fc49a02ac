// Metrics and health over plain HTTP, for Prometheus and for probes that do not speak gRPC.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace trine::server {

class HttpEndpoint {
 public:
  struct Pages {
    std::function<std::string()> metrics;  // the text of /metrics
    std::function<bool()> ready;           // /readyz: 200 or 503; /healthz is always 200
  };

  // Answers GET and HEAD of /metrics, /healthz and /readyz on `address` (HOST:PORT, a numeric
  // host; port 0: any), anything else with 404 or 405. Errors name the option metrics-listen.
  static absl::StatusOr<std::unique_ptr<HttpEndpoint>> Start(const std::string& address,
                                                             Pages pages);
  virtual ~HttpEndpoint() = default;  // answers no more

  // HOST:PORT with the real port.
  virtual const std::string& address() const = 0;
};

}  // namespace trine::server
