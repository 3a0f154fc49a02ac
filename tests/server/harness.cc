#include "tests/server/harness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"

namespace trine::server::testing {
namespace {

using google::protobuf::BytesValue;
constexpr char kService[] = "trine.test.v1.TestService";
constexpr auto kPatience = std::chrono::minutes(1);

// Runs until cancelled or let go.
absl::Status WaitAtGate(const Call& call, Gate* gate) {
  gate->Enter();
  while (!gate->is_open() && !call.context.cancel.ShouldStop())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  absl::Status status = call.context.cancel.Check();
  gate->Exit(!status.ok());
  return status;
}

absl::Status Fail(const std::string& request) {
  const size_t space = request.find(' ');
  int code = 0;
  if (!absl::SimpleAtoi(request.substr(0, space), &code))
    return InvalidField("value", request, "must be a code and a reason");
  ErrorDetail detail{.reason = request.substr(space + 1),
                     .field = "value.part[1]",
                     .value = "17",
                     .limit = "max_parts = 16",
                     .retry_after_ms = code == 8 ? 1500 : -1,
                     .block = code == 15 ? 3 : -1,
                     .offset = code == 15 ? 4096 : -1};
  return MakeError(static_cast<absl::StatusCode>(code), detail, "is 17, more than 16");
}

// The request's bytes, copied.
std::string Value(const Request<BytesValue>& request) {
  const ByteView bytes = request.Payload(request.message().value());
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class EchoStream : public StreamHandler<BytesValue, BytesValue> {
 public:
  absl::Status OnMessage(const Call&, std::unique_ptr<Request<BytesValue>> request) override {
    const std::string value = Value(*request);
    if (value == "fail") return InvalidField("value", value, "must be anything else");
    ready_.assign(value == "twice" ? 2 : 1, value);
    return absl::OkStatus();
  }
  absl::Status OnEnd(const Call&) override {
    ready_.assign(1, "end");
    return absl::OkStatus();
  }
  absl::StatusOr<bool> Produce(const Call&, Response<BytesValue>* response) override {
    if (ready_.empty()) return false;
    response->SetPayload(response->mutable_message()->mutable_value(), ready_.back());
    ready_.pop_back();
    return true;
  }

 private:
  std::vector<std::string> ready_;
};

class WaitStream : public StreamHandler<BytesValue, BytesValue> {
 public:
  explicit WaitStream(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}
  absl::Status OnMessage(const Call& call, std::unique_ptr<Request<BytesValue>>) override {
    return WaitAtGate(call, gate_.get());
  }
  absl::Status OnEnd(const Call&) override { return absl::OkStatus(); }
  absl::StatusOr<bool> Produce(const Call&, Response<BytesValue>*) override { return false; }

 private:
  const std::shared_ptr<Gate> gate_;
};

}  // namespace

void Gate::Enter() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++entered_;
  changed_.notify_all();
}

void Gate::Exit(bool stopped) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++exited_;
  if (stopped) ++stopped_;
  changed_.notify_all();
}

void Gate::Open() { open_.store(true); }

bool Gate::Await(const int& count, int n) {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return count >= n; });
}

bool Gate::AwaitEntered(int n) { return Await(entered_, n); }
bool Gate::AwaitExited(int n) { return Await(exited_, n); }

int Gate::entered() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return entered_;
}

int Gate::stopped() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stopped_;
}

Registry TestRegistry(std::shared_ptr<Gate> gate) {
  Registry registry;
  const auto add = [&registry](const char* name, UnaryHandler<BytesValue, BytesValue> handler) {
    registry.AddUnary<BytesValue, BytesValue>(kService, name, {}, std::move(handler));
  };
  add("Echo", [](const Call&, const Request<BytesValue>& in, Response<BytesValue>* out) {
    out->SetPayload(out->mutable_message()->mutable_value(), Value(in));
    return absl::OkStatus();
  });
  add("Fail", [](const Call&, const Request<BytesValue>& in, Response<BytesValue>*) {
    return Fail(Value(in));
  });
  add("Bare", [](const Call&, const Request<BytesValue>&, Response<BytesValue>*) {
    return absl::InternalError("cannot open /etc/secret");
  });
  add("Throw", [](const Call&, const Request<BytesValue>&, Response<BytesValue>*) -> absl::Status {
    throw std::runtime_error("something at /etc/secret");
  });
  add("Wait", [gate](const Call& call, const Request<BytesValue>&, Response<BytesValue>*) {
    return WaitAtGate(call, gate.get());
  });
  add("Big", [](const Call&, const Request<BytesValue>& in, Response<BytesValue>* out) {
    size_t bytes = 0;
    if (!absl::SimpleAtoi(Value(in), &bytes))
      return InvalidField("value", Value(in), "must be a number");
    out->SetPayload(out->mutable_message()->mutable_value(), std::string(bytes, 'x'));
    return absl::OkStatus();
  });
  registry.AddUnary<BytesValue, BytesValue>(
      kService, "Where", {.inline_bytes = kInlineBytes},
      [](const Call& call, const Request<BytesValue>&, Response<BytesValue>* out) {
        out->SetPayload(out->mutable_message()->mutable_value(),
                        std::string(call.context.pool == nullptr ? "here" : "pool"));
        return absl::OkStatus();
      });
  registry.AddStream<BytesValue, BytesValue>(kService, "EchoStream", {},
                                             [] { return std::make_unique<EchoStream>(); });
  registry.AddStream<BytesValue, BytesValue>(kService, "WaitStream", {},
                                             [gate] { return std::make_unique<WaitStream>(gate); });
  return registry;
}

void LogSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t formatted;
  formatter_->format(message, formatted);
  lines_.emplace_back(formatted.data(), formatted.size());
}

std::vector<std::string> LogSink::lines() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return lines_;
}

std::optional<std::string> LogSink::Await(const std::string& text) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  do {
    const std::vector<std::string> all = lines();
    for (auto line = all.rbegin(); line != all.rend(); ++line)
      if (line->find(text) != std::string::npos) return *line;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  } while (std::chrono::steady_clock::now() < end);
  return std::nullopt;
}

Options TestOptions() {
  Options options;
  options.listen = {"127.0.0.1:0"};
  options.metrics_listen.clear();
  options.log_level = "off";
  options.threads = 2;
  return options;
}

TestServer::TestServer(Options options) {
  auto started = StartServer(options, TestRegistry(gate), log);
  if (!started.ok()) {
    ADD_FAILURE() << started.status();
    std::abort();
  }
  server = std::move(*started);
}

std::shared_ptr<grpc::Channel> TestServer::Channel(
    std::shared_ptr<grpc::ChannelCredentials> credentials, grpc::ChannelArguments arguments) const {
  if (credentials == nullptr) credentials = grpc::InsecureChannelCredentials();
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return grpc::CreateCustomChannel(server->addresses().at(0), credentials, arguments);
}

google::rpc::Status Reply::details() const {
  google::rpc::Status parsed;
  parsed.ParseFromString(status.error_details());
  return parsed;
}

std::string Reply::reason() const {
  const auto info = detail<google::rpc::ErrorInfo>();
  return info && info->domain() == "trine" ? info->reason() : "";
}

grpc::ByteBuffer ToBuffer(const std::string& raw) {
  const grpc::Slice slice(raw);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return "";
  std::string out;
  for (const grpc::Slice& slice : slices)
    out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return out;
}

std::string Wrap(const std::string& bytes) {
  BytesValue value;
  value.set_value(bytes);
  return value.SerializeAsString();
}

namespace {

std::string Unwrap(const grpc::ByteBuffer& buffer) {
  BytesValue value;
  return value.ParseFromString(ToString(buffer)) ? value.value() : "<malformed>";
}

void Prepare(grpc::ClientContext* context,
             const std::function<void(grpc::ClientContext*)>& prepare) {
  context->set_deadline(std::chrono::system_clock::now() + kPatience);
  if (prepare) prepare(context);
}

Reply MakeReply(const grpc::Status& status, const grpc::ByteBuffer& response,
                const grpc::ClientContext& context) {
  Reply reply;
  reply.status = status;
  if (status.ok()) {
    reply.raw = ToString(response);
    reply.bytes = Unwrap(response);
  }
  for (const auto& [key, value] : context.GetServerInitialMetadata())
    reply.initial_metadata.emplace(std::string(key.data(), key.size()),
                                   std::string(value.data(), value.size()));
  return reply;
}

Reply CallBuffer(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                 const grpc::ByteBuffer& request,
                 const std::function<void(grpc::ClientContext*)>& prepare) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  Prepare(&context, prepare);
  grpc::CompletionQueue queue;
  auto reader = stub.PrepareUnaryCall(&context, method, request, &queue);
  reader->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  reader->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return MakeReply(status, response, context);
}

}  // namespace

Reply CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
              const std::string& raw, const std::function<void(grpc::ClientContext*)>& prepare) {
  return CallBuffer(channel, method, ToBuffer(raw), prepare);
}

Reply CallUnary(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                const std::string& bytes,
                const std::function<void(grpc::ClientContext*)>& prepare) {
  return CallRaw(channel, method, Wrap(bytes), prepare);
}

PendingCall::PendingCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                         const std::string& bytes,
                         const std::function<void(grpc::ClientContext*)>& prepare)
    : stub_(channel) {
  Prepare(&context_, prepare);
  reader_ = stub_.PrepareUnaryCall(&context_, method, ToBuffer(Wrap(bytes)), &queue_);
  reader_->StartCall();
  reader_->Finish(&response_, &status_, nullptr);
}

PendingCall::~PendingCall() {
  if (!awaited_) {
    context_.TryCancel();
    Await();
  }
}

Reply PendingCall::Await() {
  void* tag = nullptr;
  bool ok = false;
  if (!awaited_) queue_.Next(&tag, &ok);
  awaited_ = true;
  return MakeReply(status_, response_, context_);
}

BidiCall::BidiCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                   const std::function<void(grpc::ClientContext*)>& prepare)
    : stub_(channel) {
  Prepare(&context_, prepare);
  stream_ = stub_.PrepareCall(&context_, method, &queue_);
  stream_->StartCall(nullptr);
  Step();
}

BidiCall::~BidiCall() {
  if (!finished_) {
    context_.TryCancel();
    Finish();
  }
}

bool BidiCall::Step() {
  void* tag = nullptr;
  bool ok = false;
  return queue_.Next(&tag, &ok) && ok;
}

bool BidiCall::Write(const std::string& bytes) {
  stream_->Write(ToBuffer(Wrap(bytes)), nullptr);
  return Step();
}

bool BidiCall::WritesDone() {
  stream_->WritesDone(nullptr);
  return Step();
}

std::optional<std::string> BidiCall::Read() {
  grpc::ByteBuffer buffer;
  stream_->Read(&buffer, nullptr);
  if (!Step()) return std::nullopt;
  return Unwrap(buffer);
}

Reply BidiCall::Finish() {
  grpc::Status status;
  stream_->Finish(&status, nullptr);
  Step();
  finished_ = true;
  return MakeReply(status, {}, context_);
}

// The whole answer to one HTTP request, "" where nothing listens.
namespace {

std::string Http(const std::string& address, const std::string& request) {
  const size_t colon = address.rfind(':');
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&peer), sizeof(peer)) == 0 &&
      write(fd, request.data(), request.size()) == static_cast<ssize_t>(request.size())) {
    char buffer[4096];
    for (ssize_t n = 0; (n = read(fd, buffer, sizeof(buffer))) > 0;)
      answer.append(buffer, static_cast<size_t>(n));
  }
  close(fd);
  return answer;
}

}  // namespace

std::string Get(const std::string& address, const std::string& path, const std::string& method) {
  return Http(address, method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
}

// The value of the sample whose name and labels are `sample`; nullopt where there is none.
std::optional<double> Sample(const std::string& page, const std::string& sample) {
  for (absl::string_view line : absl::StrSplit(page, '\n')) {
    if (!absl::ConsumePrefix(&line, sample + " ")) continue;
    double value = 0;
    if (absl::SimpleAtod(line, &value)) return value;
  }
  return std::nullopt;
}

// A page on which `sample` has reached `value`: a call is counted a little after its answer.
std::string AwaitSample(const std::string& address, const std::string& sample, double value) {
  std::string page;
  for (int i = 0; i < 10'000; ++i) {
    page = Get(address, "/metrics");
    if (Sample(page, sample).value_or(0) >= value) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return page;
}

}  // namespace trine::server::testing
