// What one connection may do, and how long it may live; connections over Unix sockets.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
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

std::string SocketPath() {
  return ::testing::TempDir() + "trine_connections_test." + std::to_string(getpid()) + ".sock";
}

bool Exists(const std::string& path) {
  struct stat file {};
  return lstat(path.c_str(), &file) == 0;
}

TEST(UnixSocket, ConnectionsAreCountedToo) {
  Options options = WithMetrics();
  options.listen = {"unix:" + SocketPath()};
  TestServer server(options);
  const auto one = server.Channel();
  const auto two = server.Channel();
  ASSERT_TRUE(CallUnary(one, kEcho, "x").status.ok());
  ASSERT_TRUE(CallUnary(two, kEcho, "x").status.ok());
  EXPECT_EQ(Connections(server), 2);
}

TEST(UnixSocket, OfARunningServerIsTaken) {
  Options options = TestOptions();
  options.listen = {"unix:" + SocketPath()};
  {
    TestServer one(options);
    const auto two = StartServer(options, Registry());
    ASSERT_FALSE(two.ok());
    EXPECT_NE(std::string(two.status().message()).find(SocketPath()), std::string::npos);
    // The one that was there notices nothing.
    EXPECT_TRUE(CallUnary(one.Channel(), kEcho, "x").status.ok());
  }
  EXPECT_FALSE(Exists(SocketPath()));
}

TEST(UnixSocket, ThatAServerLeftBehindIsReplaced) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = SocketPath();
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  close(fd);
  ASSERT_TRUE(Exists(path));
  Options options = TestOptions();
  options.listen = {"unix:" + path};
  TestServer server(options);
  EXPECT_TRUE(CallUnary(server.Channel(), kEcho, "x").status.ok());
}

TEST(UnixSocket, NeverReplacesAnotherKindOfFile) {
  const std::string path = SocketPath();
  FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  std::fclose(file);
  Options options = TestOptions();
  options.listen = {"unix:" + path};
  EXPECT_FALSE(StartServer(options, Registry()).ok());
  EXPECT_TRUE(Exists(path));
  unlink(path.c_str());
}

TEST(UnixSocket, MayHaveANameThatIsNoFile) {
  Options options = TestOptions();
  options.listen = {"unix-abstract:trine_connections_test." + std::to_string(getpid())};
  TestServer server(options);
  EXPECT_TRUE(CallUnary(server.Channel(), kEcho, "x").status.ok());
  EXPECT_FALSE(StartServer(options, Registry()).ok());
}

}  // namespace
}  // namespace trine::server::testing
