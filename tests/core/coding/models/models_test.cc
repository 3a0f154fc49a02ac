// The coders and models below the container.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/base/text/utf8.h"
#include "core/coding/coder/fixed_log2.h"
#include "core/coding/coder/nibble_model.h"
#include "core/coding/coder/range_coder.h"
#include "core/coding/container/bytes_io.h"
#include "core/coding/models/adaptive/adaptive_model.h"
#include "core/coding/models/histogram.h"
#include "core/coding/models/static/frequencies.h"
#include "core/coding/models/static/static_model.h"
#include "core/coding/stats.h"
#include "tests/core/coding/test_data.h"
#include "tests/oracle/coding_oracle.h"

namespace trine::coding {
namespace {

TEST(FixedLog2, IsNearTheTrueValueAndMonotone) {
  uint32_t before = 0;
  for (uint64_t x = 1; x < 200000; ++x) {
    const uint32_t log = FixedLog2(x);
    EXPECT_NEAR(log, 65536 * std::log2(static_cast<double>(x)), 1.5) << x;
    EXPECT_GE(log, before);
    before = log;
  }
  for (int bit = 0; bit < 64; ++bit) EXPECT_EQ(FixedLog2(uint64_t{1} << bit), bit * 65536u);
  EXPECT_EQ(FixedLog2(~uint64_t{0}), 64u * 65536);
}

// Random parts through several lanes: what a decoder sees are the same parts, and carries of any
// length are resolved. Parts at the upper end of the range make long runs of ones.
template <class Coder>
void RangeCoderRoundTrip(int lanes, int rule) {
  using Range = typename Coder::Range;
  std::mt19937_64 random(static_cast<uint64_t>(lanes * 10 + rule));
  constexpr int kSymbols = 20000;
  RangeEncoder<Coder> encoder(lanes, kSymbols + 1);
  struct Part {
    Range offset, width;
  };
  std::vector<Part> parts;
  for (int i = 0; i < kSymbols; ++i) {
    auto& lane = encoder.lane(i % lanes);
    const Range range = lane.range;
    ASSERT_NE(range >> Coder::kWordBits, 0u);  // the invariant between symbols
    Part part;
    if (rule == 0) {
      part.offset = static_cast<Range>(random()) % range;
      part.width = 1 + static_cast<Range>(random()) % (range - part.offset);
    } else if (rule == 1) {  // the last unit of the range: low ends in ones
      part.offset = range - 1;
      part.width = 1;
    } else if (rule == 2) {  // nearly the whole range: hardly a digit
      part.offset = random() % 2;
      part.width = range - 1 - random() % 2;
      if (part.offset + part.width > range) part.width = range - part.offset;
    } else {  // mostly the top, sometimes a step that carries
      part.offset = random() % 100 == 0 ? 0 : range - 1 - random() % 3;
      part.width = 1;
    }
    parts.push_back(part);
    lane.Narrow(part.offset, part.width);
    encoder.Renormalise(i % lanes);
  }
  std::string out = "front";
  ASSERT_TRUE(encoder.Finish(&out).ok());
  ASSERT_EQ(out.size(), 5 + encoder.CodedBytes());
  RangeDecoder<Coder> decoder;
  ASSERT_TRUE(decoder.Start(lanes, AsBytes(out).subspan(5)));
  for (int i = 0; i < kSymbols; ++i) {
    auto& lane = decoder.lane(i % lanes);
    const Part& part = parts[static_cast<size_t>(i)];
    ASSERT_GE(lane.code, part.offset) << i;
    ASSERT_LT(lane.code - part.offset, part.width) << i;
    lane.Narrow(part.offset, part.width);
    decoder.Renormalise(i % lanes);
  }
  EXPECT_TRUE(decoder.AtEnd());
  EXPECT_TRUE(decoder.rest().empty());
}

TEST(RangeCoder, RoundTripsPartsOfEveryKind) {
  for (int lanes : {1, 2, 3, 16, 64}) {
    for (int rule : {0, 1, 2, 3}) {
      SCOPED_TRACE(testing::Message() << lanes << " lanes, rule " << rule);
      RangeCoderRoundTrip<NarrowCoder>(lanes, rule);
      RangeCoderRoundTrip<WideCoder>(lanes, rule);
    }
  }
}

// The code is the lower end of the interval, digit by digit: compared with long arithmetic.
TEST(RangeCoder, EmitsExactlyTheLowerEnd) {
  std::mt19937 random(9);
  RangeEncoder<NarrowCoder> encoder(1, 1000);
  std::vector<uint32_t> low = {0, 0};  // 16-bit digits of the lower end, most significant first
  for (int i = 0; i < 500; ++i) {
    auto& lane = encoder.lane(0);
    const uint32_t range = lane.range;
    const uint32_t offset = i % 3 == 0 ? random() % range : range - 1 - random() % 5;
    const uint32_t width = 1 + (random() % 7) * ((range - offset - 1) / 7);
    uint64_t sum = uint64_t{low[low.size() - 1]} + (offset & 0xFFFF);
    low[low.size() - 1] = sum & 0xFFFF;
    sum = (sum >> 16) + low[low.size() - 2] + (offset >> 16);
    low[low.size() - 2] = sum & 0xFFFF;
    for (size_t k = low.size() - 2; (sum >>= 16) != 0; low[k] = sum & 0xFFFF) sum += low[--k];
    lane.Narrow(offset, width);
    encoder.Renormalise(0);
    if (width < 65536) low.push_back(0);
  }
  std::string out;
  ASSERT_TRUE(encoder.Finish(&out).ok());
  ASSERT_EQ(out.size(), 2 * low.size());
  std::vector<uint32_t> digits = {LoadLE<uint16_t>(out.data() + 2), LoadLE<uint16_t>(out.data())};
  for (size_t i = 4; i < out.size(); i += 2) digits.push_back(LoadLE<uint16_t>(out.data() + i));
  EXPECT_EQ(digits, low);
}

TEST(NibbleModel, StaysAscendingAndVectorEqualsScalar) {
  std::mt19937 random(3);
  for (uint32_t limit : {4u, 60u, 1020u}) {
    for (int rule = 0; rule < 4; ++rule) {
      NibbleModel model = kUniformNibble, reference = kUniformNibble;
      for (int i = 0; i < 20000; ++i) {
        const uint32_t symbol = rule == 0   ? random() % 16
                                : rule == 1 ? 0
                                : rule == 2 ? 15
                                            : (i / 500 % 2 == 0 ? 0 : 15) ^ (random() % 50 == 0);
        Update(model, symbol, limit);
        scalar::Update(reference, symbol, limit);
        ASSERT_EQ(model.cdf, reference.cdf);
        for (uint32_t s = 0; s < 16; ++s) ASSERT_LT(model.Start(s), model.End(s));
        const uint32_t slot = random() % 65536;
        const uint32_t found = CountNotAbove(model, slot);
        ASSERT_EQ(found, scalar::CountNotAbove(model, slot));
        ASSERT_LE(model.Start(found), slot);
        ASSERT_GT(model.End(found), slot);
      }
    }
  }
}

// Around the length from which pairs are counted, where they are few and where they are many; equal
// bytes, whose one counter is stored again and again; what is there already stays.
TEST(Histogram, CountsEveryByteOnce) {
  for (const size_t n : {0, 1, 7, 8, 9, 196607, 196608, 196609, 300007, 1 << 20}) {
    for (const std::string& raw :
         {Words(n, 1), Noise(n, 2), Skewed(n, 3), Wave(n, 4), std::string(n, '\xFF')}) {
      Histogram expected{};
      for (const char c : raw) ++expected[static_cast<uint8_t>(c)];
      for (size_t s = 0; s < 256; ++s) expected[s] += s;
      Histogram counts;
      std::iota(counts.begin(), counts.end(), 0);
      CountBytes(AsBytes(raw), counts);
      EXPECT_EQ(counts, expected) << n;
    }
  }
}

TEST(Frequencies, FitSumsToTheTotalAndKeepsEverySymbol) {
  std::mt19937 random(4);
  for (int bits : {8, 10, 12, 14}) {
    for (int round = 0; round < 200; ++round) {
      Histogram counts{};
      const uint32_t symbols = 2 + random() % 255;
      for (uint32_t s = 0; s < symbols; ++s) {
        counts[random() % 256] = 1 + (round % 2 == 0 ? random() % 5 : random() % 1000000);
      }
      counts[0] = 1;
      counts[255] = round % 3 == 0 ? 4000000000u / 256 : 1;
      const auto f = QuantizeCounts(counts, bits);
      EXPECT_EQ(std::accumulate(f.begin(), f.end(), uint64_t{0}), uint64_t{1} << bits);
      for (int s = 0; s < 256; ++s) EXPECT_EQ(f[s] > 0, counts[s] > 0);
      std::string coded;
      AppendFrequencies(f, bits, &coded);
      const auto parsed = ParseFrequencies(AsBytes(coded), bits);
      ASSERT_TRUE(parsed.ok()) << parsed.status();
      EXPECT_EQ(parsed->frequencies, f);
      EXPECT_TRUE(parsed->rest.empty());
    }
  }
}

// No single step of a frequency from one symbol to another saves bits.
TEST(Frequencies, FitIsLocallyOptimal) {
  Histogram counts{};
  const std::string raw = Skewed(100000, 1) + Words(3000, 1);
  CountBytes(AsBytes(raw), counts);
  const auto f = QuantizeCounts(counts, 12);
  const auto cost = [&](const std::array<uint32_t, 256>& g) {
    double bits = 0;
    for (int s = 0; s < 256; ++s) {
      if (counts[s] != 0) bits += static_cast<double>(counts[s]) * (12 - std::log2(g[s]));
    }
    return bits;
  };
  const double best = cost(f);
  EXPECT_NEAR(static_cast<double>(CostOfFrequencies(counts, f, 12)) / 65536, best, best * 1e-4);
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      if (a == b || f[a] < 2 || f[b] == 0) continue;
      auto g = f;
      --g[a];
      ++g[b];
      EXPECT_GT(cost(g), best * (1 - 1e-5));
    }
  }
}

TEST(Static, CostsLittleMoreThanTheEntropy) {
  for (uint32_t seed : {1, 2}) {
    for (const std::string& raw : {Skewed(200000, seed), Words(200000, seed)}) {
      Histogram counts{};
      CountBytes(AsBytes(raw), counts);
      const auto payload = EncodeStatic(AsBytes(raw), counts, {});
      ASSERT_TRUE(payload.ok() && payload->fits);
      const double entropy = EntropyBits(counts) / 8;
      EXPECT_LT(static_cast<double>(payload->bytes.size()), entropy * 1.002 + 250);
      std::string back(raw.size(), '\0');
      ASSERT_TRUE(
          DecodeStatic(AsBytes(payload->bytes),
                       MutableByteView(reinterpret_cast<uint8_t*>(back.data()), back.size()), {})
              .ok());
      EXPECT_TRUE(back == raw);
    }
  }
}

TEST(Adaptive, EveryParameterRoundTrips) {
  const std::string raw = Words(3001, 1) + Skewed(2000, 1);
  for (int order : {0, 1, 2}) {
    for (int lanes_log2 = 0; lanes_log2 <= 6; ++lanes_log2) {
      for (int segment_log2 : {0, 1, 5, 12}) {
        for (size_t n : {size_t{60}, size_t{777}, raw.size()}) {
          AdaptiveParams params;
          params.order = order;
          params.lanes_log2 = lanes_log2;
          params.segment_log2 = segment_log2;
          params.slowest = n == 60 ? 16384 : 65;
          params.slots_log2 = n == 60 ? 8 : 16;
          const std::string part = n == 60 ? std::string(600, 'a') + "b" : raw.substr(0, n);
          const auto payload = EncodeAdaptive(AsBytes(part), params, DefaultLimits(), {});
          ASSERT_TRUE(payload.ok()) << payload.status();
          if (!payload->fits) continue;
          std::string back(part.size(), '\0');
          const auto status =
              DecodeAdaptive(AsBytes(payload->bytes), order,
                             MutableByteView(reinterpret_cast<uint8_t*>(back.data()), back.size()),
                             DefaultLimits(), {});
          ASSERT_TRUE(status.ok()) << status;
          ASSERT_TRUE(back == part) << order << " " << lanes_log2 << " " << segment_log2;
        }
      }
    }
  }
}

TEST(Statistics, AgreeWithTheOracles) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::vector<uint64_t> counts(random() % 300);
    for (uint64_t& c : counts) {
      c = round % 3 == 0   ? random() % 4
          : round % 3 == 1 ? random() % 100000
                           : uint64_t{1} << (random() % 40);
    }
    EXPECT_EQ(HuffmanBits(counts), oracle::HuffmanBits(counts));
    const double expected = oracle::EntropyBits(counts);
    EXPECT_NEAR(EntropyBits(counts), expected, 1e-9 * expected + 1e-9);
  }
  EXPECT_EQ(HuffmanBits({}), 0u);
  EXPECT_EQ(HuffmanBits({0, 5, 0}), 5u);
  EXPECT_EQ(HuffmanBits({7, 3}), 10u);
  // 0.4, 0.2, 0.2, 0.1, 0.1: 2.2 bits a symbol.
  EXPECT_EQ(HuffmanBits({4, 2, 2, 1, 1}), 22u);
}

TEST(Varint, OnlyTheShortestFormIsRead) {
  for (uint64_t value : {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{16383},
                         uint64_t{16384}, ~uint64_t{0} >> 1, ~uint64_t{0}}) {
    std::string bytes;
    AppendVarint(value, &bytes);
    ByteReader in(AsBytes(bytes));
    EXPECT_EQ(in.Varint(), value);
    EXPECT_FALSE(in.failed());
    for (size_t n = 0; n < bytes.size(); ++n) {
      ByteReader cut(AsBytes(bytes).subspan(0, n));
      cut.Varint();
      EXPECT_TRUE(cut.failed() && cut.short_of_bytes());
    }
  }
  for (const std::string& bad : {std::string("\x80\x00", 2), std::string("\xFF\x80\x00", 3),
                                 std::string(10, '\x80') + "\x01", std::string(9, '\xFF') + "\x02",
                                 std::string(11, '\xFF')}) {
    ByteReader in(AsBytes(bad));
    EXPECT_EQ(in.Varint(), 0u);
    EXPECT_TRUE(in.failed());
    EXPECT_FALSE(in.short_of_bytes());
  }
}

TEST(Utf8, EveryCodePointAndOnlyThose) {
  for (uint32_t c = 0; c <= 0x110000; ++c) {
    if (!IsCodePoint(c)) continue;
    uint8_t bytes[4];
    PutCodePoint(c, bytes);
    const CodePoint back = TakeCodePoint(ByteView(bytes, Utf8Bytes(c)));
    ASSERT_EQ(back.value, c);
    ASSERT_EQ(back.bytes, Utf8Bytes(c));
    if (Utf8Bytes(c) > 1) {
      ASSERT_TRUE(TakeCodePoint(ByteView(bytes, Utf8Bytes(c) - 1)).cut_off);
    }
  }
  for (const char* bad : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
                          "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80", "\xC3\x28", "\xE2\x82\x28", "\xFF"}) {
    const std::string s = bad;
    EXPECT_EQ(TakeCodePoint(AsBytes(s)).bytes, 0u) << testing::PrintToString(s);
  }
}

}  // namespace
}  // namespace trine::coding
