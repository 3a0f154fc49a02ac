// TABLE and the dictionaries that callers give.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "core/base/polled.h"
#include "core/coding/coder/interleaved.h"
#include "core/coding/coding.h"
#include "core/coding/models/table/dictionary.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

using testing::StartsWith;

// Relative frequencies of letters in English text, and of the space.
ProbabilityTable English() {
  ProbabilityTable table;
  const char* const p[27] = {
      "0.0651738", "0.0124248", "0.0217339", "0.0349835", "0.1041442", "0.0197881", "0.0158610",
      "0.0492888", "0.0558094", "0.0009033", "0.0050529", "0.0331490", "0.0202124", "0.0564513",
      "0.0596302", "0.0137645", "0.0008606", "0.0497563", "0.0515760", "0.0729357", "0.0225134",
      "0.0082903", "0.0171272", "0.0013692", "0.0145984", "0.0007836", "0.1918182"};
  for (int i = 0; i < 27; ++i) {
    table.text.push_back(i < 26 ? std::string(1, static_cast<char>('a' + i)) : " ");
    table.probabilities.push_back(p[i]);
  }
  return table;
}

std::string Draw(const ProbabilityTable& table, size_t n, uint32_t seed) {
  std::vector<double> p;
  for (const std::string& text : table.probabilities) p.push_back(std::stod(text));
  std::mt19937 random(seed);
  std::discrete_distribution<size_t> pick(p.begin(), p.end());
  std::string out;
  for (size_t i = 0; i < n; ++i) out += table.text[pick(random)];
  return out;
}

EncodeOptions TableOptions(ProbabilityTable table) {
  EncodeOptions options;
  options.model = Model::kTable;
  options.table = std::move(table);
  return options;
}

TEST(Table, TwentySevenSymbolsCostWhatTheirProbabilitiesSay) {
  const ProbabilityTable table = English();
  const std::string message = Draw(table, 100000, 1);
  EncodeStats stats;
  const auto coded = Encode({}, {}, AsBytes(message), TableOptions(table), &stats);
  ASSERT_TRUE(coded.ok()) << coded.status();
  double ideal = 0;
  for (char c : message) {
    ideal -=
        std::log2(std::stod(table.probabilities[c == ' ' ? 26 : static_cast<size_t>(c - 'a')]));
  }
  EXPECT_NEAR(stats.ideal_bits, ideal, 1e-6 * ideal);
  EXPECT_NEAR(static_cast<double>(stats.model_bits), ideal, 0.001 * ideal);
  EXPECT_EQ(stats.symbols, 100000u);
  const auto decoded = Decode({}, AsBytes(*coded));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(AsString(decoded->data) == message);
}

// A symbol of probability 10^-6 needs totals beyond 2^14: the wide coder.
TEST(Table, RareSymbolsCostWhatTheirProbabilitiesSay) {
  ProbabilityTable table;
  table.text = {"a", "b", "c"};
  table.probabilities = {"0.999998", "0.000001", "0.000001"};
  std::string message(300000, 'a');
  message[1000] = 'b';
  message[200000] = 'c';
  EncodeStats stats;
  const auto coded = Encode({}, {}, AsBytes(message), TableOptions(table), &stats);
  ASSERT_TRUE(coded.ok()) << coded.status();
  EXPECT_NEAR(stats.ideal_bits, 2 * std::log2(1e6) + 299998 * -std::log2(0.999998), 1e-3);
  EXPECT_LT(static_cast<double>(stats.model_bits), stats.ideal_bits + 64);
  const auto decoded = Decode({}, AsBytes(*coded));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(AsString(decoded->data) == message);
}

TEST(Table, ManySymbolsOfEveryKind) {
  for (DType dtype : {DType::kUint8, DType::kUint16, DType::kUint32}) {
    ProbabilityTable table;
    table.kind = SymbolKind::kIntegers;
    const uint64_t n = dtype == DType::kUint8 ? 256 : 65536;
    const uint64_t step = dtype == DType::kUint32 ? 65521 : 1;
    for (uint64_t i = 0; i < n; ++i) {
      table.integers.push_back(i * step);
      table.counts.push_back(1 + (i * 7919) % 1000);
    }
    Content content;
    content.kind = ContentKind::kTensor;
    content.dtype = dtype;
    content.shape = {101, 99};
    std::mt19937 random(2);
    std::string raw;
    for (int i = 0; i < 101 * 99; ++i) {
      const uint64_t v = table.integers[random() % n];
      for (size_t b = 0; b < DTypeSize(dtype); ++b) raw.push_back(static_cast<char>(v >> (8 * b)));
    }
    EncodeOptions options = TableOptions(table);
    options.block_bytes = 1001;  // not a multiple of the element's size
    EncodeStats stats;
    const auto coded = Encode({}, content, AsBytes(raw), options, &stats);
    ASSERT_TRUE(coded.ok()) << coded.status();
    EXPECT_EQ(stats.symbols, 101u * 99);
    const auto decoded = Decode({}, AsBytes(*coded));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_TRUE(AsString(decoded->data) == raw);
    const auto info = Inspect({}, AsBytes(*coded));
    ASSERT_TRUE(info.ok());
    ASSERT_EQ(info->tables.size(), 1u);
    EXPECT_EQ(info->tables[0].symbols, n);
    for (const BlockInfo& b : info->blocks) EXPECT_EQ(b.raw_bytes % DTypeSize(dtype), 0u);
  }
}

TEST(Table, BlocksOfTextEndBetweenCharacters) {
  ProbabilityTable table;
  table.text = {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x8E\xB5"};
  table.counts = {1, 1, 1, 1};
  std::mt19937 random(3);
  std::string message;
  for (int i = 0; i < 5000; ++i) message += table.text[random() % 4];
  EncodeOptions options = TableOptions(table);
  options.block_bytes = 256;
  const auto coded = Encode({}, {}, AsBytes(message), options);
  ASSERT_TRUE(coded.ok()) << coded.status();
  const auto info = Inspect({}, AsBytes(*coded));
  ASSERT_TRUE(info.ok());
  EXPECT_GT(info->blocks.size(), 10u);
  for (const BlockInfo& b : info->blocks) {
    EXPECT_LE(b.raw_bytes, 256u);
    EXPECT_NE(message[b.raw_offset] & 0xC0, 0x80);
  }
  // The same in pieces that cut characters.
  auto encoder = StreamEncoder::Create({}, {}, options);
  ASSERT_TRUE(encoder.ok());
  std::string out;
  for (size_t i = 0; i < message.size(); i += 255) {
    ASSERT_TRUE((*encoder)->Write(AsBytes(message).subspan(i, 255), &out).ok());
  }
  ASSERT_TRUE((*encoder)->Finish(&out, nullptr).ok());
  EXPECT_TRUE(out == *coded);
  const auto decoded = Decode({}, AsBytes(out));
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(AsString(decoded->data) == message);
}

TEST(Table, AnUnknownSymbolIsNamedWithItsPlace) {
  EncodeOptions options = TableOptions(English());
  options.block_bytes = 256;
  std::string message(1000, 'e');
  message[700] = 'X';
  const auto coded = Encode({}, {}, AsBytes(message), options);
  EXPECT_EQ(coded.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(coded.status().message()),
              testing::AllOf(StartsWith("data:"), testing::HasSubstr("'X'"),
                             testing::HasSubstr("byte 700")));
  message[700] = '\xFF';
  EXPECT_THAT(std::string(Encode({}, {}, AsBytes(message), options).status().message()),
              testing::AllOf(StartsWith("data:"), testing::HasSubstr("700")));
  options = TableOptions(ByteTable());
  options.table->integers.resize(100);
  options.table->counts.resize(100);
  EXPECT_THAT(
      std::string(Encode({}, {}, AsBytes("\x05\x64"), options).status().message()),
      testing::AllOf(StartsWith("data:"), testing::HasSubstr("100"), testing::HasSubstr("byte 1")));
}

TEST(Table, NeitherOrderNorSpellingMatters) {
  const std::string message = Draw(English(), 3000, 4);
  const auto base = Encode({}, {}, AsBytes(message), TableOptions(English()));
  ASSERT_TRUE(base.ok());
  ProbabilityTable reversed = English();
  std::reverse(reversed.text.begin(), reversed.text.end());
  std::reverse(reversed.probabilities.begin(), reversed.probabilities.end());
  ProbabilityTable counts = English();
  ProbabilityTable fractions = English();
  for (std::string& p : fractions.probabilities) {
    const uint64_t count = static_cast<uint64_t>(std::llround(std::stod(p) * 1e7));
    counts.counts.push_back(count);
    p = std::to_string(count) + "/10000000";
  }
  counts.probabilities.clear();
  ProbabilityTable scientific = English();
  for (std::string& p : scientific.probabilities) p = p.substr(2) + "e-7";
  for (const ProbabilityTable& table : {reversed, counts, fractions, scientific}) {
    const auto coded = Encode({}, {}, AsBytes(message), TableOptions(table));
    ASSERT_TRUE(coded.ok()) << coded.status();
    EXPECT_TRUE(*coded == *base);
  }
}

struct BadTable {
  const char* starts;
  std::function<void(ProbabilityTable&)> spoil;
};

TEST(Table, WrongTablesAreRefusedByField) {
  const BadTable cases[] = {
      {"options.table.probabilities[1]:", [](auto& t) { t.probabilities[1] = "-0.1"; }},
      {"options.table.probabilities[2]:", [](auto& t) { t.probabilities[2] = "1.5"; }},
      {"options.table.probabilities[0]:", [](auto& t) { t.probabilities[0] = "nan"; }},
      {"options.table.probabilities[0]:", [](auto& t) { t.probabilities[0] = "inf"; }},
      {"options.table.probabilities[0]:", [](auto& t) { t.probabilities[0] = ""; }},
      {"options.table.probabilities[0]:", [](auto& t) { t.probabilities[0] = "0,5"; }},
      {"options.table.probabilities[0]:", [](auto& t) { t.probabilities[0] = "1/0"; }},
      {"options.table.probabilities[0]:", [](auto& t) { t.probabilities[0] = "1e-999999999"; }},
      {"options.table.probabilities[0]:",
       [](auto& t) { t.probabilities[0] = std::string(300, '1'); }},
      {"options.table.probabilities:", [](auto& t) { t.probabilities[0] = "0.5001"; }},
      {"options.table.probabilities:", [](auto& t) { t.probabilities.pop_back(); }},
      {"options.table.probabilities:", [](auto& t) { t.probabilities.clear(); }},
      {"options.table.probabilities:",
       [](auto& t) {
         t.counts = {1, 1, 1};
       }},
      {"options.table.text[2]:", [](auto& t) { t.text[2] = "a"; }},
      {"options.table.text[1]:", [](auto& t) { t.text[1] = ""; }},
      {"options.table.text[1]:", [](auto& t) { t.text[1] = "bb"; }},
      {"options.table.text[1]:", [](auto& t) { t.text[1] = "\xFF"; }},
      {"options.table.text:",
       [](auto& t) {
         t.text.clear();
         t.probabilities.clear();
         t.counts = {};
       }},
      {"options.table.integers:", [](auto& t) { t.integers = {1}; }},
      {"options.table.text:", [](auto& t) { t.kind = SymbolKind::kBytes; }},
      {"options.table.kind:", [](auto& t) { t.kind = static_cast<SymbolKind>(9); }},
      {"options.table.counts:",
       [](auto& t) {
         t.probabilities.clear();
         t.counts = {0, 0, 0};
       }},
      {"options.table.probabilities:",
       [](auto& t) {
         t.probabilities = {"0", "0", "0"};
       }},
      {"options.table.signed_integers:", [](auto& t) { t.signed_integers = {1}; }},
      {"options.table.counts[2]:",
       [](auto& t) {
         t.probabilities.clear();
         t.counts = {uint64_t{1} << 62, (uint64_t{1} << 62) - 1, 1};
       }},
      {"options.table.counts:",
       [](auto& t) {
         t.probabilities.clear();
         t.counts = {1, 1};
       }},
      {"options.table.weights[0]:",
       [](auto& t) {
         t.probabilities.clear();
         t.weights = {std::numeric_limits<double>::quiet_NaN(), 0.5, 0.5};
       }},
      {"options.table.weights[1]:",
       [](auto& t) {
         t.probabilities.clear();
         t.weights = {0.5, std::numeric_limits<double>::infinity(), 0.5};
       }},
      {"options.table.weights:",
       [](auto& t) {
         t.probabilities.clear();
         t.weights = {0.0, 0.0, 0.0};
       }},
      {"options.table.weights[1]:",
       [](auto& t) {
         t.probabilities.clear();
         t.weights = {0.5, -0.5, 1};
       }},
      {"options.table.weights:",
       [](auto& t) {
         t.probabilities.clear();
         t.weights = {0.5, 0.3, 0.1};
       }},
      {"options.table.integers[1]:",
       [](auto& t) {
         t.text.clear();
         t.kind = SymbolKind::kBytes;
         t.integers = {1, 256, 3};
       }},
      {"options.table.integers[2]:",
       [](auto& t) {
         t.text.clear();
         t.kind = SymbolKind::kBytes;
         t.integers = {1, 2, 1};
       }},
  };
  for (const BadTable& bad : cases) {
    ProbabilityTable table;
    table.text = {"a", "b", "c"};
    table.probabilities = {"0.5", "0.25", "0.25"};
    ASSERT_TRUE(Encode({}, {}, AsBytes("abc"), TableOptions(table)).ok());
    bad.spoil(table);
    const auto coded = Encode({}, {}, AsBytes("abc"), TableOptions(table));
    EXPECT_EQ(coded.status().code(), absl::StatusCode::kInvalidArgument) << bad.starts;
    EXPECT_THAT(std::string(coded.status().message()), StartsWith(bad.starts));
  }
  ProbabilityTable many;
  many.kind = SymbolKind::kIntegers;
  many.integers.resize(65537);
  std::iota(many.integers.begin(), many.integers.end(), uint64_t{0});
  many.counts.assign(65537, 1);
  Content tensor;
  tensor.kind = ContentKind::kTensor;
  tensor.dtype = DType::kUint32;
  tensor.shape = {0};
  const auto coded = Encode({}, tensor, {}, TableOptions(many));
  EXPECT_EQ(coded.status().code(), absl::StatusCode::kResourceExhausted) << coded.status();
  EXPECT_THAT(std::string(coded.status().message()), StartsWith("options.table.integers:"));
}

TEST(Table, SumsWithinOneMillionthAreNormalised) {
  ProbabilityTable table;
  table.text = {"a", "b"};
  for (const auto& [p, fine] : std::vector<std::pair<std::string, bool>>{
           {"0.500001", true}, {"0.499999", true}, {"0.5000011", false}, {"0.4999989", false}}) {
    table.probabilities = {p, "0.5"};
    EXPECT_EQ(Encode({}, {}, AsBytes("ab"), TableOptions(table)).ok(), fine) << p;
  }
}

// A common denominator of thousands of primes would not fit into memory; it is not needed.
TEST(Table, FractionsWithoutACommonDenominatorAreCheap) {
  ProbabilityTable table;
  table.kind = SymbolKind::kIntegers;
  for (uint64_t i = 0; i < 30000; ++i) {
    table.integers.push_back(i);
    // About 1/30000 each; large coprime denominators.
    const uint64_t k = 1000000007 + 2 * i;
    table.probabilities.push_back(std::to_string(k) + "/" + std::to_string(30000 * k + 1));
  }
  Content tensor;
  tensor.kind = ContentKind::kTensor;
  tensor.dtype = DType::kUint16;
  tensor.shape = {0};
  const auto coded = Encode({}, tensor, {}, TableOptions(table));
  EXPECT_TRUE(coded.ok()) << coded.status();
}

}  // namespace
}  // namespace trine::coding
