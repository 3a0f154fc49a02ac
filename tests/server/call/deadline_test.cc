// Deadlines, cancellation, clients that vanish.
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/harness.h"

namespace trine::server::testing {
namespace {

TEST(Deadline, StopsTheWork) {
  TestServer server;
  // On a busy machine a short deadline may pass before the handler runs: then once more, longer.
  for (auto time = std::chrono::milliseconds(50); server.gate->entered() == 0; time *= 2) {
    const Reply reply =
        CallUnary(server.Channel(), kWait, "", [time](grpc::ClientContext* context) {
          context->set_deadline(std::chrono::system_clock::now() + time);
        });
    EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  }
  EXPECT_TRUE(server.gate->AwaitExited(1));
  EXPECT_EQ(server.gate->stopped(), 1);
}

TEST(Deadline, TheDefaultHoldsForCallsThatBringNone) {
  Options options = TestOptions();
  options.default_deadline_ms = 1000;
  TestServer server(options);
  const auto forever = [](grpc::ClientContext* context) {
    context->set_deadline(std::chrono::system_clock::time_point::max());
  };
  const Reply reply = CallUnary(server.Channel(), kWait, "", forever);
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(reply.reason(), "DEADLINE");
}

TEST(Deadline, TheMaximumHoldsForCallsThatWantMore) {
  Options options = TestOptions();
  options.default_deadline_ms = 20;
  options.max_deadline_ms = 50;
  TestServer server(options);
  // PendingCall's own deadline is a minute.
  PendingCall call(server.Channel(), kWait, "");
  const Reply reply = call.Await();
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(reply.reason(), "DEADLINE");
}

TEST(Deadline, EndsAStreamThatIsIdle) {
  Options options = TestOptions();
  options.default_deadline_ms = 20;
  options.max_deadline_ms = 200;
  TestServer server(options);
  BidiCall call(server.Channel(), kEchoStream);
  EXPECT_EQ(call.Read(), std::nullopt);
  const Reply reply = call.Finish();
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(reply.reason(), "DEADLINE");
}

TEST(Deadline, EndsAUnaryCallWhoseMessageNeverComes) {
  Options options = TestOptions();
  options.default_deadline_ms = 20;
  options.max_deadline_ms = 100;
  TestServer server(options);
  BidiCall call(server.Channel(), kEcho);
  EXPECT_EQ(call.Read(), std::nullopt);
  EXPECT_EQ(call.Finish().reason(), "DEADLINE");
}

TEST(Deadline, CutsOffAClientThatDoesNotReadItsAnswers) {
  Options options = TestOptions();
  options.default_deadline_ms = 20;
  options.max_deadline_ms = 2000;
  options.max_running = 1;
  TestServer server(options);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 1 << 16);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  BidiCall call(server.Channel(nullptr, arguments), kEchoStream);
  // An answer far beyond the flow control window, never read.
  ASSERT_TRUE(call.Write(std::string(16 << 20, 'x')));
  // The step has ended, so others run although the answer is stuck.
  EXPECT_TRUE(CallUnary(server.Channel(), kEcho, "x").status.ok());
  // Past the deadline the server has let go of it: Drain finds nothing that runs.
  EXPECT_TRUE(server.server->Drain(std::chrono::minutes(1)));
}

TEST(Deadline, ExpiredCallsLeaveTheQueueUnrun) {
  Options options = OneAtATime(10);
  options.metrics_listen = "127.0.0.1:0";
  TestServer server(options);
  const auto channel = server.Channel();
  PendingCall running(channel, kWait, "");
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  const Reply reply = CallUnary(channel, kWait, "", [](grpc::ClientContext* context) {
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
  });
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  // The client may know of the end before the server: the gate waits until the call is gone.
  const std::string& metrics = server.server->metrics_address();
  while (Sample(Get(metrics, "/metrics"), "trine_active_calls") != 1) std::this_thread::yield();
  server.gate->Open();
  EXPECT_TRUE(running.Await().status.ok());
  EXPECT_TRUE(CallUnary(channel, kEcho, "x").status.ok());
  EXPECT_EQ(server.gate->entered(), 1);
}

TEST(Cancel, StopsTheWork) {
  TestServer server;
  PendingCall call(server.Channel(), kWait, "");
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  call.Cancel();
  EXPECT_EQ(call.Await().status.error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(server.gate->AwaitExited(1));
  EXPECT_EQ(server.gate->stopped(), 1);
}

TEST(Cancel, LeavesTheQueueUnrun) {
  Options options = OneAtATime(10);
  options.log_level = "info";
  options.metrics_listen = "127.0.0.1:0";
  TestServer server(options);
  const auto channel = server.Channel();
  PendingCall running(channel, kWait, "");
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  {
    PendingCall waiting(channel, kWait, "", [](grpc::ClientContext* context) {
      context->AddMetadata("x-request-id", "the-waiting-one");
    });
    const std::string page = AwaitSample(server.server->metrics_address(), "trine_queued", 1);
    ASSERT_EQ(Sample(page, "trine_queued"), 1);
    waiting.Cancel();
    waiting.Await();
  }
  // It has ended while the first still runs.
  const auto line = server.log->Await("the-waiting-one");
  ASSERT_TRUE(line);
  EXPECT_NE(line->find("status=CANCELLED"), std::string::npos) << *line;
  server.gate->Open();
  EXPECT_TRUE(running.Await().status.ok());
  EXPECT_EQ(server.gate->entered(), 1);
}

TEST(Cancel, StopsAStreamsWork) {
  TestServer server;
  BidiCall call(server.Channel(), kWaitStream);
  ASSERT_TRUE(call.Write("x"));
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  call.Cancel();
  EXPECT_TRUE(server.gate->AwaitExited(1));
  EXPECT_EQ(server.gate->stopped(), 1);
}

TEST(Cancel, AClientThatVanishesMidStreamLeavesNothingBehind) {
  TestServer server;
  {
    // Its connection closes with it.
    const auto channel = server.Channel();
    auto idle = std::make_unique<BidiCall>(channel, kEchoStream);
    ASSERT_TRUE(idle->Write("a"));
    ASSERT_EQ(idle->Read(), "a");
    auto working = std::make_unique<BidiCall>(channel, kWaitStream);
    ASSERT_TRUE(working->Write("x"));
    ASSERT_TRUE(server.gate->AwaitEntered(1));
  }
  EXPECT_TRUE(server.gate->AwaitExited(1));
  EXPECT_TRUE(server.server->Drain(std::chrono::minutes(1)));
}

TEST(Cancel, AStormOfCancellationsLeavesNothingBehind) {
  Options options = TestOptions();
  options.max_queued = 1000;
  TestServer server(options);
  const auto channel = server.Channel();
  for (int round = 0; round < 10; ++round) {
    std::vector<std::unique_ptr<PendingCall>> calls;
    for (int i = 0; i < 30; ++i) {
      calls.push_back(
          std::make_unique<PendingCall>(channel, i % 3 == 0 ? kEcho : kWait, std::to_string(i)));
    }
    for (auto& call : calls) call->Cancel();
  }
  // All places are free again.
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(CallUnary(channel, kEcho, "x").status.ok());
  EXPECT_TRUE(server.server->Drain(std::chrono::minutes(1)));
}

}  // namespace
}  // namespace trine::server::testing
