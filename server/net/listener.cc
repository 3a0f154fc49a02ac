#include "server/net/listener.h"

#include <grpc/grpc.h>
#include <grpc/support/alloc.h>
#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/support/method_handler.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "server/base/address.h"
#include "server/base/queue_tag.h"

namespace trine::server {

class NamedService : public grpc::Service {
 public:
  // Reflection reads a service's name off its first method's path. A method with an empty name
  // cannot be a real one, so every real call passes on to the generic service.
  explicit NamedService(const std::string& name) : path_("/" + name + "/") {
    // Not a callback method: see server/net/health.h.
    AddMethod(new grpc::internal::RpcServiceMethod(
        path_.c_str(), grpc::internal::RpcMethod::NORMAL_RPC,
        new grpc::internal::UnknownMethodHandler("this server has no such method")));
  }

 private:
  const std::string path_;
};

namespace {
constexpr intptr_t kMaxCountedSockets = 1'000'000;
}  // namespace

Listener::Listener() = default;
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;
Listener::~Listener() = default;

int Listener::connections() const {
  if (channelz_id == 0) return 0;
  char* text = grpc_channelz_get_server_sockets(channelz_id, 0, kMaxCountedSockets);
  if (text == nullptr) return 0;
  static constexpr std::string_view kKey = "\"socketId\"";
  int count = 0;
  const std::string_view page = text;
  for (size_t at = page.find(kKey); at != std::string_view::npos; at = page.find(kKey, at + 1))
    ++count;
  gpr_free(text);
  return count;
}

void Listener::Run() {
  for (const auto& queue : queues) threads.emplace_back(ServeQueue, queue.get());
  health->Serve(queues.front().get());
}

void Listener::StopQueues() {
  health->WaitIdle();
  for (const auto& queue : queues) queue->Shutdown();
  for (std::thread& thread : threads) thread.join();
  threads.clear();
}

namespace {

constexpr char kReflection[] = "proto_server_reflection";
constexpr char kChannelz[] = "channelz_service";

// Linking the plugins' libraries adds them to every server of the process; this keeps those that
// the options ask for.
class PluginChoice : public grpc::ServerBuilderOption {
 public:
  PluginChoice(bool reflection, bool channelz) : reflection_(reflection), channelz_(channelz) {}

  void UpdateArguments(grpc::ChannelArguments*) override {}

  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    std::erase_if(*plugins, [this, seen = std::vector<std::string>()](const auto& plugin) mutable {
      const std::string name = plugin->name();
      if (name == kReflection && !reflection_) return true;
      if (name == kChannelz && !channelz_) return true;
      // Twice the same service would end the process.
      if (std::find(seen.begin(), seen.end(), name) != seen.end()) return true;
      seen.push_back(name);
      return false;
    });
  }

 private:
  const bool reflection_;
  const bool channelz_;
};

// gRPC keeps these switches for the process; they only make available what a server's own options
// then choose.
void InitGrpcOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::channelz::experimental::InitChannelzService();
  });
}

// What gRPC answers about itself is JSON.
std::string TakeText(char* text) {
  if (text == nullptr) return "";
  std::string taken(text);
  gpr_free(text);
  return taken;
}

// The highest number that gRPC has given to a server of this process.
intptr_t LastServerId() {
  static constexpr std::string_view kKey = "\"serverId\":\"";
  intptr_t last = 0;
  for (;;) {
    const std::string page = TakeText(grpc_channelz_get_servers(last + 1));
    const size_t at = page.rfind(kKey);
    if (at == std::string::npos) return last;
    const intptr_t next = std::atoll(page.c_str() + at + kKey.size());
    if (next <= last) return last;
    last = next;
  }
}

// Starts the server and finds its number: the last one, as no two start at a time.
std::unique_ptr<grpc::Server> StartNumbered(grpc::ServerBuilder* builder, intptr_t* id) {
  static std::mutex one_at_a_time;
  const std::lock_guard<std::mutex> lock(one_at_a_time);
  const intptr_t before = LastServerId();
  std::unique_ptr<grpc::Server> server = builder->BuildAndStart();
  const intptr_t after = LastServerId();
  *id = server != nullptr && after > before ? after : 0;
  return server;
}

int ToInt(uint64_t value) {
  return static_cast<int>(std::min<uint64_t>(value, std::numeric_limits<int>::max()));
}

void SetArguments(const Options& options, grpc::ServerBuilder* builder) {
  // Our own check answers a message that is too large with the name of the limit; gRPC 1.51 looks
  // at a message's size only when it has it whole, so nothing is saved by letting it refuse.
  builder->SetMaxReceiveMessageSize(-1);
  builder->SetMaxSendMessageSize(-1);
  // Message bodies inflate without a bound in gRPC 1.51.
  for (const auto algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP})
    builder->SetCompressionAlgorithmSupportStatus(algorithm, false);
  // The only bound in gRPC 1.51 on a message that has not come whole.
  grpc::ResourceQuota quota("trine");
  quota.Resize(options.max_buffer_bytes);
  builder->SetResourceQuota(quota);
  // Two servers on one Unix socket would share its connections without a word.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
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
                   const std::vector<std::string>& services, int queues,
                   grpc::ServerBuilder* builder, Listener* listener) {
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
  std::vector<int> unix_sockets(parsed.size(), 0);
  for (size_t i = 0; i < parsed.size(); ++i) {
    if (!parsed[i].unix_path.empty()) {
      // Only this machine reaches it: gRPC may listen itself.
      builder->AddListeningPort(parsed[i].ToString(), listener->credentials, &unix_sockets[i]);
    } else if (!listener->acceptor->Listen(&parsed[i])) {
      return refuse(wanted[i]);
    }
  }
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> target;
  if (!listener->acceptor->empty()) {
    target = builder->experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        listener->credentials);
  }
  listener->health = std::make_unique<HealthService>(services);
  builder->RegisterService(listener->health->service());
  for (int i = 0; i < queues; ++i) listener->queues.push_back(builder->AddCompletionQueue());
  listener->server = StartNumbered(builder, &listener->channelz_id);
  if (listener->server == nullptr) {
    for (const auto& queue : listener->queues) {
      queue->Shutdown();
      ServeQueue(queue.get());  // nothing waits on it; it wants to be emptied all the same
    }
    size_t failed = 0;
    while (failed + 1 < parsed.size() &&
           (parsed[failed].unix_path.empty() || unix_sockets[failed] != 0))
      ++failed;
    return refuse(wanted[failed]);
  }
  for (const Address& address : parsed) listener->addresses.push_back(address.ToString());
  if (target != nullptr) listener->acceptor->Start(std::move(target));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Listener> StartMainListener(const Options& options,
                                           const std::vector<std::string>& services, int queues,
                                           std::shared_ptr<grpc::ServerCredentials> credentials,
                                           grpc::AsyncGenericService* generic) {
  InitGrpcOnce();
  Listener listener;
  listener.credentials = std::move(credentials);
  grpc::ServerBuilder builder;
  SetArguments(options, &builder);
  // channelz tells of other callers, and its calls do not pass our authentication.
  builder.SetOption(std::make_unique<PluginChoice>(options.reflection,
                                                   options.channelz && options.token_file.empty()));
  if (options.reflection) {
    for (const std::string& name : services) {
      listener.named.push_back(std::make_unique<NamedService>(name));
      builder.RegisterService(listener.named.back().get());
    }
  }
  builder.RegisterAsyncGenericService(generic);
  TRINE_RETURN_IF_ERROR(Build("listen", options.listen, services, queues, &builder, &listener));
  return listener;
}

absl::StatusOr<Listener> StartHealthListener(const Options& options,
                                             const std::vector<std::string>& services) {
  InitGrpcOnce();
  Listener listener;
  listener.credentials = grpc::InsecureServerCredentials();
  grpc::ServerBuilder builder;
  SetArguments(options, &builder);
  builder.SetOption(std::make_unique<PluginChoice>(options.reflection, false));
  TRINE_RETURN_IF_ERROR(
      Build("health-listen", {options.health_listen}, services, 1, &builder, &listener));
  return listener;
}

}  // namespace trine::server
