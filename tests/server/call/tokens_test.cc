// Bearer tokens: the file, headers, services, calls.
#include <gmock/gmock.h>

#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "server/call/auth.h"
#include "tests/server/harness.h"

namespace trine::server::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<std::string> kServices = {"trine.test.v1.TestService", "trine.v1.ServerService"};

TEST(Tokens, FilesThatMakeNoSenseAreRefused) {
  std::string many;
  for (int i = 0; i <= 10'000; ++i) many += std::to_string(i) + "\n";
  const std::vector<std::pair<std::string, std::string>> texts = {
      {"", "holds no token"},
      {"\n# nothing\n", "holds no token"},
      {"good\ntwo words\n", "line 2: after a token come names of services"},
      {"alpha estService\n", "line 1: after"},
      {"alpha TestService,\n", "line 1: after"},
      {"alpha TestService ServerService\n", "line 1: after"},
      {"alpha\n\nbeta\nalpha TestService\n", "line 4: this token was given before"},
      {"caf\xC3\xA9\n", "line 1: a token has at most 4096 bytes"},
      {std::string("a\0b\n", 4), "line 1: a token has at most 4096 bytes"},
      {std::string(5000, 'x'), "line 1: a token has at most 4096 bytes"},
      {many, "more than 10000 tokens"}};
  for (const auto& [text, wrong] : texts) {
    const auto loaded = Authenticator::Load(WriteFile("tokens_bad", text), kServices);
    ASSERT_FALSE(loaded.ok()) << text;
    EXPECT_EQ(GetErrorDetail(loaded.status())->field, "token-file");
    EXPECT_THAT(std::string(loaded.status().message()), HasSubstr(wrong));
    EXPECT_THAT(std::string(loaded.status().message()), Not(HasSubstr("alpha")));
  }
  const auto missing = Authenticator::Load("/nonexistent/tokens", kServices);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(GetErrorDetail(missing.status())->field, "token-file");
}

TEST(Tokens, HeadersAreCheckedToTheLetter) {
  const auto auth =
      Authenticator::Load(WriteFile("tokens", "# who\nalpha\n\n  beta-2  \r\n"), kServices);
  ASSERT_TRUE(auth.ok()) << auth.status();
  for (const char* good : {"Bearer alpha", "bearer beta-2", "BEARER alpha"})
    EXPECT_TRUE((*auth)->CheckHeader(good, kEcho).ok()) << good;
  const std::string long_one = "Bearer " + std::string(1 << 20, 'x');
  for (const char* bad :
       {"", "alpha", "Bearer", "Bearer ", "Bearer alph", "Bearer alphaa", "Bearer Alpha",
        "Bearer  alpha", "Basic alpha", "Bearer # who", long_one.c_str()}) {
    EXPECT_EQ((*auth)->CheckHeader(bad, kEcho).status().code(), absl::StatusCode::kUnauthenticated)
        << bad;
  }
}

TEST(Tokens, AreKnownByADigest) {
  const auto auth = Authenticator::Load(WriteFile("tokens", "alpha\nbeta\n"), kServices);
  ASSERT_TRUE(auth.ok());
  // printf alpha | sha256sum
  EXPECT_EQ(*(*auth)->CheckHeader("Bearer alpha", kEcho), "token:8ed3f6ad");
  EXPECT_EQ(*(*auth)->CheckHeader("Bearer beta", kEcho), "token:f44e64e7");
  EXPECT_EQ(*Authenticator::AllowAll()->CheckHeader("", kEcho), "");
}

TEST(Tokens, EachOfAsManyAsAFileMayHoldIsFound) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "token-" + std::to_string(i) + "\n";
  const auto auth = Authenticator::Load(WriteFile("tokens_many", text), kServices);
  ASSERT_TRUE(auth.ok()) << auth.status();
  std::set<std::string> clients;
  for (int i = 0; i < 10'000; ++i) {
    const auto client = (*auth)->CheckHeader("Bearer token-" + std::to_string(i), kEcho);
    ASSERT_TRUE(client.ok()) << i;
    clients.insert(*client);
  }
  // Named by 32 bits of their digests: a few may share a name.
  EXPECT_GT(clients.size(), 9'990u);
  EXPECT_FALSE((*auth)->CheckHeader("Bearer token-10000", kEcho).ok());
}

TEST(Tokens, MayBeForSomeServicesOnly) {
  const auto auth = Authenticator::Load(WriteFile("tokens_services",
                                                  "all\n"
                                                  "info \t ServerService\n"
                                                  "full trine.test.v1.TestService\n"
                                                  "both ServerService, TestService\n"),
                                        kServices);
  ASSERT_TRUE(auth.ok()) << auth.status();
  constexpr char kInfo[] = "/trine.v1.ServerService/GetServerInfo";
  const auto may = [&](const std::string& token, std::string_view method) {
    const auto result = (*auth)->CheckHeader("Bearer " + token, method);
    if (result.ok()) return true;
    EXPECT_EQ(result.status().code(), absl::StatusCode::kPermissionDenied);
    EXPECT_EQ(GetErrorDetail(result.status())->reason, "SERVICE_NOT_ALLOWED");
    return false;
  };
  EXPECT_TRUE(may("all", kEcho));
  EXPECT_TRUE(may("all", kInfo));
  EXPECT_FALSE(may("info", kEcho));
  EXPECT_TRUE(may("info", kInfo));
  EXPECT_TRUE(may("full", kEcho));
  EXPECT_FALSE(may("full", kInfo));
  EXPECT_TRUE(may("both", kEcho));
  EXPECT_TRUE(may("both", kInfo));
  for (const char* method :
       {"", "/", "ServerService", "trine.v1.ServerService/X", "/trine.v1.ServerService",
        "/ServerService/X", "//trine.v1.ServerService/X", "/trine.v1.ServerServiceX/Y"})
    EXPECT_FALSE(may("info", method)) << method;
}

TEST(Tokens, CallsWithoutOneAreRefused) {
  Options options = TestOptions();
  options.token_file = WriteFile("tokens", "alpha\nbeta\n");
  TestServer server(options);
  const auto channel = server.Channel();
  const auto with = [](const std::string& header) {
    return
        [header](grpc::ClientContext* context) { context->AddMetadata("authorization", header); };
  };
  EXPECT_TRUE(CallUnary(channel, kEcho, "x", with("Bearer beta")).status.ok());
  const std::vector<Reply> refused = {
      CallUnary(channel, kEcho, "x"), CallUnary(channel, kEcho, "x", with("Bearer gamma")),
      CallUnary(channel, "/trine.test.v1.TestService/Nothing", "x"),
      CallRaw(channel, "/trine.v1.ServerService/GetServerInfo", ""),
      CallUnary(channel, kEcho, "x", [](grpc::ClientContext* context) {
        context->AddMetadata("authorization", "Bearer alpha");
        context->AddMetadata("authorization", "Bearer beta");
      })};
  for (const Reply& reply : refused) {
    EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(reply.reason(), "UNAUTHENTICATED");
  }
  // Health needs no token, and channelz is not there to tell of others.
  EXPECT_TRUE(CallRaw(channel, "/grpc.health.v1.Health/Check", "").status.ok());
  EXPECT_FALSE(CallRaw(channel, "/grpc.channelz.v1.Channelz/GetServers", "").status.ok());
}

TEST(Channelz, IsThereUnlessSwitchedOff) {
  TestServer on;
  EXPECT_TRUE(CallRaw(on.Channel(), "/grpc.channelz.v1.Channelz/GetServers", "").status.ok());
  Options options = TestOptions();
  options.channelz = false;
  TestServer off(options);
  EXPECT_EQ(CallRaw(off.Channel(), "/grpc.channelz.v1.Channelz/GetServers", "").status.error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST(Tokens, OfOtherServicesAreRefusedAndNamed) {
  Options options = TestOptions();
  options.token_file = WriteFile("tokens_other", "alpha ServerService\n");
  options.log_level = "info";
  TestServer server(options);
  const auto channel = server.Channel();
  const auto with_token = [](grpc::ClientContext* context) {
    context->AddMetadata("authorization", "Bearer alpha");
  };
  EXPECT_TRUE(
      CallRaw(channel, "/trine.v1.ServerService/GetServerInfo", "", with_token).status.ok());
  const Reply reply = CallUnary(channel, kEcho, "x", with_token);
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(reply.reason(), "SERVICE_NOT_ALLOWED");
  const auto line = server.log->Await("SERVICE_NOT_ALLOWED");
  ASSERT_TRUE(line);
  EXPECT_THAT(*server.log->Await("GetServerInfo"), HasSubstr("client=token:8ed3f6ad"));
  for (const std::string& any : server.log->lines()) EXPECT_THAT(any, Not(HasSubstr("alpha")));
}

TEST(Tokens, ChangeWithTheirFile) {
  Options options = TestOptions();
  options.token_file = WriteFile("tokens_live", "alpha\n");
  options.log_level = "info";
  options.metrics_listen = "127.0.0.1:0";
  options.reload_interval_ms = 5;
  TestServer server(options);
  const std::string& metrics = server.server->metrics_address();
  const auto channel = server.Channel();
  const auto may = [&](const std::string& token) {
    return CallUnary(channel, kEcho, "x",
                     [&](grpc::ClientContext* context) {
                       context->AddMetadata("authorization", "Bearer " + token);
                     })
        .status.ok();
  };
  EXPECT_TRUE(may("alpha"));
  EXPECT_FALSE(may("beta"));
  WriteFile("tokens_live", "# only a comment\n");
  AwaitSample(metrics, "trine_token_reloads_total{result=\"failed\"}", 1);
  ASSERT_TRUE(server.log->Await("make no sense"));
  EXPECT_TRUE(may("alpha"));
  WriteFile("tokens_live", "beta\n");
  AwaitSample(metrics, "trine_token_reloads_total{result=\"ok\"}", 1);
  EXPECT_FALSE(may("alpha"));
  EXPECT_TRUE(may("beta"));
}

}  // namespace
}  // namespace trine::server::testing
