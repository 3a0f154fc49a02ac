#include "server/server.h"

#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/runtime/memory_quota.h"
#include "server/base/address.h"
#include "server/base/build_info.h"
#include "server/call/call.h"
#include "server/call/call_env.h"
#include "server/net/http_endpoint.h"
#include "server/net/listener.h"
#include "server/net/tls.h"
#include "server/observe/process_metrics.h"
#include "server/options/option_table.h"
#include "server/options/reload.h"
#include "server/server_impl.h"

namespace trine::server {
namespace {

// Calls that each queue waits for: a burst finds them ready.
constexpr int kAcceptsPerQueue = 32;

// How long a connection without a call may take to close: a round trip to the farthest client, and
// no longer for one that does not answer. gRPC itself would wait 20 s for it.
constexpr auto kClosingTime = std::chrono::seconds(2);

// The queues' threads move bytes and run what is small: a few of them feed many cores. On a small
// machine a second one costs more in hand-offs between the two than it brings.
int QueueCount(int threads) { return std::clamp(threads / 4, 1, 8); }

Admission::Bounds AdmissionBounds(const Options& options) {
  return {.max_running = options.max_running,
          .max_running_per_client = options.max_running_per_client,
          .max_queued = options.max_queued,
          .max_queued_per_client = options.max_queued_per_client,
          .max_inflight_bytes = options.max_inflight_bytes,
          .memory_limit = options.memory_limit,
          .memory_aside =
              options.memory_limit > 0 ? options.max_buffer_bytes + options.max_pooled_bytes : 0,
          .max_streams = options.max_streams,
          .max_side_calls = options.max_side_calls};
}

// The memory limit that holds, and the shares of it that gRPC's buffers (a quarter) and blocks for
// the next payloads (an eighth) may take at most; the rest is the ledger's. Of the memory that the
// process may use a sixth is left for the process itself: code, stacks, what the allocator wastes.
void ResolveMemory(uint64_t quota, Options* options, Logger* log) {
  if (options->memory_limit == 0 && quota > 0) {
    const uint64_t share = quota / 6 * 5;
    const uint64_t least = kLeastMemoryInMessages * options->max_message_bytes;
    options->memory_limit = std::max(share, least);
    if (share < least) {
      log->Warn("max-message-bytes is too much for the memory that this process may use",
                {{"memory", static_cast<int64_t>(quota)},
                 {"max_message_bytes", static_cast<int64_t>(options->max_message_bytes)},
                 {"fits", static_cast<int64_t>(share / kLeastMemoryInMessages)}});
    }
  }
  if (options->memory_limit == 0) return;
  options->max_buffer_bytes = std::min(options->max_buffer_bytes, options->memory_limit / 4);
  options->max_pooled_bytes = std::min(options->max_pooled_bytes, options->memory_limit / 8);
}

class ServerImpl : public Server {
 public:
  ServerImpl(Options options, std::unique_ptr<Logger> log, std::unique_ptr<Authenticator> auth,
             std::shared_ptr<TlsStore> tls, ClientNamer clients, std::unique_ptr<ThreadPool> pool)
      : options_(std::move(options)),
        log_(std::move(log)),
        auth_(std::move(auth)),
        tls_(std::move(tls)),
        clients_(std::move(clients)),
        admission_(AdmissionBounds(options_)),
        pool_(std::move(pool)),
        env_{.options = options_,
             .log = *log_,
             .metrics = metrics_,
             .auth = *auth_,
             .admission = admission_,
             .clients = clients_,
             .pool = *pool_,
             .tracer = nullptr,
             .buffers = std::make_shared<BufferPool>(options_.max_pooled_bytes),
             .methods = {},
             .unknown = metrics_.ForMethod("unknown", "unknown", "unknown"),
             .active = {},
             .live_calls = {}} {}

  ~ServerImpl() override { Drain({}, {}); }

  absl::Status Start(Registry registry);

  const std::vector<std::string>& addresses() const override { return main_.addresses; }
  const std::string& metrics_address() const override { return metrics_address_; }
  const std::string& health_address() const override { return health_address_; }
  std::shared_ptr<grpc::Channel> InProcessChannel(int max_message_bytes) override {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(max_message_bytes);
    return main_.server->InProcessChannel(arguments);
  }
  bool Drain(std::chrono::milliseconds deadline, std::chrono::milliseconds delay) override;

 private:
  void AddMethods(const Registry& registry);
  void AddGauges();
  void SetServing(bool serving);
  void WarnWhereOpen();
  void WatchFiles();

  const Options options_;
  const std::unique_ptr<Logger> log_;
  Metrics metrics_;
  const std::unique_ptr<Authenticator> auth_;
  const std::shared_ptr<TlsStore> tls_;  // null: no TLS
  const ClientNamer clients_;
  Admission admission_;
  const std::unique_ptr<ThreadPool> pool_;
  CallEnv env_;
  std::vector<std::string> services_;
  grpc::AsyncGenericService generic_;
  Listener main_;
  Listener health_;
  std::unique_ptr<HttpEndpoint> http_;
  std::string metrics_address_;
  std::string health_address_;
  std::unique_ptr<CallTracer> tracer_;  // null: none
  std::unique_ptr<Reloader> reloader_;
  std::atomic<bool> ready_{false};
  std::mutex drain_mutex_;
  std::optional<bool> drained_;
};

void ServerImpl::AddMethods(const Registry& registry) {
  for (const Method& method : registry.methods()) {
    env_.methods[method.path()] = {
        method,
        metrics_.ForMethod(method.stream ? "bidi_stream" : "unary", method.service, method.name)};
  }
  services_ = registry.services();
}

void ServerImpl::AddGauges() {
  const auto admission = [this](auto member) {
    return [this, member] { return static_cast<double>(admission_.snapshot().*member); };
  };
  std::vector<PolledValue> gauges = {
      {"trine_running", "Requests that run.", {}, admission(&Admission::Snapshot::running)},
      {"trine_queued", "Requests that wait.", {}, admission(&Admission::Snapshot::queued)},
      {"trine_clients",
       "Clients with requests that run or wait.",
       {},
       admission(&Admission::Snapshot::clients)},
      {"trine_inflight_memory_bytes",
       "Memory that calls hold or may need, as far as estimated.",
       {},
       admission(&Admission::Snapshot::inflight_memory)},
      {"trine_held_memory_bytes",
       "Of it, answers that are not sent and the state of open streams.",
       {},
       admission(&Admission::Snapshot::held_memory)},
      {"trine_streams", "Open streams.", {}, admission(&Admission::Snapshot::streams)},
      {"trine_side_calls",
       "Open watches of health and streams of reflection.",
       {},
       admission(&Admission::Snapshot::side_calls)},
      {"trine_inflight_bytes",
       "Bytes of requests that run or wait.",
       {},
       admission(&Admission::Snapshot::inflight_bytes)},
      {"trine_active_calls",
       "Calls between arrival and end.",
       {},
       [this] { return static_cast<double>(env_.active.count()); }},
      {"trine_pooled_bytes",
       "Bytes of the blocks that wait for the next payload.",
       {},
       [this] { return static_cast<double>(env_.buffers->idle_bytes()); }},
      {"trine_pool_threads",
       "Threads that compute.",
       {},
       [this] { return static_cast<double>(pool_->threads()); }},
      {"trine_pool_pending",
       "Jobs of the pool that have not ended.",
       {},
       [this] { return static_cast<double>(pool_->pending()); }},
      {"trine_pool_busy_seconds_total",
       "Time that the pool's threads worked, summed over them [s].",
       {},
       [this] { return pool_->busy_seconds(); },
       true},
      {"trine_connections",
       "Open connections to the main addresses.",
       {},
       [this] { return static_cast<double>(main_.connections()); }},
      {"trine_ready",
       "1 while new calls are welcome.",
       {},
       [this] { return ready_.load() ? 1.0 : 0.0; }},
      {"trine_build_info",
       "What this server is; always 1.",
       {{"version", Version()}, {"build", Build()}, {"simd_target", SimdTarget()}},
       [] { return 1.0; }}};
  for (PolledValue& value : ProcessValues()) gauges.push_back(std::move(value));
  if (tls_ != nullptr) {
    gauges.push_back(
        {"trine_tls_certificate_expiry_seconds",
         "When the served certificate's time is over, in seconds since 1970.",
         {},
         [this] { return static_cast<double>(tls_->current().identity->not_after_s); }});
  }
  for (const OptionSpec& spec : AllOptions()) {
    if (!spec.is_limit) continue;
    const auto value = static_cast<double>(GetNumber(spec, options_));
    gauges.push_back({"trine_limit",
                      "The server's limits.",
                      {{"name", spec.limit_name()}, {"unit", spec.unit_name()}},
                      [value] { return value; }});
  }
  metrics_.SetPolledValues(std::move(gauges));
}

void ServerImpl::WarnWhereOpen() {
  if (tls_ != nullptr && tls_->current().identity->not_after_s <= std::time(nullptr))
    log_->Warn("the time of a certificate in tls-cert is over: clients will refuse it");
  for (const std::string& text : main_.addresses) {
    const auto address = ParseAddress("listen", text);
    if (options_.tls_cert.empty() && address.ok() && !address->IsLocal()) {
      log_->Warn(
          "listening beyond this machine without TLS: anybody on the way can read and "
          "change requests; set tls-cert and tls-key",
          {{"address", text}});
    }
  }
}

void ServerImpl::WatchFiles() {
  std::vector<WatchedFiles> watched;
  if (tls_ != nullptr) {
    watched.push_back(tls_->Watched());
    watched.back().done = metrics_.ResultCounter("trine_tls_reloads_total",
                                                 "Changes of the files of TLS that were noticed.");
  }
  if (!options_.token_file.empty()) {
    watched.push_back(auth_->Watched());
    watched.back().done = metrics_.ResultCounter(
        "trine_token_reloads_total", "Changes of the file of tokens that were noticed.");
  }
  if (watched.empty() || options_.reload_interval_ms == 0) return;
  reloader_ = std::make_unique<Reloader>(
      std::move(watched), std::chrono::milliseconds(options_.reload_interval_ms), log_.get());
}

absl::Status ServerImpl::Start(Registry registry) {
  AddMethods(registry);
  AddGauges();
  if (!options_.otlp_endpoint.empty()) {
    tracer_ = CallTracer::Create(
        options_.otlp_endpoint,
        metrics_.ResultCounter("trine_otlp_exports_total", "Batches of spans sent to a collector."),
        log_.get());
    env_.tracer = tracer_.get();
  }
  TRINE_ASSIGN_OR_RETURN(
      main_, StartMainListener(options_, services_, &admission_, QueueCount(pool_->threads()),
                               MakeCredentials(tls_), &generic_));
  for (const auto& queue : main_.queues)
    for (int i = 0; i < kAcceptsPerQueue; ++i) RpcCall::Accept(&env_, &generic_, queue.get());
  main_.Run();
  if (!options_.health_listen.empty()) {
    TRINE_ASSIGN_OR_RETURN(health_, StartHealthListener(options_, services_, &admission_));
    health_address_ = health_.addresses.at(0);
    health_.Run();
  }
  WatchFiles();
  if (!options_.metrics_listen.empty()) {
    TRINE_ASSIGN_OR_RETURN(http_,
                           HttpEndpoint::Start(options_.metrics_listen,
                                               {.metrics = [this] { return metrics_.Scrape(); },
                                                .ready = [this] { return ready_.load(); }}));
    metrics_address_ = http_->address();
  }
  WarnWhereOpen();
  SetServing(true);
  ready_.store(true);
  return absl::OkStatus();
}

void ServerImpl::SetServing(bool serving) {
  main_.health->SetServing(serving);
  if (health_.server != nullptr) health_.health->SetServing(serving);
}

bool ServerImpl::Drain(std::chrono::milliseconds deadline, std::chrono::milliseconds delay) {
  const std::lock_guard<std::mutex> lock(drain_mutex_);
  if (drained_) return *drained_;
  bool all_ended = true;
  if (main_.server != nullptr) {
    ready_.store(false);
    SetServing(false);
    std::this_thread::sleep_for(delay);
    const auto end = std::chrono::steady_clock::now() + deadline;
    // Calls have ended, and yet a connection needs a round trip to close in order.
    const auto closing = [end] {
      return std::min(end, std::chrono::steady_clock::now() + kClosingTime);
    };
    main_.BeginShutdown();
    all_ended = env_.active.WaitIdle(end);
    main_.FinishShutdown(closing());
    // A call that gRPC has let go of may still be on its way to its end: the queues wait for it.
    env_.live_calls.WaitIdle();
    main_.StopQueues();
    if (health_.server != nullptr) {
      health_.BeginShutdown();
      health_.FinishShutdown(closing());
      health_.StopQueues();
    }
  }
  http_.reset();
  reloader_.reset();
  tracer_.reset();  // no call is left
  drained_ = all_ended;
  return all_ended;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> StartServer(const Options& options, Registry registry,
                                                    spdlog::sink_ptr sink) {
  TRINE_RETURN_IF_ERROR(ValidateOptions(options));
  TRINE_ASSIGN_OR_RETURN(auto log,
                         Logger::Create(options.log_format, options.log_level, std::move(sink)));
  TRINE_ASSIGN_OR_RETURN(auto tls, TlsStore::Load(options));
  auto pool = std::make_unique<ThreadPool>(options.threads);
  Options resolved = options;
  if (resolved.max_running == 0) resolved.max_running = 2 * pool->threads();
  ResolveMemory(MemoryQuota(), &resolved, log.get());
  TRINE_ASSIGN_OR_RETURN(ClientNamer clients, ClientNamer::Create(options.trusted_proxies));
  RegisterServerService(&registry, resolved, pool->threads());
  auto auth = Authenticator::AllowAll();
  if (!options.token_file.empty()) {
    TRINE_ASSIGN_OR_RETURN(auth, Authenticator::Load(options.token_file, registry.services()));
  }
  auto server = std::make_unique<ServerImpl>(std::move(resolved), std::move(log), std::move(auth),
                                             std::move(tls), std::move(clients), std::move(pool));
  TRINE_RETURN_IF_ERROR(server->Start(std::move(registry)));
  return server;
}

}  // namespace trine::server
