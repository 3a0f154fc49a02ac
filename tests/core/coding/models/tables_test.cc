// TABLE with several tables and an index.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "core/coding/coding.h"
#include "core/coding/models/table/dictionary.h"
#include "core/coding/table_store.h"
#include "tests/core/coding/golden/golden_cases.h"
#include "tests/core/coding/models/tables_testing.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

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
    // A block beside the range is not checked, nor its part of the index; the length is.
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

TEST(Tables, StreamsInARowHaveTheirIndicesInARow) {
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
  ExpectField((*decoder)->Next(&raw).status(), StatusCode::kUnimplemented, "table_index",
              "3 tables");
}

}  // namespace
}  // namespace trine::coding
