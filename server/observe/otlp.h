// Calls as OpenTelemetry spans, sent to a collector over OTLP/gRPC.
//
// There in builds that found opentelemetry-cpp (CMake's TRINE_OTLP); otlp_none.cc stands in for
// otlp.cc else, and refuses. The exporter uses the same gRPC library as the server. Spans wait in a
// bounded queue (2048) for a thread of the exporter's own: a collector that is slow or away costs
// spans and never a call.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/observe/log.h"
#include "server/observe/trace.h"

namespace trine::server {

// A call that has ended.
struct CallSpan {
  using Time = std::chrono::steady_clock::time_point;

  const TraceContext& trace;
  std::string_view path;       // as the caller wrote it: "/trine.v1.CodingService/Encode"
  bool served = false;         // the path is a method of this server
  std::string_view authority;  // the server's name and port as the caller knows them
  int status_code = 0;         // of gRPC
  std::string_view reason;     // of an error
  std::string_view request_id;
  std::string_view peer;    // "ipv4:10.0.0.7:51234"
  std::string_view client;  // whom limits are counted for
  std::string_view model;   // of coding
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  Time start;
  Time end;
  // The last wait in the queue and the last run of the handler; the end is not after the start
  // where there was none.
  Time queue_start, queue_end;
  Time compute_start, compute_end;
};

// Thread safety: Report may be called from any thread.
class CallTracer {
 public:
  // OK where `endpoint` is "", HOST:PORT, http://HOST:PORT or https://HOST:PORT and this build can
  // export. INVALID_ARGUMENT naming otlp-endpoint else.
  static absl::Status Check(const std::string& endpoint);

  // https: with TLS, authenticated by the system's authorities (or as OpenTelemetry's own
  // environment variables say, which also name headers and resource attributes). `exported` is
  // told of each batch, `log` when exporting begins to fail and to succeed again; both outlive the
  // result. REQUIRES: Check is OK and `endpoint` not empty.
  static std::unique_ptr<CallTracer> Create(const std::string& endpoint,
                                            std::function<void(bool ok)> exported, Logger* log);
  // Sends what is left, for at most about ten seconds where the collector does not answer.
  virtual ~CallTracer() = default;

  // Attributes by OpenTelemetry's conventions (server/observe/span_attributes.h). One server span,
  // with child spans "queue" and "compute". REQUIRES: a trace that is sampled.
  virtual void Report(const CallSpan& call) = 0;
};

}  // namespace trine::server
