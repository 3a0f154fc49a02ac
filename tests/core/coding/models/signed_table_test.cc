// Symbols below 0 and of 64 bits, and symbols of probability 0.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/coding/coding.h"
#include "core/coding/exact.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Elements(const std::vector<int64_t>& values, size_t bytes) {
  std::string out;
  for (const int64_t value : values) {
    for (size_t b = 0; b < bytes; ++b) {
      out.push_back(static_cast<char>(static_cast<uint64_t>(value) >> (8 * b)));
    }
  }
  return out;
}

// Values of `symbols` in an order that repeats late.
std::vector<int64_t> Message(const std::vector<int64_t>& symbols, size_t n) {
  std::vector<int64_t> out;
  for (size_t i = 0; i < n; ++i) out.push_back(symbols[(i * i + i / 7) % symbols.size()]);
  return out;
}

ProbabilityTable SignedTable(const std::vector<int64_t>& symbols) {
  ProbabilityTable table;
  table.kind = SymbolKind::kSigned;
  table.signed_integers = symbols;
  for (size_t i = 0; i < symbols.size(); ++i) table.counts.push_back(1 + i % 5);
  return table;
}

Content TensorOf(DType dtype, size_t n) {
  return {ContentKind::kTensor, dtype, {static_cast<int64_t>(n)}};
}

absl::StatusOr<std::string> CodeSigned(const ProbabilityTable& table, DType dtype,
                                       const std::vector<int64_t>& values) {
  EncodeOptions options;
  options.model = Model::kTable;
  options.table = table;
  options.block_bytes = 4096;
  const std::string raw = Elements(values, DTypeSize(dtype));
  return Encode({}, TensorOf(dtype, values.size()), AsBytes(raw), options);
}

TEST(SignedTable, RoundTripsInEveryElement) {
  struct Case {
    DType dtype;
    std::vector<int64_t> symbols;
  };
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const Case cases[] = {
      {DType::kInt8, {-128, -5, -1, 0, 1, 5, 127}},
      {DType::kInt16, {-32768, -5, -1, 0, 1, 5, 32767}},
      {DType::kInt32, {-2147483648, -70000, -1, 0, 1, 70000, 2147483647}},
      {DType::kInt64, {kLeast, kLeast + 1, -1, 0, 1, int64_t{1} << 40, kMost - 1, kMost}},
      {DType::kUint8, {0, 1, 5, 255}},
      {DType::kUint16, {0, 1, 5, 65535}},
      {DType::kUint32, {0, 1, 5, 4294967295}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(DTypeName(c.dtype));
    const std::vector<int64_t> values = Message(c.symbols, 9000);
    const std::string raw = Elements(values, DTypeSize(c.dtype));
    const auto coded = CodeSigned(SignedTable(c.symbols), c.dtype, values);
    ASSERT_TRUE(coded.ok()) << coded.status();
    EXPECT_LT(coded->size(), 9000u * 4 / 8 + 1000);
    const auto decoded = Decode({}, AsBytes(*coded));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_TRUE(AsString(decoded->data) == raw);
    EXPECT_EQ(decoded->content.dtype, c.dtype);
    // As one of several tables, beside one of natural numbers.
    if (c.dtype == DType::kInt64) continue;
    ProbabilityTable natural;
    natural.kind = SymbolKind::kIntegers;
    natural.integers = {0, 1, 5};
    natural.counts = {1, 1, 1};
    EncodeOptions options;
    options.model = Model::kTable;
    options.tables = {MakeTable(SignedTable(c.symbols), DefaultLimits()).value(),
                      MakeTable(natural, DefaultLimits()).value()};
    std::string index;
    for (const int64_t value : values) {
      const bool is_natural = value == 0 || value == 1 || value == 5;
      index.push_back(is_natural ? '\1' : '\0');
    }
    options.table_index = AsBytes(index);
    const auto several = Encode({}, TensorOf(c.dtype, values.size()), AsBytes(raw), options);
    ASSERT_TRUE(several.ok()) << several.status();
    DecodeOptions given;
    given.table_index = AsBytes(index);
    const auto again = Decode({}, AsBytes(*several), given);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE(AsString(again->data) == raw);
  }
}

// The values of a table are those of the elements, not their bits.
TEST(SignedTable, NaturalNumbersCodeSignedElements) {
  ProbabilityTable table;
  table.kind = SymbolKind::kIntegers;
  table.integers = {0, 1, 65535};
  table.counts = {2, 1, 1};
  const std::vector<int64_t> values = Message({0, 1}, 3000);
  const auto coded = CodeSigned(table, DType::kInt16, values);
  ASSERT_TRUE(coded.ok()) << coded.status();
  EXPECT_TRUE(AsString(Decode({}, AsBytes(*coded))->data) == Elements(values, 2));
  const auto minus = CodeSigned(table, DType::kInt16, {0, 1, -1});
  EXPECT_EQ(minus.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(minus.status().message()), HasSubstr("-1"));
  EXPECT_THAT(std::string(minus.status().message()), HasSubstr("byte 4 is not in the table"));
}

TEST(SignedTable, WhatItDoesNotCodeIsRefused) {
  const ProbabilityTable table = SignedTable({-1, 0, 1});
  for (const DType dtype : {DType::kFloat32, DType::kUint64, DType::kBool, DType::kFloat16}) {
    const auto coded = CodeSigned(table, dtype, {0, 1});
    EXPECT_EQ(coded.status().code(), absl::StatusCode::kInvalidArgument) << DTypeName(dtype);
    EXPECT_THAT(std::string(coded.status().message()), HasSubstr("options.table.kind"));
  }
  EncodeOptions options;
  options.model = Model::kTable;
  options.table = table;
  EXPECT_EQ(Encode({}, {}, AsBytes("ab"), options).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MakeTable(SignedTable({-1, 0, -1}), DefaultLimits()).status().message()),
              HasSubstr("table.signed_integers[2]"));
}

// The same dictionary whether a symbol of probability 0 is listed or not; coding it is the error.
TEST(ZeroProbability, IsAllowedUntilItIsCoded) {
  const auto with = [](auto fill) {
    ProbabilityTable table;
    table.text = {"a", "z", "b"};
    fill(table);
    return table;
  };
  const ProbabilityTable tables[] = {
      with([](auto& t) {
        t.counts = {3, 0, 1};
      }),
      with([](auto& t) {
        t.probabilities = {"0.75", "0", "1/4"};
      }),
      with([](auto& t) {
        t.weights = {0.75, 0.0, 0.25};
      }),
      with([](auto& t) {
        t.weights = {0.75, -0.0, 0.25};
      }),
  };
  ProbabilityTable without;
  without.text = {"a", "b"};
  without.counts = {3, 1};
  const uint64_t id = TableId(MakeTable(without, DefaultLimits()).value());
  std::string raw;
  for (int i = 0; i < 500; ++i) raw += "aaab";
  for (const ProbabilityTable& table : tables) {
    const auto made = MakeTable(table, DefaultLimits());
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_EQ(TableId(*made), id);
    EncodeOptions options;
    options.model = Model::kTable;
    options.table = table;
    EncodeStats stats;
    const auto coded = Encode({}, {}, AsBytes(raw), options, &stats);
    ASSERT_TRUE(coded.ok()) << coded.status();
    EXPECT_NEAR(stats.ideal_bits, 500 * (3 * 0.4150375 + 2), 0.01);
    EXPECT_TRUE(AsString(Decode({}, AsBytes(*coded))->data) == raw);
    const absl::Status zero = Encode({}, {}, AsBytes("abzab"), options).status();
    EXPECT_EQ(zero.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(zero.message()), HasSubstr("byte 2 has probability 0"));
    const absl::Status unknown = Encode({}, {}, AsBytes("abyab"), options).status();
    EXPECT_THAT(std::string(unknown.message()), HasSubstr("byte 2 is not in the table"));
  }
  // Too small for a fixed point, and not 0: it can be coded.
  ProbabilityTable tiny = tables[1];
  tiny.probabilities = {"0.75", "1e-300", "0.25"};
  EncodeOptions options;
  options.model = Model::kTable;
  options.table = tiny;
  EXPECT_TRUE(Encode({}, {}, AsBytes(raw + "z"), options).ok());
}

TEST(ZeroProbability, OfBytesElementsAndSeveralTables) {
  ProbabilityTable bytes = ByteTable();
  bytes.counts.assign(bytes.integers.size(), 1);
  bytes.counts[7] = 0;
  bytes.probabilities.clear();
  bytes.weights.clear();
  EncodeOptions options;
  options.model = Model::kTable;
  options.table = bytes;
  EXPECT_TRUE(Encode({}, {}, AsBytes("abc"), options).ok());
  EXPECT_THAT(std::string(Encode({}, {}, AsBytes("ab\x07"), options).status().message()),
              HasSubstr("byte 2 has probability 0"));
  ProbabilityTable numbers = SignedTable({-2, -1, 0, 1});
  numbers.counts = {0, 1, 1, 1};
  EXPECT_TRUE(CodeSigned(numbers, DType::kInt32, {-1, 0, 1}).ok());
  EXPECT_THAT(std::string(CodeSigned(numbers, DType::kInt32, {-1, 0, -2}).status().message()),
              HasSubstr("byte 8 has probability 0"));
  options.table.reset();
  options.tables = {MakeTable(bytes, DefaultLimits()).value(),
                    MakeTable(bytes, DefaultLimits()).value()};
  const std::string index(3, '\1');
  options.table_index = AsBytes(index);
  EXPECT_THAT(std::string(Encode({}, {}, AsBytes("ab\x07"), options).status().message()),
              HasSubstr("has probability 0 in table 1"));
}

TEST(ZeroProbability, OfTheExactCoder) {
  ProbabilityTable table;
  table.text = {"x", "a", "y", "b", "z"};
  table.probabilities = {"0", "0.75", "0", "0.25", "0"};
  const auto code = ExactEncode({}, table, {"a", "b", "a"}, 0);
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(code->low.fraction, "9/16");
  EXPECT_THAT(*ExactDecode({}, table, code->shortest, 3), ElementsAre("a", "b", "a"));
  EXPECT_THAT(*ExactDecode({}, table, "", 2), ElementsAre("a", "a"));
  EXPECT_THAT(*ExactDecode({}, table, std::string(50, '1'), 2), ElementsAre("b", "b"));
  for (const char* zero : {"x", "y", "z"}) {
    const auto refused = ExactEncode({}, table, {"a", zero}, 0);
    EXPECT_THAT(std::string(refused.status().message()), HasSubstr("symbol 1 has probability 0"));
  }
}

}  // namespace
}  // namespace trine::coding
