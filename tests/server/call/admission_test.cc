// Who runs, who waits, who is refused; deadlines, cancellation, vanishing clients.
#include "server/call/admission.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/base/error.h"
#include "server/base/client_name.h"
#include "tests/server/harness.h"

namespace trine::server::testing {
namespace {

TEST(Admission, RunsWaitsAndRefuses) {
  Admission admission(
      {.max_running = 1, .max_queued = 1, .max_inflight_bytes = 100, .max_streams = 1});
  Admission::Place a, b, c;
  int started = 0;
  const auto start = [&started] { ++started; };
  EXPECT_TRUE(admission.EnterUnary(&a, "me", {10, 0}, start).ok());
  EXPECT_EQ(started, 1);
  EXPECT_TRUE(admission.Peek("me").ok());
  EXPECT_TRUE(admission.EnterUnary(&b, "me", {20, 0}, start).ok());
  EXPECT_EQ(started, 1);
  EXPECT_EQ(GetErrorDetail(admission.Peek("me"))->reason, "QUEUE_FULL");
  const absl::Status refused = admission.EnterUnary(&c, "me", {1, 0}, start);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(GetErrorDetail(refused)->reason, "QUEUE_FULL");
  EXPECT_EQ(GetErrorDetail(refused)->limit, "max_queued = 1");
  EXPECT_GE(GetErrorDetail(refused)->retry_after_ms, 0);
  EXPECT_EQ(admission.snapshot().inflight_bytes, 30u);
  admission.Leave(&a);
  admission.Release({10, 0});
  EXPECT_EQ(started, 2);
  admission.Leave(&b);
  admission.Release({20, 0});
  EXPECT_EQ(admission.snapshot().running, 0);
  EXPECT_EQ(admission.snapshot().inflight_bytes, 0u);
}

TEST(Admission, BoundsBytesButLetsOneAlonePass) {
  Admission admission(
      {.max_running = 9, .max_queued = 9, .max_inflight_bytes = 100, .max_streams = 1});
  Admission::Place a, b, c;
  EXPECT_TRUE(admission.EnterUnary(&a, "me", {60, 0}, [] {}).ok());
  EXPECT_TRUE(admission.EnterUnary(&b, "me", {40, 0}, [] {}).ok());
  const absl::Status refused = admission.EnterUnary(&c, "me", {1, 0}, [] {});
  EXPECT_EQ(GetErrorDetail(refused)->reason, "INFLIGHT_FULL");
  EXPECT_EQ(GetErrorDetail(refused)->limit, "max_inflight_bytes = 100");
  admission.Release({100, 0});
  EXPECT_TRUE(admission.EnterUnary(&c, "me", {1000, 0}, [] {}).ok());
}

TEST(Admission, StepsOfStreamsRunOneByOneWhereMemoryIsShort) {
  Admission admission({.max_running = 9,
                       .max_queued = 9,
                       .max_inflight_bytes = 100,
                       .memory_limit = 1000,
                       .max_streams = 4});
  Admission::Place a, b, c, d;
  std::string order;
  const auto enter = [&](Admission::Place* place, const Cost& cost, char name) {
    admission.EnterStreamStep(place, "me", cost, [&order, name] { order += name; });
  };
  const auto end = [&](Admission::Place* place, const Cost& cost) {
    admission.Release(cost);
    admission.Leave(place);
  };
  enter(&a, {1, 1000}, 'a');  // just what may be
  enter(&b, {1, 1}, 'b');
  enter(&c, {1, 1}, 'c');
  EXPECT_EQ(order, "a");
  EXPECT_EQ(admission.snapshot().inflight_memory, 1002u);
  end(&a, {1, 1000});
  EXPECT_EQ(order, "abc");
  end(&b, {1, 1});
  end(&c, {1, 1});
  // One that is too large alone runs alone; so for bytes.
  order.clear();
  enter(&a, {101, 0}, 'a');
  EXPECT_EQ(order, "a");
  enter(&b, {200, 0}, 'b');
  enter(&c, {0, 0}, 'c');
  end(&a, {101, 0});
  EXPECT_EQ(order, "ab");
  end(&b, {200, 0});
  enter(&d, {0, 0}, 'd');
  EXPECT_EQ(order, "abcd");
  end(&c, {0, 0});
  end(&d, {0, 0});
  EXPECT_EQ(admission.snapshot().running, 0);
  EXPECT_EQ(admission.snapshot().clients, 0);
}

TEST(Admission, WhatIsWithdrawnNeverStarts) {
  Admission admission(
      {.max_running = 1, .max_queued = 3, .max_inflight_bytes = 100, .max_streams = 1});
  Admission::Place a, b, c;
  std::string order;
  EXPECT_TRUE(admission.EnterUnary(&a, "me", {0, 0}, [&] { order += 'a'; }).ok());
  EXPECT_TRUE(admission.EnterUnary(&b, "me", {0, 0}, [&] { order += 'b'; }).ok());
  EXPECT_TRUE(admission.EnterUnary(&c, "me", {0, 0}, [&] { order += 'c'; }).ok());
  EXPECT_FALSE(admission.Withdraw(&a));
  EXPECT_TRUE(admission.Withdraw(&b));
  EXPECT_FALSE(admission.Withdraw(&b));
  EXPECT_EQ(admission.snapshot().queued, 1);
  admission.Leave(&a);
  EXPECT_FALSE(admission.Withdraw(&c));
  admission.Leave(&c);
  EXPECT_EQ(order, "ac");
  EXPECT_EQ(admission.snapshot().running, 0);
}

TEST(Admission, StreamStepsWaitBeyondTheQueuesLimitInOrder) {
  Admission admission(
      {.max_running = 1, .max_queued = 0, .max_inflight_bytes = 10, .max_streams = 2});
  EXPECT_TRUE(admission.OpenStream().ok());
  EXPECT_TRUE(admission.OpenStream().ok());
  EXPECT_EQ(GetErrorDetail(admission.OpenStream())->reason, "TOO_MANY_STREAMS");
  Admission::Place a, b, c;
  std::string order;
  admission.EnterStreamStep(&a, "me", {50, 0}, [&] { order += 'a'; });
  admission.EnterStreamStep(&b, "me", {50, 0}, [&] { order += 'b'; });
  admission.EnterStreamStep(&c, "me", {50, 0}, [&] { order += 'c'; });
  EXPECT_EQ(order, "a");
  admission.Leave(&a);
  admission.Leave(&b);
  EXPECT_EQ(order, "abc");
  admission.CloseStream();
  EXPECT_TRUE(admission.OpenStream().ok());
}

TEST(Admission, ClientsTakeTurns) {
  Admission admission({.max_running = 1, .max_queued = 9, .max_inflight_bytes = 100});
  Admission::Place places[6];
  std::string order;
  const auto enter = [&](int i, const char* client, char name) {
    return admission.EnterUnary(&places[i], client, {1, 1}, [&order, name] { order += name; });
  };
  // One client is first with four requests; two others wait for one of theirs, not for all four.
  EXPECT_TRUE(enter(0, "greedy", 'a').ok());
  EXPECT_TRUE(enter(1, "greedy", 'b').ok());
  EXPECT_TRUE(enter(2, "greedy", 'c').ok());
  EXPECT_TRUE(enter(3, "greedy", 'd').ok());
  EXPECT_TRUE(enter(4, "second", 'x').ok());
  EXPECT_TRUE(enter(5, "third", 'y').ok());
  EXPECT_EQ(admission.snapshot().clients, 3);
  for (const int i : {0, 1, 4, 5, 2, 3}) admission.Leave(&places[i]);
  EXPECT_EQ(order, "abxycd");
  EXPECT_EQ(admission.snapshot().running, 0);
  EXPECT_EQ(admission.snapshot().clients, 0);
}

TEST(Admission, AClientMayRunAndQueueOnlySoMany) {
  Admission admission({.max_running = 3,
                       .max_running_per_client = 1,
                       .max_queued = 9,
                       .max_queued_per_client = 2,
                       .max_inflight_bytes = 100});
  Admission::Place places[5];
  std::string order;
  const auto enter = [&](int i, const char* client, char name) {
    return admission.EnterUnary(&places[i], client, {1, 1}, [&order, name] { order += name; });
  };
  EXPECT_TRUE(enter(0, "me", 'a').ok());
  EXPECT_TRUE(enter(1, "me", 'b').ok());
  EXPECT_TRUE(admission.Peek("me").ok());
  EXPECT_TRUE(enter(2, "me", 'c').ok());
  EXPECT_EQ(GetErrorDetail(admission.Peek("me"))->reason, "CLIENT_QUEUE_FULL");
  const absl::Status refused = enter(3, "me", 'd');
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(GetErrorDetail(refused)->limit, "max_queued_per_client = 2");
  // There is room for others, at once.
  EXPECT_TRUE(admission.Peek("you").ok());
  EXPECT_TRUE(enter(4, "you", 'x').ok());
  EXPECT_EQ(order, "ax");
  EXPECT_EQ(admission.snapshot().running, 2);
  EXPECT_TRUE(admission.Withdraw(&places[1]));
  admission.Leave(&places[0]);
  EXPECT_EQ(order, "axc");
  admission.Leave(&places[2]);
  admission.Leave(&places[4]);
  EXPECT_EQ(admission.snapshot().clients, 0);
}

TEST(Admission, BoundsTheMemoryThatWorkMayNeed) {
  Admission admission(
      {.max_running = 9, .max_queued = 9, .max_inflight_bytes = 1000, .memory_limit = 100});
  Admission::Place a, b, c;
  EXPECT_TRUE(admission.EnterUnary(&a, "me", {10, 60}, [] {}).ok());
  EXPECT_TRUE(admission.EnterUnary(&b, "me", {10, 40}, [] {}).ok());
  const absl::Status refused = admission.EnterUnary(&c, "you", {1, 1}, [] {});
  EXPECT_EQ(GetErrorDetail(refused)->reason, "MEMORY_FULL");
  EXPECT_EQ(GetErrorDetail(refused)->limit, "memory_limit = 100");
  EXPECT_EQ(admission.snapshot().inflight_memory, 100u);
  admission.Release({20, 100});
  EXPECT_TRUE(admission.EnterUnary(&c, "you", {500, 5000}, [] {}).ok());
}

TEST(Client, IsThePeersAddress) {
  const auto namer = ClientNamer::Create({});
  ASSERT_TRUE(namer.ok());
  EXPECT_EQ(namer->Name("ipv4:10.0.0.7:51234", ""), "ipv4:10.0.0.7");
  EXPECT_EQ(namer->Name("ipv6:%5B::1%5D:443", ""), "ipv6:[::1]");
  EXPECT_EQ(namer->Name("ipv6:%5B::ffff:10.0.0.7%5D:443", ""), "ipv4:10.0.0.7");
  EXPECT_EQ(namer->Name("unix:/run/trine.sock", ""), "unix:");
  EXPECT_EQ(namer->Name("unix:", ""), "unix:");
  EXPECT_EQ(namer->Name("ipv4:10.0.0.7:51234", "1.2.3.4"), "ipv4:10.0.0.7");
}

TEST(Client, IsWhatATrustedProxySays) {
  const auto namer = ClientNamer::Create({"10.0.0.0/8", "fd00::/8", "192.168.1.1"});
  ASSERT_TRUE(namer.ok());
  EXPECT_EQ(namer->Name("ipv4:10.9.8.7:1", "1.2.3.4"), "ipv4:1.2.3.4");
  // What stands before the last untrusted address was written by who has that address.
  EXPECT_EQ(namer->Name("ipv4:10.9.8.7:1", "9.9.9.9, 1.2.3.4, 192.168.1.1"), "ipv4:1.2.3.4");
  EXPECT_EQ(namer->Name("ipv6:%5Bfd00::2%5D:1", "[2001:db8::1]:99"), "ipv6:[2001:db8::1]");
  EXPECT_EQ(namer->Name("ipv4:10.9.8.7:1", "1.2.3.4:5678"), "ipv4:1.2.3.4");
  EXPECT_EQ(namer->Name("ipv4:10.9.8.7:1", "nonsense"), "ipv4:10.9.8.7");
  EXPECT_EQ(namer->Name("ipv4:10.9.8.7:1", ""), "ipv4:10.9.8.7");
  EXPECT_EQ(namer->Name("ipv4:11.9.8.7:1", "1.2.3.4"), "ipv4:11.9.8.7");
  for (const char* bad : {"", "x", "10.0.0.0/33", "10.0.0.0/-1", "fd00::/129", "10.0.0.0/"}) {
    EXPECT_FALSE(ClientNamer::Create({bad}).ok()) << bad;
  }
}

Options OneAtATime(int max_queued) {
  Options options = TestOptions();
  options.max_running = 1;
  options.max_queued = max_queued;
  return options;
}

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
