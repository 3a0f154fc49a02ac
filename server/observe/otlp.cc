#include "server/observe/otlp.h"

#include <opentelemetry/exporters/otlp/otlp_grpc_exporter_factory.h>
#include <opentelemetry/exporters/otlp/otlp_grpc_exporter_options.h>
#include <opentelemetry/sdk/common/global_log_handler.h>
#include <opentelemetry/sdk/resource/resource.h>
#include <opentelemetry/sdk/trace/batch_span_processor_factory.h>
#include <opentelemetry/sdk/trace/batch_span_processor_options.h>
#include <opentelemetry/sdk/trace/exporter.h>
#include <opentelemetry/sdk/trace/id_generator.h>
#include <opentelemetry/sdk/trace/samplers/always_on_factory.h>
#include <opentelemetry/sdk/trace/tracer_provider.h>
#include <opentelemetry/sdk/trace/tracer_provider_factory.h>
#include <opentelemetry/trace/span_startoptions.h>
#include <opentelemetry/trace/tracer.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/strings.h"
#include "server/base/address.h"
#include "server/base/build_info.h"
#include "server/observe/span_attributes.h"

namespace trine::server {
namespace {

namespace api = opentelemetry::trace;
namespace sdk = opentelemetry::sdk;
namespace nostd = opentelemetry::nostd;

constexpr char kHttp[] = "http://";
constexpr char kHttps[] = "https://";
constexpr auto kExportTimeout = std::chrono::seconds(2);
constexpr auto kExportDelay = std::chrono::seconds(1);

nostd::string_view Text(std::string_view s) { return {s.data(), s.size()}; }

// The bytes of an id in hexadecimal digits, which were checked when they came.
template <typename Id, size_t kBytes>
Id ParseId(std::string_view hex) {
  const std::string raw = absl::HexStringToBytes(ToAbsl(hex));
  uint8_t bytes[kBytes] = {};
  std::copy_n(raw.begin(), std::min(raw.size(), kBytes), bytes);
  return Id(nostd::span<const uint8_t, kBytes>(bytes, kBytes));
}
api::TraceId ParseTraceId(std::string_view hex) { return ParseId<api::TraceId, 16>(hex); }
api::SpanId ParseSpanId(std::string_view hex) { return ParseId<api::SpanId, 8>(hex); }

// The ids of a call's span are in its answer and its log line already; the thread that makes the
// span says here which they are.
thread_local const TraceContext* next_ids = nullptr;

class Ids : public sdk::trace::IdGenerator {
 public:
  Ids() : IdGenerator(/*is_random=*/true) {}
  api::SpanId GenerateSpanId() noexcept override {
    return ParseSpanId(next_ids != nullptr ? next_ids->span_id : RequestId(""));
  }
  api::TraceId GenerateTraceId() noexcept override {
    return ParseTraceId(next_ids != nullptr ? next_ids->trace_id : BeginTrace().trace_id);
  }
};

// Counts batches, and tells the log where OpenTelemetry would write to the standard output.
class WatchedExporter : public sdk::trace::SpanExporter {
 public:
  WatchedExporter(std::unique_ptr<sdk::trace::SpanExporter> inner,
                  std::function<void(bool)> exported, Logger* log)
      : inner_(std::move(inner)), exported_(std::move(exported)), log_(log) {}

  std::unique_ptr<sdk::trace::Recordable> MakeRecordable() noexcept override {
    return inner_->MakeRecordable();
  }
  sdk::common::ExportResult Export(
      const nostd::span<std::unique_ptr<sdk::trace::Recordable>>& spans) noexcept override {
    const auto result = inner_->Export(spans);
    const bool ok = result == sdk::common::ExportResult::kSuccess;
    exported_(ok);
    if (ok != working_) {
      if (ok) {
        log_->Info("spans are exported again");
      } else {
        log_->Warn("spans cannot be exported to otlp-endpoint; they are dropped until it answers");
      }
    }
    working_ = ok;
    return result;
  }
  bool ForceFlush(std::chrono::microseconds timeout) noexcept override {
    return inner_->ForceFlush(timeout);
  }
  bool Shutdown(std::chrono::microseconds timeout) noexcept override {
    return inner_->Shutdown(timeout);
  }

 private:
  const std::unique_ptr<sdk::trace::SpanExporter> inner_;
  const std::function<void(bool)> exported_;
  Logger* const log_;
  bool working_ = true;  // exports do not overlap
};

std::unique_ptr<sdk::trace::SpanExporter> MakeExporter(const std::string& endpoint) {
  opentelemetry::exporter::otlp::OtlpGrpcExporterOptions options;  // reads its environment
  const bool tls = absl::StartsWith(endpoint, kHttps);
  options.endpoint =
      tls || absl::StartsWith(endpoint, kHttp) ? endpoint : absl::StrCat(kHttp, endpoint);
  options.use_ssl_credentials = tls;
  options.timeout = kExportTimeout;
  options.user_agent = absl::StrCat("trine-server/", Version());
  return opentelemetry::exporter::otlp::OtlpGrpcExporterFactory::Create(options);
}

sdk::resource::Resource MakeResource() {
  sdk::resource::ResourceAttributes attributes = {{"service.version", Version()}};
  // A literal would become a boolean.
  if (std::getenv("OTEL_SERVICE_NAME") == nullptr)
    attributes["service.name"] = std::string("trine-server");
  return sdk::resource::Resource::Create(attributes);
}

class OtlpTracer : public CallTracer {
 public:
  OtlpTracer(const std::string& endpoint, std::function<void(bool)> exported, Logger* log)
      : names_(RpcNamesFromEnvironment()) {
    sdk::trace::BatchSpanProcessorOptions batches;
    batches.schedule_delay_millis = kExportDelay;
    auto exporter =
        std::make_unique<WatchedExporter>(MakeExporter(endpoint), std::move(exported), log);
    provider_ = sdk::trace::TracerProviderFactory::Create(
        sdk::trace::BatchSpanProcessorFactory::Create(std::move(exporter), batches), MakeResource(),
        sdk::trace::AlwaysOnSamplerFactory::Create(), std::make_unique<Ids>());
    tracer_ = provider_->GetTracer("trine", Version());
  }
  ~OtlpTracer() override { provider_->Shutdown(); }

  void Report(const CallSpan& call) override;

 private:
  // Between the two clocks at the time of the call.
  static api::StartSpanOptions StartAt(CallSpan::Time time, api::SpanKind kind) {
    const auto ago = std::chrono::steady_clock::now() - time;
    api::StartSpanOptions options;
    options.start_system_time = opentelemetry::common::SystemTimestamp(
        std::chrono::system_clock::now() -
        std::chrono::duration_cast<std::chrono::system_clock::duration>(ago));
    options.start_steady_time = opentelemetry::common::SteadyTimestamp(time);
    options.kind = kind;
    return options;
  }
  static void End(api::Span* span, CallSpan::Time time) {
    api::EndSpanOptions options;
    options.end_steady_time = opentelemetry::common::SteadyTimestamp(time);
    span->End(options);
  }
  void AddChild(const char* name, const api::SpanContext& parent, CallSpan::Time start,
                CallSpan::Time end) {
    if (end <= start) return;
    api::StartSpanOptions options = StartAt(start, api::SpanKind::kInternal);
    options.parent = parent;
    const auto span = tracer_->StartSpan(name, options);
    End(span.get(), end);
  }

  const RpcNames names_;
  std::unique_ptr<sdk::trace::TracerProvider> provider_;
  nostd::shared_ptr<api::Tracer> tracer_;
};

void OtlpTracer::Report(const CallSpan& call) {
  api::StartSpanOptions options = StartAt(call.start, api::SpanKind::kServer);
  if (!call.trace.parent_id.empty()) {
    options.parent =
        api::SpanContext(ParseTraceId(call.trace.trace_id), ParseSpanId(call.trace.parent_id),
                         api::TraceFlags(api::TraceFlags::kIsSampled), true);
  }
  next_ids = &call.trace;
  const auto span = tracer_->StartSpan(SpanName(call, names_), options);
  next_ids = nullptr;
  for (const SpanAttribute& attribute : SpanAttributes(call, names_)) {
    if (const auto* text = std::get_if<std::string>(&attribute.value)) {
      span->SetAttribute(attribute.key, Text(*text));
    } else {
      span->SetAttribute(attribute.key, std::get<int64_t>(attribute.value));
    }
  }
  if (IsServerError(call.status_code)) span->SetStatus(api::StatusCode::kError, Text(call.reason));
  AddChild("queue", span->GetContext(), call.queue_start, call.queue_end);
  AddChild("compute", span->GetContext(), call.compute_start, call.compute_end);
  End(span.get(), call.end);
}

}  // namespace

absl::Status CallTracer::Check(const std::string& endpoint) {
  if (endpoint.empty()) return absl::OkStatus();
  absl::string_view rest = endpoint;
  if (!absl::ConsumePrefix(&rest, kHttps)) absl::ConsumePrefix(&rest, kHttp);
  const auto address = ParseAddress("otlp-endpoint", ToStd(rest));
  if (address.ok() && address->unix_path.empty() && address->port > 0) return absl::OkStatus();
  return InvalidField("otlp-endpoint", endpoint,
                      "must be HOST:PORT, http://HOST:PORT or https://HOST:PORT");
}

std::unique_ptr<CallTracer> CallTracer::Create(const std::string& endpoint,
                                               std::function<void(bool)> exported, Logger* log) {
  // It would write its complaints to the standard output; WatchedExporter tells the log.
  sdk::common::internal_log::GlobalLogHandler::SetLogHandler(
      nostd::shared_ptr<sdk::common::internal_log::LogHandler>(
          new sdk::common::internal_log::NoopLogHandler));
  return std::make_unique<OtlpTracer>(endpoint, std::move(exported), log);
}

}  // namespace trine::server
