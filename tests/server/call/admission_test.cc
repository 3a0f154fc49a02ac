// Who runs, who waits, who is refused.
#include "server/call/admission.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

#include "core/base/error.h"

namespace trine::server {
namespace {

absl::Status Enter(Admission& admission, Admission::Place* place, const std::string& client,
                   Cost cost, std::function<void()> start) {
  return admission.EnterUnary(place, client, &cost, std::move(start));
}

TEST(Admission, RunsWaitsAndRefuses) {
  Admission admission(
      {.max_running = 1, .max_queued = 1, .max_inflight_bytes = 100, .max_streams = 1});
  Admission::Place a, b, c;
  int started = 0;
  const auto start = [&started] { ++started; };
  EXPECT_TRUE(Enter(admission, &a, "me", {10, 0}, start).ok());
  EXPECT_EQ(started, 1);
  EXPECT_TRUE(admission.Peek("me").ok());
  EXPECT_TRUE(Enter(admission, &b, "me", {20, 0}, start).ok());
  EXPECT_EQ(started, 1);
  EXPECT_EQ(GetErrorDetail(admission.Peek("me"))->reason, "QUEUE_FULL");
  const absl::Status refused = Enter(admission, &c, "me", {1, 0}, start);
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
  EXPECT_TRUE(Enter(admission, &a, "me", {60, 0}, [] {}).ok());
  EXPECT_TRUE(Enter(admission, &b, "me", {40, 0}, [] {}).ok());
  const absl::Status refused = Enter(admission, &c, "me", {1, 0}, [] {});
  EXPECT_EQ(GetErrorDetail(refused)->reason, "INFLIGHT_FULL");
  EXPECT_EQ(GetErrorDetail(refused)->limit, "max_inflight_bytes = 100");
  admission.Release({100, 0});
  EXPECT_TRUE(Enter(admission, &c, "me", {1000, 0}, [] {}).ok());
}

TEST(Admission, BoundsSideCallsByNumberAndMemory) {
  Admission admission({.memory_limit = 1000, .max_side_calls = 2});
  EXPECT_EQ(GetErrorDetail(admission.OpenSideCall({.held = 1001}))->reason, "MEMORY_LIMIT");
  EXPECT_EQ(admission.snapshot().side_calls, 0);
  EXPECT_EQ(admission.snapshot().held_memory, 0u);
  ASSERT_TRUE(admission.OpenSideCall({.held = 400}).ok());
  // As much again stays free, as for all that is held.
  EXPECT_EQ(GetErrorDetail(admission.OpenSideCall({.held = 301}))->reason, "MEMORY_FULL");
  ASSERT_TRUE(admission.OpenSideCall({.held = 300}).ok());
  const absl::Status refused = admission.OpenSideCall({.held = 1});
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(GetErrorDetail(refused)->reason, "TOO_MANY_SIDE_CALLS");
  EXPECT_EQ(GetErrorDetail(refused)->limit, "max_side_calls = 2");
  EXPECT_GE(GetErrorDetail(refused)->retry_after_ms, 0);
  EXPECT_EQ(admission.snapshot().side_calls, 2);
  EXPECT_EQ(admission.snapshot().held_memory, 700u);
  admission.CloseSideCall({.held = 300});
  admission.CloseSideCall({.held = 400});
  EXPECT_EQ(admission.snapshot().side_calls, 0);
  EXPECT_EQ(admission.snapshot().held_memory, 0u);
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
    const auto start = [&order, name] { order += name; };
    EXPECT_TRUE(admission.EnterStreamStep(place, "me", cost, start).ok());
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

TEST(Admission, LongMessagesOfStreamsMustFit) {
  Admission admission({.max_running = 9,
                       .max_queued = 9,
                       .max_inflight_bytes = 1000,
                       .memory_limit = 100,
                       .max_streams = 4});
  const auto enter = [&](Admission::Place* place, uint64_t bytes) {
    return admission.EnterStreamStep(place, "me", {bytes, 3 * bytes, 0, bytes}, [] {});
  };
  const auto reason = [](const absl::Status& status) { return GetErrorDetail(status)->reason; };
  Admission::Place a, b, c;
  EXPECT_EQ(reason(enter(&a, 101)), "MEMORY_LIMIT");
  EXPECT_TRUE(enter(&a, 60).ok());
  EXPECT_EQ(reason(enter(&b, 41)), "MEMORY_FULL");
  EXPECT_TRUE(enter(&b, 40).ok());  // what its work may need waits
  EXPECT_EQ(admission.snapshot().running, 1);
  admission.Release({60, 180, 0, 60});
  admission.Leave(&a);
  EXPECT_EQ(admission.snapshot().running, 1);
  EXPECT_TRUE(enter(&c, 60).ok());
  admission.Release({40, 120, 0, 40});
  admission.Leave(&b);
  admission.Release({60, 180, 0, 60});
  admission.Leave(&c);
  EXPECT_EQ(admission.snapshot().running, 0);
}

TEST(Admission, WhatIsWithdrawnNeverStarts) {
  Admission admission(
      {.max_running = 1, .max_queued = 3, .max_inflight_bytes = 100, .max_streams = 1});
  Admission::Place a, b, c;
  std::string order;
  EXPECT_TRUE(Enter(admission, &a, "me", {0, 0}, [&] { order += 'a'; }).ok());
  EXPECT_TRUE(Enter(admission, &b, "me", {0, 0}, [&] { order += 'b'; }).ok());
  EXPECT_TRUE(Enter(admission, &c, "me", {0, 0}, [&] { order += 'c'; }).ok());
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
  EXPECT_TRUE(admission.EnterStreamStep(&a, "me", {50, 0}, [&] { order += 'a'; }).ok());
  EXPECT_TRUE(admission.EnterStreamStep(&b, "me", {50, 0}, [&] { order += 'b'; }).ok());
  EXPECT_TRUE(admission.EnterStreamStep(&c, "me", {50, 0}, [&] { order += 'c'; }).ok());
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
    return Enter(admission, &places[i], client, {1, 1}, [&order, name] { order += name; });
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
    return Enter(admission, &places[i], client, {1, 1}, [&order, name] { order += name; });
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
  EXPECT_TRUE(Enter(admission, &a, "me", {10, 60}, [] {}).ok());
  EXPECT_TRUE(Enter(admission, &b, "me", {10, 40}, [] {}).ok());
  const absl::Status refused = Enter(admission, &c, "you", {1, 1}, [] {});
  EXPECT_EQ(GetErrorDetail(refused)->reason, "MEMORY_FULL");
  EXPECT_EQ(GetErrorDetail(refused)->limit, "memory_limit = 100");
  EXPECT_EQ(admission.snapshot().inflight_memory, 100u);
  admission.Release({20, 100});
  EXPECT_TRUE(Enter(admission, &c, "you", {500, 5000}, [] {}).ok());
}

}  // namespace
}  // namespace trine::server
