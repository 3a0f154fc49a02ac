// Headers and payloads of TABLE that nobody wrote in good faith.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/coding/coding.h"
#include "core/coding/container/checksum.h"
#include "core/coding/models/table/indexed_table.h"
#include "core/coding/models/table/table_model.h"
#include "core/coding/models/table/table_params.h"
#include "tests/core/coding/golden/golden_variants.h"
#include "tests/core/coding/hostile/allocation_counter.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

using absl::StatusCode;
using format::Mode;
using testing::HasSubstr;

std::string Dictionary(int kind, int bits, const std::vector<uint64_t>& numbers) {
  std::string out{static_cast<char>(kind), static_cast<char>(bits)};
  for (const uint64_t n : numbers) AppendVarint(n, &out);
  return out;
}

std::string ByValue(const std::string& dictionary) {
  std::string out(1, '\0');
  AppendVarint(dictionary.size(), &out);
  return out + dictionary;
}

std::string Params(uint64_t count, const std::string& tables) {
  std::string out;
  AppendVarint(count, &out);
  return out + tables;
}

// A stream of one stored block, which needs none of the tables.
std::string StreamOf(const std::string& params, Content content = {}) {
  Header header = PlainHeader(Model::kTable);
  header.params = params;
  header.content = std::move(content);
  if (header.content.kind != ContentKind::kBytes) header.raw_bytes = 4;
  StreamBuilder stream(header);
  stream.Add(Mode::kStored, 0, 0, "abab", "abab");
  return stream.Finish();
}

const std::string kAb = Dictionary(1, 8, {2, 'a', 0, 100, 156});

absl::Status DecodeAll(const Context& context, const std::string& coded,
                       const std::string& index = "") {
  DecodeOptions options;
  options.table_index = AsBytes(index);
  return Decode(context, AsBytes(coded), options).status();
}

void ExpectStatus(const absl::Status& status, StatusCode code, const std::string& text) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(text));
}

TEST(HostileTables, Headers) {
  ASSERT_TRUE(DecodeAll({}, StreamOf(Params(1, ByValue(kAb)))).ok());
  // The same table twice is two tables.
  const std::string twice = StreamOf(Params(2, ByValue(kAb) + ByValue(kAb)));
  EXPECT_TRUE(DecodeAll({}, twice, std::string(4, '\0')).ok());
  ExpectStatus(DecodeAll({}, twice), StatusCode::kInvalidArgument, "table_index");

  const auto refused = [](const std::string& params, const std::string& text) {
    const std::string coded = StreamOf(params);
    ExpectStatus(DecodeAll({}, coded, std::string(4, '\0')), StatusCode::kDataLoss, text);
    ExpectStatus(Inspect({}, AsBytes(coded)).status(), StatusCode::kDataLoss, text);
    auto decoder = StreamDecoder::Create({}, {});
    ASSERT_TRUE(decoder.ok() && (*decoder)->Write(AsBytes(coded)).ok());
    LongArray<uint8_t> raw;
    ExpectStatus((*decoder)->Next(&raw).status(), StatusCode::kDataLoss, text);
  };
  refused("", "number is out of range");
  refused(Params(0, ""), "number is out of range");
  refused(std::string("\x80\x00", 2), "number is out of range");  // a varint that is too long
  std::string many;
  for (int i = 0; i < 257; ++i) many += ByValue(kAb);
  refused(Params(257, many), "number is out of range");
  refused(Params(uint64_t{1} << 60, many), "number is out of range");
  refused(Params(2, ByValue(kAb)), "known way");
  refused(Params(2, ByValue(kAb) + "\2" + kAb), "known way");
  refused(Params(1, ByValue(kAb) + "x"), "bytes follow them");
  refused(Params(1, std::string("\1") + "1234567"), "cut off");
  refused(Params(1, std::string("\0\x7F", 2) + kAb), "cut off");
  refused(Params(1, ByValue(kAb + "x")), "goes on after its frequencies");
  refused(Params(2, ByValue(kAb) + ByValue(Dictionary(1, 8, {2, 'a', 0, 100, 155}))), "too small");
  refused(Params(2, ByValue(Dictionary(1, 8, {2, 'a', 0, 100, 157})) + ByValue(kAb)), "too large");
  refused(Params(2, ByValue(kAb) + ByValue(Dictionary(3, 8, {2, 'a', 0, 100, 156}))), "one kind");
  const std::string text = ByValue(Dictionary(2, 8, {2, 'a', 0, 100, 156}));
  refused(Params(2, text + text), "of text");
}

// Values of signed dictionaries: from -2^63 to 2^63 - 1, and into the elements.
TEST(HostileTables, SignedValues) {
  constexpr uint64_t kLeast = ~uint64_t{0};     // -2^63
  constexpr uint64_t kMost = ~uint64_t{0} - 1;  // 2^63 - 1
  const auto table = [](const std::vector<uint64_t>& values) {
    std::vector<uint64_t> numbers{values.size()};
    numbers.insert(numbers.end(), values.begin(), values.end());
    numbers.insert(numbers.end(), values.size() - 1, 1);
    numbers.push_back(256 - (values.size() - 1));
    return Params(1, ByValue(Dictionary(4, 8, numbers)));
  };
  for (const auto& good : {std::vector<uint64_t>{kLeast, 0},
                           {kLeast, ~uint64_t{0} - 1},
                           {kMost},
                           {1, 0, 0},
                           {9, 7, 300}}) {
    EXPECT_TRUE(DecodeAll({}, StreamOf(table(good))).ok());
  }
  for (const auto& bad : {std::vector<uint64_t>{kMost, 0},
                          {kLeast, ~uint64_t{0}},
                          {0, uint64_t{1} << 63},
                          {0, (uint64_t{1} << 63) - 1}}) {
    ExpectStatus(DecodeAll({}, StreamOf(table(bad))), StatusCode::kDataLoss, "out of range");
  }
  EXPECT_TRUE(DecodeAll({}, StreamOf(table({0, (uint64_t{1} << 63) - 2}))).ok());
}

TEST(HostileTables, IdsThatAreNotGiven) {
  std::string id(1, '\1');
  AppendLE(uint64_t{0x1234567890ABCDEF}, &id);
  const std::string coded = StreamOf(Params(2, ByValue(kAb) + id));
  ExpectStatus(DecodeAll({}, coded, std::string(4, '\0')), StatusCode::kInvalidArgument,
               "1234567890abcdef");
  EXPECT_TRUE(Inspect({}, AsBytes(coded)).ok());
  // A table that is given, but of another kind than the one by value.
  const auto integers =
      FrequencyDictionary::Parse(AsBytes(Dictionary(3, 8, {2, 'a', 0, 100, 156})), DefaultLimits());
  ASSERT_TRUE(integers.ok());
  DecodeOptions options;
  options.tables = {std::make_shared<const FrequencyDictionary>(*integers)};
  std::string by_id(1, '\1');
  AppendLE(integers->id(), &by_id);
  ExpectStatus(Decode({}, AsBytes(StreamOf(Params(2, ByValue(kAb) + by_id))), options).status(),
               StatusCode::kDataLoss, "one kind");
}

TEST(HostileTables, LimitsHoldForAllTogether) {
  std::string many;
  for (int i = 0; i < 256; ++i) many += ByValue(kAb);
  const std::string coded = StreamOf(Params(256, many));
  const std::string index(4, '\xFF');
  ResetAllocationCounts();
  EXPECT_TRUE(DecodeAll({}, coded, index).ok());
  // 1 KiB of header buys no more than a little memory a table.
  EXPECT_LT(PeakLiveBytes(), size_t{1} << 20);
  Limits limits;
  limits.max_table_symbols = 511;
  Context context;
  context.limits = &limits;
  ExpectStatus(DecodeAll(context, coded, index), StatusCode::kResourceExhausted,
               "max_table_symbols");
  limits = {};
  limits.max_tables = 255;
  ExpectStatus(DecodeAll(context, coded, index), StatusCode::kResourceExhausted, "max_tables");
}

// A payload of two tables, one narrow and one wide, in a stream around it.
struct Indexed {
  GoldenCase c;
  std::vector<TableRef> tables;
  std::string payload;

  std::string Stream(const std::string& bytes, uint8_t variant = format::kIndexedTables,
                     bool one_table = false) const {
    Header header = PlainHeader(Model::kTable);
    auto refs = tables;
    if (one_table) refs.resize(1);
    AppendTableParams(refs, &header.params);
    StreamBuilder stream(header);
    stream.Add(Mode::kModel, 4, variant, bytes, c.raw);
    return stream.Finish();
  }
};

Indexed MakeIndexed() {
  Indexed out;
  AddIndexedBytes(2000, &out.c);
  ProbabilityTable fine = PeakTable(100, 2);
  fine.counts[0] = 1;
  fine.counts[100] = uint64_t{1} << 40;
  out.c.options.tables[1] = MakeTable(fine, {}).value();
  bool narrow = false, wide = false;
  for (const TablePtr& table : out.c.options.tables) {
    out.tables.push_back({TableId(table), false, table});
    (table->wide() ? wide : narrow) = true;
  }
  EXPECT_TRUE(narrow && wide);
  for (char& b : out.c.raw) b = out.c.table_index[&b - out.c.raw.data()] == 1 ? 'd' : b;
  const TableIndex index{AsBytes(out.c.table_index)};
  const auto ranks = IndexedRanksOf(out.tables, index, AsBytes(out.c.raw), Element{}, 0, {});
  EXPECT_TRUE(ranks.ok()) << ranks.status();
  const auto payload = EncodeIndexed(out.tables, index, *ranks, out.c.raw.size(), {});
  EXPECT_TRUE(payload.ok() && payload->fits);
  out.payload = payload->bytes;
  return out;
}

TEST(HostileTables, EveryFlippedBitOfAnIndexedStreamIsRefused) {
  const Indexed indexed = MakeIndexed();
  std::string bytes = indexed.Stream(indexed.payload);
  ASSERT_TRUE(DecodeAll({}, bytes, indexed.c.table_index).ok());
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
      EXPECT_EQ(DecodeAll({}, bytes, indexed.c.table_index).code(),
                i == 8 ? StatusCode::kUnimplemented : StatusCode::kDataLoss)
          << "byte " << i << " bit " << bit;
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
    }
  }
}

TEST(HostileTables, IndexedPayloads) {
  const Indexed indexed = MakeIndexed();
  const auto refused = [&](const std::string& coded, const std::string& text) {
    ExpectStatus(DecodeAll({}, coded, indexed.c.table_index), StatusCode::kDataLoss, text);
  };
  const std::string& good = indexed.payload;
  refused(indexed.Stream(good + std::string(4, '\0')), "goes on");
  refused(indexed.Stream(good.substr(0, good.size() - 1)), "ends before");
  refused(indexed.Stream(good.substr(0, 6)), "parameters");
  refused(indexed.Stream(good.substr(0, 9)), "initial codes");
  refused(indexed.Stream("\7" + good.substr(1)), "parameters");
  std::string fewer = good.substr(0, 1);
  AppendVarint(1999, &fewer);
  refused(indexed.Stream(fewer + good.substr(3)), "number of symbols");
  // Variant and number of tables.
  refused(indexed.Stream(good, 0), "variant");
  ExpectStatus(DecodeAll({}, indexed.Stream(good, 1, true)), StatusCode::kDataLoss, "variant");
  ExpectStatus(DecodeAll({}, indexed.Stream(good, 2), indexed.c.table_index),
               StatusCode::kUnimplemented, "variant 2");
}

TEST(HostileTables, BlocksAreCutBetweenSymbols) {
  Content content;
  content.kind = ContentKind::kTensor;
  content.dtype = DType::kUint16;
  content.shape = {6};
  const std::string integers = Dictionary(3, 8, {2, 'a', 0, 100, 156});
  Header header = PlainHeader(Model::kTable);
  header.params = Params(2, ByValue(integers) + ByValue(integers));
  header.content = content;
  header.raw_bytes = 12;
  StreamBuilder stream(header);
  stream.Add(Mode::kStored, 0, 0, "abc", "abc");
  stream.Add(Mode::kModel, 4, 1, "1234567", "123456789");
  ExpectStatus(DecodeAll({}, stream.Finish(), std::string(6, '\0')), StatusCode::kDataLoss,
               "between two symbols");
  // Elements of eight bytes are no symbols.
  header.content.dtype = DType::kUint64;
  header.content.shape = {2};
  header.raw_bytes = 16;
  StreamBuilder wide(header);
  wide.Add(Mode::kModel, 4, 1, "1234567", "0123456789abcdef");
  ExpectStatus(DecodeAll({}, wide.Finish(), std::string(2, '\0')), StatusCode::kDataLoss,
               "1, 2 or 4 bytes");
}

// A value that the elements cannot hold would otherwise come back without its upper bits.
TEST(HostileTables, SymbolsThatDoNotFitTheirElements) {
  const auto parsed =
      FrequencyDictionary::Parse(AsBytes(Dictionary(3, 8, {2, 1, 299, 128, 128})), DefaultLimits());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const TablePtr table = std::make_shared<const FrequencyDictionary>(*parsed);
  const std::string index(4, '\0');
  for (const uint32_t value : {1u, 301u}) {
    const auto rank = static_cast<uint32_t>(table->Rank(value));
    std::string lanes;
    const auto made = EncodeInterleaved<NarrowCoder>(
        0, 4,
        [&](uint64_t) {
          return SymbolPartOf{table->frequencies()[rank], 8};
        },
        100, {}, &lanes);
    ASSERT_TRUE(made.ok() && *made);
    const std::string head("\0\4", 2);  // one lane, four symbols
    std::string check;
    AppendLE(static_cast<uint32_t>(Checksum(AsBytes(index))), &check);
    for (const size_t step : {1u, 2u}) {
      std::string raw(4 * step, '\0');
      const MutableByteView out(reinterpret_cast<uint8_t*>(raw.data()), raw.size());
      const std::vector<TableRef> two(2, {table->id(), false, table});
      for (const absl::Status& status :
           {DecodeTable(*table, AsBytes(head + lanes), Element{step}, out, {}),
            DecodeIndexed(two, {AsBytes(index)}, AsBytes(head + check + lanes), Element{step}, 0,
                          out, {})}) {
        if (value < 256 || step == 2) {
          EXPECT_TRUE(status.ok()) << status;
        } else {
          ExpectStatus(status, StatusCode::kDataLoss, "does not fit");
        }
      }
    }
  }
}

}  // namespace
}  // namespace trine::coding
