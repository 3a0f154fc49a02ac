// Everything that can be set.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/limits.h"

namespace trine::server {

// Everything that a flag, an environment variable or a configuration key can set
// (server/options/config.h). The names of the flags are the names here, with dashes.
struct Options {
  std::vector<std::string> listen = {
      "127.0.0.1:7433"};  // HOST:PORT or unix:PATH; port 0: any; none: InProcessChannel alone
  std::string metrics_listen = "127.0.0.1:9433";  // empty: none
  std::string health_listen;  // plaintext health and reflection on a port of their own
  int threads = 0;            // 0: the CPUs that this process may use
  Limits limits;
  uint64_t max_message_bytes = uint64_t{64} << 20;
  int max_running = 0;                              // requests running at once; 0: 2 a thread
  int max_running_per_client = 0;                   // of one client; 0: as many as of all
  int max_queued = 256;                             // requests waiting
  int max_queued_per_client = 128;                  // of one client; 0: as many as of all
  uint64_t max_inflight_bytes = uint64_t{1} << 30;  // request bytes of running and waiting calls
  // Memory that calls hold or may need, with gRPC's buffers and pooled blocks; 0: five sixths of
  // the control group's memory where that has a limit, else no bound. See server/call/ledger.h.
  uint64_t memory_limit = 0;
  uint64_t max_pooled_bytes = uint64_t{256} << 20;  // memory kept for the next payloads
  // What gRPC may hold for connections and unfinished messages; it cuts calls off beyond it.
  uint64_t max_buffer_bytes = uint64_t{1} << 30;
  int max_streams = 256;      // open bidirectional streams
  int max_side_calls = 1024;  // open watches of health and streams of reflection
  int max_streams_per_connection = 100;
  int64_t default_deadline_ms = 60'000;  // for calls that bring none
  int64_t max_deadline_ms = 3'600'000;
  int64_t drain_ms = 10'000;          // after SIGTERM: time for running calls to end
  int64_t drain_delay_ms = 5'000;     // after SIGTERM: NOT_SERVING before new calls are refused
  std::string tls_cert, tls_key;      // PEM files; both or none
  std::string tls_client_ca;          // with it: clients must present a certificate (mutual TLS)
  std::string token_file;             // bearer tokens (server/call/auth.h); empty: all may call
  int64_t reload_interval_ms = 1000;  // how often the files above are checked; 0: never
  bool reflection = true;             // lists services and messages; needs no token
  bool channelz = true;               // gRPC's own statistics; never where tokens are asked for
  std::vector<std::string> trusted_proxies;  // whose x-forwarded-for names the client
  int max_metadata_bytes = 16384;            // headers of one call
  int64_t max_connection_idle_ms = 0;        // connections without a call are closed; 0: never
  int64_t max_connection_age_ms = 0;  // connections are closed so old (calls end first); 0: never
  int64_t min_ping_interval_ms = 10'000;  // clients that ping more often are sent away
  std::string otlp_endpoint;              // HOST:PORT of an OpenTelemetry collector; empty: none
  int otlp_sample_percent = 100;          // of calls whose caller has no trace
  std::string log_format = "text";        // "text" or "json"
  std::string log_level = "info";         // trace, debug, info, warn, error, off
};

}  // namespace trine::server
