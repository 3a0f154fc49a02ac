// The words of a call's span, in builds without OpenTelemetry too.
#include "server/observe/span_attributes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <variant>

namespace trine::server {
namespace {

using ::testing::Contains;
using ::testing::IsSupersetOf;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

using Value = std::variant<std::string, int64_t>;
using Words = std::map<std::string, Value>;

Value Text(const char* text) { return std::string(text); }
Value Number(int64_t number) { return number; }

Words WordsOf(const CallSpan& call, RpcNames names = RpcNames::kToday) {
  Words words;
  for (const SpanAttribute& attribute : SpanAttributes(call, names))
    EXPECT_TRUE(words.emplace(attribute.key, attribute.value).second)
        << attribute.key << " is there twice";
  return words;
}

const TraceContext kTrace;

CallSpan Encode(int status_code = 0, const char* reason = "") {
  return {.trace = kTrace,
          .path = "/trine.v1.CodingService/Encode",
          .served = true,
          .authority = "trine.example:7433",
          .status_code = status_code,
          .reason = reason,
          .request_id = "req-7",
          .peer = "ipv4:10.0.0.7:51234",
          .client = "ipv4:10.0.0.7",
          .model = "adaptive",
          .bytes_in = 11,
          .bytes_out = 22,
          .start = {},
          .end = {},
          .queue_start = {},
          .queue_end = {},
          .compute_start = {},
          .compute_end = {}};
}

TEST(SpanAttributes, FollowTodaysConventions) {
  EXPECT_EQ(SpanName(Encode(), RpcNames::kToday), "trine.v1.CodingService/Encode");
  const Words expected = {{"rpc.system.name", Text("grpc")},
                          {"rpc.method", Text("trine.v1.CodingService/Encode")},
                          {"rpc.response.status_code", Text("OK")},
                          {"server.address", Text("trine.example")},
                          {"server.port", Number(7433)},
                          {"client.address", Text("10.0.0.7")},
                          {"client.port", Number(51234)},
                          {"network.protocol.name", Text("http")},
                          {"network.protocol.version", Text("2")},
                          {"network.transport", Text("tcp")},
                          {"network.type", Text("ipv4")},
                          {"network.peer.address", Text("10.0.0.7")},
                          {"network.peer.port", Number(51234)},
                          {"trine.request_id", Text("req-7")},
                          {"trine.client", Text("ipv4:10.0.0.7")},
                          {"trine.request.bytes", Number(11)},
                          {"trine.response.bytes", Number(22)},
                          {"trine.coding.model", Text("adaptive")}};
  EXPECT_EQ(WordsOf(Encode()), expected);
}

TEST(SpanAttributes, ErrorTypeIsTheCodeWhereTheServerIsToBlame) {
  const Words broken = WordsOf(Encode(13, "BROKEN"));
  EXPECT_THAT(broken, Contains(Pair("rpc.response.status_code", Text("INTERNAL"))));
  EXPECT_THAT(broken, Contains(Pair("error.type", Text("INTERNAL"))));
  EXPECT_THAT(broken, Contains(Pair("trine.reason", Text("BROKEN"))));
  // The caller's mistake.
  const Words refused = WordsOf(Encode(3, "MALFORMED_MESSAGE"));
  EXPECT_THAT(refused, Contains(Pair("rpc.response.status_code", Text("INVALID_ARGUMENT"))));
  EXPECT_THAT(refused, Contains(Pair("trine.reason", Text("MALFORMED_MESSAGE"))));
  EXPECT_THAT(refused, Not(Contains(Key("error.type"))));
  std::string errors;
  for (int code = 0; code <= 16; ++code) errors += IsServerError(code) ? 'x' : '.';
  EXPECT_EQ(errors, "..x.x.......xxxx." /* UNKNOWN, DEADLINE_EXCEEDED, 12 to 15 */);
}

TEST(SpanAttributes, AMethodThatIsNotServedIsNoName) {
  CallSpan call = Encode(12, "UNKNOWN_METHOD");
  const std::string path = "/made.up/\xFF" + std::string(300, 'x');
  call.path = path;
  call.served = false;
  EXPECT_EQ(SpanName(call, RpcNames::kToday), "grpc");
  const Words words = WordsOf(call);
  EXPECT_THAT(words, Contains(Pair("rpc.method", Text("_OTHER"))));
  const std::string original = std::get<std::string>(words.at("rpc.method_original"));
  EXPECT_EQ(original.substr(0, 12), "made.up/\xEF\xBF\xBDx");
  EXPECT_EQ(original.size(), 128u);
  EXPECT_EQ(SpanName(call, RpcNames::kOld), "unknown/unknown");
  EXPECT_THAT(
      WordsOf(call, RpcNames::kOld),
      IsSupersetOf({Pair("rpc.service", Text("unknown")), Pair("rpc.method", Text("unknown")),
                    Pair("error.type", Text("UNKNOWN_METHOD"))}));
}

TEST(SpanAttributes, TellTheClientFromTheProxyBeforeIt) {
  CallSpan call = Encode();
  call.client = "ipv6:2001:db8::1";  // what a trusted proxy says
  Words words = WordsOf(call);
  EXPECT_THAT(words, Contains(Pair("client.address", Text("2001:db8::1"))));
  EXPECT_THAT(words, Not(Contains(Key("client.port"))));
  EXPECT_THAT(words, Contains(Pair("network.peer.address", Text("10.0.0.7"))));
  // A token names nobody's address.
  call.client = "token:8ed3f6ad";
  words = WordsOf(call);
  EXPECT_THAT(words, Contains(Pair("client.address", Text("10.0.0.7"))));
  EXPECT_THAT(words, Contains(Pair("client.port", Number(51234))));
}

TEST(SpanAttributes, ReadAddressesOfEveryForm) {
  CallSpan call = Encode();
  const auto server = [&call](const char* authority) {
    call.authority = authority;
    const Words words = WordsOf(call);
    const auto host = words.find("server.address");
    const auto port = words.find("server.port");
    return std::pair(host == words.end() ? "" : std::get<std::string>(host->second),
                     port == words.end() ? -1 : std::get<int64_t>(port->second));
  };
  EXPECT_EQ(server("[::1]:7433"), std::pair(std::string("::1"), int64_t{7433}));
  EXPECT_EQ(server("[::1]"), std::pair(std::string("::1"), int64_t{-1}));
  EXPECT_EQ(server("trine"), std::pair(std::string("trine"), int64_t{-1}));
  EXPECT_EQ(server(""), std::pair(std::string(), int64_t{-1}));
  call.peer = "ipv6:[::1]:80";
  EXPECT_THAT(WordsOf(call), IsSupersetOf({Pair("network.peer.address", Text("::1")),
                                           Pair("network.peer.port", Number(80)),
                                           Pair("network.type", Text("ipv6"))}));
  call.peer = "unix:/run/trine.sock";
  const Words words = WordsOf(call);
  EXPECT_THAT(words, Contains(Pair("network.transport", Text("unix"))));
  EXPECT_THAT(words, Not(Contains(Key("client.address"))));
}

TEST(SpanAttributes, OldNamesAreThereWhereAskedFor) {
  const Words old = WordsOf(Encode(3, "MALFORMED_MESSAGE"), RpcNames::kOld);
  EXPECT_THAT(old, IsSupersetOf({Pair("rpc.system", Text("grpc")),
                                 Pair("rpc.service", Text("trine.v1.CodingService")),
                                 Pair("rpc.method", Text("Encode")),
                                 Pair("rpc.grpc.status_code", Number(3)),
                                 Pair("error.type", Text("MALFORMED_MESSAGE"))}));
  EXPECT_THAT(old, Not(Contains(Key("rpc.system.name"))));
  // What is of no convention of RPC is the same in all of them.
  EXPECT_THAT(old, Contains(Pair("trine.request_id", Text("req-7"))));
  Words both = WordsOf(Encode(), RpcNames::kToday);
  both.insert({{"rpc.system", Text("grpc")},
               {"rpc.service", Text("trine.v1.CodingService")},
               {"rpc.grpc.status_code", Number(0)}});
  EXPECT_EQ(WordsOf(Encode(), RpcNames::kBoth), both);
}

TEST(RpcNames, AreTodaysUnlessTheVariableSaysOtherwise) {
  for (const char* today : {"", "rpc", "http/dup", "http, rpc", "rpc/DUP", "rpc/dupe"})
    EXPECT_EQ(ParseRpcNames(today), RpcNames::kToday) << today;
  for (const char* both : {"rpc/dup", "http, rpc/dup ,databases", "rpc,rpc/dup", "rpc/old,rpc/dup"})
    EXPECT_EQ(ParseRpcNames(both), RpcNames::kBoth) << both;
  for (const char* old : {"rpc/old", "http,rpc/old"})
    EXPECT_EQ(ParseRpcNames(old), RpcNames::kOld) << old;
}

}  // namespace
}  // namespace trine::server
