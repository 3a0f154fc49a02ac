// What operators see: metrics, readiness, the access log, GetServerInfo, reflection.
#include <algorithm>
#include <gmock/gmock.h>
#include <unistd.h>

#include <future>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "server/base/address.h"
#include "server/options/option_table.h"
#include "tests/server/harness.h"
#include "trine/v1/server.pb.h"

namespace trine::server::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

Options ObservedOptions() {
  Options options = TestOptions();
  options.metrics_listen = "127.0.0.1:0";
  options.log_level = "info";
  return options;
}

constexpr char kEchoLabels[] =
    "grpc_method=\"Echo\",grpc_service=\"trine.test.v1.TestService\",grpc_type=\"unary\"}";

TEST(MetricsPage, CountsEveryCallByMethodAndCode) {
  TestServer server(ObservedOptions());
  const std::string& address = server.server->metrics_address();
  const auto channel = server.Channel();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(CallUnary(channel, kEcho, "12345").status.ok());
  CallRaw(channel, kEcho, "\x0A\x7Fxx");
  for (int i = 0; i < 5; ++i)
    CallUnary(channel, "/made.up.Service" + std::to_string(i) + "/Method", "");
  const std::string unknown =
      "grpc_server_handled_total{grpc_code=\"UNIMPLEMENTED\",grpc_method=\"unknown\","
      "grpc_service=\"unknown\",grpc_type=\"unknown\"}";
  AwaitSample(address, unknown, 5);
  const std::string page =
      AwaitSample(address, std::string("grpc_server_handling_seconds_count{") + kEchoLabels, 4);
  EXPECT_THAT(page, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(page, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_EQ(Sample(page, std::string("grpc_server_started_total{") + kEchoLabels), 4);
  EXPECT_EQ(Sample(page, std::string("grpc_server_handled_total{grpc_code=\"OK\",") + kEchoLabels),
            3);
  EXPECT_EQ(Sample(page, std::string("grpc_server_handled_total{grpc_code=\"INVALID_ARGUMENT\",") +
                             kEchoLabels),
            1);
  EXPECT_EQ(Sample(page, std::string("trine_request_bytes_total{") + kEchoLabels), 3 * 7 + 4);
  EXPECT_EQ(Sample(page, std::string("trine_response_bytes_total{") + kEchoLabels), 3 * 7);
  EXPECT_EQ(Sample(page, std::string("trine_queue_seconds_count{") + kEchoLabels), 4);
  EXPECT_EQ(Sample(page, std::string("trine_compute_seconds_count{") + kEchoLabels), 4);
  EXPECT_EQ(Sample(page, unknown), 5);
  EXPECT_EQ(page.find("made.up"), std::string::npos);
}

TEST(MetricsPage, ShowsTheStateAndTheLimits) {
  Options options = ObservedOptions();
  options.max_running = 1;
  TestServer server(options);
  const std::string& address = server.server->metrics_address();
  PendingCall running(server.Channel(), kWait, "123");
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  PendingCall waiting(server.Channel(), kEcho, "123");
  const std::string page = AwaitSample(address, "trine_queued", 1);
  EXPECT_EQ(Sample(page, "trine_running"), 1);
  EXPECT_EQ(Sample(page, "trine_queued"), 1);
  EXPECT_EQ(Sample(page, "trine_inflight_bytes"), 10);
  EXPECT_EQ(Sample(page, "trine_active_calls"), 2);
  EXPECT_EQ(Sample(page, "trine_pool_threads"), 2);
  EXPECT_EQ(Sample(page, "trine_ready"), 1);
  for (const OptionSpec& spec : AllOptions()) {
    if (!spec.is_limit) continue;
    EXPECT_EQ(Sample(page, "trine_limit{name=\"" + spec.limit_name() + "\",unit=\"" +
                               spec.unit_name() + "\"}"),
              static_cast<double>(GetNumber(spec, options)))
        << spec.name;
  }
  EXPECT_THAT(page, HasSubstr("trine_build_info{build=\""));
  server.gate->Open();
  running.Await();
  waiting.Await();
}

TEST(MetricsPage, CountsRefusalsByReason) {
  Options options = ObservedOptions();
  options.max_running = 1;
  options.max_queued = 0;
  options.max_message_bytes = 1024;
  TestServer server(options);
  const std::string& address = server.server->metrics_address();
  const auto channel = server.Channel();
  const auto refused = [](const char* reason) {
    return std::string(
               "trine_refusals_total{grpc_method=\"Echo\",grpc_service=\"trine.test.v1."
               "TestService\",grpc_type=\"unary\",reason=\"") +
           reason + "\"}";
  };
  CallUnary(channel, kEcho, std::string(2000, 'x'));
  PendingCall running(channel, kWait, "123");
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  for (int i = 0; i < 3; ++i) CallUnary(channel, kEcho, "x");
  server.gate->Open();
  running.Await();
  // An error of the handler itself is no refusal.
  CallRaw(channel, kEcho, "\x0A\x7F");
  AwaitSample(
      address,
      std::string("grpc_server_handled_total{grpc_code=\"INVALID_ARGUMENT\",") + kEchoLabels, 1);
  AwaitSample(address, refused("QUEUE_FULL"), 3);
  const std::string page = Get(address, "/metrics");
  EXPECT_EQ(Sample(page, refused("QUEUE_FULL")), 3);
  EXPECT_EQ(Sample(page, refused("LIMIT_EXCEEDED")), 1);
  EXPECT_EQ(Sample(page, refused("MALFORMED_MESSAGE")), std::nullopt);
}

TEST(MetricsPage, KnowsTheProcessAndItsConnections) {
  TestServer server(ObservedOptions());
  TestServer another(ObservedOptions());
  const std::string& address = server.server->metrics_address();
  EXPECT_EQ(Sample(Get(address, "/metrics"), "trine_connections"), 0);
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < 3; ++i) {
    channels.push_back(server.Channel());
    ASSERT_TRUE(CallUnary(channels.back(), kEcho, "x").status.ok());
  }
  const std::string page = Get(address, "/metrics");
  EXPECT_EQ(Sample(page, "trine_connections"), 3);
  EXPECT_EQ(Sample(Get(another.server->metrics_address(), "/metrics"), "trine_connections"), 0);
  channels.resize(1);
  for (int i = 0; i < 10'000 && Sample(Get(address, "/metrics"), "trine_connections") != 1; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_EQ(Sample(Get(address, "/metrics"), "trine_connections"), 1);

  EXPECT_GT(Sample(page, "process_resident_memory_bytes").value_or(0), 1e6);
  EXPECT_GT(Sample(page, "process_virtual_memory_bytes").value_or(0), 1e6);
  EXPECT_GE(Sample(page, "process_threads").value_or(0), 2);
  EXPECT_GT(Sample(page, "process_cpu_seconds_total").value_or(0), 0);
  EXPECT_GT(Sample(page, "process_open_fds").value_or(0), 3);
  EXPECT_GT(Sample(page, "process_max_fds").value_or(0), 3);
  EXPECT_GT(Sample(page, "process_start_time_seconds").value_or(0), 1.6e9);
  EXPECT_THAT(page, HasSubstr("# TYPE process_cpu_seconds_total counter"));
}

TEST(MetricsPage, CountsThePoolsTimeAlsoOfWhatStillRuns) {
  TestServer server(ObservedOptions());
  const std::string& address = server.server->metrics_address();
  PendingCall running(server.Channel(), kWait, "");
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  const std::string page = AwaitSample(address, "trine_pool_busy_seconds_total", 0.05);
  EXPECT_THAT(page, HasSubstr("# TYPE trine_pool_busy_seconds_total counter"));
  EXPECT_EQ(Sample(page, "trine_running"), 1);
  server.gate->Open();
  running.Await();
}

TEST(HttpPages, AreFewAndReadOnly) {
  TestServer server(ObservedOptions());
  const std::string& address = server.server->metrics_address();
  EXPECT_THAT(Get(address, "/healthz"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Get(address, "/readyz"), StartsWith("HTTP/1.1 200"));
  for (const char* path : {"/", "/metrics/", "/metricsx", "/../etc/passwd", "/index.html"})
    EXPECT_THAT(Get(address, path), StartsWith("HTTP/1.1 404")) << path;
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
    EXPECT_THAT(Get(address, "/metrics", method), StartsWith("HTTP/1.1 405")) << method;
  const std::string head = Get(address, "/metrics", "HEAD");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(head.find("grpc_server"), std::string::npos);
}

TEST(HttpPages, AreServedBesideRequestsThatNeverEnd) {
  TestServer server(ObservedOptions());
  const std::string& address = server.server->metrics_address();
  const std::string half = "GET /metrics HTTP/1.1\r\nX: a";
  std::vector<int> open;
  for (int i = 0; i < 200; ++i) {
    const int fd = Connect(address);
    if (fd < 0) break;
    EXPECT_EQ(write(fd, half.data(), half.size()), static_cast<ssize_t>(half.size()));
    open.push_back(fd);
  }
  EXPECT_THAT(Get(address, "/healthz"), StartsWith("HTTP/1.1 200"));
  // The server ends each of them.
  char buffer[4096];
  for (const int fd : open) {
    while (read(fd, buffer, sizeof(buffer)) > 0) continue;
    close(fd);
  }
}

TEST(HttpPages, TellOfADrain) {
  Options options = ObservedOptions();
  TestServer server(options);
  const std::string address = server.server->metrics_address();
  PendingCall running(server.Channel(), kWait, "");
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  auto drained =
      std::async(std::launch::async, [&] { return server.server->Drain(std::chrono::minutes(1)); });
  while (!absl::StartsWith(Get(address, "/readyz"), "HTTP/1.1 503"))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_THAT(Get(address, "/healthz"), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(Sample(Get(address, "/metrics"), "trine_ready"), 0);
  server.gate->Open();
  EXPECT_TRUE(drained.get());
  EXPECT_EQ(Get(address, "/healthz"), "");
}

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";

Reply CallTraced(const TestServer& server, const std::string& traceparent) {
  return CallUnary(server.Channel(), kEcho, "secret payload", [&](grpc::ClientContext* context) {
    context->AddMetadata("x-request-id", "req-1");
    context->AddMetadata("traceparent", traceparent);
  });
}

TEST(AccessLog, HasALineForEveryCall) {
  Options options = ObservedOptions();
  options.log_format = "json";
  TestServer server(options);
  const Reply reply = CallTraced(server, std::string("00-") + kTrace + "-00f067aa0ba902b7-01");
  ASSERT_TRUE(reply.status.ok());
  EXPECT_THAT(reply.initial_metadata, Contains(std::pair("x-request-id", "req-1")));
  const auto line = server.log->Await("req-1");
  ASSERT_TRUE(line);
  const nlohmann::json entry = nlohmann::json::parse(*line);
  std::set<std::string> keys;
  for (const auto& [key, value] : entry.items()) keys.insert(key);
  EXPECT_THAT(keys,
              UnorderedElementsAre("time", "level", "message", "request_id", "trace_id", "span_id",
                                   "method", "status", "reason", "model", "bytes_in", "bytes_out",
                                   "queue_ms", "compute_ms", "total_ms", "peer", "client"));
  EXPECT_EQ(entry["message"], "rpc");
  EXPECT_EQ(entry["request_id"], "req-1");
  EXPECT_EQ(entry["trace_id"], kTrace);
  EXPECT_EQ(entry["method"], kEcho);
  EXPECT_EQ(entry["status"], "OK");
  EXPECT_EQ(entry["reason"], "");
  EXPECT_EQ(entry["bytes_in"], 16);
  EXPECT_EQ(entry["bytes_out"], 16);
  EXPECT_GE(entry["queue_ms"], 0.0);
  EXPECT_GE(entry["compute_ms"], 0.0);
  EXPECT_GE(entry["total_ms"].get<double>(),
            entry["queue_ms"].get<double>() + entry["compute_ms"].get<double>());
  EXPECT_THAT(entry["peer"].get<std::string>(), StartsWith("ipv4:127.0.0.1:"));
  EXPECT_EQ(entry["client"], "ipv4:127.0.0.1");
  EXPECT_EQ(line->find("secret"), std::string::npos);
  // The trace is passed on with the span that the line names.
  EXPECT_THAT(reply.initial_metadata,
              Contains(std::pair("traceparent", std::string("00-") + kTrace + "-" +
                                                    entry["span_id"].get<std::string>() + "-01")));
}

TEST(AccessLog, TakesOverATraceOnlyWhereItIsOne) {
  TestServer server(ObservedOptions());
  const std::string trace = kTrace;
  const std::string span = "00f067aa0ba902b7";
  const std::string zeros(32, '0');
  const auto answer = [&](const std::string& traceparent) -> std::string {
    const Reply reply = CallTraced(server, traceparent);
    const auto found = reply.initial_metadata.find("traceparent");
    return found == reply.initial_metadata.end() ? "" : found->second;
  };
  // The caller's wish to record is passed on; our span is new.
  const std::vector<std::pair<std::string, std::string>> good = {
      {"00-" + trace + "-" + span + "-01", "-01"},
      {"00-" + trace + "-" + span + "-00", "-00"},
      {"00-" + trace + "-" + span + "-02", "-00"},
      {"00-" + trace + "-" + span + "-ff", "-01"},
      {"cc-" + trace + "-" + span + "-01-what-comes", "-01"}};
  for (const auto& [given, flags] : good) {
    const std::string got = answer(given);
    EXPECT_THAT(got, ::testing::MatchesRegex("00-" + trace + "-[0-9a-f]{16}" + flags)) << given;
    EXPECT_EQ(got.find(span), std::string::npos);
  }
  const std::vector<std::string> bad = {"",
                                        "00-" + trace + "-" + span,
                                        "00-" + trace + "-" + span + "-01-more",
                                        "ff-" + trace + "-" + span + "-01",
                                        "00-" + zeros + "-" + span + "-01",
                                        "00-" + trace + "-" + zeros.substr(16) + "-01",
                                        "00-" + trace + "-" + span + "-0x",
                                        "00_" + trace + "-" + span + "-01",
                                        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + span + "-01"};
  for (const std::string& given : bad) EXPECT_EQ(answer(given), "") << given;
}

TEST(AccessLog, NamesTheReasonOfARefusalAndIdsThatAreMadeUp) {
  TestServer server(ObservedOptions());
  const Reply reply = CallRaw(
      server.Channel(), kEcho, "\x0A\x7F",
      [](grpc::ClientContext* context) { context->AddMetadata("x-request-id", "not sane"); });
  const auto line = server.log->Await("reason=MALFORMED_MESSAGE");
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, HasSubstr("status=INVALID_ARGUMENT"));
  EXPECT_EQ(line->find("not sane"), std::string::npos);
}

TEST(StartLog, WarnsWhereOthersCanListen) {
  Options options = ObservedOptions();
  TestServer local(options);
  EXPECT_TRUE(local.log->lines().empty());
  // 127.0.0.1 as one number, which does not look like this machine's own address.
  options.listen = {"2130706433:0"};
  TestServer open(options);
  EXPECT_TRUE(open.log->Await("without TLS"));
}

TEST(Defaults, ListenOnLoopbackOnly) {
  const Options options;
  for (const std::string& text : options.listen)
    EXPECT_TRUE(ParseAddress("listen", text)->IsLocal()) << text;
  EXPECT_TRUE(ParseAddress("metrics-listen", options.metrics_listen)->IsLocal());
  EXPECT_EQ(options.health_listen, "");
  EXPECT_EQ(options.otlp_endpoint, "");
}

TEST(ServerInfo, TellsWhatTheServerIsAndAllows) {
  Options options = TestOptions();
  options.max_queued = 17;
  options.limits.max_regions = 99;
  TestServer server(options);
  const Reply reply = CallRaw(server.Channel(), "/trine.v1.ServerService/GetServerInfo", "");
  ASSERT_TRUE(reply.status.ok());
  v1::GetServerInfoResponse info;
  ASSERT_TRUE(info.ParseFromString(reply.raw));
  EXPECT_THAT(info.version(), ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
  EXPECT_THAT(info.build(), HasSubstr(", "));
  EXPECT_FALSE(info.simd_target().empty());
  EXPECT_EQ(info.threads(), 2);
  EXPECT_GE(info.uptime_ms(), 0);
  std::map<std::string, uint64_t> limits;
  for (const v1::Limit& limit : info.limits()) {
    EXPECT_FALSE(limit.unit().empty()) << limit.name();
    limits[limit.name()] = limit.value();
  }
  EXPECT_EQ(limits["max_queued"], 17u);
  EXPECT_EQ(limits["max_regions"], 99u);
  EXPECT_EQ(limits["max_running"], 4u);
  EXPECT_EQ(limits["max_message_bytes"], uint64_t{64} << 20);
  EXPECT_THAT(info.presets(), Contains("PYTORCH"));
  EXPECT_THAT(info.models(), Contains("ADAPTIVE"));
  EXPECT_THAT(info.methods(), Contains("multi_otsu"));
  ASSERT_EQ(info.steps_size(), info.methods_size());
  const auto step = std::find_if(info.steps().begin(), info.steps().end(),
                                 [](const auto& s) { return s.name() == "multi_otsu"; });
  ASSERT_NE(step, info.steps().end());
  EXPECT_THAT(step->writes(), ElementsAre("mask", "labels", "thresholds"));
  ASSERT_EQ(step->parameters_size(), 1);
  EXPECT_EQ(step->parameters(0).name(), "classes");
  EXPECT_EQ(step->parameters(0).range(), "2 to 16");
  EXPECT_EQ(step->parameters(0).default_value(), "3");
  EXPECT_THAT(info.profiles(), ElementsAre("EXACT", "OPENCV", "SKIMAGE", "IMAGEJ", "MATLAB"));
}

// grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo with list_services = "" (field 7),
// as bytes: Debian packages no C++ code of the protocol. The answer's bytes hold the names.
std::string ListServices(const std::shared_ptr<grpc::Channel>& channel) {
  const Reply reply = CallRaw(
      channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", {"\x3A\x00", 2});
  return reply.status.ok() ? reply.raw : "";
}

TEST(Reflection, ListsTheServices) {
  Options options = TestOptions();
  const auto list = [&](const Options& chosen) {
    TestServer server(chosen);
    return ListServices(server.Channel());
  };
  const std::string listed = list(options);
  EXPECT_THAT(listed, HasSubstr("trine.test.v1.TestService"));
  EXPECT_THAT(listed, HasSubstr("trine.v1.ServerService"));
  EXPECT_THAT(listed, HasSubstr("grpc.health.v1.Health"));
  options.reflection = false;
  EXPECT_EQ(list(options), "");
}

}  // namespace
}  // namespace trine::server::testing
