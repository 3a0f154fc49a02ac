// Messages of several tables, drawn by rule.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/coding/coding.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {

inline void ExpectField(const absl::Status& status, absl::StatusCode code, const std::string& field,
                        const std::string& text = "") {
  EXPECT_EQ(status.code(), code) << status;
  const auto detail = GetErrorDetail(status);
  ASSERT_TRUE(detail.has_value()) << status;
  EXPECT_EQ(detail->field, field) << status;
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr(text));
}

// Integers from `first` on, whose counts fall by halves but for the first one's, `most`.
inline constexpr uint64_t kMost = uint64_t{1} << 20;
// The others are so rare that B = 14 is too coarse.
inline constexpr uint64_t kFarMore = uint64_t{1} << 31;
inline ProbabilityTable Falling(SymbolKind kind, uint64_t first, uint64_t most = kMost) {
  ProbabilityTable table;
  table.kind = kind;
  for (uint64_t i = 0; i < 10; ++i) {
    table.integers.push_back(first + i);
    table.counts.push_back(i == 0 ? most : kMost >> i);
  }
  return table;
}

// A message of `n` symbols of `bytes` each, of which table i % tables.size() codes a run each.
struct Message {
  EncodeOptions options;
  Content content;
  std::string raw;
  std::string index;
  double ideal_bits = 0;

  // The view is made late: a copy of the message has bytes of its own.
  EncodeOptions encode() const {
    EncodeOptions out = options;
    out.table_index = AsBytes(index);
    return out;
  }
  DecodeOptions decode() const {
    DecodeOptions out;
    out.table_index = AsBytes(index);
    return out;
  }
};

inline Message Draw(const std::vector<ProbabilityTable>& tables, DType dtype, size_t n) {
  Message m;
  m.options.model = Model::kTable;
  for (const ProbabilityTable& table : tables) {
    m.options.tables.push_back(MakeTable(table, {}).value());
  }
  const bool elements = tables[0].kind == SymbolKind::kIntegers;
  if (elements) {
    m.content.kind = ContentKind::kTensor;
    m.content.dtype = dtype;
    m.content.shape = {static_cast<int64_t>(n)};
  }
  std::mt19937 random(8);
  std::vector<std::discrete_distribution<size_t>> pick;
  for (const ProbabilityTable& table : tables) {
    pick.emplace_back(table.counts.begin(), table.counts.end());
  }
  for (size_t i = 0; i < n; ++i) {
    const size_t t = random() % tables.size();
    const size_t s = pick[t](random);
    double sum = 0;
    for (const uint64_t c : tables[t].counts) sum += static_cast<double>(c);
    m.ideal_bits -= std::log2(static_cast<double>(tables[t].counts[s]) / sum);
    m.index.push_back(static_cast<char>(t));
    for (size_t b = 0; b < (elements ? DTypeSize(dtype) : 1); ++b) {
      m.raw.push_back(static_cast<char>(tables[t].integers[s] >> (8 * b)));
    }
  }
  return m;
}

inline Message Bytes(size_t n) {
  return Draw({Falling(SymbolKind::kBytes, 0), Falling(SymbolKind::kBytes, 200),
               Falling(SymbolKind::kBytes, 5)},
              DType::kUint8, n);
}

}  // namespace trine::coding
