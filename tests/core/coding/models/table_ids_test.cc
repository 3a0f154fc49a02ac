// Tables that streams name by their ids, and the store that remembers them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "core/base/error.h"
#include "core/coding/coding.h"
#include "core/coding/container/checksum.h"
#include "core/coding/models/table/dictionary.h"
#include "core/coding/table_store.h"
#include "tests/core/coding/golden/golden_cases.h"
#include "tests/core/coding/models/tables_testing.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

using absl::StatusCode;

absl::StatusOr<std::string> InPieces(const std::string& coded, const DecodeOptions& options) {
  auto decoder = StreamDecoder::Create({}, options);
  TRINE_RETURN_IF_ERROR(decoder.status());
  std::string raw;
  LongArray<uint8_t> part;
  for (size_t i = 0; i < coded.size(); i += 50) {
    TRINE_RETURN_IF_ERROR((*decoder)->Write(AsBytes(coded).subspan(i, 50)));
    while (true) {
      TRINE_ASSIGN_OR_RETURN(const bool more, (*decoder)->Next(&part));
      if (!more) break;
      raw += AsString(part);
    }
  }
  TRINE_RETURN_IF_ERROR((*decoder)->Finish());
  TRINE_ASSIGN_OR_RETURN(const bool more, (*decoder)->Next(&part));
  return more ? raw + AsString(part) : raw;
}

TEST(TablesById, AreShorterAndNeedTheirTables) {
  const std::string raw = Words(5000, 2);  // more than the compact form is written for
  EncodeOptions options;
  options.model = Model::kTable;
  options.table = ByteTable();
  EncodeStats by_value_stats, stats;
  const auto by_value = Encode({}, {}, AsBytes(raw), options, &by_value_stats);
  options.tables_by_id = true;
  const auto by_id = Encode({}, {}, AsBytes(raw), options, &stats);
  ASSERT_TRUE(by_value.ok() && by_id.ok());
  EXPECT_EQ(stats.table_ids, by_value_stats.table_ids);
  const auto table = MakeTable(ByteTable(), {});
  ASSERT_TRUE(table.ok());
  std::string bytes;
  (*table)->AppendBytes(&bytes);
  EXPECT_EQ(stats.table_ids, std::vector<uint64_t>{Checksum(AsBytes(bytes))});
  EXPECT_EQ(by_value_stats.side_bits - stats.side_bits, 8 * (bytes.size() + 4 - 10));
  EXPECT_EQ(stats.model_bits, by_value_stats.model_bits);

  const std::string id = TableIdText(stats.table_ids[0]);
  EXPECT_EQ(id.size(), 16u);
  DecodeOptions given;
  const TablePtr other = MakeTable(Falling(SymbolKind::kBytes, 3), {}).value();
  for (const auto& tables : {std::vector<TablePtr>{}, {other}, {nullptr}}) {
    given.tables = tables;
    ExpectField(Decode({}, AsBytes(*by_id), given).status(), StatusCode::kInvalidArgument, "tables",
                id);
    ExpectField(InPieces(*by_id, given).status(), StatusCode::kInvalidArgument, "tables", id);
  }
  given.tables = {other, *table};
  const auto decoded = Decode({}, AsBytes(*by_id), given);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(AsString(decoded->data) == raw);
  const auto pieces = InPieces(*by_id, given);
  ASSERT_TRUE(pieces.ok()) << pieces.status();
  EXPECT_TRUE(*pieces == raw);
  // What needs no table is told without.
  const auto info = Inspect({}, AsBytes(*by_id));
  ASSERT_TRUE(info.ok()) << info.status();
  ASSERT_EQ(info->tables.size(), 1u);
  EXPECT_TRUE(info->tables[0].by_id);
  EXPECT_EQ(info->tables[0].id, stats.table_ids[0]);
  EXPECT_EQ(info->tables[0].symbols, 0u);
}

TEST(TablesById, AnIdIsTheSameForEverySpelling) {
  ProbabilityTable table;
  table.text = {"a", "b", "c"};
  table.probabilities = {"0.5", "0.25", "0.25"};
  ProbabilityTable counts;
  counts.text = {"c", "a", "b"};
  counts.counts = {1, 2, 1};
  const auto a = MakeTable(table, {});
  const auto b = MakeTable(counts, {});
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(TableId(*a), TableId(*b));
  counts.counts = {1, 3, 1};
  EXPECT_NE(TableId(*a), TableId(*MakeTable(counts, {})));
}

TEST(TableStore, RemembersWithinItsLimits) {
  Limits limits;
  limits.max_tables = 3;
  limits.max_table_symbols = 25;
  TableStore store;
  const auto a = store.Add(Falling(SymbolKind::kBytes, 0), limits);
  ASSERT_TRUE(a.ok()) << a.status();
  const auto b = store.Add(Falling(SymbolKind::kBytes, 1), limits);
  ASSERT_TRUE(b.ok()) << b.status();
  // Known already: no room is needed.
  EXPECT_EQ(store.Add(Falling(SymbolKind::kBytes, 0), limits).value(), *a);
  EXPECT_EQ(store.Find(TableId(*b)), *b);
  EXPECT_EQ(store.Find(TableId(*b) + 1), nullptr);
  ExpectField(store.Add(Falling(SymbolKind::kBytes, 2), limits).status(),
              StatusCode::kResourceExhausted, "table", "max_table_symbols");
  limits.max_table_symbols = 1000;
  EXPECT_TRUE(store.Add(Falling(SymbolKind::kBytes, 2), limits).ok());
  ExpectField(store.Add(Falling(SymbolKind::kBytes, 3), limits).status(),
              StatusCode::kResourceExhausted, "table", "max_tables");
  EXPECT_EQ(store.tables().size(), 3u);
}

}  // namespace
}  // namespace trine::coding
