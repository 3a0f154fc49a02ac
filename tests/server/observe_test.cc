// What operators see: metrics, readiness, the access log, GetServerInfo, reflection.
#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "absl/strings/match.h"
#include "server/options.h"
#include "tests/server/harness.h"
#include "trine/v1/server.pb.h"

namespace trine::server::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

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

TEST(AccessLog, HasALineForEveryCall) {
  Options options = ObservedOptions();
  options.log_format = "json";
  TestServer server(options);
  const Reply reply =
      CallUnary(server.Channel(), kEcho, "secret payload", [](grpc::ClientContext* context) {
        context->AddMetadata("x-request-id", "req-1");
        context->AddMetadata("traceparent",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
      });
  ASSERT_TRUE(reply.status.ok());
  EXPECT_THAT(reply.initial_metadata, Contains(std::pair("x-request-id", "req-1")));
  const auto line = server.log->Await("req-1");
  ASSERT_TRUE(line);
  for (const char* part :
       {"\"message\":\"rpc\"", "\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\"",
        "\"method\":\"/trine.test.v1.TestService/Echo\"", "\"status\":\"OK\"", "\"bytes_in\":16",
        "\"bytes_out\":16", "\"queue_ms\":", "\"compute_ms\":", "\"peer\":\"ipv4:127.0.0.1:"}) {
    EXPECT_THAT(*line, HasSubstr(part));
  }
  EXPECT_EQ(line->find("secret"), std::string::npos);
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
