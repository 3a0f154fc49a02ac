// From a caller's probabilities to frequencies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "core/coding/models/table/dictionary.h"
#include "core/coding/models/table/rational_text.h"
#include "core/coding/models/table/table_fit.h"
#include "tests/core/coding/models/tables_testing.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

TEST(RoundShares, IsLargestRemainder) {
  const uint64_t one = uint64_t{1} << 62;
  EXPECT_THAT(RoundShares({one / 2, one / 4, one / 4}, 8), testing::ElementsAre(128, 64, 64));
  // Thirds of 256: 85 + 1/3 each, the first gets the unit that is left.
  EXPECT_THAT(RoundShares({one / 3, one / 3, one / 3}, 8), testing::ElementsAre(86, 85, 85));
  // Shares of nothing get one each, from the largest.
  EXPECT_THAT(RoundShares({1, 1, one - 2, 1}, 8), testing::ElementsAre(1, 1, 253, 1));
  // 2.6, 2.7, 250.7 units: remainders .7 (second), .7 (third, smaller by rounding), .6.
  const uint64_t unit = one / 2560;
  EXPECT_THAT(RoundShares({26 * unit, 27 * unit, one - 53 * unit}, 8),
              testing::ElementsAre(2, 3, 251));
}

TEST(RoundShares, SumsForRandomTables) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 300; ++round) {
    const size_t n = 1 + random() % (round % 2 == 0 ? 60 : 1000);
    std::vector<double> w(n);
    double sum = 0;
    for (double& x : w)
      sum += x = std::exp(static_cast<double>(random() % 1000) / (round % 3 == 0 ? 20 : 300));
    std::vector<uint64_t> shares;
    for (double x : w) shares.push_back(static_cast<uint64_t>(x / sum * 4611686018427387904.0));
    for (int bits : {12, 14, 24}) {
      if (n > size_t{1} << (bits - 2)) continue;
      const auto f = RoundShares(shares, bits);
      EXPECT_EQ(std::accumulate(f.begin(), f.end(), uint64_t{0}), uint64_t{1} << bits);
      EXPECT_GE(*std::min_element(f.begin(), f.end()), 1u);
    }
  }
}

TEST(Dictionary, KnowsAByteByItsValue) {
  const TablePtr table = MakeTable(Falling(SymbolKind::kBytes, 100), {}).value();
  EXPECT_TRUE(table->is_bytes_narrow());
  uint32_t sum = 0;
  for (uint32_t value = 0; value < 256; ++value) {
    const SymbolFrequency by_value = table->byte_frequencies()[value];
    const size_t rank = table->Rank(value);
    if (rank == table->size()) {
      EXPECT_EQ(by_value.freq, 0u);
      continue;
    }
    EXPECT_EQ(by_value.start, table->frequencies()[rank].start);
    EXPECT_EQ(by_value.freq, table->frequencies()[rank].freq);
    EXPECT_EQ(table->value(table->Find(by_value.start)), value);
    EXPECT_EQ(table->value(table->Find(by_value.start + by_value.freq - 1)), value);
    sum += by_value.freq;
  }
  EXPECT_EQ(sum, 1u << table->total_bits());
  EXPECT_FALSE(
      MakeTable(Falling(SymbolKind::kBytes, 100, kFarMore), {}).value()->is_bytes_narrow());
  EXPECT_FALSE(MakeTable(Falling(SymbolKind::kIntegers, 100), {}).value()->is_bytes_narrow());
}

// 2^12 wherever it costs at most a thousandth, since it decodes fastest.
TEST(Dictionary, TakesTheSmallestTotalThatIsGoodEnough) {
  EXPECT_EQ(MakeTable(ByteTable(), {}).value()->total_bits(), 12);
  int found = 0;  // bit b: a total of 2^b
  for (uint64_t most = kMost; most <= kFarMore; most += most / 2) {
    const ProbabilityTable given = Falling(SymbolKind::kBytes, 0, most);
    const TablePtr table = MakeTable(given, {}).value();
    double sum = 0, ideal = 0, spent = 0;
    for (const uint64_t c : given.counts) sum += static_cast<double>(c);
    for (size_t i = 0; i < 10; ++i) {
      const double p = static_cast<double>(given.counts[i]) / sum;
      ideal -= p * std::log2(p);
      spent += p * (table->total_bits() - std::log2(table->byte_frequencies()[i].freq));
    }
    EXPECT_LE(spent, ideal * 1.001001) << most;
    found |= 1 << table->total_bits();
  }
  EXPECT_EQ(found, 1 << 12 | 1 << 14 | 1 << 24);
}

TEST(Rational, ReadsEverySpellingExactly) {
  const auto read = [](const char* text) {
    const auto r = ParseRational(text, "f");
    EXPECT_TRUE(r.ok()) << text << " " << r.status();
    return r.ok() ? r->get_str() : "";
  };
  EXPECT_EQ(read("0.7"), "7/10");
  EXPECT_EQ(read(".5"), "1/2");
  EXPECT_EQ(read("5."), "5");
  EXPECT_EQ(read("7e-1"), "7/10");
  EXPECT_EQ(read("0.07E+1"), "7/10");
  EXPECT_EQ(read("00.50"), "1/2");
  EXPECT_EQ(read("2/6"), "1/3");
  EXPECT_EQ(read("1"), "1");
  EXPECT_EQ(read("0.1000000000000000055511151231257827"),
            "1000000000000000055511151231257827/10000000000000000000000000000000000");
  for (const char* bad :
       {"",   ".",  "e5",    "+1",    "-1", "1e", "1e+", "1e+-5", "1e401", "0x1",
        "1/", "/2", "1/2/3", "1.5/2", "1 ", " 1", "1,5", "1e5.5", "nan",   "1/-2"}) {
    EXPECT_FALSE(ParseRational(bad, "f").ok()) << bad;
  }
}

}  // namespace
}  // namespace trine::coding
