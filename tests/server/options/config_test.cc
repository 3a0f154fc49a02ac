// Options from flags, environment and file: precedence, forms, refusals.
#include "server/options/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "absl/strings/str_cat.h"
#include "server/base/address.h"
#include "server/base/toml.h"
#include "server/observe/otlp.h"
#include "server/options/option_table.h"

namespace trine::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Variables = std::map<std::string, std::string>;

absl::StatusOr<CommandLine> Parse(const std::vector<std::string>& arguments,
                                  const Variables& variables = {}) {
  return ParseCommandLine(arguments,
                          [&variables](const std::string& name) -> std::optional<std::string> {
                            const auto found = variables.find(name);
                            if (found == variables.end()) return std::nullopt;
                            return found->second;
                          });
}

std::string ConfigFile(const std::string& text) {
  const std::string path = ::testing::TempDir() + "trine_config_test.toml";
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string Refusal(const std::vector<std::string>& arguments, const Variables& variables = {}) {
  const auto parsed = Parse(arguments, variables);
  if (parsed.ok()) return "accepted";
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(parsed.status().message());
}

TEST(Precedence, FlagOverEnvironmentOverFileOverDefault) {
  const std::string config = ConfigFile("max-queued = 3\n");
  const std::vector<std::string> flag = {"--max-queued", "1"};
  const std::vector<std::string> file = {"--config", config};
  std::vector<std::string> both = flag;
  both.insert(both.end(), file.begin(), file.end());
  const Variables environment = {{"TRINE_MAX_QUEUED", "2"}};
  struct Row {
    std::vector<std::string> arguments;
    Variables variables;
    int expected;
  };
  const std::vector<Row> table = {
      {{}, {}, 256}, {file, {}, 3}, {{}, environment, 2},   {file, environment, 2},
      {flag, {}, 1}, {both, {}, 1}, {flag, environment, 1}, {both, environment, 1}};
  for (size_t i = 0; i < table.size(); ++i) {
    const auto parsed = Parse(table[i].arguments, table[i].variables);
    ASSERT_TRUE(parsed.ok()) << i << parsed.status();
    EXPECT_EQ(parsed->options.max_queued, table[i].expected) << i;
  }
  // The file itself may be named by the environment.
  EXPECT_EQ(Parse({}, {{"TRINE_CONFIG", config}})->options.max_queued, 3);
}

// Not in a file, which prints as it is read: there it is "none".
TEST(EmptyValues, AreNoFilesOfTlsAndTokens) {
  for (const std::string name :
       {"tls-cert", "tls-key", "tls-client-ca", "token-file", "config", "port-file"}) {
    const std::string said = absl::StrCat("--", name, ": is empty");
    EXPECT_THAT(Refusal({absl::StrCat("--", name, "=")}), HasSubstr(said));
    EXPECT_THAT(Refusal({absl::StrCat("--", name), ""}), HasSubstr(said));
  }
  EXPECT_THAT(Refusal({}, {{"TRINE_TOKEN_FILE", ""}}), HasSubstr("TRINE_TOKEN_FILE: is empty"));
  EXPECT_THAT(Refusal({}, {{"TRINE_TLS_CERT", ""}}), HasSubstr("TRINE_TLS_CERT: is empty"));
  EXPECT_TRUE(Parse({"--config", ConfigFile("token-file = \"\"\n")}).ok());
  EXPECT_TRUE(Parse({"--metrics-listen=", "--health-listen", "", "--otlp-endpoint="}).ok());
}

TEST(Precedence, ListsReplaceEachOtherWhole) {
  const std::string config = ConfigFile("listen = [\"127.0.0.1:1\", \"127.0.0.1:2\"]\n");
  EXPECT_THAT(Parse({"--config", config})->options.listen,
              ElementsAre("127.0.0.1:1", "127.0.0.1:2"));
  const Variables environment = {{"TRINE_LISTEN", "127.0.0.1:3, unix:/tmp/x"}};
  EXPECT_THAT(Parse({"--config", config}, environment)->options.listen,
              ElementsAre("127.0.0.1:3", "unix:/tmp/x"));
  EXPECT_THAT(
      Parse({"--listen", "[::1]:4", "--listen", "127.0.0.1:5"}, environment)->options.listen,
      ElementsAre("[::1]:4", "127.0.0.1:5"));
  EXPECT_THAT(Parse({"--listen", "127.0.0.1:6,127.0.0.1:7"})->options.listen,
              ElementsAre("127.0.0.1:6", "127.0.0.1:7"));
}

TEST(Options, EveryOneCanBeSetInAllThreeWays) {
  for (const OptionSpec& spec : AllOptions()) {
    // A value that differs from the default and is valid beside the other defaults.
    std::string value;
    const std::string name = spec.name;
    // In builds without OpenTelemetry only the empty text is valid.
    if (name == "otlp-endpoint" && !CallTracer::Check("127.0.0.1:1234").ok()) continue;
    if (name == "listen" || name == "metrics-listen" || name == "health-listen" ||
        name == "otlp-endpoint") {
      value = "127.0.0.1:1234";
    } else if (name == "trusted-proxies") {
      value = "10.0.0.0/8";
    } else if (name == "log-format") {
      value = "json";
    } else if (name == "log-level") {
      value = "error";
    } else if (name == "max-inflight-bytes" || name == "max-buffer-bytes" ||
               name == "memory-limit") {
      value = "999999999";
    } else if (spec.unit == OptionUnit::kNone) {
      value = std::holds_alternative<bool Options::*>(spec.member) ? "false" : "some/file";
    } else {
      const uint64_t current = GetNumber(spec, Options{});
      value = std::to_string(current > spec.min ? current - 1 : current + 1);
    }
    ASSERT_NE(value, GetOption(spec, Options{})) << name;
    const std::string quoted =
        spec.unit == OptionUnit::kNone && value != "false" ? TomlString(value) : value;
    const auto by_flag = Parse({"--" + name + "=" + value});
    const auto by_environment = Parse({}, {{spec.environment_name(), value}});
    const auto by_file = Parse({"--config", ConfigFile(name + " = " + quoted + "\n")});
    for (const auto* parsed : {&by_flag, &by_environment, &by_file}) {
      ASSERT_TRUE(parsed->ok()) << name << ": " << parsed->status();
      EXPECT_EQ(GetOption(spec, (*parsed)->options), value) << name;
    }
  }
}

TEST(Options, EveryLimitOfCoreIsOne) {
  // Limits has eleven numbers of eight bytes; a new one must get its flag.
  size_t limits = 0;
  for (const OptionSpec& spec : AllOptions()) {
    limits += std::holds_alternative<int64_t Limits::*>(spec.member) ||
              std::holds_alternative<uint64_t Limits::*>(spec.member);
  }
  EXPECT_EQ(limits * 8, sizeof(Limits));
}

TEST(Options, SizesAndTimesTakeUnits) {
  EXPECT_EQ(Parse({"--max-message-bytes", "2MiB"})->options.max_message_bytes, 2u << 20);
  EXPECT_EQ(Parse({"--max-message-bytes=64kB"})->options.max_message_bytes, 64'000u);
  EXPECT_EQ(Parse({"--max-inflight-bytes", "3GiB"})->options.max_inflight_bytes, 3ull << 30);
  EXPECT_EQ(Parse({"--drain-ms", "10s"})->options.drain_ms, 10'000);
  EXPECT_EQ(Parse({"--drain-ms", "500ms"})->options.drain_ms, 500);
  EXPECT_EQ(Parse({"--drain-ms", "1.5s"})->options.drain_ms, 1500);
  EXPECT_EQ(Parse({"--drain-ms", "500"})->options.drain_ms, 500);  // the name says ms
  EXPECT_EQ(Parse({"--max-deadline-ms", "2h"})->options.max_deadline_ms, 7'200'000);
  EXPECT_EQ(Parse({"--config", ConfigFile("drain-ms = \"1m\"")})->options.drain_ms, 60'000);
}

TEST(Options, SwitchesHaveManySpellings) {
  EXPECT_TRUE(Parse({})->options.reflection);
  EXPECT_FALSE(Parse({"--no-reflection"})->options.reflection);
  EXPECT_FALSE(Parse({"--reflection=false"})->options.reflection);
  EXPECT_TRUE(Parse({"--reflection"}, {{"TRINE_REFLECTION", "off"}})->options.reflection);
  EXPECT_FALSE(Parse({}, {{"TRINE_REFLECTION", "0"}})->options.reflection);
}

TEST(Options, TheMetricsCanBeSwitchedOff) {
  EXPECT_EQ(Parse({"--metrics-listen="})->options.metrics_listen, "");
  EXPECT_EQ(Parse({"--metrics-listen", ""})->options.metrics_listen, "");
  EXPECT_EQ(Parse({}, {{"TRINE_METRICS_LISTEN", ""}})->options.metrics_listen, "");
}

TEST(Refusals, NameTheSourceTheValueAndWhatIsAllowed) {
  EXPECT_THAT(Refusal({"--max-queued", "x"}),
              ::testing::AllOf(StartsWith("--max-queued: is x; "), HasSubstr("0 to")));
  EXPECT_THAT(Refusal({}, {{"TRINE_THREADS", "1025"}}),
              ::testing::AllOf(StartsWith("TRINE_THREADS: is 1025; "), HasSubstr("1024")));
  EXPECT_THAT(Refusal({"--config", ConfigFile("threads = 2\ndrain-ms = \"5 parsecs\"\n")}),
              ::testing::AllOf(HasSubstr("line 2"), HasSubstr("5 parsecs")));
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--max-queued=-1"},
                                             {"--max-queued", "1000001"},
                                             {"--max-message-bytes", "99999999999999999999"},
                                             {"--max-message-bytes", "17179869184GiB"},
                                             {"--max-message-bytes", "1 MiB"},
                                             {"--max-message-bytes", "4GiB"},
                                             {"--max-message-bytes", "64k"},
                                             {"--max-message-bytes", "64M"},
                                             {"--drain-ms", "1.5 s"},
                                             {"--drain-ms", "1KiB"},
                                             {"--threads", "2s"},
                                             {"--listen", ""},
                                             {"--listen", "nonsense"},
                                             {"--listen", "127.0.0.1:65536"},
                                             {"--listen", "127.0.0.1:-1"},
                                             {"--metrics-listen", "unix:/tmp/x"},
                                             {"--default-deadline-ms", "2h"},
                                             {"--max-inflight-bytes", "1MiB"},
                                             {"--max-buffer-bytes", "63MiB"},
                                             {"--memory-limit", "255MiB"},
                                             {"--trusted-proxies", "nobody"},
                                             {"--log-level", "loud"},
                                             {"--log-format", "xml"},
                                             {"--reflection=maybe"},
                                             {"--no-such-flag"},
                                             {"positional"},
                                             {"--threads", "1", "--threads", "2"},
                                             {"--config", "/nonexistent/trine.toml"}}) {
    EXPECT_NE(Refusal(arguments), "accepted") << arguments[0];
  }
}

// A stream's index of tables has a byte a symbol: more could be allowed, and never be used.
TEST(Refusals, NoMoreTablesThanAStreamHolds) {
  EXPECT_EQ(Refusal({"--max-tables", "256"}), "accepted");
  EXPECT_THAT(Refusal({"--max-tables", "257"}), HasSubstr("256"));
}

TEST(Refusals, UnknownKeysOfTheFileAreErrors) {
  EXPECT_THAT(Refusal({"--config", ConfigFile("max-qeued = 3\n")}),
              ::testing::AllOf(HasSubstr("line 1"), HasSubstr("max-qeued")));
  EXPECT_NE(Refusal({"--config", ConfigFile("max_queued = 3\n")}), "accepted");
  EXPECT_NE(Refusal({"--config", ConfigFile("config = \"x\"\n")}), "accepted");
  EXPECT_NE(Refusal({"--config", ConfigFile("threads = [1]\n")}), "accepted");
}

TEST(PrintConfig, IsAFileThatGivesTheSame) {
  const auto first = Parse({"--listen", "127.0.0.1:1", "--listen", "unix:/a \"b\"\\c", "--threads",
                            "3", "--no-channelz", "--tls-cert", "x\ty", "--max-regions", "5"});
  ASSERT_TRUE(first.ok()) << first.status();
  const std::string printed = PrintConfig(first->options);
  const auto second = Parse({"--config", ConfigFile(printed)});
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(PrintConfig(second->options), printed);
  for (const OptionSpec& spec : AllOptions())
    EXPECT_EQ(GetOption(spec, second->options), GetOption(spec, first->options)) << spec.name;
}

TEST(Toml, ReadsWhatAFlatFileNeeds) {
  const auto entries = ParseToml(
      "# comment\n\na = \"x\\\"\\\\\\n#\" # behind\r\nb-c_1='lit\\eral'\nd = 1_000\ne = true\n"
      "f = [ \"a\",\n  'b', # in between\n]\ng = []");
  ASSERT_TRUE(entries.ok()) << entries.status();
  ASSERT_EQ(entries->size(), 6u);
  EXPECT_THAT((*entries)[0].values, ElementsAre("x\"\\\n#"));
  EXPECT_EQ((*entries)[1].key, "b-c_1");
  EXPECT_THAT((*entries)[1].values, ElementsAre("lit\\eral"));
  EXPECT_THAT((*entries)[2].values, ElementsAre("1000"));
  EXPECT_THAT((*entries)[3].values, ElementsAre("true"));
  EXPECT_THAT((*entries)[4].values, ElementsAre("a", "b"));
  EXPECT_EQ((*entries)[4].line, 7);
  EXPECT_TRUE((*entries)[5].is_array);
  EXPECT_TRUE((*entries)[5].values.empty());
}

TEST(Toml, RefusesTheRestWithItsLine) {
  for (const char* text : {"[table]", "a", "a =", "a = x", "a = 1.5", "a = \"open", "a = 'open",
                           "a = \"x\" y", "a = [1", "a = [1 2]", "a.b = 1", "= 1", "a = 1\na = 2",
                           "a = \"\\q\"", "a = 1979-05-27", "a = [\"x\"", "a = [[1]]"}) {
    const auto entries = ParseToml(text);
    ASSERT_FALSE(entries.ok()) << text;
    EXPECT_THAT(std::string(entries.status().message()), HasSubstr("line ")) << text;
  }
}

TEST(Address, IsReadAndWritten) {
  for (const char* text : {"127.0.0.1:0", "[::1]:7433", "localhost:65535", "unix:/run/x.sock",
                           "unix:rel", "unix-abstract:name", "example.org:80"}) {
    const auto address = ParseAddress("listen", text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ(address->ToString(), text);
  }
  for (const char* text : {"", ":", ":1", "host", "host:", "host:x", "host:65536", "::1:80",
                           "[]:80", "[::1]", "unix:", "http://host:80", "host:+1"}) {
    EXPECT_FALSE(ParseAddress("listen", text).ok()) << text;
  }
  EXPECT_FALSE(ParseAddress("listen", "unix:" + std::string(108, 'x')).ok());
}

TEST(Address, KnowsThisMachine) {
  for (const char* text : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1", "unix:/x"})
    EXPECT_TRUE(ParseAddress("listen", text)->IsLocal()) << text;
  for (const char* text : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "example.org:1"})
    EXPECT_FALSE(ParseAddress("listen", text)->IsLocal()) << text;
}

}  // namespace
}  // namespace trine::server
