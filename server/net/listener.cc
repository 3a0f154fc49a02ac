#include "server/net/listener.h"

#include <grpc/grpc.h>
#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

#include "core/base/error.h"
#include "server/base/address.h"
#include "server/base/queue_tag.h"

namespace trine::server {

void Listener::Run() {
  for (const auto& queue : queues) threads.emplace_back(ServeQueue, queue.get());
  health->Serve(queues.front().get());
  if (reflection != nullptr) reflection->Serve(queues.front().get());
}

void Listener::BeginShutdown() {
  acceptor->Stop();
  health->EndCalls();
  if (reflection != nullptr) reflection->EndCalls();
  closed = std::async(std::launch::async, [this] { server->Shutdown(); });
}

void Listener::FinishShutdown(std::chrono::steady_clock::time_point deadline) {
  // Again and again, as a call may just be arriving, but ever more rarely: each time is work for
  // every connection, and on a slow machine with many of them that must not grow faster than it is
  // done.
  auto pause = std::chrono::milliseconds(2);
  while (closed.wait_until(deadline) != std::future_status::ready) {
    grpc_server_cancel_all_calls(server->c_server());
    deadline = std::chrono::steady_clock::now() + pause;
    pause = std::min(2 * pause, std::chrono::milliseconds(1000));
  }
}

void Listener::StopQueues() {
  health->WaitIdle();
  if (reflection != nullptr) reflection->WaitIdle();
  for (const auto& queue : queues) queue->Shutdown();
  for (std::thread& thread : threads) thread.join();
  threads.clear();
}

namespace {

constexpr char kChannelzPlugin[] = "channelz_service";
constexpr char kHealth[] = "grpc.health.v1.Health";
constexpr char kChannelz[] = "grpc.channelz.v1.Channelz";

// Linking channelz's library adds it to every server of the process; this takes it off again where
// the options do not ask for it, and where it is there twice, which would end the process.
class ChannelzChoice : public grpc::ServerBuilderOption {
 public:
  explicit ChannelzChoice(bool wanted) : wanted_(wanted) {}

  void UpdateArguments(grpc::ChannelArguments*) override {}

  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    std::erase_if(*plugins, [keep = wanted_](const auto& plugin) mutable {
      return plugin->name() == kChannelzPlugin && !std::exchange(keep, false);
    });
  }

 private:
  const bool wanted_;
};

// gRPC keeps this switch for the process; it only makes available what a server's own options then
// choose.
void InitChannelzOnce() {
  static std::once_flag once;
  std::call_once(once, &grpc::channelz::experimental::InitChannelzService);
}

int ToInt(uint64_t value) {
  return static_cast<int>(std::min<uint64_t>(value, std::numeric_limits<int>::max()));
}

void SetArguments(const Options& options, grpc::ServerBuilder* builder) {
  // Our own check answers a message that is too large with the name of the limit; gRPC 1.51 checks
  // a message's size only when it has it whole, so nothing is saved by letting it refuse.
  builder->SetMaxReceiveMessageSize(-1);
  builder->SetMaxSendMessageSize(-1);
  // Message bodies inflate without a bound in gRPC 1.51.
  for (const auto algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP})
    builder->SetCompressionAlgorithmSupportStatus(algorithm, false);
  // The only bound in gRPC 1.51 on a message that has not come whole.
  grpc::ResourceQuota quota("trine");
  quota.Resize(options.max_buffer_bytes);
  builder->SetResourceQuota(quota);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_streams_per_connection);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, options.max_metadata_bytes);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              ToInt(static_cast<uint64_t>(options.min_ping_interval_ms)));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  if (options.max_connection_idle_ms > 0) {
    builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS,
                                ToInt(static_cast<uint64_t>(options.max_connection_idle_ms)));
  }
  if (options.max_connection_age_ms > 0) {
    builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                                ToInt(static_cast<uint64_t>(options.max_connection_age_ms)));
    // Long enough for the longest call that was admitted before.
    builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                                ToInt(static_cast<uint64_t>(options.max_deadline_ms)));
  }
}

// Builds, and fills in addresses; `option` names who asked for `addresses`.
absl::Status Build(const char* option, const std::vector<std::string>& wanted,
                   std::unique_ptr<HealthService> health, int queues, grpc::ServerBuilder* builder,
                   Listener* listener) {
  std::vector<Address> parsed;
  for (const std::string& text : wanted) {
    TRINE_ASSIGN_OR_RETURN(Address address, ParseAddress(option, text));
    parsed.push_back(std::move(address));
  }
  const auto refuse = [&](const std::string& text) {
    return MakeError(absl::StatusCode::kUnavailable,
                     {.reason = "CANNOT_LISTEN", .field = option, .value = text},
                     "cannot listen on " + text +
                         ": it is taken, or not an address of this machine, or not permitted");
  };
  listener->acceptor = std::make_unique<Acceptor>();
  for (size_t i = 0; i < parsed.size(); ++i)
    if (!listener->acceptor->Listen(&parsed[i])) return refuse(wanted[i]);
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> target;
  if (!listener->acceptor->empty()) {
    target = builder->experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        listener->credentials);
  }
  listener->health = std::move(health);
  listener->health->Register(builder);
  if (listener->reflection != nullptr) listener->reflection->Register(builder);
  for (int i = 0; i < queues; ++i) listener->queues.push_back(builder->AddCompletionQueue());
  listener->server = builder->BuildAndStart();
  if (listener->server == nullptr) {
    for (const auto& queue : listener->queues) {
      queue->Shutdown();
      ServeQueue(queue.get());  // nothing waits on it; it wants to be emptied all the same
    }
    return MakeError(absl::StatusCode::kInternal, {.reason = "CANNOT_START", .field = option},
                     "gRPC did not start");
  }
  for (const Address& address : parsed) listener->addresses.push_back(address.ToString());
  if (target != nullptr) listener->acceptor->Start(std::move(target));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Listener> StartMainListener(const Options& options,
                                           const std::vector<std::string>& services,
                                           Admission* admission, int queues,
                                           std::shared_ptr<grpc::ServerCredentials> credentials,
                                           grpc::AsyncGenericService* generic) {
  InitChannelzOnce();
  Listener listener;
  listener.credentials = std::move(credentials);
  grpc::ServerBuilder builder;
  SetArguments(options, &builder);
  // channelz tells of other callers, and its calls do not pass our authentication.
  const bool channelz = options.channelz && options.token_file.empty();
  builder.SetOption(std::make_unique<ChannelzChoice>(channelz));
  if (options.reflection) {
    std::vector<std::string> listed = services;
    listed.emplace_back(kHealth);
    if (channelz) listed.emplace_back(kChannelz);
    listener.reflection =
        std::make_unique<ReflectionService>(std::move(listed), options, admission);
  }
  builder.RegisterAsyncGenericService(generic);
  TRINE_RETURN_IF_ERROR(Build("listen", options.listen,
                              std::make_unique<HealthService>(services, options, admission), queues,
                              &builder, &listener));
  return listener;
}

absl::StatusOr<Listener> StartHealthListener(const Options& options,
                                             const std::vector<std::string>& services,
                                             Admission* admission) {
  InitChannelzOnce();
  Listener listener;
  listener.credentials = grpc::InsecureServerCredentials();
  grpc::ServerBuilder builder;
  SetArguments(options, &builder);
  builder.SetOption(std::make_unique<ChannelzChoice>(false));
  if (options.reflection) {
    listener.reflection =
        std::make_unique<ReflectionService>(std::vector<std::string>{kHealth}, options, admission);
  }
  TRINE_RETURN_IF_ERROR(Build("health-listen", {options.health_listen},
                              std::make_unique<HealthService>(services, options, admission), 1,
                              &builder, &listener));
  return listener;
}

}  // namespace trine::server
