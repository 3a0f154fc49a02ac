// A real server in this process, with a service of test methods, and raw calls to it.
//
// Test methods, all of /trine.test.v1.TestService/, BytesValue in and out:
//   Echo      the same bytes
//   Fail      the status whose code and reason the request names, "<code> <reason>"
//   Bare      a status without details, INTERNAL, with a path in its text
//   Throw     an exception
//   Wait      runs until it is cancelled (polls), or until Gate::Open
//   Where     "here" where it ran on the thread that it came on, else "pool"
//   Big       a response of so many bytes as the request's text says
//   EchoStream  each message back; two answers for "twice"; "end" at the end; "fail" fails
//   WaitStream  runs on its first message until it is cancelled
#pragma once

#include <google/protobuf/wrappers.pb.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/server_impl.h"

namespace trine::server::testing {

// What the test methods tell the test, and the other way round.
class Gate {
 public:
  // Called by Wait when it starts to run.
  void Enter();
  // Called by Wait when it ends; `stopped`: by its cancellation.
  void Exit(bool stopped);
  void Open();
  bool is_open() const { return open_.load(); }
  // Waits until `n` calls in all have entered (or exited); false after a minute.
  bool AwaitEntered(int n);
  bool AwaitExited(int n);
  int entered() const;
  int stopped() const;

 private:
  bool Await(const int& count, int n);

  std::atomic<bool> open_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int entered_ = 0;
  int exited_ = 0;
  int stopped_ = 0;
};

Registry TestRegistry(std::shared_ptr<Gate> gate);

// Keeps the server's log.
class LogSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::vector<std::string> lines();
  // Waits for a line that contains `text`; the last such line, or nullopt after a minute.
  std::optional<std::string> Await(const std::string& text);

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  std::vector<std::string> lines_;
};

// Loopback, any port, no metrics, no log; a test changes what it is about.
Options TestOptions();

struct TestServer {
  explicit TestServer(Options options = TestOptions());

  // A channel with a connection of its own.
  std::shared_ptr<grpc::Channel> Channel(
      std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr,
      grpc::ChannelArguments arguments = {}) const;

  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  std::shared_ptr<LogSink> log = std::make_shared<LogSink>();
  std::unique_ptr<Server> server;
};

struct Reply {
  grpc::Status status;
  std::string bytes;  // of the BytesValue
  std::string raw;    // the message as it came
  std::multimap<std::string, std::string> initial_metadata;

  google::rpc::Status details() const;
  // The detail of type T, if there is exactly one.
  template <typename T>
  std::optional<T> detail() const {
    std::optional<T> found;
    const google::rpc::Status all = details();
    for (const auto& any : all.details()) {
      T message;
      if (!any.Is<T>() || !any.UnpackTo(&message)) continue;
      if (found) return std::nullopt;
      found = message;
    }
    return found;
  }
  std::string reason() const;
};

inline constexpr char kEcho[] = "/trine.test.v1.TestService/Echo";
inline constexpr char kFail[] = "/trine.test.v1.TestService/Fail";
inline constexpr char kBare[] = "/trine.test.v1.TestService/Bare";
inline constexpr char kThrow[] = "/trine.test.v1.TestService/Throw";
inline constexpr char kWait[] = "/trine.test.v1.TestService/Wait";
inline constexpr char kWhere[] = "/trine.test.v1.TestService/Where";
inline constexpr uint64_t kInlineBytes = 100;  // of Where
inline constexpr char kBig[] = "/trine.test.v1.TestService/Big";
inline constexpr char kEchoStream[] = "/trine.test.v1.TestService/EchoStream";
inline constexpr char kWaitStream[] = "/trine.test.v1.TestService/WaitStream";

grpc::ByteBuffer ToBuffer(const std::string& raw);
std::string ToString(const grpc::ByteBuffer& buffer);
// A BytesValue's wire form.
std::string Wrap(const std::string& bytes);

// One unary call with `raw` as the request message's bytes. `prepare` may change the context
// (deadline, metadata); without a deadline of its own the call has one of a minute.
Reply CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
              const std::string& raw,
              const std::function<void(grpc::ClientContext*)>& prepare = nullptr);
// The same with a BytesValue around `bytes`.
Reply CallUnary(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                const std::string& bytes,
                const std::function<void(grpc::ClientContext*)>& prepare = nullptr);

// A unary call under way.
class PendingCall {
 public:
  PendingCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
              const std::string& bytes,
              const std::function<void(grpc::ClientContext*)>& prepare = nullptr);
  ~PendingCall();
  void Cancel() { context_.TryCancel(); }
  // The end of the call.
  Reply Await();

 private:
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  grpc::ByteBuffer response_;
  grpc::Status status_;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader_;
  bool awaited_ = false;
};

// A bidirectional call, one operation at a time.
class BidiCall {
 public:
  BidiCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
           const std::function<void(grpc::ClientContext*)>& prepare = nullptr);
  ~BidiCall();
  bool Write(const std::string& bytes);
  bool WritesDone();
  std::optional<std::string> Read();
  Reply Finish();
  void Cancel() { context_.TryCancel(); }

 private:
  bool Step();  // waits for the operation just started

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  bool finished_ = false;
};

// The whole HTTP answer of `address`, "" where nothing listens.
std::string Get(const std::string& address, const std::string& path,
                const std::string& method = "GET");
// The value of the sample whose name and labels are `sample`; nullopt where there is none.
std::optional<double> Sample(const std::string& page, const std::string& sample);
// A metrics page on which `sample` has reached `value`: a call is counted a little after its
// answer.
std::string AwaitSample(const std::string& address, const std::string& sample, double value);

}  // namespace trine::server::testing
