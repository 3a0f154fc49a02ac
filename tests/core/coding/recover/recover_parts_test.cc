// Recovering where the header is lost, where blocks differ in length, and of a range.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "core/coding/stream/decode_batch.h"
#include "tests/core/coding/recover/recover_helpers.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

using testing::HasSubstr;

constexpr size_t kLost = 64;  // bytes: the header and the first block's head

// The first bytes taken away, and overwritten.
std::vector<std::string> WithoutFront(const std::string& coded, size_t bytes) {
  return {coded.substr(bytes), std::string(bytes, '\0') + coded.substr(bytes),
          Noise(bytes, 9) + coded.substr(bytes)};
}

TEST(RecoverWithoutHeader, OnlyTheFirstBlockIsLost) {
  const std::string raw = Words(300 * kBlock - 120, 1);
  for (const Model model : {Model::kStatic, Model::kAdaptive, Model::kAuto}) {
    for (const std::string& damaged : WithoutFront(Coded(raw, model), kLost)) {
      for (const size_t piece : {size_t{11}, size_t{5000}, damaged.size()}) {
        const Recovered got = Recover(damaged, piece);
        ASSERT_TRUE(got.status.ok()) << got.status;
        EXPECT_TRUE(got.raw == std::string(kBlock, '\0') + raw.substr(kBlock));
        EXPECT_EQ(got.report.blocks_good, 299u);
        EXPECT_EQ(got.report.blocks_lost, 1u);
        EXPECT_EQ(got.report.raw_bytes_lost, kBlock);
        ASSERT_EQ(got.report.damages_total, 1u);
        EXPECT_EQ(got.report.damages[0].raw_bytes, kBlock);
        const Recovered skipped = Recover(damaged, piece, {.skip_lost = true});
        EXPECT_TRUE(skipped.raw == raw.substr(kBlock));
      }
    }
  }
}

// Blocks of 1 MiB, in which much looks like a head; several of them lost at the front.
TEST(RecoverWithoutHeader, LongBlocksAreFound) {
  const std::string raw = Skewed(size_t{3} << 20, 2) + std::string(500000, '\1') + Words(900000, 3);
  for (const uint64_t block_bytes : {uint64_t{1} << 20, uint64_t{1} << 16}) {
    EncodeOptions options;
    options.block_bytes = block_bytes;
    const auto coded = Encode({}, {}, AsBytes(raw), options);
    ASSERT_TRUE(coded.ok());
    const auto info = Inspect({}, AsBytes(*coded));
    const size_t in_second = info->blocks[1].coded_offset + 100;
    for (const std::string& damaged : WithoutFront(*coded, in_second)) {
      const Recovered got = Recover(damaged, size_t{1} << 20);
      ASSERT_TRUE(got.status.ok()) << got.status;
      EXPECT_TRUE(got.raw == std::string(2 * block_bytes, '\0') + raw.substr(2 * block_bytes));
      EXPECT_EQ(got.report.blocks_lost, 2u);
      EXPECT_EQ(got.report.blocks_good, info->blocks.size() - 2);
    }
  }
}

// The end mark alone says how much there was.
TEST(RecoverWithoutHeader, TheEndMarkCountsTheBlocks) {
  const std::string raw = Words(10 * kBlock, 4);
  const std::string coded = Coded(raw);
  const auto info = Inspect({}, AsBytes(coded));
  const BlockInfo& last = info->blocks.back();
  for (const std::string& damaged : WithoutFront(coded, last.coded_offset + 5)) {
    const Recovered got = Recover(damaged);
    ASSERT_TRUE(got.status.ok()) << got.status;
    EXPECT_TRUE(got.raw == std::string(raw.size(), '\0'));
    EXPECT_EQ(got.report.blocks_lost, 10u);
    EXPECT_EQ(got.report.raw_bytes_lost, raw.size());
  }
}

// TABLE's dictionary is in the header only. One that is given serves in its place.
TEST(RecoverWithoutHeader, ATableThatIsGivenServes) {
  EncodeOptions options;
  options.model = Model::kTable;
  options.block_bytes = kBlock;
  options.table = ByteTable();
  std::string raw = Skewed(20 * kBlock, 5);
  std::string coded = *Encode({}, {}, AsBytes(raw), options);
  for (const std::string& damaged : WithoutFront(coded, 900)) {
    ASSERT_LT(Inspect({}, AsBytes(coded))->header_bytes, 900u);
    Recovered got = Recover(damaged);
    ASSERT_TRUE(got.status.ok()) << got.status;
    EXPECT_EQ(got.report.blocks_good, 0u);
    EXPECT_THAT(got.report.damages.back().reason, HasSubstr("the header has none"));
    RecoverOptions given;
    given.tables = {MakeTable(ByteTable(), DefaultLimits()).value()};
    got = Recover(damaged, 97, given);
    ASSERT_TRUE(got.status.ok()) << got.status;
    EXPECT_GE(got.report.blocks_good, 17u);
    const size_t lost = got.report.raw_bytes_lost;
    EXPECT_TRUE(got.raw == std::string(lost, '\0') + raw.substr(lost));
  }
  // Of elements, whose length the payloads tell.
  options.table->kind = SymbolKind::kSigned;
  options.table->integers.clear();
  options.table->counts.clear();
  raw.clear();
  for (int v = -5; v <= 5; ++v) {
    options.table->signed_integers.push_back(v);
    options.table->counts.push_back(static_cast<uint64_t>(6 - std::abs(v)));
  }
  for (int i = 0; i < 5000; ++i) {
    const int v = i * i % 11 - 5;
    raw.push_back(static_cast<char>(v));
    raw.push_back(static_cast<char>(v < 0 ? 0xFF : 0));
  }
  options.block_bytes = 501;  // is cut to whole elements
  coded = *Encode({}, {ContentKind::kTensor, DType::kInt16, {5000}}, AsBytes(raw), options);
  const size_t in_head = Inspect({}, AsBytes(coded))->blocks[0].coded_offset + 10;
  for (const std::string& damaged : WithoutFront(coded, in_head)) {
    RecoverOptions given;
    given.tables = {MakeTable(*options.table, DefaultLimits()).value()};
    const Recovered got = Recover(damaged, 97, given);
    ASSERT_TRUE(got.status.ok()) << got.status;
    EXPECT_EQ(got.report.blocks_lost, 1u);
    EXPECT_TRUE(got.raw == std::string(500, '\0') + raw.substr(500));
  }
}

// Of several that are given, the one that the blocks verify with; wherever it stands among them,
// and where a file's numbers are given as bytes and as elements.
TEST(RecoverWithoutHeader, OfSeveralTablesTheRightOneServes) {
  EncodeOptions options;
  options.model = Model::kTable;
  options.block_bytes = kBlock;
  options.table = ByteTable();
  const std::string raw = Skewed(20 * kBlock, 5);
  const std::string coded = *Encode({}, {}, AsBytes(raw), options);
  const size_t in_head = Inspect({}, AsBytes(coded))->blocks[0].coded_offset + 10;
  ProbabilityTable other = ByteTable();
  std::reverse(other.counts.begin(), other.counts.end());
  ProbabilityTable elements = ByteTable();
  elements.kind = SymbolKind::kIntegers;
  const auto made = [](const ProbabilityTable& table) {
    return MakeTable(table, DefaultLimits()).value();
  };
  const TablePtr right = made(ByteTable()), wrong = made(other);
  for (const std::vector<TablePtr>& tables :
       {std::vector<TablePtr>{right, made(elements)}, std::vector<TablePtr>{wrong, nullptr, right},
        std::vector<TablePtr>{right, right, wrong}}) {
    for (const std::string& damaged : WithoutFront(coded, in_head)) {
      RecoverOptions given;
      given.tables = tables;
      for (const size_t piece : {size_t{97}, damaged.size()}) {
        const Recovered got = Recover(damaged, piece, given);
        ASSERT_TRUE(got.status.ok()) << got.status;
        EXPECT_EQ(got.report.blocks_good, 19u);
        EXPECT_TRUE(got.raw == std::string(kBlock, '\0') + raw.substr(kBlock));
        EXPECT_EQ(got.tables_used, (std::set<uint64_t>{TableId(right)}));
      }
    }
  }
  // None: that is said of each block.
  other.counts[7] += 1000;
  for (const std::string& damaged : WithoutFront(coded, in_head)) {
    RecoverOptions given;
    given.tables = {wrong, made(other)};
    const Recovered got = Recover(damaged, 97, given);
    ASSERT_TRUE(got.status.ok()) << got.status;
    EXPECT_EQ(got.report.blocks_good, 0u);
    EXPECT_EQ(got.report.blocks_lost, 20u);
    EXPECT_TRUE(got.tables_used.empty());
    EXPECT_EQ(got.report.damages.back().reason, "none of the tables that are given decodes it");
  }
  // A block that is damaged beside good ones of a table that was found, and a part of a block.
  std::string damaged = coded.substr(in_head);
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  RecoverOptions given;
  given.tables = {wrong, right};
  EXPECT_EQ(Recover(damaged, 97, given).report.blocks_good, 18u);
  given.range = ByteRange{kBlock + 9, 100};
  EXPECT_TRUE(Recover(coded.substr(in_head), 97, given).raw == raw.substr(kBlock + 9, 100));
}

// Blocks that are shorter than the header says: cut to whole elements, or between characters.
TEST(RecoverUneven, HeadsAreFoundAfterLostOnes) {
  EncodeOptions options;
  options.model = Model::kTable;
  options.block_bytes = kBlock;
  ProbabilityTable table;
  table.text = {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x8E\xB5"};
  table.counts = {4, 3, 2, 1};
  options.table = table;
  std::string raw;
  for (size_t i = 0; i < 6000; ++i) raw += table.text[(i * i + i / 5) % 4];
  const std::string coded = *Encode({}, {}, AsBytes(raw), options);
  const auto info = Inspect({}, AsBytes(coded));
  ASSERT_TRUE(info.ok());
  ASSERT_GT(info->blocks.size(), 20u);
  for (const size_t lost : {size_t{1}, size_t{2}, size_t{9}}) {
    std::string damaged = coded;
    for (size_t b = 4; b < 4 + lost; ++b) {
      std::memset(damaged.data() + info->blocks[b].coded_offset, 0xEE, 20);
    }
    const Recovered got = Recover(damaged);
    ASSERT_TRUE(got.status.ok()) << got.status;
    const size_t begin = info->blocks[4].raw_offset;
    const size_t end = info->blocks[4 + lost].raw_offset;
    EXPECT_TRUE(got.raw == raw.substr(0, begin) + std::string(end - begin, '\0') + raw.substr(end));
    EXPECT_EQ(got.report.blocks_lost, lost);
  }
}

// ---- ranges ----

RecoverOptions RangeOf(uint64_t offset, uint64_t length, bool skip_lost = false) {
  RecoverOptions options;
  options.skip_lost = skip_lost;
  options.range = ByteRange{offset, length};
  return options;
}

TEST(RecoverRange, IsThatOfTheWhole) {
  const std::string raw = Words(20 * kBlock - 70, 6);
  const std::string coded = Coded(raw);
  const auto info = Inspect({}, AsBytes(coded));
  std::string damaged = coded;
  damaged[info->blocks[3].coded_offset + 60] ^= 0x20;                        // a payload
  std::memset(damaged.data() + info->blocks[10].coded_offset, 0, 10);        // a head
  std::memset(damaged.data() + info->blocks[15].coded_offset + 2, 0x7F, 3);  // another one
  const std::string whole = Recover(damaged).raw;
  ASSERT_EQ(whole.size(), raw.size());
  for (const std::string& of : {damaged, std::string(kLost, 'x') + damaged.substr(kLost)}) {
    const bool header_lost = of != damaged;
    for (const size_t piece : {size_t{13}, size_t{2000}}) {
      for (uint64_t offset = 0; offset < raw.size(); offset += 333) {
        for (const uint64_t length : {uint64_t{1}, uint64_t{400}, uint64_t{1700}}) {
          if (offset + length > raw.size()) continue;
          const ByteRange range{offset, length};
          SCOPED_TRACE(testing::Message() << offset << ":" << length << " " << header_lost);
          const Recovered got = Recover(of, piece, RangeOf(offset, length));
          ASSERT_TRUE(got.status.ok()) << got.status;
          std::string expected = whole.substr(offset, length);
          std::vector<ByteRange> lost;  // of the range
          for (const size_t b : {0, 3, 10, 15}) {
            if (b == 0 && !header_lost) continue;
            const ByteRange part = PartOf({b * kBlock, kBlock}, range);
            if (part.length == 0) continue;
            lost.push_back({b * kBlock + part.offset, part.length});
            const size_t at = b * kBlock + part.offset - offset;
            expected.replace(at, part.length, std::string(part.length, '\0'));
          }
          EXPECT_TRUE(got.raw == expected);
          EXPECT_EQ(got.report.damages_total, lost.size());
          ASSERT_EQ(got.report.damages.size(), lost.size());
          EXPECT_EQ(got.report.blocks_lost, lost.size());
          uint64_t bytes = 0;
          for (size_t i = 0; i < lost.size(); ++i) {
            EXPECT_EQ(got.report.damages[i].raw_offset, lost[i].offset);
            EXPECT_EQ(got.report.damages[i].raw_bytes, lost[i].length);
            bytes += lost[i].length;
          }
          EXPECT_EQ(got.report.raw_bytes_lost, bytes);
        }
      }
    }
  }
  const Recovered skipped = Recover(damaged, 97, RangeOf(1400, 700, true));
  EXPECT_EQ(skipped.raw, raw.substr(1400, 100) + raw.substr(2000, 100));
}

TEST(RecoverRange, BeyondTheEnd) {
  const std::string raw = Words(4 * kBlock, 7);
  const std::string coded = Coded(raw);
  EXPECT_EQ(Recover(coded, 97, RangeOf(raw.size() - 10, 11)).status.code(),
            absl::StatusCode::kOutOfRange);
  EXPECT_EQ(Recover(coded, 97, RangeOf(raw.size() + 1, 0)).status.code(),
            absl::StatusCode::kOutOfRange);
  EXPECT_EQ(Recover(coded, 97, RangeOf(~uint64_t{0}, 2)).status.code(),
            absl::StatusCode::kOutOfRange);
  Recovered got = Recover(coded, 97, RangeOf(raw.size(), 0));
  EXPECT_TRUE(got.status.ok()) << got.status;
  EXPECT_EQ(got.raw, "");
  // A cut before its end is damage that counts; one after it is not seen.
  const auto info = Inspect({}, AsBytes(coded));
  const std::string cut = coded.substr(0, info->blocks[2].coded_offset + 40);
  got = Recover(cut, 97, RangeOf(600, 1000));
  ASSERT_TRUE(got.status.ok()) << got.status;
  EXPECT_EQ(got.raw, raw.substr(600, 400));
  ASSERT_EQ(got.report.damages_total, 1u);
  EXPECT_THAT(got.report.damages[0].reason, HasSubstr("cut off"));
  got = Recover(cut, 97, RangeOf(1700, 100));
  ASSERT_TRUE(got.status.ok()) << got.status;
  EXPECT_EQ(got.raw, "");
  EXPECT_EQ(got.report.damages_total, 1u);
  got = Recover(cut, 97, RangeOf(100, 900));
  ASSERT_TRUE(got.status.ok()) << got.status;
  EXPECT_EQ(got.raw, raw.substr(100, 900));
  EXPECT_EQ(got.report.damages_total, 0u);
}

// Offsets count through all streams, compact ones among them.
TEST(RecoverRange, OfSeveralStreams) {
  const std::string raw = Words(5 * kBlock, 8);
  const std::string coded = Coded(raw) + Coded(raw.substr(0, 300)) + Coded(raw);
  const std::string all = raw + raw.substr(0, 300) + raw;
  for (uint64_t offset = 0; offset + 900 < all.size(); offset += 250) {
    const Recovered got = Recover(coded, 61, RangeOf(offset, 900));
    ASSERT_TRUE(got.status.ok()) << got.status;
    EXPECT_TRUE(got.raw == all.substr(offset, 900)) << offset;
    EXPECT_EQ(got.report.damages_total, 0u);
  }
}

}  // namespace
}  // namespace trine::coding
