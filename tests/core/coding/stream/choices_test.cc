// Which models and modes the encoder chooses, and its statistics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <utility>

#include "core/coding/coding.h"
#include "tests/core/coding/stream/stream_helpers.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

TEST(Stream, NoiseIsStoredAndConstantsCostNothing) {
  const std::string noise = Noise(200000, 7);
  EXPECT_LE(MustEncode(noise, {}).size(), noise.size() + 120);
  for (size_t period : {1, 2, 4, 8}) {
    std::string raw;
    while (raw.size() < 1000000) raw += std::string("abcdefgh").substr(0, period);
    const std::string coded = MustEncode(raw, {});
    EXPECT_LE(coded.size(), 130) << period;
    EXPECT_TRUE(MustDecode(coded) == raw);
    const auto info = Inspect({}, AsBytes(coded));
    ASSERT_TRUE(info.ok());
    EXPECT_EQ(info->blocks[0].mode, "constant");
  }
}

TEST(Stream, AutoChoosesByContent) {
  const auto mode = [](const std::string& raw) {
    EncodeOptions options;
    const auto info = Inspect({}, AsBytes(MustEncode(raw, options)));
    EXPECT_TRUE(info.ok());
    return info.ok() ? info->blocks[0].mode : "";
  };
  EXPECT_EQ(mode(Words(500000, 8)), "adaptive-2");
  EXPECT_EQ(mode(Skewed(500000, 8)), "static");
  EXPECT_EQ(mode(Noise(500000, 8)), "stored");
}

// However the bytes are cut into pieces and blocks, and whatever codes them.
TEST(Stream, EntropyOfOrder1) {
  const std::string raw = Words(30000, 3);
  std::map<std::pair<char, char>, double> pairs;
  std::map<char, double> befores;
  char before = 0;
  for (const char c : raw) {
    ++pairs[{before, c}];
    ++befores[before];
    before = c;
  }
  double bits = 0;
  for (const auto& [pair, n] : pairs) bits += n * std::log2(befores[pair.first] / n);
  for (const size_t bytes : {raw.size(), size_t{700}}) {
    for (const NamedOptions& m : kModels) {
      EncodeStats stats;
      EncodeOptions options = Options(m, bytes == 700 ? 256 : 4096);
      MustEncode(raw, options, {}, &stats);
      EXPECT_FALSE(stats.order1_entropy_bits_per_byte.has_value());
      options.full_statistics = true;
      auto encoder = StreamEncoder::Create({}, {}, options);
      ASSERT_TRUE(encoder.ok()) << encoder.status();
      std::string coded;
      for (size_t at = 0; at < raw.size(); at += bytes) {
        ASSERT_TRUE((*encoder)->Write(AsBytes(raw.substr(at, bytes)), &coded).ok());
      }
      ASSERT_TRUE((*encoder)->Finish(&coded, &stats).ok());
      ASSERT_TRUE(stats.order1_entropy_bits_per_byte.has_value());
      EXPECT_NEAR(*stats.order1_entropy_bits_per_byte, bits / 30000, 1e-9) << m.name;
    }
  }
  EncodeStats stats;
  EncodeOptions options;
  options.full_statistics = true;
  MustEncode("abababab", options, {}, &stats);  // compact; each byte follows from the one before
  EXPECT_EQ(stats.order1_entropy_bits_per_byte, 0.0);
}

TEST(Stream, StatisticsSayWhatWasSpent) {
  const std::string raw = Skewed(100000, 9);
  EncodeStats stats;
  EncodeOptions options;
  options.model = Model::kStatic;
  MustEncode(raw, options, {}, &stats);
  EXPECT_EQ(stats.model, Model::kStatic);
  EXPECT_EQ(stats.symbols, raw.size());
  EXPECT_GT(stats.huffman_bits_per_symbol, stats.entropy_bits_per_symbol);
  EXPECT_LT(stats.huffman_bits_per_symbol, stats.entropy_bits_per_symbol + 1);
  EXPECT_NEAR(static_cast<double>(stats.model_bits) / 1e5, stats.entropy_bits_per_symbol, 0.01);
  EXPECT_DOUBLE_EQ(stats.bits_per_symbol, 8.0 * static_cast<double>(stats.coded_bytes) / 1e5);
  EXPECT_GT(stats.side_bits, 0u);
  EXPECT_LT(stats.side_bits, 8 * 200u);
  EXPECT_LT(stats.container_bits, 8 * 150u);
}

}  // namespace
}  // namespace trine::coding
