// Text from outside, log lines, ids.
#include "server/base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "core/base/error.h"
#include "server/call/status_map.h"
#include "server/observe/log.h"
#include "server/observe/trace.h"
#include "tests/server/harness.h"

namespace trine::server {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(ValidUtf8, KeepsWhatIsValid) {
  const std::string valid = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\x7F";
  EXPECT_EQ(ValidUtf8(valid, 100), valid);
}

TEST(ValidUtf8, ReplacesWhatIsNot) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(ValidUtf8("a\x80z", 100), "a" + bad + "z");
  EXPECT_EQ(ValidUtf8("\xC0\x80", 100), bad + bad);                      // overlong
  EXPECT_EQ(ValidUtf8("\xED\xA0\x80", 100), bad + bad + bad);            // surrogate
  EXPECT_EQ(ValidUtf8("\xF4\x90\x80\x80", 100), bad + bad + bad + bad);  // past U+10FFFF
  EXPECT_EQ(ValidUtf8("\xE2\x82", 100), bad + bad);                      // cut off
  EXPECT_EQ(ValidUtf8("\xFF", 100), bad);
}

TEST(ValidUtf8, CutsBetweenCharacters) {
  EXPECT_EQ(ValidUtf8("a\xE2\x82\xAC", 3), "a");
  EXPECT_EQ(ValidUtf8("a\xE2\x82\xAC", 4), "a\xE2\x82\xAC");
  EXPECT_EQ(ValidUtf8("abc", 0), "");
}

TEST(JsonString, EscapesWhatJsonAsksFor) {
  std::string out;
  AppendJsonString(&out, std::string_view("q\" b\\ n\n z\0 e\x1B d\x7F u\xC3\xA4 x\xFF", 24));
  EXPECT_EQ(out, "\"q\\\" b\\\\ n\\n z\\u0000 e\\u001b d\x7F u\xC3\xA4 x\xEF\xBF\xBD\"");
}

TEST(RequestId, TakesOverWhatIsSane) {
  EXPECT_EQ(RequestId("abc-DEF_0.9"), "abc-DEF_0.9");
  EXPECT_EQ(RequestId(std::string(64, 'a')), std::string(64, 'a'));
  for (const std::string& bad : {std::string(), std::string(65, 'a'), std::string("a b"),
                                 std::string("a\nb"), std::string("a\"b")}) {
    const std::string made = RequestId(bad);
    EXPECT_EQ(made.size(), 16u);
    EXPECT_NE(made, bad);
  }
  EXPECT_NE(RequestId(""), RequestId(""));
}

TEST(Trace, ReadsTraceparent) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const TraceContext context = ContinueTrace("00-" + trace + "-00f067aa0ba902b7-01");
  EXPECT_EQ(context.trace_id, trace);
  EXPECT_EQ(context.parent_id, "00f067aa0ba902b7");
  EXPECT_TRUE(context.sampled);
  for (const std::string& bad :
       std::vector<std::string>{std::string(), "00-" + trace + "-00f067aa0ba902b7",
                                "ff-" + trace + "-00f067aa0ba902b7-01",
                                "00-" + std::string(32, '0') + "-00f067aa0ba902b7-01",
                                "00-" + trace + "-0000000000000000-01",
                                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                                "00_" + trace + "-00f067aa0ba902b7-01"}) {
    EXPECT_TRUE(ContinueTrace(bad).empty()) << bad;
  }
}

struct Capture {
  explicit Capture(const std::string& format, const std::string& level = "info") {
    logger = std::move(*Logger::Create(format, level, sink));
  }
  std::shared_ptr<testing::LogSink> sink = std::make_shared<testing::LogSink>();
  std::unique_ptr<Logger> logger;
};

TEST(Log, TextQuotesWhatCouldBeMisread) {
  Capture log("text");
  log.logger->Info("hello", {{"plain", "a-b"},
                             {"spaced", "a b"},
                             {"forged", "x\n2024 info y=1"},
                             {"empty", ""},
                             {"n", int64_t{-3}},
                             {"t", 1.5}});
  ASSERT_EQ(log.sink->lines().size(), 1u);
  EXPECT_THAT(log.sink->lines()[0],
              EndsWith("Z info hello plain=a-b spaced=\"a b\" forged=\"x\\n2024 info y=1\" "
                       "empty=\"\" n=-3 t=1.5\n"));
}

TEST(Log, JsonIsOneObjectALine) {
  Capture log("json");
  log.logger->Warn("say \"hi\"", {{"bytes", "\xFF\n"}, {"n", int64_t{7}}, {"nan", 0.0 / 0.0}});
  ASSERT_EQ(log.sink->lines().size(), 1u);
  EXPECT_THAT(log.sink->lines()[0],
              EndsWith("\"level\":\"warning\",\"message\":\"say \\\"hi\\\"\",\"bytes\":\""
                       "\xEF\xBF\xBD\\n\",\"n\":7,\"nan\":-1}\n"));
  EXPECT_THAT(log.sink->lines()[0], HasSubstr("{\"time\":\"2"));
}

TEST(Log, LevelsAreObeyed) {
  Capture log("text", "warn");
  log.logger->Info("no");
  log.logger->Error("yes");
  EXPECT_EQ(log.sink->lines().size(), 1u);
  Capture off("text", "off");
  off.logger->Error("no");
  EXPECT_TRUE(off.sink->lines().empty());
}

TEST(StatusMap, MessagesAreNeverEmptyNeverTooLongAndAlwaysUtf8) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  const grpc::Status empty = ToGrpcStatus(absl::Status(absl::StatusCode::kNotFound, ""));
  EXPECT_EQ(empty.error_message(), "NOT_FOUND");
  const grpc::Status wild = ToGrpcStatus(absl::InvalidArgumentError(std::string(5000, '\xFF')));
  EXPECT_LE(wild.error_message().size(), 1024u);
  EXPECT_EQ(ValidUtf8(wild.error_message(), 1024), wild.error_message());
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(wild.error_details()));
  EXPECT_LE(wild.error_details().size(), 8192u);
}

TEST(StatusMap, DetailsStayBelow8KiB) {
  const std::string nasty(3000, '\xF0');
  const grpc::Status status = ToGrpcStatus(MakeError(
      absl::StatusCode::kInvalidArgument,
      {.reason = nasty, .field = nasty, .value = nasty, .limit = nasty, .retry_after_ms = 1},
      nasty));
  EXPECT_LE(status.error_details().size(), 8192u);
  EXPECT_FALSE(status.error_message().empty());
}

}  // namespace
}  // namespace trine::server
