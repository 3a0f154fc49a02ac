#include "server/options/option_table.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "core/base/text/quantity.h"
#include "core/coding/table.h"
#include "server/base/address.h"
#include "server/base/client_name.h"
#include "server/observe/otlp.h"

namespace trine::server {
namespace {

constexpr uint64_t kMaxInt = std::numeric_limits<int>::max();
constexpr uint64_t kDayMs = uint64_t{24} * 3'600'000;
constexpr uint64_t kTebi = uint64_t{1} << 40;
using enum OptionUnit;

constexpr OptionSpec kOptions[] = {
    {"listen", &Options::listen, kNone, 0, 0, false,
     "address to serve gRPC on: HOST:PORT, [IPV6]:PORT or unix:PATH; port 0 takes a free one; may "
     "be given several times"},
    {"metrics-listen", &Options::metrics_listen, kNone, 0, 0, false,
     "HOST:PORT for /metrics, /healthz and /readyz over HTTP; empty: none"},
    {"health-listen", &Options::health_listen, kNone, 0, 0, false,
     "HOST:PORT for grpc.health.v1 without TLS and tokens; empty: none"},
    {"threads", &Options::threads, kCount, 0, 1024, false,
     "threads that compute; 0: as many as this process may use CPUs"},
    {"max-message-bytes", &Options::max_message_bytes, kBytes, 1024, kMaxInt - 1024, true,
     "largest request or response message; beyond it there are the streams, and items in chunks"},
    {"max-running", &Options::max_running, kCount, 0, 65536, true,
     "requests running at once; 0: two a thread"},
    {"max-running-per-client", &Options::max_running_per_client, kCount, 0, 65536, true,
     "requests of one client (token, else address) running at once; 0: as many as of all"},
    {"max-queued", &Options::max_queued, kCount, 0, 1'000'000, true,
     "requests waiting for their turn; more are refused"},
    {"max-queued-per-client", &Options::max_queued_per_client, kCount, 0, 1'000'000, true,
     "requests of one client waiting; 0: as many as of all"},
    {"max-inflight-bytes", &Options::max_inflight_bytes, kBytes, 1024, kTebi, true,
     "bytes of the requests that run or wait"},
    {"memory-limit", &Options::memory_limit, kBytes, 0, kTebi, true,
     "memory that calls hold or may need, buffers included; 0: five sixths of the container's, or "
     "no "
     "bound where it has none"},
    {"max-pooled-bytes", &Options::max_pooled_bytes, kBytes, 0, kTebi, true,
     "memory that is kept for the payloads of the next calls"},
    {"max-buffer-bytes", &Options::max_buffer_bytes, kBytes, 1 << 20, kTebi, true,
     "memory of connections and of messages that are on their way in; calls beyond it are cut off"},
    {"max-streams", &Options::max_streams, kCount, 0, 1'000'000, true,
     "open bidirectional streams"},
    {"max-side-calls", &Options::max_side_calls, kCount, 0, 1'000'000, true,
     "open watches of health and streams of reflection"},
    {"max-streams-per-connection", &Options::max_streams_per_connection, kCount, 1, 1'000'000, true,
     "calls of any kind that one connection may have open"},
    {"default-deadline-ms", &Options::default_deadline_ms, kMilliseconds, 1, 30 * kDayMs, true,
     "deadline of calls that bring none"},
    {"max-deadline-ms", &Options::max_deadline_ms, kMilliseconds, 1, 30 * kDayMs, true,
     "longest deadline; calls that want more are ended then"},
    {"max-metadata-bytes", &Options::max_metadata_bytes, kBytes, 1024, 1 << 20, true,
     "headers of one call"},
    {"max-connection-idle-ms", &Options::max_connection_idle_ms, kMilliseconds, 0, 30 * kDayMs,
     true, "connections without a call are closed after so long; 0: never"},
    {"max-connection-age-ms", &Options::max_connection_age_ms, kMilliseconds, 0, 30 * kDayMs, true,
     "connections are closed after so long, when their calls have ended; 0: never"},
    {"min-ping-interval-ms", &Options::min_ping_interval_ms, kMilliseconds, 0, kDayMs, true,
     "connections of clients that ping more often are closed"},
    {"drain-ms", &Options::drain_ms, kMilliseconds, 0, kDayMs, false,
     "after SIGTERM: time for running calls to end before they are cancelled"},
    {"drain-delay-ms", &Options::drain_delay_ms, kMilliseconds, 0, kDayMs, false,
     "after SIGTERM: time to say NOT_SERVING before new calls are refused; SIGINT does without"},
    {"tls-cert", &Options::tls_cert, kNone, 0, 0, false, "PEM file with the server's certificates",
     true},
    {"tls-key", &Options::tls_key, kNone, 0, 0, false, "PEM file with the certificate's key", true},
    {"tls-client-ca", &Options::tls_client_ca, kNone, 0, 0, false,
     "PEM file with the authorities of client certificates, which are then required", true},
    {"trusted-proxies", &Options::trusted_proxies, kNone, 0, 0, false,
     "addresses of proxies (10.0.0.7, 10.0.0.0/8) whose x-forwarded-for names the client"},
    {"token-file", &Options::token_file, kNone, 0, 0, false,
     "file with bearer tokens, one a line, each with the services it may call (all of them where "
     "none is named); callers then need one",
     true},
    {"reload-interval-ms", &Options::reload_interval_ms, kMilliseconds, 0, kDayMs, false,
     "how often the files of TLS and tokens are checked for changes; 0: never"},
    {"reflection", &Options::reflection, kNone, 0, 0, false,
     "describe the services to tools such as grpcurl"},
    {"channelz", &Options::channelz, kNone, 0, 0, false,
     "serve gRPC's own statistics; off where tokens are asked for"},
    {"otlp-endpoint", &Options::otlp_endpoint, kNone, 0, 0, false,
     "OpenTelemetry collector to send traces to over OTLP/gRPC: HOST:PORT, or https://HOST:PORT "
     "for TLS; empty: none"},
    {"otlp-sample-percent", &Options::otlp_sample_percent, kCount, 0, 100, false,
     "calls to trace of those whose caller sent no traceparent, in percent"},
    {"log-format", &Options::log_format, kNone, 0, 0, false, "text or json"},
    {"log-level", &Options::log_level, kNone, 0, 0, false,
     "trace, debug, info, warn, error or off; info has a line for each call"},
    {"max-rank", &Limits::max_rank, kCount, 0, 8, true, "dimensions of a tensor"},
    {"max-elements", &Limits::max_elements, kCount, 1, kTebi, true,
     "elements of a tensor, or pixels of a picture times its channels"},
    {"max-image-pixels", &Limits::max_image_pixels, kCount, 1, kTebi, true,
     "pixels of a picture that is read from a file"},
    {"max-output-bytes", &Limits::max_output_bytes, kBytes, 1024, kTebi, true,
     "decoded bytes of one answer, and memory of one decoded picture"},
    {"max-item-bytes", &Limits::max_item_bytes, kBytes, 1024, kTebi, true,
     "bytes of a tensor or picture that comes to a stream in chunks, and of its answer"},
    {"max-block-bytes", &Limits::max_block_bytes, kBytes, 256, uint64_t{1} << 30, true,
     "bytes of one block of a coded stream"},
    {"max-model-bytes", &Limits::max_model_bytes, kBytes, 1024, kTebi, true,
     "memory of a coding model's tables for one block"},
    {"max-tables", &Limits::max_tables, kCount, 1, coding::kMaxTables, true,
     "probability tables of a coded stream, and that a call remembers"},
    {"max-table-symbols", &Limits::max_table_symbols, kCount, 1, 1 << 24, true,
     "symbols of a probability table, and of several in sum"},
    {"max-exact-symbols", &Limits::max_exact_symbols, kCount, 1, 1 << 20, true,
     "symbols of a message for the exact coder"},
    {"max-exact-steps", &Limits::max_exact_steps, kCount, 0, 1 << 20, true,
     "steps that the exact coder shows"},
    {"max-segment-steps", &Limits::max_segment_steps, kCount, 1, 1024, true,
     "steps of one Segment call"},
    {"max-regions", &Limits::max_regions, kCount, 1, kMaxInt, true,
     "regions or contours that one answer lists"},
};

// Calls f with a reference to the option's value in `options` (const or not).
template <typename O, typename F>
decltype(auto) Visit(const OptionSpec& spec, O& options, F f) {
  return std::visit(
      [&](auto member) -> decltype(auto) {
        if constexpr (std::is_same_v<decltype(member), int64_t Limits::*> ||
                      std::is_same_v<decltype(member), uint64_t Limits::*>) {
          return f(options.limits.*member);
        } else {
          return f(options.*member);
        }
      },
      spec.member);
}

absl::Status Refuse(const OptionSpec& spec, std::string_view text, std::string_view allowed) {
  return InvalidField(spec.name, text, allowed);
}

std::string RangeText(const OptionSpec& spec) {
  return absl::StrCat("must be ", spec.min, " to ", spec.max,
                      spec.unit == kBytes          ? " bytes (or with KiB, MiB, GiB; kB, MB, GB)"
                      : spec.unit == kMilliseconds ? " ms (or with s, m, h)"
                                                   : "");
}

// A count, or a quantity. The names of all times end in "-ms": a number without unit is of these.
std::optional<uint64_t> ParseQuantity(OptionUnit unit, std::string_view text) {
  if (unit == kBytes) return ParseBytes(text);
  if (unit == kMilliseconds) {
    const auto time = ParseTime(text, "ms");
    if (!time.has_value()) return std::nullopt;
    return static_cast<uint64_t>(time->count());
  }
  uint64_t number = 0;
  const bool is_count = text.find_first_not_of("0123456789") == std::string_view::npos &&
                        absl::SimpleAtoi(ToAbsl(text), &number);
  return is_count ? std::optional(number) : std::nullopt;
}

absl::StatusOr<uint64_t> ParseNumber(const OptionSpec& spec, std::string_view text) {
  const std::optional<uint64_t> number = ParseQuantity(spec.unit, text);
  if (!number.has_value() || *number < spec.min || *number > spec.max)
    return Refuse(spec, text, RangeText(spec));
  return *number;
}

absl::StatusOr<bool> ParseBool(const OptionSpec& spec, std::string_view text) {
  const std::string lower = absl::AsciiStrToLower(ToAbsl(text));
  for (const char* yes : {"true", "1", "yes", "on"})
    if (lower == yes) return true;
  for (const char* no : {"false", "0", "no", "off"})
    if (lower == no) return false;
  return Refuse(spec, text, "must be true or false");
}

absl::Status CheckAddresses(const Options& options) {
  for (const std::string& text : options.listen)
    TRINE_RETURN_IF_ERROR(ParseAddress("listen", text).status());
  if (!options.metrics_listen.empty()) {
    TRINE_ASSIGN_OR_RETURN(const Address address,
                           ParseAddress("metrics-listen", options.metrics_listen));
    if (!address.unix_path.empty())
      return InvalidField("metrics-listen", options.metrics_listen, "must be HOST:PORT");
  }
  if (!options.health_listen.empty())
    TRINE_RETURN_IF_ERROR(ParseAddress("health-listen", options.health_listen).status());
  return absl::OkStatus();
}

}  // namespace

std::string OptionSpec::limit_name() const { return absl::StrReplaceAll(name, {{"-", "_"}}); }

std::string OptionSpec::environment_name() const {
  return absl::StrCat("TRINE_", absl::AsciiStrToUpper(limit_name()));
}

std::string OptionSpec::unit_name() const {
  if (unit == kBytes) return "bytes";
  if (unit == kMilliseconds) return "ms";
  // "max_image_pixels" counts pixels.
  const std::string all = limit_name();
  const size_t last = all.rfind('_');
  const std::string what = last == std::string::npos ? all : all.substr(last + 1);
  if (what == "running" || what == "queued") return "requests";
  if (what == "connection") return "streams";
  if (what == "client") return "requests";
  if (what == "rank") return "dimensions";
  return what;
}

absl::Span<const OptionSpec> AllOptions() { return kOptions; }

const OptionSpec* FindOption(std::string_view name) {
  for (const OptionSpec& spec : kOptions)
    if (name == spec.name) return &spec;
  return nullptr;
}

absl::Status SetOption(const OptionSpec& spec, std::string_view text, Options* options) {
  return Visit(spec, *options, [&](auto& value) -> absl::Status {
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<T, std::string>) {
      value = text;
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      value.clear();
      for (absl::string_view part : absl::StrSplit(ToAbsl(text), ',', absl::SkipWhitespace()))
        value.emplace_back(absl::StripAsciiWhitespace(part));
    } else if constexpr (std::is_same_v<T, bool>) {
      TRINE_ASSIGN_OR_RETURN(value, ParseBool(spec, text));
    } else {
      TRINE_ASSIGN_OR_RETURN(const uint64_t number, ParseNumber(spec, text));
      value = static_cast<T>(number);
    }
    return absl::OkStatus();
  });
}

std::string GetOption(const OptionSpec& spec, const Options& options) {
  return Visit(spec, options, [](const auto& value) -> std::string {
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<T, std::string>) {
      return value;
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      return absl::StrJoin(value, ",");
    } else if constexpr (std::is_same_v<T, bool>) {
      return value ? "true" : "false";
    } else {
      return absl::StrCat(value);
    }
  });
}

uint64_t GetNumber(const OptionSpec& spec, const Options& options) {
  return Visit(spec, options, [](const auto& value) -> uint64_t {
    if constexpr (std::is_integral_v<std::decay_t<decltype(value)>>) {
      return static_cast<uint64_t>(value);
    } else {
      return 0;
    }
  });
}

absl::Status ValidateOptions(const Options& options) {
  for (const OptionSpec& spec : kOptions) {
    if (spec.unit == kNone) continue;
    // A negative number of the struct reads as a huge one here, and is refused as it was given.
    const uint64_t number = GetNumber(spec, options);
    if (number < spec.min || number > spec.max)
      return Refuse(spec, GetOption(spec, options), RangeText(spec));
  }
  TRINE_RETURN_IF_ERROR(CheckAddresses(options));
  if (options.default_deadline_ms > options.max_deadline_ms) {
    return InvalidField(
        "default-deadline-ms", options.default_deadline_ms,
        absl::StrCat("must be at most max-deadline-ms, which is ", options.max_deadline_ms));
  }
  if (options.max_inflight_bytes < options.max_message_bytes) {
    return InvalidField(
        "max-inflight-bytes", absl::StrCat(options.max_inflight_bytes),
        absl::StrCat("must be at least max-message-bytes, which is ", options.max_message_bytes));
  }
  if (options.max_buffer_bytes < options.max_message_bytes) {
    return InvalidField(
        "max-buffer-bytes", absl::StrCat(options.max_buffer_bytes),
        absl::StrCat("must be at least max-message-bytes, which is ", options.max_message_bytes));
  }
  TRINE_RETURN_IF_ERROR(CallTracer::Check(options.otlp_endpoint));
  if (options.memory_limit > 0 &&
      options.memory_limit / kLeastMemoryInMessages < options.max_message_bytes) {
    return InvalidField("memory-limit", absl::StrCat(options.memory_limit),
                        absl::StrCat("must be at least four times max-message-bytes, which is ",
                                     options.max_message_bytes));
  }
  TRINE_RETURN_IF_ERROR(ClientNamer::Create(options.trusted_proxies).status());
  if (options.log_format != "text" && options.log_format != "json")
    return InvalidField("log-format", options.log_format, "must be text or json");
  for (const char* level : {"trace", "debug", "info", "warn", "error", "off"})
    if (options.log_level == level) return absl::OkStatus();
  return InvalidField("log-level", options.log_level,
                      "must be trace, debug, info, warn, error or off");
}

}  // namespace trine::server
