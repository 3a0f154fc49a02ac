#include "tests/server/test_service.h"

#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
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
std::string Value(Request<BytesValue>& request) {
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

// The number that a request's text says.
absl::StatusOr<uint64_t> Number(Request<BytesValue>& request) {
  uint64_t number = 0;
  if (absl::SimpleAtoi(Value(request), &number)) return number;
  return InvalidField("value", Value(request), "must be a number");
}

class KeepStream : public StreamHandler<BytesValue, BytesValue> {
 public:
  absl::Status OnMessage(const Call&, std::unique_ptr<Request<BytesValue>> request) override {
    TRINE_ASSIGN_OR_RETURN(held_, Number(*request));
    ready_ = true;
    return absl::OkStatus();
  }
  absl::Status OnEnd(const Call&) override { return absl::OkStatus(); }
  absl::StatusOr<bool> Produce(const Call&, Response<BytesValue>* response) override {
    if (!std::exchange(ready_, false)) return false;
    response->SetPayload(response->mutable_message()->mutable_value(), std::string("ok"));
    return true;
  }
  uint64_t HeldBytes() const override { return held_; }

 private:
  uint64_t held_ = 0;
  bool ready_ = false;
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
  add("Echo", [](const Call&, Request<BytesValue>& in, Response<BytesValue>* out) {
    out->SetPayload(out->mutable_message()->mutable_value(), Value(in));
    return absl::OkStatus();
  });
  add("Fail",
      [](const Call&, Request<BytesValue>& in, Response<BytesValue>*) { return Fail(Value(in)); });
  add("Bare", [](const Call&, const Request<BytesValue>&, Response<BytesValue>*) {
    return absl::InternalError("cannot open /etc/secret");
  });
  add("Throw", [](const Call&, const Request<BytesValue>&, Response<BytesValue>*) -> absl::Status {
    throw std::runtime_error("something at /etc/secret");
  });
  add("Wait", [gate](const Call& call, const Request<BytesValue>&, Response<BytesValue>*) {
    return WaitAtGate(call, gate.get());
  });
  add("Big", [](const Call&, Request<BytesValue>& in, Response<BytesValue>* out) -> absl::Status {
    TRINE_ASSIGN_OR_RETURN(const uint64_t bytes, Number(in));
    out->SetPayload(out->mutable_message()->mutable_value(), std::string(bytes, 'x'));
    return absl::OkStatus();
  });
  add("Reserve",
      [](const Call& call, Request<BytesValue>& in, Response<BytesValue>*) -> absl::Status {
        TRINE_ASSIGN_OR_RETURN(const uint64_t bytes, Number(in));
        return call.Reserve(bytes);
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
  registry.AddStream<BytesValue, BytesValue>(kService, "KeepStream", {},
                                             [] { return std::make_unique<KeepStream>(); });
  return registry;
}

}  // namespace trine::server::testing
