#include "tests/server/harness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace trine::server::testing {
namespace {

constexpr auto kPatience = std::chrono::minutes(1);

}  // namespace

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

Options OneAtATime(int max_queued) {
  Options options = TestOptions();
  options.max_running = 1;
  options.max_queued = max_queued;
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

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = ::testing::TempDir() + "trine_server_" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

int Connect(const std::string& address) {
  const size_t colon = address.rfind(':');
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<sockaddr*>(&peer), sizeof(peer)) == 0) return fd;
  close(fd);
  return -1;
}

// The whole answer to one HTTP request, "" where nothing listens.
namespace {

std::string Http(const std::string& address, const std::string& request) {
  const int fd = Connect(address);
  std::string answer;
  if (fd >= 0 &&
      write(fd, request.data(), request.size()) == static_cast<ssize_t>(request.size())) {
    char buffer[4096];
    for (ssize_t n = 0; (n = read(fd, buffer, sizeof(buffer))) > 0;)
      answer.append(buffer, static_cast<size_t>(n));
  }
  if (fd >= 0) close(fd);
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

double AwaitValue(const std::string& address, const std::string& sample, double value) {
  double now = -1;
  for (int i = 0; i < 10'000; ++i) {
    now = Sample(Get(address, "/metrics"), sample).value_or(-1);
    if (now == value) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return now;
}

}  // namespace trine::server::testing
