// Memory that clients make the server hold: what is charged, until when, and what is refused.
#include "server/call/ledger.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "tests/server/harness.h"

namespace trine::server::testing {
namespace {

constexpr uint64_t kMiB = 1 << 20;

std::string Reason(const absl::Status& status) {
  const auto detail = GetErrorDetail(status);
  return detail ? detail->reason : "";
}

// A room of 100 bytes.
Ledger Room() {
  return Ledger({.max_inflight_bytes = 1000, .memory_limit = 160, .memory_aside = 60});
}

absl::Status Check(const Ledger& ledger, Cost cost) { return ledger.Check(&cost); }

TEST(Ledger, CountsAnswersAndStateWithTheWork) {
  Ledger ledger = Room();
  Cost call = {10, 30};
  ASSERT_TRUE(Check(ledger, call).ok());
  ledger.Add(call);
  // Its work is done; the answer stays, larger than what the work was estimated at.
  ASSERT_TRUE(ledger.Recharge(&call, {0, 0, 40}).ok());
  Cost stream;
  ASSERT_TRUE(ledger.Keep(&stream, 30).ok());
  EXPECT_EQ(ledger.sum().bytes, 0u);
  EXPECT_EQ(ledger.sum().total(), 70u);
  EXPECT_TRUE(Check(ledger, {1, 30}).ok());
  const absl::Status refused = Check(ledger, {1, 31});
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Reason(refused), "MEMORY_FULL");
  EXPECT_EQ(GetErrorDetail(refused)->limit, "memory_limit = 160");
  ASSERT_TRUE(ledger.Recharge(&call, {}).ok());
  EXPECT_TRUE(Check(ledger, {1, 70}).ok());
  EXPECT_EQ(call.total(), 0u);
}

TEST(Ledger, WhatStaysLeavesAsMuchAgainFree) {
  Ledger ledger = Room();
  Cost answers[4];
  EXPECT_TRUE(ledger.Recharge(&answers[0], {0, 0, 25}).ok());
  EXPECT_TRUE(ledger.Recharge(&answers[1], {0, 0, 25}).ok());
  EXPECT_TRUE(ledger.Recharge(&answers[2], {0, 0, 25}).ok());
  EXPECT_EQ(Reason(ledger.Recharge(&answers[3], {0, 0, 25})), "MEMORY_FULL");
  EXPECT_EQ(answers[3].total(), 0u);
  EXPECT_EQ(ledger.sum().held, 75u);
  // Smaller ones find room, and so does work.
  EXPECT_TRUE(ledger.Recharge(&answers[3], {0, 0, 12}).ok());
  EXPECT_TRUE(Check(ledger, {0, 13}).ok());
  // The same for streams: however many grow, none takes the last room.
  Cost streams[99];
  Ledger other = Room();
  for (int round = 0; round < 100; ++round)
    for (Cost& stream : streams) (void)other.Keep(&stream, stream.held + 1);
  EXPECT_EQ(other.sum().held, 99u);
}

TEST(Ledger, TheOnlyOneMayFillTheRoomButNotMore) {
  Ledger ledger = Room();
  Cost call;
  EXPECT_TRUE(ledger.Recharge(&call, {0, 0, 100}).ok());
  EXPECT_EQ(Reason(ledger.Recharge(&call, {0, 0, 101})), "MEMORY_LIMIT");
  EXPECT_EQ(Reason(ledger.Recharge(&call, {0, 0, UINT64_MAX})), "MEMORY_LIMIT");
  EXPECT_EQ(Reason(ledger.Keep(&call, UINT64_MAX)), "MEMORY_LIMIT");
  EXPECT_EQ(call.held, 100u);
}

TEST(Ledger, ToShrinkIsNeverRefused) {
  Ledger ledger = Room();
  Cost call = {50, 90}, other = {50, 90};
  ledger.Add(call);
  ledger.Add(other);
  EXPECT_TRUE(ledger.Overfull());
  EXPECT_TRUE(ledger.Recharge(&call, {0, 0, 90}).ok());
  EXPECT_TRUE(ledger.Recharge(&call, {0, 0, 80}).ok());
  EXPECT_TRUE(ledger.Recharge(&other, {}).ok());
  EXPECT_FALSE(ledger.Overfull());
}

TEST(Ledger, AGuessThatIsAloneIsCutToTheRoom) {
  Ledger ledger = Room();
  for (const uint64_t guess : {99, 100, 101, 170}) {
    Cost call = {10, guess, 0, 10};
    EXPECT_TRUE(ledger.Check(&call).ok()) << guess;
    EXPECT_EQ(call.memory, std::min<uint64_t>(guess, 100));
    EXPECT_EQ(call.asked, 10u);
  }
  // What is no guess is not cut.
  EXPECT_TRUE(Check(ledger, {10, 170, 0, 100}).ok());
  EXPECT_EQ(Reason(Check(ledger, {10, 170, 0, 101})), "MEMORY_LIMIT");
  EXPECT_EQ(Reason(Check(ledger, {10, UINT64_MAX, 0, UINT64_MAX})), "MEMORY_LIMIT");
  // The state of some streams does not keep it away for ever, much of it does, and so does work.
  Cost stream;
  ASSERT_TRUE(ledger.Keep(&stream, 25).ok());
  Cost call = {10, 170};
  EXPECT_TRUE(ledger.Check(&call).ok());
  EXPECT_EQ(call.memory, 75u);
  ASSERT_TRUE(ledger.Keep(&stream, 26).ok());
  EXPECT_EQ(Reason(Check(ledger, {10, 170})), "MEMORY_FULL");
  ASSERT_TRUE(ledger.Keep(&stream, 0).ok());
  ledger.Add({1, 1});
  EXPECT_EQ(Reason(Check(ledger, {10, 100})), "MEMORY_FULL");
}

TEST(Ledger, WorkThatIsAloneIsRefusedBeyondTheRoom) {
  for (const uint64_t needed : {99, 100, 101}) {
    Ledger ledger = Room();
    Cost work = {10, 20};
    ledger.Add(work);
    const absl::Status status = ledger.Recharge(&work, {10, needed, 0, needed});
    if (needed <= 100) {
      EXPECT_TRUE(status.ok()) << needed;
      EXPECT_EQ(work.asked, needed);
      continue;
    }
    EXPECT_EQ(Reason(status), "MEMORY_LIMIT");
    EXPECT_EQ(GetErrorDetail(status)->limit, "memory_limit = 160");
    EXPECT_EQ(GetErrorDetail(status)->retry_after_ms, -1);  // none can help
    EXPECT_EQ(work.memory, 20u);                            // nothing changed
    EXPECT_EQ(ledger.sum().total(), 20u);
    // So are a step of a stream, and a guess that becomes certain.
    EXPECT_EQ(Reason(ledger.RechargeStep(&work, {10, needed, 0, needed})), "MEMORY_LIMIT");
    Cost guessed = {0, 500};
    ledger.Add(guessed);
    EXPECT_EQ(Reason(ledger.Recharge(&guessed, {0, 500, 0, needed})), "MEMORY_LIMIT");
  }
}

TEST(Ledger, OfStepsThatNeedMoreThanThereIsTheFirstHasIt) {
  Ledger ledger = Room();
  Cost steps[4];
  for (Cost& step : steps) {
    step = {10, 90};  // guesses beyond the room
    ledger.Add(step);
  }
  EXPECT_TRUE(ledger.RechargeStep(&steps[1], {10, 90, 0, 60}).ok());
  for (Cost* late : {&steps[0], &steps[2], &steps[3]}) {
    const absl::Status refused = ledger.RechargeStep(late, {10, 90, 0, 60});
    EXPECT_EQ(Reason(refused), "MEMORY_FULL");
    EXPECT_GT(GetErrorDetail(refused)->retry_after_ms, 0);
  }
  EXPECT_TRUE(ledger.RechargeStep(&steps[2], {10, 90, 0, 40}).ok());
  EXPECT_EQ(ledger.sum().certain(), 100u);
  // State, too, leaves alone what others asked for.
  Cost stream;
  EXPECT_EQ(Reason(ledger.Keep(&stream, 1)), "MEMORY_FULL");
  EXPECT_TRUE(ledger.RechargeStep(&steps[1], {}).ok());
  EXPECT_TRUE(ledger.Keep(&stream, 60).ok());
}

TEST(Ledger, StateGrowsWhateverWorkIsGuessedAt) {
  Ledger ledger = Room();
  ledger.Add({10, 500});
  Cost stream;
  EXPECT_TRUE(ledger.Keep(&stream, 50).ok());
}

TEST(Ledger, WithoutALimitOnlyMessagesAreBounded) {
  Ledger ledger({.max_inflight_bytes = 100});
  Cost call = {60, uint64_t{1} << 50};
  EXPECT_TRUE(Check(ledger, call).ok());
  ledger.Add(call);
  EXPECT_TRUE(ledger.Recharge(&call, {60, 0, uint64_t{1} << 50}).ok());
  EXPECT_EQ(Reason(Check(ledger, {41, 41})), "INFLIGHT_FULL");
  EXPECT_FALSE(ledger.Overfull());
}

// 16 MiB, of which 10 are for calls.
Options Tight() {
  Options options = TestOptions();
  options.metrics_listen = "127.0.0.1:0";
  options.max_message_bytes = 4 * kMiB;
  options.memory_limit = 16 * kMiB;
  return options;
}

// A channel whose windows do not grow by what arrives: who does not read gets 64 KiB.
std::shared_ptr<grpc::Channel> Narrow(const TestServer& server) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return server.Channel(nullptr, arguments);
}

// `reason` is MEMORY_LIMIT where no retry can help.
void ExpectMemoryFull(const Reply& reply, std::string_view reason = "MEMORY_FULL") {
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(reply.reason(), reason);
  const auto quota = reply.detail<google::rpc::QuotaFailure>();
  ASSERT_TRUE(quota);
  EXPECT_EQ(quota->violations(0).subject(), "memory_limit");
  EXPECT_EQ(reply.detail<google::rpc::RetryInfo>().has_value(), reason == "MEMORY_FULL");
}

TEST(Memory, AnAnswerIsChargedUntilItIsRead) {
  TestServer server(Tight());
  const auto channel = server.Channel();
  const std::string size = std::to_string(3 * kMiB);
  // With its field's head, and a quarter more for the block that it may lie in.
  const double charge = (3.0 * kMiB + 5) * 5 / 4;
  BidiCall slow(Narrow(server), kBig);  // one that does not read
  ASSERT_TRUE(slow.Write(size));
  ASSERT_TRUE(slow.WritesDone());
  EXPECT_NEAR(
      AwaitValue(server.server->metrics_address(), "trine_held_memory_bytes", std::floor(charge)),
      charge, 1);
  EXPECT_EQ(
      Sample(Get(server.server->metrics_address(), "/metrics"), "trine_inflight_memory_bytes"),
      std::floor(charge));
  // Another such answer would not leave as much again: it is refused, and small ones are served.
  ExpectMemoryFull(CallUnary(channel, kBig, size));
  EXPECT_TRUE(CallUnary(channel, kBig, std::to_string(kMiB)).status.ok());
  EXPECT_TRUE(CallUnary(channel, kEcho, "a").status.ok());
  EXPECT_EQ(slow.Read()->size(), 3 * kMiB);
  EXPECT_TRUE(slow.Finish().status.ok());
  EXPECT_EQ(AwaitValue(server.server->metrics_address(), "trine_held_memory_bytes", 0), 0);
  EXPECT_TRUE(CallUnary(channel, kBig, size).status.ok());
}

TEST(Memory, AnAnswerIsChargedUntilItsReaderGoes) {
  TestServer server(Tight());
  {
    BidiCall slow(Narrow(server), kBig);
    ASSERT_TRUE(slow.Write(std::to_string(3 * kMiB)));
    ASSERT_TRUE(slow.WritesDone());
    EXPECT_GT(Sample(AwaitSample(server.server->metrics_address(), "trine_held_memory_bytes", 1),
                     "trine_held_memory_bytes"),
              3 * kMiB);
  }
  EXPECT_EQ(AwaitValue(server.server->metrics_address(), "trine_inflight_memory_bytes", 0), 0);
}

TEST(Memory, WorkIsRefusedWhatItAsksForBeyondTheRoom) {
  TestServer server(Tight());
  const auto channel = server.Channel();
  PendingCall running(channel, kWait, std::string(kMiB, 'x'));  // charged with 3 MiB
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  EXPECT_TRUE(CallUnary(channel, kReserve, std::to_string(6 * kMiB)).status.ok());
  ExpectMemoryFull(CallUnary(channel, kReserve, std::to_string(8 * kMiB)));
  ExpectMemoryFull(CallUnary(channel, kReserve, std::to_string(UINT64_MAX)), "MEMORY_LIMIT");
  server.gate->Open();
  EXPECT_TRUE(running.Await().status.ok());
  EXPECT_EQ(AwaitValue(server.server->metrics_address(), "trine_inflight_memory_bytes", 0), 0);
}

TEST(Memory, AStreamsStateIsChargedBetweenItsMessages) {
  TestServer server(Tight());
  const auto channel = server.Channel();
  const auto keep = [](BidiCall* call, uint64_t bytes) {
    return call->Write(std::to_string(bytes)) && call->Read() == "ok";
  };
  {
    BidiCall first(channel, kKeepStream), second(channel, kKeepStream);
    ASSERT_TRUE(keep(&first, 4 * kMiB));
    ASSERT_TRUE(keep(&second, 2 * kMiB));
    EXPECT_EQ(AwaitValue(server.server->metrics_address(), "trine_held_memory_bytes", 6.0 * kMiB),
              6.0 * kMiB);
    // It would not leave as much again; the stream that grows ends, the others go on.
    EXPECT_FALSE(keep(&second, 4 * kMiB));
    ExpectMemoryFull(second.Finish());
    EXPECT_EQ(AwaitValue(server.server->metrics_address(), "trine_held_memory_bytes", 4.0 * kMiB),
              4.0 * kMiB);
    EXPECT_TRUE(keep(&first, 5 * kMiB));
    EXPECT_TRUE(CallUnary(channel, kEcho, std::string(kMiB, 'x')).status.ok());
    EXPECT_TRUE(keep(&first, 1 * kMiB));
    EXPECT_EQ(AwaitValue(server.server->metrics_address(), "trine_held_memory_bytes", 1.0 * kMiB),
              1.0 * kMiB);
  }
  EXPECT_EQ(AwaitValue(server.server->metrics_address(), "trine_inflight_memory_bytes", 0), 0);
}

TEST(Memory, TheSharesOfAllAddUpToTheLimit) {
  TestServer server(Tight());
  // A request of 10 MiB in all is what fits beside another: the rest is for buffers.
  PendingCall running(server.Channel(), kWait, "x");
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  EXPECT_TRUE(CallUnary(server.Channel(), kReserve, std::to_string(10 * kMiB - 100)).status.ok());
  ExpectMemoryFull(CallUnary(server.Channel(), kReserve, std::to_string(10 * kMiB)),
                   "MEMORY_LIMIT");
  server.gate->Open();
  EXPECT_TRUE(running.Await().status.ok());
}

}  // namespace
}  // namespace trine::server::testing
