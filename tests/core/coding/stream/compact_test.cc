// The compact form: short messages in one block.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/coding/coding.h"
#include "core/runtime/thread_pool.h"
#include "tests/core/coding/stream/stream_helpers.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

// Short messages: at most 24 bytes around what the model writes.
TEST(Compact, CostsAtMost24Bytes) {
  for (size_t n = 0; n <= 64; ++n) {
    for (const std::string& raw : {Noise(n, 1), Words(n, 2), std::string(n, 'x'), Skewed(n, 3)}) {
      for (Model model : {Model::kAuto, Model::kStatic, Model::kAdaptive}) {
        EncodeOptions options;
        options.model = model;
        EncodeStats stats;
        const auto coded = Encode({}, {}, AsBytes(raw), options, &stats);
        ASSERT_TRUE(coded.ok());
        EXPECT_LE(stats.container_bits, 24u * 8) << n;
        EXPECT_LE(coded->size(), n + 24);
        EXPECT_EQ(coded->size(), stats.coded_bytes);
        const auto decoded = Decode({}, AsBytes(*coded));
        ASSERT_TRUE(decoded.ok()) << decoded.status();
        EXPECT_EQ(AsString(decoded->data), raw);
        const auto info = Inspect({}, AsBytes(*coded));
        ASSERT_TRUE(info.ok()) << info.status();
        EXPECT_TRUE(info->is_compact);
        EXPECT_EQ(info->raw_bytes, n);
        EXPECT_EQ(info->blocks.size(), n == 0 ? 0u : 1u);
      }
    }
  }
}

// The form changes at 4096 bytes, and with the block size; an excerpt of it is itself.
TEST(Compact, OnlyWhereOneShortBlockIsAll) {
  for (const auto& [n, block, compact] : {std::tuple<size_t, uint64_t, bool>{4095, 0, true},
                                          {4096, 0, true},
                                          {4097, 0, false},
                                          {300, 256, false},
                                          {256, 256, true}}) {
    EncodeOptions options;
    options.block_bytes = block;
    const std::string raw = Words(n, 1);
    const auto coded = Encode({}, {}, AsBytes(raw), options);
    ASSERT_TRUE(coded.ok());
    const auto info = Inspect({}, AsBytes(*coded));
    ASSERT_TRUE(info.ok());
    EXPECT_EQ(info->is_compact, compact) << n;
    if (!compact) continue;
    const auto excerpt = MakeExcerpt(
        {}, coded->size(),
        [&](uint64_t at, MutableByteView out) {
          std::copy_n(coded->data() + at, out.size(), out.data());
          return absl::OkStatus();
        },
        ByteRange{10, 20});
    ASSERT_TRUE(excerpt.ok()) << excerpt.status();
    EXPECT_TRUE(*excerpt == *coded);
    DecodeOptions part;
    part.range = ByteRange{10, 20};
    const auto decoded = Decode({}, AsBytes(*excerpt), part);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(AsString(decoded->data), raw.substr(10, 20));
  }
}

// Cut off anywhere, or with any byte changed: refused, in one piece and streamed.
TEST(Compact, DamageIsRefused) {
  const std::string raw = Words(200, 1);
  const auto coded = Encode({}, {}, AsBytes(raw), {});
  ASSERT_TRUE(coded.ok());
  const auto stream = [](const std::string& bytes) -> absl::Status {
    auto decoder = StreamDecoder::Create({}, {});
    LongArray<uint8_t> out;
    const auto drain = [&]() -> absl::Status {
      while (true) {
        const auto more = (*decoder)->Next(&out);
        if (!more.ok()) return more.status();
        if (!*more) return absl::OkStatus();
      }
    };
    for (char c : bytes) {
      absl::Status status = (*decoder)->Write(AsBytes(std::string(1, c)));
      if (status.ok()) status = drain();
      if (!status.ok()) return status;
    }
    const absl::Status status = (*decoder)->Finish();
    return status.ok() ? drain() : status;
  };
  EXPECT_TRUE(stream(*coded).ok());
  for (size_t n = 0; n < coded->size(); ++n) {
    EXPECT_EQ(Decode({}, AsBytes(coded->substr(0, n))).status().code(), absl::StatusCode::kDataLoss)
        << n;
    EXPECT_EQ(stream(coded->substr(0, n)).code(), absl::StatusCode::kDataLoss) << n;
    for (int bit : {0, 7}) {
      std::string damaged = *coded;
      damaged[n] = static_cast<char>(damaged[n] ^ 1 << bit);
      const auto one = Decode({}, AsBytes(damaged)).status();
      // The version is looked at before the check.
      const auto expected = n == 3 ? absl::StatusCode::kUnimplemented : absl::StatusCode::kDataLoss;
      EXPECT_EQ(one.code(), expected) << n << " " << one;
      EXPECT_EQ(stream(damaged).code(), expected) << n;
    }
  }
}

}  // namespace
}  // namespace trine::coding
