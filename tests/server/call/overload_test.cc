// Calls beyond what may run, wait or be open.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/server/harness.h"

namespace trine::server::testing {
namespace {

// Starts `n` Echo calls with `bytes` each; returns the replies of those that end before the gate is
// opened, once only one of them is left, then opens it and appends that one's.
std::vector<Reply> AllButOneEnd(TestServer& server, const std::shared_ptr<grpc::Channel>& channel,
                                size_t n, const std::string& bytes) {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Reply> replies;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < n; ++i) {
    threads.emplace_back([&] {
      Reply reply = CallUnary(channel, kEcho, bytes);
      const std::lock_guard<std::mutex> lock(mutex);
      replies.push_back(std::move(reply));
      changed.notify_all();
    });
  }
  {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return replies.size() == n - 1; });
  }
  server.gate->Open();
  for (std::thread& thread : threads) thread.join();
  return replies;
}

TEST(Overload, TheQueuesEndIsARefusalThatSaysWhenToComeBack) {
  TestServer server(OneAtATime(1));
  const auto channel = server.Channel();
  PendingCall running(channel, kWait, "");
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  // What describes the server answers all the same.
  EXPECT_TRUE(CallRaw(channel, "/trine.v1.ServerService/GetServerInfo", "").status.ok());
  // One waits, the others are refused.
  const std::vector<Reply> replies = AllButOneEnd(server, channel, 4, "a");
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(replies[i].status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(replies[i].reason(), "QUEUE_FULL");
    const auto quota = replies[i].detail<google::rpc::QuotaFailure>();
    ASSERT_TRUE(quota);
    EXPECT_EQ(quota->violations(0).subject(), "max_queued");
    EXPECT_TRUE(replies[i].detail<google::rpc::RetryInfo>());
  }
  EXPECT_TRUE(replies[3].status.ok());
  EXPECT_TRUE(running.Await().status.ok());
  EXPECT_TRUE(CallUnary(channel, kEcho, "d").status.ok());
}

TEST(Overload, AsManyRequestsRunAtOnceAsMaxRunningSays) {
  for (const int max_running : {0, 3}) {  // 0: two a thread
    Options options = TestOptions();
    options.metrics_listen = "127.0.0.1:0";
    options.max_running = max_running;
    options.threads = 1;
    TestServer server(options);
    const int most = max_running == 0 ? 2 : max_running;
    const auto channel = server.Channel();
    std::vector<std::unique_ptr<PendingCall>> calls;
    for (int i = 0; i < most + 2; ++i)
      calls.push_back(std::make_unique<PendingCall>(channel, kWait, ""));
    const std::string& address = server.server->metrics_address();
    EXPECT_EQ(AwaitValue(address, "trine_queued", 2), 2);
    EXPECT_EQ(AwaitValue(address, "trine_running", most), most);
    // They are counted before their threads come there.
    EXPECT_TRUE(server.gate->AwaitEntered(most));
    EXPECT_EQ(server.gate->entered(), most);
    server.gate->Open();
    for (const auto& call : calls) EXPECT_TRUE(call->Await().status.ok());
  }
}

TEST(Overload, ARequestCountsWithItsBytesAndWithWhatItsWorkMayNeed) {
  Options options = TestOptions();
  options.metrics_listen = "127.0.0.1:0";
  TestServer server(options);
  const std::string bytes(1000, 'x');
  const auto size = static_cast<double>(Wrap(bytes).size());
  PendingCall running(server.Channel(), kWait, bytes);
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  const std::string& address = server.server->metrics_address();
  EXPECT_EQ(AwaitValue(address, "trine_inflight_bytes", size), size);
  // Twice its size beside it, where a method says nothing else.
  EXPECT_EQ(AwaitValue(address, "trine_inflight_memory_bytes", 3 * size), 3 * size);
  server.gate->Open();
  EXPECT_TRUE(running.Await().status.ok());
  EXPECT_EQ(AwaitValue(address, "trine_inflight_memory_bytes", 0), 0);
}

TEST(Overload, BytesInFlightAreBounded) {
  Options options = OneAtATime(100);
  options.max_message_bytes = 1 << 20;
  options.max_inflight_bytes = 3 << 19;
  TestServer server(options);
  const auto channel = server.Channel();
  // Two fit, a third does not.
  const std::string large(1 << 19, 'x');
  PendingCall running(channel, kWait, large);
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  const std::vector<Reply> replies = AllButOneEnd(server, channel, 3, large);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(replies[i].reason(), "INFLIGHT_FULL");
    EXPECT_TRUE(replies[i].detail<google::rpc::RetryInfo>());
  }
  EXPECT_TRUE(replies[2].status.ok());
  EXPECT_TRUE(running.Await().status.ok());
  EXPECT_TRUE(CallUnary(channel, kEcho, large).status.ok());
}

TEST(Overload, StreamsAreBounded) {
  Options options = TestOptions();
  options.max_streams = 1;
  TestServer server(options);
  const auto channel = server.Channel();
  {
    BidiCall open(channel, kEchoStream);
    ASSERT_TRUE(open.Write("a"));
    ASSERT_EQ(open.Read(), "a");
    BidiCall refused(channel, kEchoStream);
    EXPECT_EQ(refused.Read(), std::nullopt);
    EXPECT_EQ(refused.Finish().reason(), "TOO_MANY_STREAMS");
    ASSERT_TRUE(open.WritesDone());
    EXPECT_EQ(open.Read(), "end");
    EXPECT_EQ(open.Read(), std::nullopt);
    EXPECT_TRUE(open.Finish().status.ok());
  }
  // The place is free once the server has seen the end of the first.
  for (;;) {
    BidiCall next(channel, kEchoStream);
    if (!next.Write("b") || next.Read() != "b") continue;
    break;
  }
}

TEST(Overload, CallsWhoseClientsWentAwayDoNotWaitForAPlace) {
  Options options = OneAtATime(1000);
  options.metrics_listen = "127.0.0.1:0";
  options.max_queued_per_client = 0;
  TestServer server(options);
  PendingCall running(server.Channel(), kWait, "");
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  // The server learns of the end before, while or after it reads the message.
  const auto channel = server.Channel();
  for (int i = 0; i < 300; ++i) {
    PendingCall call(channel, kEcho, std::string(i % 2 == 0 ? 10 : 100'000, 'x'));
    if (i % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(10 * i));
    call.Cancel();
  }
  std::vector<std::unique_ptr<BidiCall>> streams;
  for (int i = 0; i < 20; ++i) {
    streams.push_back(std::make_unique<BidiCall>(channel, kEchoStream));
    EXPECT_TRUE(streams.back()->Write("a"));
  }
  streams.clear();
  const std::string& address = server.server->metrics_address();
  EXPECT_EQ(AwaitValue(address, "trine_active_calls", 1), 1);
  EXPECT_EQ(AwaitValue(address, "trine_queued", 0), 0);
  server.gate->Open();
  EXPECT_TRUE(running.Await().status.ok());
}

}  // namespace
}  // namespace trine::server::testing
