// What one connection may do, and how long it may live.
#include <string>
#include <thread>

#include "tests/server/harness.h"

namespace trine::server::testing {
namespace {

double Connections(const TestServer& server) {
  return Sample(Get(server.server->metrics_address(), "/metrics"), "trine_connections")
      .value_or(-1);
}

Options WithMetrics() {
  Options options = TestOptions();
  options.metrics_listen = "127.0.0.1:0";
  return options;
}

TEST(Connections, HaveNoMoreCallsOpenThanAllowed) {
  Options options = TestOptions();
  options.max_streams_per_connection = 1;
  options.max_running = 4;
  options.threads = 2;
  TestServer server(options);
  const auto channel = server.Channel();
  PendingCall running(channel, kWait, "");
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  // A second call is not sent while the first is open.
  const Reply held = CallUnary(channel, kEcho, "x", [](grpc::ClientContext* context) {
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
  });
  EXPECT_EQ(held.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  // Another connection has a place of its own.
  EXPECT_TRUE(CallUnary(server.Channel(), kEcho, "x").status.ok());
  server.gate->Open();
  EXPECT_TRUE(running.Await().status.ok());
  EXPECT_TRUE(CallUnary(channel, kEcho, "x").status.ok());
}

TEST(Connections, EndWhenTheyAreIdle) {
  Options options = WithMetrics();
  options.max_connection_idle_ms = 100;
  TestServer server(options);
  const auto channel = server.Channel();
  ASSERT_TRUE(CallUnary(channel, kEcho, "x").status.ok());
  // Without the limit this never ends.
  while (Connections(server) != 0) std::this_thread::yield();
  // A call that leaves before the client knows would be lost with the connection.
  while (channel->GetState(false) == GRPC_CHANNEL_READY) std::this_thread::yield();
  EXPECT_TRUE(CallUnary(channel, kEcho, "x").status.ok());
}

TEST(Connections, EndWhenTheyAreOldButNotBeforeTheirCalls) {
  Options options = WithMetrics();
  options.max_connection_age_ms = 100;
  options.max_running = 4;
  options.threads = 2;
  TestServer server(options);
  const auto channel = server.Channel();
  PendingCall running(channel, kWait, "");
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  // New calls come on a new connection, once the old one takes no more. Without the limit there is
  // never a second one.
  while (Connections(server) < 2) CallUnary(channel, kEcho, "x");
  server.gate->Open();
  EXPECT_TRUE(running.Await().status.ok());
}

}  // namespace
}  // namespace trine::server::testing
