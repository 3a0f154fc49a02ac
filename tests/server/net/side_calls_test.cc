// Calls of health and reflection: how many may be open, for how long, and what they hold.
#include "server/net/side_call.h"

#include <gmock/gmock.h>

#include <memory>
#include <vector>

#include "server/net/health.h"
#include "tests/server/harness.h"

namespace trine::server::testing {
namespace {

constexpr char kCheck[] = "/grpc.health.v1.Health/Check";
constexpr char kWatch[] = "/grpc.health.v1.Health/Watch";
constexpr char kReflection[] = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr char kReflectionAlpha[] =
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

// Brings no deadline, so the server's holds.
std::unique_ptr<BidiCall> OpenForEver(const std::shared_ptr<grpc::Channel>& channel,
                                      const char* method) {
  return std::make_unique<BidiCall>(channel, method, [](grpc::ClientContext* context) {
    context->set_deadline(std::chrono::system_clock::time_point::max());
  });
}

Options SideCallOptions() {
  Options options = TestOptions();
  options.metrics_listen = "127.0.0.1:0";
  options.max_streams_per_connection = 1000;
  return options;
}

double AwaitValue(const TestServer& server, const std::string& sample, double value) {
  return testing::AwaitValue(server.server->metrics_address(), sample, value);
}

TEST(SideCalls, AreBounded) {
  Options options = SideCallOptions();
  options.max_side_calls = 2;
  TestServer server(options);
  const auto channel = server.Channel();
  auto watch = std::make_unique<BidiCall>(channel, kWatch);
  ASSERT_TRUE(watch->Write(""));
  ASSERT_TRUE(watch->Read());
  BidiCall stream(channel, kReflection);
  ASSERT_TRUE(stream.Write("host"));
  ASSERT_TRUE(stream.Read());
  EXPECT_EQ(AwaitValue(server, "trine_side_calls", 2), 2);
  // Refused before they send a message.
  for (const char* method : {kWatch, kReflection, kReflectionAlpha}) {
    BidiCall refused(channel, method);
    EXPECT_EQ(refused.Read(), std::nullopt);
    const Reply reply = refused.Finish();
    EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(reply.reason(), "TOO_MANY_SIDE_CALLS");
    const auto quota = reply.detail<google::rpc::QuotaFailure>();
    ASSERT_TRUE(quota);
    EXPECT_EQ(quota->violations(0).subject(), "max_side_calls");
  }
  // Probes get through, and who is in goes on.
  EXPECT_TRUE(CallRaw(channel, kCheck, "").status.ok());
  ASSERT_TRUE(stream.Write("host"));
  EXPECT_TRUE(stream.Read());
  watch->Cancel();
  watch.reset();
  EXPECT_EQ(AwaitValue(server, "trine_side_calls", 1), 1);
  BidiCall next(channel, kWatch);
  ASSERT_TRUE(next.Write(""));
  EXPECT_TRUE(next.Read());
}

TEST(SideCalls, AreOnTheLedgerWhileTheyAreOpen) {
  TestServer server(SideCallOptions());
  const auto channel = server.Channel();
  const char* const held = "trine_held_memory_bytes";
  {
    std::vector<std::unique_ptr<BidiCall>> calls;
    for (const char* method : {kCheck, kWatch, kReflection, kReflectionAlpha})
      calls.push_back(std::make_unique<BidiCall>(channel, method));
    const auto all = static_cast<double>(calls.size() * kSideCallBytes);
    EXPECT_EQ(AwaitValue(server, held, all), all);
    // An answer is on it until it is written.
    ASSERT_TRUE(calls.back()->Write("host"));
    ASSERT_TRUE(calls.back()->Read());
    EXPECT_EQ(AwaitValue(server, held, all), all);
    for (const auto& call : calls) call->Cancel();
  }
  EXPECT_EQ(AwaitValue(server, held, 0), 0);
  EXPECT_EQ(AwaitValue(server, "trine_side_calls", 0), 0);
}

TEST(SideCalls, EndWithTheServersDeadline) {
  Options options = SideCallOptions();
  options.default_deadline_ms = 50;
  TestServer server(options);
  const auto channel = server.Channel();
  const auto watch = OpenForEver(channel, kWatch);
  ASSERT_TRUE(watch->Write(""));
  ASSERT_TRUE(watch->Read());
  for (const char* method : {kCheck, kWatch, kReflection, kReflectionAlpha}) {
    const auto silent = OpenForEver(channel, method);
    EXPECT_EQ(silent->Read(), std::nullopt);
    EXPECT_EQ(silent->Finish().status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED) << method;
  }
  const auto answered = OpenForEver(channel, kReflection);
  ASSERT_TRUE(answered->Write("host"));
  ASSERT_TRUE(answered->Read());
  EXPECT_EQ(answered->Read(), std::nullopt);
  EXPECT_EQ(answered->Finish().status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  // A watch that has begun goes on.
  EXPECT_EQ(AwaitValue(server, "trine_side_calls", 1), 1);
  EXPECT_EQ(AwaitValue(server, "trine_held_memory_bytes", kSideCallBytes), kSideCallBytes);
  server.server->Drain(std::chrono::minutes(1));
  EXPECT_TRUE(watch->Read());  // NOT_SERVING
  EXPECT_EQ(watch->Read(), std::nullopt);
  EXPECT_EQ(watch->Finish().status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(SideCalls, AnswerNoCallThatEndsWithoutAMessage) {
  TestServer server(SideCallOptions());
  const auto channel = server.Channel();
  for (const char* method : {kCheck, kWatch}) {
    BidiCall empty(channel, method);
    ASSERT_TRUE(empty.WritesDone());
    EXPECT_EQ(empty.Read(), std::nullopt);
    EXPECT_EQ(empty.Finish().status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST(Checks, ThatNeverSendTheirMessageGiveWayToOthers) {
  Options options = SideCallOptions();
  options.max_side_calls = 0;
  TestServer server(options);
  const auto channel = server.Channel();
  std::vector<std::unique_ptr<BidiCall>> silent;
  for (size_t i = 0; i < HealthService::kMaxChecks; ++i)
    silent.push_back(std::make_unique<BidiCall>(channel, kCheck));
  const auto all = static_cast<double>(silent.size() * kSideCallBytes);
  ASSERT_EQ(AwaitValue(server, "trine_held_memory_bytes", all), all);
  EXPECT_TRUE(CallRaw(channel, kCheck, "").status.ok());
  // The oldest went, and only that one.
  EXPECT_EQ(silent.front()->Finish().status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  for (size_t i = 1; i < silent.size(); ++i) {
    ASSERT_TRUE(silent[i]->Write(""));
    EXPECT_TRUE(silent[i]->Read());
    EXPECT_TRUE(silent[i]->Finish().status.ok());
  }
  EXPECT_EQ(AwaitValue(server, "trine_held_memory_bytes", 0), 0);
}

}  // namespace
}  // namespace trine::server::testing
