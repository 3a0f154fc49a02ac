// The vector loops on every instruction set of this machine: the same words as the range coder in
// plain code, the same streams whatever the target, and each decodes what the others coded.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/base/long_array.h"
#include "core/coding/coder/lanes.h"
#include "core/coding/coder/range_coder.h"
#include "core/coding/coding.h"
#include "core/coding/models/adaptive/adaptive_model.h"
#include "core/coding/models/static/order1_table.h"
#include "tests/core/coding/each_target.h"
#include "tests/core/coding/golden/golden_builder.h"
#include "tests/core/coding/golden/golden_cases.h"
#include "tests/core/coding/golden/golden_damage.h"
#include "tests/core/coding/golden/golden_files.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

// Parts through rows of lanes and through the range coder of range_coder.h, with carries that run
// far.
void CompareWords(int lanes_log2, int rule) {
  const int count = 1 << lanes_log2;
  constexpr size_t kRows = 400;
  std::mt19937 random(static_cast<uint32_t>(lanes_log2 * 10 + rule));
  const size_t symbols = kRows << lanes_log2;
  auto digits = LongArray<uint32_t>::Zeros(symbols + kLaneSlackBytes);
  auto rows = LongArray<uint64_t>::Zeros(kRows);
  EncoderLanes lanes(lanes_log2);
  lanes.digits = digits.data();
  lanes.rows = rows.data();
  RangeEncoder<NarrowCoder> plain(count, symbols + 1);
  for (size_t t = 0; t < kRows; ++t) {
    uint64_t row = 0;
    // Rows may be incomplete.
    const int active =
        t % 7 == 6 ? static_cast<int>(random() % static_cast<uint32_t>(count)) : count;
    for (int l = 0; l < active; ++l) {
      const uint32_t range = lanes.range[l];
      uint32_t offset = 0, width = 1;
      if (rule == 0) {
        offset = random() % range;
        width = 1 + random() % (range - offset);
      } else if (rule == 1) {
        offset = range - 1;
      } else {
        offset = random() % 100 == 0 ? 0 : range - 1 - random() % 3;
      }
      row |= lanes.Take(l, offset, width, lanes.digits);
      plain.lane(l).Narrow(offset, width);
      plain.Renormalise(l);
    }
    *lanes.rows++ = row;
  }
  std::string expected = "x", words = "x";
  ASSERT_TRUE(plain.Finish(&expected).ok());
  ASSERT_TRUE(WriteWords(lanes, rows.data(), digits.data(), {}, &words).ok());
  EXPECT_TRUE(words == expected) << lanes_log2 << " " << rule;
}

TEST(Targets, WordsAreThoseOfTheRangeCoder) {
  for (int64_t target : Targets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    const OnlyTarget only(target);
    for (int lanes_log2 = 0; lanes_log2 <= 6; ++lanes_log2) {
      for (int rule : {0, 1, 2}) CompareWords(lanes_log2, rule);
    }
  }
}

// With several tables, whose index the decoder is given.
GoldenCase SeveralTables(size_t n) {
  GoldenCase c;
  AddIndexedBytes(n, &c);
  c.name = "several tables " + std::to_string(n);
  c.options.model = Model::kTable;
  return c;
}

// A table of elements that is so skewed that it wants the wide coder: alone, or beside a narrow
// one.
GoldenCase WideTables(size_t n, bool several) {
  GoldenCase c;
  c.name = (several ? "mixed tables " : "wide table ") + std::to_string(n);
  c.options.model = Model::kTable;
  c.content.kind = ContentKind::kTensor;
  c.content.dtype = DType::kUint32;
  c.content.shape = {static_cast<int64_t>(n)};
  for (const uint64_t most : {uint64_t{1} << 50, uint64_t{1000}}) {
    if (most == 1000 && !several) break;
    ProbabilityTable table;
    table.kind = SymbolKind::kIntegers;
    for (uint64_t v = 0; v < 40; ++v) {
      table.integers.push_back(v << 26);
      table.counts.push_back(v == 5 ? most : 1 + v);
    }
    c.options.tables.push_back(MakeTable(table, {}).value());
  }
  EXPECT_TRUE(c.options.tables[0]->wide());
  Lcg random(n);
  for (size_t i = 0; i < n; ++i) {
    const uint32_t r = random.Next();
    if (several) c.table_index.push_back(static_cast<char>(r >> 20 & 1));
    const uint32_t v = (r & 15) == 0 ? (r >> 4) % 40 : 5;
    for (int k = 0; k < 4; ++k) c.raw.push_back(static_cast<char>(v << 26 >> (8 * k)));
  }
  return c;
}

std::vector<GoldenCase> Cases() {
  std::string rare(70000, 'a');
  for (size_t i = 0; i < rare.size(); i += 977) rare[i] = static_cast<char>('b' + i % 20);
  std::string wide = Skewed(300000, 5);
  for (size_t i = 0; i < wide.size(); i += 3) wide[i] = static_cast<char>(wide[i] + (i >> 9));
  // Every other byte says what the next one is: of order 1 that has the whole range, whatever it
  // is.
  std::string pairs = Skewed(70000, 7);
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
    pairs[i] = static_cast<char>(2 * (pairs[i] & 31));
    pairs[i + 1] = static_cast<char>(pairs[i] + 1);
  }
  std::vector<GoldenCase> cases;
  for (size_t n :
       {1, 2, 15, 16, 17, 63, 64, 65, 1000, 4095, 4097, 20000, 65535, 65537, 140001, 300000}) {
    for (const auto& [name, source] :
         {std::pair<std::string, std::string>{"words", Words(300000, 3)},
          {"wide", wide},
          {"rare", rare},
          {"pairs", pairs}}) {
      if (n > source.size()) continue;
      const std::string raw = source.substr(0, n);
      const auto add = [&](Model model, std::optional<int> order) -> GoldenCase& {
        cases.push_back({name + " " + std::to_string(n) + " " + std::string(ModelName(model)) +
                             (order.has_value() ? std::to_string(*order) : ""),
                         {},
                         raw,
                         {},
                         {}});
        cases.back().options.model = model;
        cases.back().options.order = order;
        return cases.back();
      };
      for (int order : {0, 1}) add(Model::kStatic, order);
      for (int order : {0, 1, 2}) add(Model::kAdaptive, order);
      add(Model::kAuto, {});  // which costs of samples decide
      add(Model::kTable, {}).options.table = ByteTable();
    }
    cases.push_back(SeveralTables(n));
    cases.push_back(WideTables(n, false));
    cases.push_back(WideTables(n, true));
  }
  return cases;
}

TEST(Targets, GiveAndTakeTheSameStreams) {
  const std::vector<int64_t> targets = Targets();
  ASSERT_FALSE(targets.empty());
  for (const GoldenCase& c : Cases()) {
    SCOPED_TRACE(c.name);
    std::string first;
    for (int64_t target : targets) {
      SCOPED_TRACE(hwy::TargetName(target));
      const OnlyTarget only(target);
      const auto coded = Encode({}, c.content, AsBytes(c.raw), c.encode_options());
      if (!coded.ok() && c.options.table.has_value()) {  // a byte that the table lacks
        ASSERT_EQ(coded.status().code(), absl::StatusCode::kInvalidArgument);
        continue;
      }
      ASSERT_TRUE(coded.ok()) << coded.status();
      if (first.empty()) first = *coded;
      ASSERT_TRUE(*coded == first);
      DecodeOptions options = c.decode_options();
      // A short block that needs no model is written without its tables, and takes no index.
      const auto info = Inspect({}, AsBytes(first));
      ASSERT_TRUE(info.ok()) << info.status();
      if (info->tables.empty()) options.table_index = {};
      const auto decoded = Decode({}, AsBytes(first), options);
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      ASSERT_TRUE(AsString(decoded->data) == c.raw);
    }
  }
}

// Whatever a stream says of ADAPTIVE's lanes and rates, long past where the models have settled.
TEST(Targets, LearnAlikeAtEveryRate) {
  const std::string raw = Skewed(60000, 6) + Words(30000, 6);
  for (int order = 0; order <= format::kMaxOrder; ++order) {
    for (const int lanes_log2 : {0, 3, 4, 5, 6}) {
      for (const int slowest : {format::kMinSlowest, 94, 1092, format::kMaxSlowest}) {
        AdaptiveParams params;
        params.order = order;
        params.lanes_log2 = lanes_log2;
        params.segment_log2 = order == 0 ? 4 : 9;
        params.slowest = slowest;
        SCOPED_TRACE(testing::Message() << order << " " << lanes_log2 << " " << slowest);
        std::string first;
        for (const int64_t target : Targets()) {
          SCOPED_TRACE(hwy::TargetName(target));
          const OnlyTarget only(target);
          const auto payload = EncodeAdaptive(AsBytes(raw), params, DefaultLimits(), {});
          ASSERT_TRUE(payload.ok()) << payload.status();
          ASSERT_TRUE(payload->fits);
          if (first.empty()) first = payload->bytes;
          ASSERT_TRUE(payload->bytes == first);
          std::string decoded(raw.size(), '\0');
          const absl::Status status = DecodeAdaptive(
              AsBytes(first), order,
              MutableByteView(reinterpret_cast<uint8_t*>(decoded.data()), decoded.size()),
              DefaultLimits(), {});
          ASSERT_TRUE(status.ok()) << status;
          ASSERT_TRUE(decoded == raw);
        }
      }
    }
  }
}

// A damaged stream is refused by all of them.
TEST(Targets, RefuseTheSameStreams) {
  const std::string raw = Words(60000, 4);
  for (const auto& [model, order] : {std::pair{Model::kStatic, 0},
                                     {Model::kStatic, 1},
                                     {Model::kAdaptive, 0},
                                     {Model::kAdaptive, 1}}) {
    EncodeOptions options;
    options.model = model;
    options.order = order;
    const auto coded = Encode({}, {}, AsBytes(raw), options);
    ASSERT_TRUE(coded.ok());
    for (size_t at = 40; at < coded->size(); at += coded->size() / 37) {
      std::string damaged = *coded;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      for (int64_t target : Targets()) {
        const OnlyTarget only(target);
        EXPECT_EQ(Decode({}, AsBytes(damaged)).status().code(), absl::StatusCode::kDataLoss)
            << hwy::TargetName(target) << " " << at;
      }
    }
  }
}

// Lanes of order 1 that reach symbols which nothing follows, and go on from there for as
// long as their payload holds words.
TEST(Targets, RefuseSymbolsWithoutATable) {
  Order1Frequencies f;
  f.alphabet = {0, 1, 2};
  f.rows = {{.bits = 8, .begin = 0, .end = 2}, {}, {}};
  f.entries = {{1, 64}, {2, 192}};
  for (int lanes_log2 = 0; lanes_log2 <= 6; ++lanes_log2) {
    SCOPED_TRACE(lanes_log2);
    std::string payload(1, static_cast<char>(lanes_log2));
    AppendOrder1(f, &payload);
    payload += GoldenNoise(3000);
    StreamBuilder stream(PlainHeader());
    stream.AddModel(Model::kStatic, 1, payload, std::string(20000, '\0'));
    const std::string coded = stream.Finish();
    for (const int64_t target : Targets()) {
      SCOPED_TRACE(hwy::TargetName(target));
      const OnlyTarget only(target);
      EXPECT_EQ(Decode({}, AsBytes(coded)).status().code(), absl::StatusCode::kDataLoss);
    }
  }
}

// The streams of other versions and other writers too.
TEST(Targets, DecodeTheGoldenStreams) {
  for (const GoldenFile& file : ReadGoldenFiles(TRINE_GOLDEN_CODING)) {
    SCOPED_TRACE(file.name());
    for (const int64_t target : Targets()) {
      SCOPED_TRACE(hwy::TargetName(target));
      const OnlyTarget only(target);
      const auto raw = DecodeAll(file);
      ASSERT_TRUE(raw.ok()) << raw.status();
      ASSERT_EQ(HashLine(AsBytes(*raw)), file.hash_line());
    }
  }
}

// Where the checksums of a damaged stream are right, the loops meet what they guard, and either all
// of them decode it to the same bytes or all refuse it for the same reason.
TEST(Targets, AgreeOnDamagedStreams) {
  constexpr int kCasesAFile = 60;
  const std::vector<int64_t> targets = Targets();
  Lcg random(12);
  int decoded = 0, refused = 0;
  for (const GoldenFile& file : ReadGoldenFiles(TRINE_GOLDEN_CODING)) {
    const std::vector<GoldenStream> streams = SplitStreams(file);
    for (int k = 0; k < kCasesAFile; ++k) {
      SCOPED_TRACE(file.name() + ", case " + std::to_string(k));
      const GoldenFile damaged = DamagedFile(file, streams, random);
      std::optional<absl::StatusOr<std::string>> first;
      for (const int64_t target : targets) {
        SCOPED_TRACE(hwy::TargetName(target));
        const OnlyTarget only(target);
        const auto raw = DecodeAll(damaged);
        if (!first.has_value()) first = raw;
        ASSERT_EQ(raw.status(), first->status());
        ASSERT_TRUE(!raw.ok() || *raw == **first);
      }
      ++((*first).ok() ? decoded : refused);
    }
  }
  EXPECT_GT(decoded, 100);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace trine::coding
