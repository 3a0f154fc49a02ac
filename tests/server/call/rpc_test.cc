// The one path of every RPC: calls that succeed, that fail, that come in odd forms.
#include <algorithm>
#include <string>

#include "core/base/error.h"
#include "tests/server/harness.h"

namespace trine::server::testing {
namespace {

TEST(Unary, EchoesBytesOfManySizes) {
  TestServer server;
  const auto channel = server.Channel();
  for (const size_t size : {0, 1, 127, 1 << 14, (1 << 20) + 1, 20 << 20}) {
    std::string bytes(size, '\0');
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + (i >> 9));
    const Reply reply = CallUnary(channel, kEcho, bytes);
    ASSERT_TRUE(reply.status.ok()) << size << ": " << reply.status.error_message();
    EXPECT_EQ(reply.bytes == bytes, true) << size;
  }
}

TEST(Unary, ManyCallsAtOnce) {
  TestServer server;
  const auto channel = server.Channel();
  for (int round = 0; round < 5; ++round) {
    std::vector<std::unique_ptr<PendingCall>> calls;
    for (int i = 0; i < 40; ++i)
      calls.push_back(std::make_unique<PendingCall>(channel, kEcho, std::to_string(i)));
    for (int i = 0; i < 40; ++i) {
      const Reply reply = calls[static_cast<size_t>(i)]->Await();
      EXPECT_TRUE(reply.status.ok()) << reply.status.error_message();
      EXPECT_EQ(reply.bytes, std::to_string(i));
    }
  }
}

TEST(Unary, SmallRequestsRunWhereTheyCome) {
  TestServer server;
  const auto channel = server.Channel();
  const size_t envelope = Wrap(std::string(50, 'x')).size() - 50;
  EXPECT_EQ(CallUnary(channel, kWhere, "").bytes, "here");
  EXPECT_EQ(CallUnary(channel, kWhere, std::string(kInlineBytes - envelope - 1, 'x')).bytes,
            "here");
  EXPECT_EQ(CallUnary(channel, kWhere, std::string(kInlineBytes - envelope, 'x')).bytes, "pool");
}

TEST(Unary, SmallRequestsThatHadToWaitRunOnThePool) {
  Options options = TestOptions();
  options.max_running = 1;
  options.max_queued = 1000;
  TestServer server(options);
  const auto channel = server.Channel();
  PendingCall first(channel, kWait, "");
  ASSERT_TRUE(server.gate->AwaitEntered(1));
  std::vector<std::unique_ptr<PendingCall>> calls;
  for (int i = 0; i < 90; ++i) calls.push_back(std::make_unique<PendingCall>(channel, kWhere, "x"));
  server.gate->Open();
  EXPECT_TRUE(first.Await().status.ok());
  for (const auto& call : calls) {
    const Reply reply = call->Await();
    EXPECT_TRUE(reply.status.ok()) << reply.status.error_message();
    EXPECT_TRUE(reply.bytes == "pool" || reply.bytes == "here") << reply.bytes;
  }
}

TEST(Unary, BytesThatAreNoMessageAreRefused) {
  TestServer server;
  const Reply reply = CallRaw(server.Channel(), kEcho, "\x0A\x7Fxx");
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(reply.reason(), "MALFORMED_MESSAGE");
}

TEST(Unary, ACallWithoutAMessageIsRefused) {
  TestServer server;
  BidiCall call(server.Channel(), kEcho);
  EXPECT_TRUE(call.WritesDone());
  const Reply reply = call.Finish();
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(reply.reason(), "MALFORMED_MESSAGE");
}

TEST(Unary, AnUnknownMethodSaysSo) {
  TestServer server;
  const auto channel = server.Channel();
  for (const char* path : {"/trine.test.v1.TestService/Nothing", "/trine.test.v1.Nobody/Echo",
                           "/trine.test.v1.TestService/"}) {
    const Reply reply = CallUnary(channel, path, "x");
    EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << path;
    EXPECT_FALSE(reply.status.error_message().empty()) << path;
  }
  EXPECT_EQ(CallUnary(channel, "/trine.test.v1.TestService/Nothing", "x").reason(),
            "UNKNOWN_METHOD");
}

TEST(Stream, EchoesInOrderAndEndsWithTheClient) {
  TestServer server;
  BidiCall call(server.Channel(), kEchoStream);
  for (const char* text : {"a", "b", "c"}) {
    ASSERT_TRUE(call.Write(text));
    EXPECT_EQ(call.Read(), text);
  }
  ASSERT_TRUE(call.WritesDone());
  EXPECT_EQ(call.Read(), "end");
  EXPECT_EQ(call.Read(), std::nullopt);
  EXPECT_TRUE(call.Finish().status.ok());
}

TEST(Stream, SendsAllAnswersToOneMessageBeforeItTakesTheNext) {
  TestServer server;
  BidiCall call(server.Channel(), kEchoStream);
  ASSERT_TRUE(call.Write("twice"));
  ASSERT_TRUE(call.Write("once"));
  ASSERT_TRUE(call.WritesDone());
  EXPECT_EQ(call.Read(), "twice");
  EXPECT_EQ(call.Read(), "twice");
  EXPECT_EQ(call.Read(), "once");
  EXPECT_EQ(call.Read(), "end");
  EXPECT_EQ(call.Read(), std::nullopt);
  EXPECT_TRUE(call.Finish().status.ok());
}

TEST(Stream, AnErrorEndsItAfterTheAnswersBefore) {
  TestServer server;
  BidiCall call(server.Channel(), kEchoStream);
  ASSERT_TRUE(call.Write("a"));
  ASSERT_TRUE(call.Write("fail"));
  EXPECT_EQ(call.Read(), "a");
  EXPECT_EQ(call.Read(), std::nullopt);
  const Reply reply = call.Finish();
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(reply.reason(), "INVALID_FIELD");
}

TEST(Stream, MayBeEmpty) {
  TestServer server;
  BidiCall call(server.Channel(), kEchoStream);
  ASSERT_TRUE(call.WritesDone());
  EXPECT_EQ(call.Read(), "end");
  EXPECT_EQ(call.Read(), std::nullopt);
  EXPECT_TRUE(call.Finish().status.ok());
}

TEST(Errors, EveryCodeArrivesWithItsDetails) {
  TestServer server;
  const auto channel = server.Channel();
  for (int code = 1; code <= 16; ++code) {
    const Reply reply = CallUnary(channel, kFail, std::to_string(code) + " SOME_REASON");
    EXPECT_EQ(static_cast<int>(reply.status.error_code()), code);
    EXPECT_EQ(reply.status.error_message(), "value.part[1]: is 17, more than 16");
    EXPECT_EQ(reply.details().code(), code);
    EXPECT_EQ(reply.details().message(), reply.status.error_message());
    const auto info = reply.detail<google::rpc::ErrorInfo>();
    ASSERT_TRUE(info) << code;
    EXPECT_EQ(info->reason(), "SOME_REASON");
    EXPECT_EQ(info->domain(), "trine");
    EXPECT_EQ(info->metadata().at("value"), "17");
    EXPECT_EQ(info->metadata().at("limit"), "max_parts = 16");
    EXPECT_EQ(info->metadata().count("offset"), code == 15 ? 1u : 0u);
    if (code == 15) {
      EXPECT_EQ(info->metadata().at("block"), "3");
      EXPECT_EQ(info->metadata().at("offset"), "4096");
    }
    const auto bad = reply.detail<google::rpc::BadRequest>();
    EXPECT_EQ(bad.has_value(), code == 3);
    if (bad) {
      ASSERT_EQ(bad->field_violations_size(), 1);
      EXPECT_EQ(bad->field_violations(0).field(), "value.part[1]");
      EXPECT_EQ(bad->field_violations(0).description(), reply.status.error_message());
    }
    const auto quota = reply.detail<google::rpc::QuotaFailure>();
    EXPECT_EQ(quota.has_value(), code == 8);
    if (quota) {
      EXPECT_EQ(quota->violations(0).subject(), "max_parts");
    }
    const auto retry = reply.detail<google::rpc::RetryInfo>();
    EXPECT_EQ(retry.has_value(), code == 8);
    if (retry) {
      EXPECT_EQ(retry->retry_delay().seconds(), 1);
      EXPECT_EQ(retry->retry_delay().nanos(), 500'000'000);
    }
  }
}

TEST(Errors, WhatBreaksInsideTellsTheCallerNothingOfTheInside) {
  TestServer server;
  const auto channel = server.Channel();
  for (const char* method : {kBare, kThrow}) {
    const Reply reply = CallUnary(channel, method, "x");
    EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::INTERNAL);
    EXPECT_EQ(reply.reason(), "INTERNAL");
    EXPECT_EQ(reply.status.error_message().find("secret"), std::string::npos);
    EXPECT_FALSE(reply.status.error_message().empty());
  }
}

TEST(Limits, AMessageOfExactlyTheLimitPasses) {
  Options options = TestOptions();
  options.max_message_bytes = 1 << 20;
  TestServer server(options);
  const auto channel = server.Channel();
  // A BytesValue of n bytes with 2^14 <= n < 2^21 has a head of 4 bytes.
  for (const int off : {-1, 0, 1}) {
    const std::string bytes(static_cast<size_t>((1 << 20) - 4 + off), 'x');
    ASSERT_EQ(Wrap(bytes).size(), static_cast<size_t>((1 << 20) + off));
    const Reply reply = CallUnary(channel, kEcho, bytes);
    EXPECT_EQ(reply.status.ok(), off <= 0) << off << ": " << reply.status.error_message();
    if (off <= 0) continue;
    EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(reply.reason(), "LIMIT_EXCEEDED");
    const auto info = reply.detail<google::rpc::ErrorInfo>();
    EXPECT_EQ(info->metadata().at("value"), "1048577");
    EXPECT_EQ(info->metadata().at("limit"), "max_message_bytes = 1048576");
    EXPECT_TRUE(reply.detail<google::rpc::QuotaFailure>());
    // Sending it again would not help.
    EXPECT_FALSE(reply.detail<google::rpc::RetryInfo>());
  }
}

TEST(Limits, AResponseBeyondTheLimitIsRefusedWithItsName) {
  Options options = TestOptions();
  options.max_message_bytes = 1 << 20;
  TestServer server(options);
  const auto channel = server.Channel();
  EXPECT_TRUE(CallUnary(channel, kBig, std::to_string((1 << 20) - 4)).status.ok());
  const Reply reply = CallUnary(channel, kBig, std::to_string((1 << 20) - 3));
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_NE(reply.status.error_message().find("response"), std::string::npos);
  EXPECT_NE(reply.status.error_message().find("max_message_bytes"), std::string::npos);
}

TEST(Limits, AStreamsMessageBeyondTheLimitEndsTheStream) {
  Options options = TestOptions();
  options.max_message_bytes = 1 << 16;
  TestServer server(options);
  BidiCall call(server.Channel(), kEchoStream);
  ASSERT_TRUE(call.Write("a"));
  EXPECT_EQ(call.Read(), "a");
  ASSERT_TRUE(call.Write(std::string(1 << 16, 'x')));
  EXPECT_EQ(call.Read(), std::nullopt);
  const Reply reply = call.Finish();
  EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(reply.reason(), "LIMIT_EXCEEDED");
}

TEST(Limits, CompressedMessagesAreRefused) {
  TestServer server;
  for (const auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    const Reply reply = CallUnary(server.Channel(), kEcho, std::string(1 << 16, 'x'),
                                  [algorithm](grpc::ClientContext* context) {
                                    context->set_compression_algorithm(algorithm);
                                  });
    EXPECT_EQ(reply.status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << algorithm;
  }
}

TEST(Server, StartsAndEndsManyTimesAndBesideOthers) {
  TestServer one;
  for (int i = 0; i < 5; ++i) {
    TestServer two;
    EXPECT_TRUE(CallUnary(two.Channel(), kEcho, "x").status.ok());
    EXPECT_TRUE(CallUnary(one.Channel(), kEcho, "x").status.ok());
  }
}

TEST(Server, ServesAUnixSocket) {
  Options options = TestOptions();
  const std::string path = ::testing::TempDir() + "trine_rpc_test.sock";
  options.listen = {"unix:" + path, "127.0.0.1:0"};
  TestServer server(options);
  ASSERT_EQ(server.server->addresses().size(), 2u);
  EXPECT_EQ(server.server->addresses()[0], "unix:" + path);
  EXPECT_TRUE(CallUnary(server.Channel(), kEcho, "x").status.ok());
}

TEST(Server, ATakenPortIsAnErrorThatNamesIt) {
  TestServer one;
  Options options = TestOptions();
  options.listen = {"127.0.0.1:0", one.server->addresses()[0]};
  const auto two = StartServer(options, Registry());
  ASSERT_FALSE(two.ok());
  EXPECT_NE(std::string(two.status().message()).find(one.server->addresses()[0]),
            std::string::npos);
  EXPECT_EQ(GetErrorDetail(two.status())->field, "listen");
}

}  // namespace
}  // namespace trine::server::testing
