// TABLE with several tables and an index, and with tables that the stream names by their ids.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>

#include "core/base/error.h"
#include "core/coding/coding.h"
#include "core/coding/container/checksum.h"
#include "core/coding/container/index.h"
#include "core/coding/models/table/dictionary.h"
#include "core/coding/table_store.h"
#include "tests/core/coding/golden/golden_cases.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

void ExpectField(const absl::Status& status, StatusCode code, const std::string& field,
                 const std::string& text = "") {
  EXPECT_EQ(status.code(), code) << status;
  const auto detail = GetErrorDetail(status);
  ASSERT_TRUE(detail.has_value()) << status;
  EXPECT_EQ(detail->field, field) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(text));
}

// Integers from `first` on, whose counts fall by halves but for the first one's, `most`.
constexpr uint64_t kMost = uint64_t{1} << 20;
constexpr uint64_t kFarMore = uint64_t{1}
                              << 31;  // the others are so rare that B = 14 is too coarse
ProbabilityTable Falling(SymbolKind kind, uint64_t first, uint64_t most = kMost) {
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

Message Draw(const std::vector<ProbabilityTable>& tables, DType dtype, size_t n) {
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

Message Bytes(size_t n) {
  return Draw({Falling(SymbolKind::kBytes, 0), Falling(SymbolKind::kBytes, 200),
               Falling(SymbolKind::kBytes, 5)},
              DType::kUint8, n);
}

TEST(Tables, ReturnWhatTheyCodedForEveryKindAndTotal) {
  struct {
    SymbolKind kind;
    DType dtype;
    uint64_t most;
  } const cases[] = {{SymbolKind::kBytes, DType::kUint8, kMost},
                     {SymbolKind::kBytes, DType::kUint8, kFarMore},
                     {SymbolKind::kIntegers, DType::kUint8, kMost},
                     {SymbolKind::kIntegers, DType::kUint16, kFarMore},
                     {SymbolKind::kIntegers, DType::kUint32, kMost}};
  for (const auto& c : cases) {
    SCOPED_TRACE(testing::Message()
                 << static_cast<int>(c.kind) << " " << static_cast<int>(c.dtype) << " " << c.most);
    Message m = Draw({Falling(c.kind, 3), Falling(c.kind, 100, c.most), Falling(c.kind, 7)},
                     c.dtype, 100000);
    EXPECT_EQ(m.options.tables[1]->wide(), c.most == kFarMore);
    for (const uint64_t block_bytes : {0, 1003}) {
      m.options.block_bytes = block_bytes;
      EncodeStats stats;
      const auto coded = Encode({}, m.content, AsBytes(m.raw), m.encode(), &stats);
      ASSERT_TRUE(coded.ok()) << coded.status();
      EXPECT_EQ(stats.symbols, 100000u);
      EXPECT_NEAR(stats.ideal_bits, m.ideal_bits, 1e-6 * m.ideal_bits);
      if (block_bytes == 0) {
        EXPECT_NEAR(static_cast<double>(stats.model_bits), m.ideal_bits, 0.002 * m.ideal_bits);
      }
      // Several tables know more than the message's own order-0 entropy.
      EXPECT_LT(static_cast<double>(stats.model_bits), 100000 * stats.entropy_bits_per_symbol);
      const auto decoded = Decode({}, AsBytes(*coded), m.decode());
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_TRUE(AsString(decoded->data) == m.raw);
    }
  }
}

// Whether an index is to be given does not depend on what is coded: nothing, zeros, noise.
TEST(Tables, ShortStreamsThatNeedNoTableTakeTheIndexToo) {
  ProbabilityTable all = Falling(SymbolKind::kBytes, 0);
  all.integers.clear();
  all.counts.clear();
  for (uint64_t v = 0; v < 256; ++v) {
    all.integers.push_back(v);
    all.counts.push_back(1 + v % 2);
  }
  std::string several, raws, indices;
  for (const std::string& raw :
       {std::string(), std::string(64, '\0'), std::string("x"), Noise(40, 1), Words(300, 2)}) {
    SCOPED_TRACE(raw.size());
    Message m = Draw({all, all}, DType::kUint8, raw.size());
    m.raw = raw;
    const auto coded = Encode({}, {}, AsBytes(raw), m.encode());
    ASSERT_TRUE(coded.ok()) << coded.status();
    const auto decoded = Decode({}, AsBytes(*coded), m.decode());
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(AsString(decoded->data), raw);
    if (!raw.empty()) {
      ExpectField(Decode({}, AsBytes(*coded)).status(), StatusCode::kInvalidArgument,
                  "table_index");
    }
    several += *coded;
    raws += raw;
    indices += m.index;
  }
  DecodeOptions options;
  options.table_index = AsBytes(indices);
  const auto decoded = Decode({}, AsBytes(several), options);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(AsString(decoded->data), raws);
}

TEST(Tables, OneTableAmongManyIsTheOneThatTheIndexSays) {
  std::vector<ProbabilityTable> tables;
  for (uint64_t t = 0; t < 256; ++t) {
    tables.push_back(Falling(SymbolKind::kBytes, t * 240 / 256));
    tables.back().counts[t % 10] += t * 1000;
  }
  const Message m = Draw(tables, DType::kUint8, 50000);
  EncodeStats stats;
  const auto coded = Encode({}, {}, AsBytes(m.raw), m.encode(), &stats);
  ASSERT_TRUE(coded.ok()) << coded.status();
  EXPECT_NEAR(static_cast<double>(stats.model_bits), m.ideal_bits, 0.002 * m.ideal_bits);
  const auto decoded = Decode({}, AsBytes(*coded), m.decode());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(AsString(decoded->data) == m.raw);
  const auto info = Inspect({}, AsBytes(*coded));
  ASSERT_TRUE(info.ok()) << info.status();
  ASSERT_EQ(info->tables.size(), 256u);
  for (size_t t = 0; t < 256; ++t) {
    EXPECT_EQ(info->tables[t].id, TableId(m.options.tables[t]));
    EXPECT_EQ(stats.table_ids[t], info->tables[t].id);
    EXPECT_EQ(info->tables[t].symbols, 10u);
    EXPECT_FALSE(info->tables[t].by_id);
  }
}

// The index is that of the whole content whatever the range is.
TEST(Tables, RangesTakeTheirPartOfTheIndex) {
  Message m = Draw({Falling(SymbolKind::kIntegers, 3), Falling(SymbolKind::kIntegers, 700)},
                   DType::kUint16, 5000);
  m.options.block_bytes = 1000;
  const auto coded = Encode({}, m.content, AsBytes(m.raw), m.encode());
  ASSERT_TRUE(coded.ok()) << coded.status();
  for (const ByteRange range : {ByteRange{0, 10000}, {2000, 1}, {999, 3002}, {9999, 1}, {5, 0}}) {
    DecodeOptions options = m.decode();
    options.range = range;
    const auto part = Decode({}, AsBytes(*coded), options);
    ASSERT_TRUE(part.ok()) << part.status();
    EXPECT_TRUE(AsString(part->data) == m.raw.substr(range.offset, range.length));
    const auto excerpt = MakeExcerpt(
        {}, coded->size(),
        [&](uint64_t at, MutableByteView out) {
          std::memcpy(out.data(), coded->data() + at, out.size());
          return absl::OkStatus();
        },
        range);
    ASSERT_TRUE(excerpt.ok()) << excerpt.status();
    const auto again = Decode({}, AsBytes(*excerpt), options);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->data, part->data);
    // A block beside the range is not looked at, nor its part of the index; the length is.
    if (range.offset == 2000) {
      std::string other = m.index;
      other[0] = static_cast<char>(other[0] ^ 1);
      options.table_index = AsBytes(other);
      EXPECT_TRUE(Decode({}, AsBytes(*coded), options).ok());
      other.pop_back();
      options.table_index = AsBytes(other);
      ExpectField(Decode({}, AsBytes(*coded), options).status(), StatusCode::kInvalidArgument,
                  "table_index");
    }
  }
}

TEST(Tables, StreamsBehindEachOtherHaveTheirIndicesBehindEachOther) {
  const Message a = Bytes(700);
  const Message b = Draw({Falling(SymbolKind::kIntegers, 3), Falling(SymbolKind::kIntegers, 700)},
                         DType::kUint32, 300);
  const auto first = Encode({}, a.content, AsBytes(a.raw), a.encode());
  const auto plain = Encode({}, {}, AsBytes(Words(100, 1)), {});
  const auto last = Encode({}, b.content, AsBytes(b.raw), b.encode());
  ASSERT_TRUE(first.ok() && plain.ok() && last.ok());
  DecodeOptions options;
  const std::string index = a.index + b.index;
  options.table_index = AsBytes(index);
  const auto decoded = Decode({}, AsBytes(*first + *plain + *last), options);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(AsString(decoded->data) == a.raw + Words(100, 1) + b.raw);
}

TEST(Tables, AnIndexThatIsNotTheCodedOneIsNamed) {
  Message m = Bytes(3000);
  m.options.block_bytes = 1000;
  const auto coded = Encode({}, {}, AsBytes(m.raw), m.encode());
  ASSERT_TRUE(coded.ok()) << coded.status();
  const auto refused = [&](const std::string& index, const std::string& field,
                           const std::string& text) {
    DecodeOptions options;
    options.table_index = AsBytes(index);
    ExpectField(Decode({}, AsBytes(*coded), options).status(), StatusCode::kInvalidArgument, field,
                text);
  };
  refused("", "table_index", "3000 symbols");
  refused(m.index.substr(1), "table_index", "3000 symbols");
  refused(m.index + m.index[0], "table_index", "3000 symbols");
  std::string wrong = m.index;
  wrong[1234] = static_cast<char>(3);
  refused(wrong, "table_index[1234]", "below the number of tables, 3");
  wrong[1234] = static_cast<char>((m.index[1234] + 1) % 3);
  refused(wrong, "table_index", "bytes 1000 to 1999");
  refused(std::string(3000, '\0'), "table_index", "bytes 0 to 999");
  // An index where none is wanted.
  const auto plain = Encode({}, {}, AsBytes(m.raw), {});
  ASSERT_TRUE(plain.ok());
  ExpectField(Decode({}, AsBytes(*plain), m.decode()).status(), StatusCode::kInvalidArgument,
              "table_index", "absent");
}

TEST(Tables, EncodersRefuseByField) {
  const Message good = Bytes(3000);
  ASSERT_TRUE(Encode({}, {}, AsBytes(good.raw), good.encode()).ok());
  const TablePtr text = [] {
    ProbabilityTable table;
    table.text = {"a", "b"};
    table.counts = {1, 1};
    return MakeTable(table, {}).value();
  }();
  const TablePtr integers = MakeTable(Falling(SymbolKind::kIntegers, 3), {}).value();
  struct {
    const char* field;
    std::function<void(Message&)> spoil;
    StatusCode code = StatusCode::kInvalidArgument;
  } const cases[] = {
      {"table_index", [](Message& m) { m.index.pop_back(); }},
      {"table_index", [](Message& m) { m.index.push_back('\0'); }},
      {"table_index", [](Message& m) { m.index.clear(); }},
      {"table_index[2999]", [](Message& m) { m.index.back() = '\3'; }},
      {"table_index[7]", [](Message& m) { m.index[7] = '\xFF'; }},
      {"table_index", [](Message& m) { m.options.tables.resize(1); }},
      {"table_index",
       [](Message& m) {
         m.options = {};  // AUTO
       }},
      {"options.tables",
       [](Message& m) {
         m.options.tables.clear();
         m.options.table.reset();
         m.options.tables.assign(257, nullptr);
       },
       StatusCode::kResourceExhausted},
      {"options.tables[1]", [](Message& m) { m.options.tables[1] = nullptr; }},
      {"options.tables[2].kind", [&](Message& m) { m.options.tables[2] = text; }},
      {"options.tables[1].kind", [&](Message& m) { m.options.tables[1] = integers; }},
      {"options.tables[0].kind",
       [&](Message& m) {
         m.options.tables = {text, text};
       }},
      {"options.tables[0].kind",
       [&](Message& m) {
         m.options.tables = {integers};
         m.index.clear();
       }},
      {"options.tables", [](Message& m) { m.options.table = ByteTable(); }},
      {"options.tables", [](Message& m) { m.options.model = Model::kStatic; }},
      {"options.table",
       [](Message& m) {
         m.options.tables.clear();
         m.index.clear();
       }},
      {"options.tables_by_id",
       [](Message& m) {
         m.options = {};
         m.options.tables_by_id = true;
         m.index.clear();
       }},
      {"data", [](Message& m) { m.raw[17] = 'x'; }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.field);
    Message m = good;
    c.spoil(m);
    ExpectField(Encode({}, {}, AsBytes(m.raw), m.encode()).status(), c.code, c.field);
  }
  Message unknown = good;
  unknown.raw[17] = 'x';
  EXPECT_THAT(
      std::string(Encode({}, {}, AsBytes(unknown.raw), unknown.encode()).status().message()),
      testing::AllOf(HasSubstr("byte 17"), HasSubstr("table " + std::to_string(good.index[17]))));
  Limits limits;
  limits.max_table_symbols = 29;
  Context context;
  context.limits = &limits;
  ExpectField(Encode(context, {}, AsBytes(good.raw), good.encode()).status(),
              StatusCode::kResourceExhausted, "options.tables", "max_table_symbols");
  limits = {};
  limits.max_tables = 2;
  ExpectField(Encode(context, {}, AsBytes(good.raw), good.encode()).status(),
              StatusCode::kResourceExhausted, "options.tables", "max_tables");
}

// Where the limit of symbols is set higher than a header can hold.
TEST(Tables, AHeaderHoldsThem) {
  ProbabilityTable table;
  table.kind = SymbolKind::kIntegers;
  for (uint64_t v = 0; v < 30000; ++v) {
    table.integers.push_back(v * 1000);
    table.counts.push_back(1 + v);
  }
  Message m;
  m.options.model = Model::kTable;
  m.options.tables.assign(8, MakeTable(table, {}).value());
  m.content.kind = ContentKind::kTensor;
  m.content.dtype = DType::kUint32;
  m.content.shape = {0};
  Limits limits;
  limits.max_table_symbols = uint64_t{1} << 24;
  Context context;
  context.limits = &limits;
  ASSERT_TRUE(Encode(context, m.content, {}, m.encode()).ok());
  m.options.tables.resize(9, m.options.tables[0]);
  ExpectField(Encode(context, m.content, {}, m.encode()).status(), StatusCode::kResourceExhausted,
              "options.tables", "header");
  m.options.tables_by_id = true;
  EXPECT_TRUE(Encode(context, m.content, {}, m.encode()).ok());
}

TEST(Tables, PiecesDoNotTakeAnIndex) {
  const Message m = Bytes(3000);
  ExpectField(StreamEncoder::Create({}, {}, m.encode()).status(), StatusCode::kUnimplemented,
              "options.tables", "3 tables");
  ExpectField(StreamDecoder::Create({}, m.decode()).status(), StatusCode::kUnimplemented,
              "table_index");
  const auto coded = Encode({}, {}, AsBytes(m.raw), m.encode());
  ASSERT_TRUE(coded.ok());
  auto decoder = StreamDecoder::Create({}, {});
  ASSERT_TRUE(decoder.ok());
  ASSERT_TRUE((*decoder)->Write(AsBytes(*coded)).ok());
  LongArray<uint8_t> raw;
  ExpectField((*decoder)->Next(&raw).status(), StatusCode::kUnimplemented, "data", "3 tables");
}

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

}  // namespace
}  // namespace trine::coding
