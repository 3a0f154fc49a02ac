// Payloads that are sound but strange, and payloads with one thing wrong in them. Each is first
// decoded as it should be, so that what refuses it is what is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/coding/models/static/static_model.h"
#include "core/coding/models/table/table_model.h"
#include "tests/core/coding/golden/golden_variants.h"
#include "tests/core/coding/hostile/allocation_counter.h"
#include "tests/core/coding/payloads/whole_payloads.h"
#include "tests/core/coding/stream/stream_helpers.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

using absl::StatusCode;
using format::Mode;
using testing::HasSubstr;

void ExpectStatus(const absl::Status& status, StatusCode code, const std::string& text) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(text));
}

// Decodes into `bytes` bytes by one of the models' functions.
template <class DecodeInto>
absl::StatusOr<std::string> Into(size_t bytes, DecodeInto decode) {
  std::string raw(bytes, '?');
  const absl::Status status =
      decode(MutableByteView(reinterpret_cast<uint8_t*>(raw.data()), raw.size()));
  if (!status.ok()) return status;
  return raw;
}

absl::StatusOr<std::string> DecodePairs(const std::string& payload, size_t bytes,
                                        const Limits& limits = DefaultLimits()) {
  return Into(bytes, [&](MutableByteView raw) {
    return DecodeStaticOrder1(AsBytes(payload), raw, limits, {});
  });
}

Header TableHeader(const TablePtr& table) {
  Header header = PlainHeader(Model::kTable);
  AppendTableParams({{table->id(), false, table}}, &header.params);
  return header;
}

// Symbols of p = 65535/65536 cost a byte for each 363,000: what looks like a bomb is a message.
TEST(HostilePayloads, AByteOfManySymbols) {
  const auto table = ParseTable(1, 16, {2, 'a', 0, 65535, 1});
  ASSERT_TRUE(table.ok()) << table.status();
  const std::string few = std::string(1000, 'a') + "b";
  std::string many(363000, 'a');
  many[200000] = 'b';
  const std::string short_payload = WriteTable<WideCoder>({*table}, "", few, 1, 0);
  const std::string payload = WriteTable<WideCoder>({*table}, "", many, 1, 0);
  // A byte more for the symbols' number, and a word at most.
  EXPECT_LE(payload.size(), short_payload.size() + 1 + 4);
  EXPECT_LE(payload.size(), 16u);

  StreamBuilder stream(TableHeader(*table));
  stream.Add(Mode::kModel, 4, 0, payload, many);
  const std::string coded = stream.Finish();
  DecodeOptions options;
  options.max_output_bytes = many.size();
  const auto decoded = Decode({}, AsBytes(coded), options);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(AsString(decoded->data) == many);
  --options.max_output_bytes;
  ResetAllocationCounts();
  ExpectStatus(Decode({}, AsBytes(coded), options).status(), StatusCode::kResourceExhausted,
               "max_output_bytes");
  EXPECT_LT(LargestAllocation(), 100000u);  // the table's
}

// The only symbol of a table has p = 1: any number of them costs nothing.
TEST(HostilePayloads, SymbolsThatCostNothing) {
  for (const int bits : {8, 14, 15, 24}) {
    SCOPED_TRACE(bits);
    const auto table = ParseTable(1, bits, {1, 'a', uint64_t{1} << bits});
    ASSERT_TRUE(table.ok()) << table.status();
    const std::string raw(1 << 20, 'a');
    for (const int lanes_log2 : {0, 6}) {
      const std::string payload = bits > 14
                                      ? WriteTable<WideCoder>({*table}, "", raw, 1, lanes_log2)
                                      : WriteTable<NarrowCoder>({*table}, "", raw, 1, lanes_log2);
      EXPECT_EQ(payload.size(), 1u + 3u + ((bits > 14 ? 8u : 4u) << lanes_log2));
      constexpr size_t kBlocks = 3;
      StreamBuilder stream(TableHeader(*table));
      for (size_t b = 0; b < kBlocks; ++b) stream.Add(Mode::kModel, 4, 0, payload, raw);
      const std::string coded = stream.Finish();
      DecodeOptions options;
      options.max_output_bytes = kBlocks * raw.size();
      const auto decoded = Decode({}, AsBytes(coded), options);
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_TRUE(AsString(decoded->data) == raw + raw + raw);
      --options.max_output_bytes;
      ResetAllocationCounts();
      ExpectStatus(Decode({}, AsBytes(coded), options).status(), StatusCode::kResourceExhausted,
                   "max_output_bytes");
      EXPECT_LT(LargestAllocation(), 100000u);
      Limits limits;
      limits.max_block_bytes = raw.size() - 1;
      Context context;
      context.limits = &limits;
      ResetAllocationCounts();
      ExpectStatus(Decode(context, AsBytes(coded)).status(), StatusCode::kResourceExhausted,
                   "max_block_bytes");
      EXPECT_LT(LargestAllocation(), 100000u);
    }
  }
}

// A frequency of the whole total leaves nothing for another symbol, whatever the total.
TEST(HostilePayloads, AFrequencyOfTheWholeTotal) {
  for (int bits = 8; bits <= 24; ++bits) {
    SCOPED_TRACE(bits);
    const uint64_t total = uint64_t{1} << bits;
    for (const int kind : {1, 2, 3}) {
      EXPECT_TRUE(ParseTable(kind, bits, {1, 'a', total}).ok());
      EXPECT_TRUE(ParseTable(kind, bits, {2, 'a', 0, total - 1, 1}).ok());
      for (const auto& numbers :
           std::vector<std::vector<uint64_t>>{{2, 'a', 0, total, 1},
                                              {2, 'a', 0, 1, total},
                                              {2, 'a', 0, total, total},
                                              {2, 'a', 0, total, 0},
                                              {2, 'a', 0, 0, total},
                                              {1, 'a', 2 * total},
                                              {2, 'a', 0, total + 1, ~uint64_t{0}},
                                              {1, 'a', total + (uint64_t{1} << 32)}}) {
        ExpectStatus(ParseTable(kind, bits, numbers).status(), StatusCode::kDataLoss,
                     "a frequency is 0 or the sum is too large");
      }
      ExpectStatus(ParseTable(kind, bits, {1, 'a', total - 1}).status(), StatusCode::kDataLoss,
                   "too small");
    }
  }
}

TEST(HostilePayloads, TheMemoryOfPairsIsLimited) {
  const PairTables pairs = SomePairTables();
  const std::string raw = pairs.Message(4000, 2, 1);
  const std::string payload = pairs.Payload(raw, 2);
  uint64_t bytes = 0;
  for (const PairTables::Table& table : pairs.tables) {
    if (table.bits >= 0) bytes += 4 * std::max<uint64_t>(uint64_t{1} << table.bits, 16);
  }
  StreamBuilder stream(PlainHeader());
  stream.Add(Mode::kModel, 2, 1, payload, raw);
  const std::string coded = stream.Finish();
  Limits limits;
  Context context;
  context.limits = &limits;
  for (const uint64_t more : {0u, 1u}) {
    limits.max_model_bytes = bytes + more;
    const auto decoded = Decode(context, AsBytes(coded));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_TRUE(AsString(decoded->data) == raw);
  }
  limits.max_model_bytes = bytes - 1;
  ExpectStatus(Decode(context, AsBytes(coded)).status(), StatusCode::kResourceExhausted,
               "max_model_bytes");
}

TEST(HostilePayloads, ThePlainWriterOfPairsIsRight) {
  const PairTables pairs = SomePairTables();
  for (int lanes_log2 = 0; lanes_log2 <= 6; ++lanes_log2) {
    for (const size_t n : {1u, 2u, 63u, 64u, 65u, 1000u, 5000u}) {
      const std::string raw = pairs.Message(n, lanes_log2, n);
      const auto decoded = DecodePairs(pairs.Payload(raw, lanes_log2), n);
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_TRUE(*decoded == raw) << lanes_log2 << " " << n;
    }
  }
}

struct BrokenPairs {
  std::string name, text;
  PairTables pairs;
};

TEST(HostilePayloads, MalformedTablesOfPairs) {
  const PairTables good = SomePairTables();
  const std::string raw = good.Message(4000, 2, 1);
  // The lanes are those of the sound tables: the tables come first.
  const auto payload = [&](const PairTables& pairs) {
    return static_cast<char>(2) + pairs.Tables() + good.Lanes(raw, 2);
  };
  ASSERT_EQ(*DecodePairs(payload(good), raw.size()), raw);

  const std::string sum = "does not sum to its total";
  std::vector<BrokenPairs> cases;
  const auto broken = [&](const std::string& name, const std::string& text) -> PairTables& {
    cases.push_back({name, text, good});
    return cases.back().pairs;
  };
  broken("one short, small", sum).tables[3].freqs[1] -= 1;
  broken("one short, large", sum).tables[2].freqs[1] -= 1;
  broken("one short, at the end", sum).tables[10].freqs[8] = 0;
  broken("one over, small", sum).tables[3].freqs[10] = 2;
  broken("one over, large", sum).tables[2].freqs[10] = 2;
  broken("a run beyond the alphabet", sum).tables[6].overlong_run = true;
  broken("a symbol beyond the alphabet", sum).tables[10].freqs = {0, 1, 1, 1, 1, 1,
                                                                  1, 1, 0, 0, 0, 1};
  {
    PairTables& single = broken("a single symbol beyond it", "names a symbol beyond the alphabet");
    single.tables[4].single = 11;
  }
  broken("its last nibble", "names a symbol beyond the alphabet").tables[4].single = 255;
  for (const int bits : {13, 14}) {
    broken("a total of 2^" + std::to_string(bits), "total of a frequency table is not offered")
        .tables[2]
        .bits = bits;
  }
  broken("a frequency of 13 bits", sum).tables[2] = {12, {0, 4096, 0, 0, 0, 0, 0, 0, 0, 0, 0}};
  {
    PairTables& no_zero = broken("no 0", "lacks the symbol 0");
    no_zero.alphabet.erase(0, 1);
    no_zero.tables.erase(no_zero.tables.begin());
  }
  broken("no symbol at all", "lacks the symbol 0") = {};
  for (const BrokenPairs& c : cases) {
    SCOPED_TRACE(c.name);
    ExpectStatus(DecodePairs(payload(c.pairs), raw.size()).status(), StatusCode::kDataLoss, c.text);
    StreamBuilder stream(PlainHeader());
    stream.Add(Mode::kModel, 2, 1, payload(c.pairs), raw);
    ExpectStatus(Decode({}, AsBytes(stream.Finish())).status(), StatusCode::kDataLoss, c.text);
  }
  // A table of one symbol may be in either form.
  PairTables other = good;
  other.tables[6] = {0, {}, 8};
  EXPECT_EQ(*DecodePairs(other.Payload(raw, 2), raw.size()), raw);
}

// A symbol that nothing follows may be a lane's last one only.
TEST(HostilePayloads, AContextWithoutATable) {
  const PairTables pairs = SomePairTables();
  for (const int lanes_log2 : {0, 2, 4, 5, 6}) {
    SCOPED_TRACE(lanes_log2);
    const size_t stretch = 100, n = stretch << lanes_log2;
    std::string raw = pairs.Message(n, lanes_log2, 3);
    for (const size_t lane : {size_t{0}, (size_t{1} << lanes_log2) - 1}) {
      std::string ends = raw;
      ends.replace((lane + 1) * stretch - 2, 2, "ci");  // after an a, b or c
      ends[(lane + 1) * stretch - 3] = 'c';
      ends[(lane + 1) * stretch - 4] = 'a';
      for (size_t i = (lane + 1) * stretch - 4; i-- > lane * stretch;) ends[i] = 'a';
      EXPECT_EQ(*DecodePairs(pairs.Payload(ends, lanes_log2), n), ends);
      for (const size_t at : {size_t{2}, stretch - 2}) {
        std::string enters(raw);
        for (size_t i = 0; i < at - 1; ++i) enters[lane * stretch + i] = 'a';
        enters.replace(lane * stretch + at - 1, 2, "ci");
        for (size_t i = at + 1; i < stretch; ++i) enters[lane * stretch + i] = 'a';
        ExpectStatus(DecodePairs(pairs.Payload(enters, lanes_log2), n).status(),
                     StatusCode::kDataLoss, "a context that has no frequency table");
      }
    }
  }
}

// Lanes without a byte hold the code 0 and stay there. No block has them, for they take more than
// its raw bytes; who decodes a payload alone must not run over them.
TEST(HostilePayloads, MoreLanesThanBytes) {
  const PairTables pairs = SomePairTables();
  for (const size_t n : {1u, 3u, 31u, 63u}) {
    SCOPED_TRACE(n);
    const std::string raw = pairs.Message(n, 6, 5);
    const std::string payload = pairs.Payload(raw, 6);
    EXPECT_EQ(*DecodePairs(payload, n), raw);
    std::string other = payload;
    ++other[1 + pairs.Tables().size()];  // the first lane's code
    ExpectStatus(DecodePairs(other, n).status(), StatusCode::kDataLoss,
                 "final code value is wrong");
    StreamBuilder stream(PlainHeader());
    stream.Add(Mode::kModel, 2, 1, payload, raw);
    ExpectStatus(Decode({}, AsBytes(stream.Finish())).status(), StatusCode::kDataLoss,
                 "coded length");
  }
}

// A payload is used up to its last word, and each lane's number ends there.
TEST(HostilePayloads, EveryModelUsesItsPayloadUp) {
  for (const int lanes_log2 : {0, 2, 4, 5, 6}) {
    for (const WholePayload& c : WholePayloads(12000, lanes_log2)) {
      SCOPED_TRACE(c.name + " " + std::to_string(lanes_log2));
      const auto decode = [&](const std::string& bytes) {
        return Into(c.raw.size(), [&](MutableByteView to) { return c.decode(AsBytes(bytes), to); });
      };
      const auto good = decode(c.bytes);
      ASSERT_TRUE(good.ok()) << good.status();
      ASSERT_TRUE(*good == c.raw);
      for (const size_t more : {size_t{1}, c.word_bytes, 16 * c.word_bytes}) {
        ExpectStatus(decode(c.bytes + std::string(more, '\0')).status(), StatusCode::kDataLoss,
                     "goes on");
      }
      for (const size_t less : {size_t{1}, c.word_bytes, 5 * c.word_bytes}) {
        ExpectStatus(decode(c.bytes.substr(0, c.bytes.size() - less)).status(),
                     StatusCode::kDataLoss, "ends before");
      }
      // The lane that reads the last word then ends one above its number.
      std::string above = c.bytes;
      size_t at = above.size() - c.word_bytes;
      while (++above[at] == 0) ++at;
      ASSERT_LT(at, above.size());
      ExpectStatus(decode(above).status(), StatusCode::kDataLoss, "final code value is wrong");
    }
  }
}

TEST(HostilePayloads, StreamsListedAtATimeAreLimited) {
  const auto empty = Encode({}, {}, {}, {});
  ASSERT_TRUE(empty.ok());
  std::string coded;
  for (uint64_t i = 0; i < format::kMaxListedStreams; ++i) coded += *empty;
  const auto most = Decode({}, AsBytes(coded));
  ASSERT_TRUE(most.ok()) << most.status();
  EXPECT_TRUE(most->data.empty());
  EXPECT_TRUE(Inspect({}, AsBytes(coded)).ok());
  const auto abab = Encode({}, {}, AsBytes("abab"), {});
  ASSERT_TRUE(abab.ok());
  coded += *abab;
  ExpectStatus(Decode({}, AsBytes(coded)).status(), StatusCode::kResourceExhausted,
               "streams listed at a time");
  ExpectStatus(Inspect({}, AsBytes(coded)).status(), StatusCode::kResourceExhausted,
               "streams listed at a time");
  // A decoder of pieces lists none.
  const auto raw = DecodeInPieces(coded, coded.size());
  ASSERT_TRUE(raw.ok()) << raw.status();
  EXPECT_EQ(*raw, "abab");
}

}  // namespace
}  // namespace trine::coding
