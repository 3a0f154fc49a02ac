// What the coding services tell the ledger of memory.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "tests/server/services/service_harness.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {
namespace {

TEST(CodingMemory, StreamsAreEstimatedAsTheirUnaryCalls) {
  Registry registry;
  RegisterCodingService(&registry);
  const auto factor = [&](const std::string& name) -> uint64_t {
    for (const Method& method : registry.methods())
      if (method.name == name) return method.traits.memory_factor;
    return 0;
  };
  EXPECT_EQ(factor("EncodeStream"), factor("Encode"));
  EXPECT_EQ(factor("DecodeStream"), factor("Decode"));
  EXPECT_GE(factor("Decode"), 8u);
}

// What an open stream keeps between two messages is known to the ledger of memory.
TEST(CodingMemory, StreamsSayWhatTheyHold) {
  Registry registry;
  RegisterCodingService(&registry);
  const auto open = [&](const std::string& name) -> std::unique_ptr<RawStream> {
    for (const Method& method : registry.methods()) {
      if (method.name == name) return method.stream();
    }
    return nullptr;
  };
  const Call call;
  constexpr size_t kSent = 500'000;
  const std::string half_a_block(kSent, 'h');

  const auto encode = open("EncodeStream");
  ASSERT_NE(encode, nullptr);
  EXPECT_LT(encode->HeldBytes(), 1000u);
  v1::EncodeStreamRequest raw;
  raw.mutable_header();
  ASSERT_TRUE(encode->OnMessage(call, ToBuffer(raw.SerializeAsString())).ok());
  raw.set_chunk(half_a_block);
  ASSERT_TRUE(encode->OnMessage(call, ToBuffer(raw.SerializeAsString())).ok());
  EXPECT_GE(encode->HeldBytes(), kSent);
  EXPECT_LT(encode->HeldBytes(), kSent + 10'000);

  const auto decode = open("DecodeStream");
  ASSERT_NE(decode, nullptr);
  EXPECT_LT(decode->HeldBytes(), 1000u);
  v1::DecodeStreamRequest coded;
  coded.mutable_header();
  ASSERT_TRUE(decode->OnMessage(call, ToBuffer(coded.SerializeAsString())).ok());
  coded.set_chunk(half_a_block);
  ASSERT_TRUE(decode->OnMessage(call, ToBuffer(coded.SerializeAsString())).ok());
  EXPECT_GE(decode->HeldBytes(), kSent);
  EXPECT_LT(decode->HeldBytes(), kSent + 10'000);
}

}  // namespace
}  // namespace trine::server
