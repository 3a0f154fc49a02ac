// A real server in this process with the service of test methods (test_service.h), to be called
// (calls.h).
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/base_sink.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "server/server_impl.h"
#include "tests/server/calls.h"
#include "tests/server/test_service.h"

namespace trine::server::testing {

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
// One request runs at once, `max_queued` wait.
Options OneAtATime(int max_queued);

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

// Writes `text` to a file of the test's, and returns its path.
std::string WriteFile(const std::string& name, const std::string& text);

// A socket connected to `address`, IPV4:PORT, to be closed by the caller; -1 where nothing listens.
int Connect(const std::string& address);

// The whole HTTP answer of `address`, "" where nothing listens.
std::string Get(const std::string& address, const std::string& path,
                const std::string& method = "GET");
// The value of the sample whose name and labels are `sample`; nullopt where there is none.
std::optional<double> Sample(const std::string& page, const std::string& sample);
// A metrics page on which `sample` has reached `value`: a call is counted a little after its
// answer.
std::string AwaitSample(const std::string& address, const std::string& sample, double value);

// Waits until `sample` is `value`, which it may be for a moment only; the last value seen.
double AwaitValue(const std::string& address, const std::string& sample, double value);

}  // namespace trine::server::testing
