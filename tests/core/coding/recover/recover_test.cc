// Recovering: what is good comes out at its place, and what is lost is named.
#include "core/coding/stream/recover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/base/error.h"
#include "tests/core/coding/golden/golden_variants.h"
#include "tests/core/coding/recover/recover_helpers.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

// Every byte of `raw` is the input's or, where it was lost, 0.
void ExpectHoles(const std::string& raw, const std::string& input, const RecoverReport& report) {
  ASSERT_LE(raw.size(), input.size());
  size_t lost = 0;
  for (size_t begin = 0; begin < raw.size(); begin += kBlock) {
    const std::string here = raw.substr(begin, kBlock);
    if (here == input.substr(begin, here.size())) continue;
    EXPECT_EQ(here, std::string(here.size(), '\0')) << begin;
    lost += here.size();
  }
  EXPECT_LE(lost, report.raw_bytes_lost);
}

TEST(Recover, SoundStreamsComeWhole) {
  const std::string raw = Words(5200, 1);
  for (Model model : {Model::kStatic, Model::kAdaptive, Model::kAuto}) {
    for (size_t piece : {1, 13, 100000}) {
      const Recovered got = Recover(Coded(raw, model), piece);
      EXPECT_TRUE(got.status.ok()) << got.status;
      EXPECT_TRUE(got.raw == raw);
      EXPECT_EQ(got.report.damages_total, 0u);
      EXPECT_EQ(got.report.blocks_good, 11u);
    }
  }
  // Several streams, compact ones among them.
  for (const GoldenVariant& v : GoldenVariants()) {
    if (v.name.starts_with("variant-excerpt") || !v.table_index.empty()) continue;
    const Recovered got = Recover(v.coded);
    EXPECT_TRUE(got.status.ok()) << v.name << got.status;
    EXPECT_TRUE(got.raw == v.raw) << v.name;
    EXPECT_EQ(got.report.damages_total, 0u) << v.name;
  }
}

TEST(Recover, TablesAreGivenAsToADecoder) {
  const std::string raw = Skewed(6000, 3);
  EncodeOptions options;
  options.model = Model::kTable;
  options.table.emplace();
  options.table->kind = SymbolKind::kBytes;
  for (uint64_t v = 0; v < 256; ++v) {
    options.table->integers.push_back(v);
    options.table->counts.push_back(
        1 + static_cast<uint64_t>(std::count(raw.begin(), raw.end(), static_cast<char>(v))));
  }
  options.tables_by_id = true;
  const auto coded = Encode({}, {}, AsBytes(raw), options);
  const auto table = MakeTable(*options.table, DefaultLimits());
  ASSERT_TRUE(coded.ok() && table.ok());
  RecoverOptions given;
  given.tables = {*table};
  Recovered got = Recover(*coded, 97, given);
  EXPECT_TRUE(got.status.ok()) << got.status;
  EXPECT_TRUE(got.raw == raw);
  got = Recover(*coded);
  EXPECT_TRUE(absl::IsInvalidArgument(got.status)) << got.status;
  // Several want an index, which only Decode takes: nothing is damaged.
  int refused = 0;
  for (const GoldenVariant& v : GoldenVariants()) {
    if (v.table_index.empty()) continue;
    given.tables = v.tables;
    got = Recover(v.coded, 97, given);
    EXPECT_TRUE(absl::IsUnimplemented(got.status)) << v.name << got.status;
    EXPECT_EQ(GetErrorDetail(got.status)->field, "table_index");
    EXPECT_EQ(got.report.damages_total, 0u);
    EXPECT_TRUE(v.raw.starts_with(got.raw)) << "of other streams before it";
    ++refused;
  }
  EXPECT_GT(refused, 0);
}

// A picture's or tensor's shape says how much is lost after a cut.
TEST(Recover, ACutTensorKeepsItsLength) {
  const std::string raw = Words(2600, 3);
  const Content content{ContentKind::kTensor, DType::kUint16, {13, 100}};
  EncodeOptions options;
  options.block_bytes = kBlock;
  const auto coded = Encode({}, content, AsBytes(raw), options);
  ASSERT_TRUE(coded.ok());
  const auto info = Inspect({}, AsBytes(*coded));
  ASSERT_TRUE(info.ok());
  const size_t header = info->blocks[0].coded_offset;
  const BlockInfo& last = info->blocks.back();
  for (size_t n = header; n < coded->size(); ++n) {
    SCOPED_TRACE(n);
    const Recovered got = Recover(coded->substr(0, n), 50);
    ASSERT_TRUE(got.status.ok()) << got.status;
    ASSERT_EQ(got.raw.size(), raw.size());
    size_t good = 0;
    for (const BlockInfo& block : info->blocks) {
      if (block.coded_offset + block.coded_bytes <= n) good += block.raw_bytes;
    }
    EXPECT_EQ(got.raw, raw.substr(0, good) + std::string(raw.size() - good, '\0'));
    EXPECT_EQ(got.report.raw_bytes_lost, raw.size() - good);
    ASSERT_EQ(got.report.damages.size(), 1u);
    EXPECT_EQ(got.report.damages[0].raw_bytes, raw.size() - good);
    const Recovered skipped = Recover(coded->substr(0, n), 50, {.skip_lost = true});
    EXPECT_EQ(skipped.raw.size(), good);
  }
  // A head that is lost at the end takes what is after it along.
  std::string damaged = coded->substr(0, last.coded_offset + 20);
  damaged[last.coded_offset + 1] ^= 0x40;
  const Recovered got = Recover(damaged);
  EXPECT_EQ(got.raw, raw.substr(0, last.raw_offset) + std::string(last.raw_bytes, '\0'));
  EXPECT_EQ(got.report.raw_bytes_lost, last.raw_bytes);
}

TEST(Recover, AnEndThatDoesNotFitIsTold) {
  Header header = PlainHeader();
  header.raw_bytes = 100;
  StreamBuilder longer(header);
  longer.Add(format::Mode::kStored, 0, 0, "first", "first");
  Recovered got = Recover(longer.Finish());
  EXPECT_EQ(got.raw, "first");
  ASSERT_EQ(got.report.damages.size(), 1u);
  EXPECT_THAT(got.report.damages[0].reason, testing::HasSubstr("another raw length"));
}

// One byte changed, anywhere: at most one block is lost, all others are at their place.
TEST(Recover, OneDamagedByteCostsOneBlockAtMost) {
  const std::string raw = Words(2600, 2);
  const std::string coded = Coded(raw);
  size_t header_bytes = 0;
  {
    Header header;
    header_bytes = ParseHeader(AsBytes(coded), 0, &header)->consumed;
  }
  for (size_t at = 0; at < coded.size(); ++at) {
    SCOPED_TRACE(at);
    std::string damaged = coded;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    const Recovered got = Recover(damaged);
    ASSERT_TRUE(got.status.ok()) << got.status;
    ASSERT_EQ(got.report.damages_total, 1u);
    ASSERT_EQ(got.report.damages.size(), 1u);
    EXPECT_FALSE(got.report.damages[0].reason.empty());
    if (at < header_bytes) {
      EXPECT_TRUE(got.raw == raw);  // the blocks speak for themselves
    } else {
      ASSERT_EQ(got.raw.size(), raw.size());
      ExpectHoles(got.raw, raw, got.report);
      EXPECT_GE(got.report.blocks_good, 5u);
    }
    // The same with the lost bytes left out.
    const Recovered skipped = Recover(damaged, 97, {.skip_lost = true, .max_output_bytes = 0});
    EXPECT_EQ(skipped.raw.size(), got.report.raw_bytes_good);
  }
}

TEST(Recover, ACutStreamComesUpToTheCut) {
  const std::string raw = Words(2600, 3);
  for (const std::string& coded :
       {Coded(raw), Coded(raw, Model::kAdaptive), Coded(raw.substr(0, 90))}) {
    for (size_t n = 0; n < coded.size(); ++n) {
      SCOPED_TRACE(n);
      const Recovered got = Recover(coded.substr(0, n), 50);
      ASSERT_TRUE(got.status.ok()) << got.status;
      EXPECT_EQ(got.raw, raw.substr(0, got.raw.size()));
      EXPECT_EQ(got.report.damages_total, 1u);
      ASSERT_FALSE(got.report.damages.empty());
      EXPECT_THAT(got.report.damages[0].reason, testing::HasSubstr("cut off"));
    }
  }
}

TEST(Recover, BytesTakenOutAndPutIn) {
  const std::string raw = Words(4000, 4);
  const std::string coded = Coded(raw);
  const auto info = Inspect({}, AsBytes(coded));
  ASSERT_TRUE(info.ok());
  const size_t third = info->blocks[2].coded_offset;
  const size_t sixth = info->blocks[5].coded_offset;
  // Three blocks gone without a trace.
  Recovered got = Recover(coded.substr(0, third) + coded.substr(sixth));
  ASSERT_TRUE(got.status.ok());
  EXPECT_EQ(got.raw, raw.substr(0, 1000) + std::string(1500, '\0') + raw.substr(2500));
  EXPECT_EQ(got.report.raw_bytes_lost, 1500u);
  EXPECT_EQ(got.report.damages[0].raw_offset, 1000u);
  EXPECT_EQ(got.report.damages[0].raw_bytes, 1500u);
  // Noise between two blocks: nothing is lost.
  got = Recover(coded.substr(0, third) + Noise(3000, 1) + coded.substr(third));
  ASSERT_TRUE(got.status.ok());
  EXPECT_EQ(got.raw, raw);
  EXPECT_EQ(got.report.damages_total, 1u);
  EXPECT_EQ(got.report.raw_bytes_lost, 0u);
  // Noise after a stream, then another stream.
  got = Recover(coded + Noise(500, 2) + coded);
  ASSERT_TRUE(got.status.ok());
  EXPECT_EQ(got.raw, raw + raw);
  EXPECT_EQ(got.report.damages_total, 1u);
  // Nothing but noise.
  got = Recover(Noise(5000, 3));
  ASSERT_TRUE(got.status.ok());
  EXPECT_EQ(got.raw, "");
  EXPECT_GE(got.report.damages_total, 1u);
}

TEST(Recover, UnknownModelsArePassed) {
  StreamBuilder stream(PlainHeader());
  stream.Add(format::Mode::kStored, 0, 0, "first", "first");
  stream.Add(format::Mode::kModel, 77, 3, "??", "second");
  stream.Add(format::Mode::kStored, 0, 0, "third", "third");
  const Recovered got = Recover(stream.Finish());
  ASSERT_TRUE(got.status.ok()) << got.status;
  EXPECT_EQ(got.raw, "first" + std::string(6, '\0') + "third");
  ASSERT_EQ(got.report.damages.size(), 1u);
  EXPECT_EQ(got.report.damages[0].block, 1);
  EXPECT_THAT(got.report.damages[0].reason, testing::HasSubstr("model 77"));
}

TEST(Recover, LimitsHold) {
  const std::string raw = Words(4000, 5);
  const Recovered got = Recover(Coded(raw), 97, {.skip_lost = false, .max_output_bytes = 1700});
  EXPECT_EQ(got.status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_LE(got.raw.size(), 1700u);
  // A block that is longer than the reader allows is passed without being kept.
  Limits limits;
  limits.max_block_bytes = 400;
  Context context;
  context.limits = &limits;
  const auto recoverer = StreamRecoverer::Create(context, {});
  ASSERT_TRUE(recoverer->Write(AsBytes(Coded(Words(600, 6)))).ok());
  ASSERT_TRUE(recoverer->Finish().ok());
  std::string all;
  LongArray<uint8_t> some;
  while (recoverer->Next(&some).value()) all += AsString(some);
  EXPECT_EQ(all, std::string(500, '\0') + Words(600, 6).substr(500));
  EXPECT_THAT(recoverer->report().damages[0].reason, testing::HasSubstr("max_block_bytes"));
  for (const GoldenVariant& v : GoldenVariants()) {
    if (!v.name.starts_with("variant-excerpt")) continue;
    EXPECT_EQ(Recover(v.coded).status.code(), absl::StatusCode::kUnimplemented);
  }
}

}  // namespace
}  // namespace trine::coding
