// What Inspect says of streams.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "core/coding/coding.h"
#include "core/coding/container/checksum.h"
#include "tests/core/coding/golden/golden_variants.h"
#include "tests/core/coding/hostile/allocation_counter.h"
#include "tests/core/coding/stream/stream_helpers.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

// What Inspect says of the parts is what the encoder says that it spent, from whole streams and
// from header and index alone.
TEST(Inspect, TellsThePartsThatTheEncoderCounted) {
  const std::string raw = Words(30000, 1) + Noise(2000, 2) + std::string(3000, 'x');
  for (const auto& [model, order] : {std::pair<Model, std::optional<int>>{Model::kAuto, {}},
                                     {Model::kStatic, 0},
                                     {Model::kStatic, 1},
                                     {Model::kAdaptive, 2},
                                     {Model::kTable, {}}}) {
    SCOPED_TRACE(ModelName(model));
    EncodeOptions options;
    options.model = model;
    options.order = order;
    options.block_bytes = 1000;
    std::string input = raw;
    if (model == Model::kTable) {
      options.table = ByteTable();
      input = Skewed(20000, 1);
    }
    EncodeStats stats;
    const auto coded = Encode({}, {}, AsBytes(input), options, &stats);
    ASSERT_TRUE(coded.ok()) << coded.status();
    const auto index_only = MakeExcerpt({}, coded->size(),
                                        [&](uint64_t at, MutableByteView out) {
                                          std::copy_n(coded->data() + at, out.size(), out.data());
                                          return absl::OkStatus();
                                        },
                                        {});
    ASSERT_TRUE(index_only.ok());
    for (const std::string& bytes : {*coded, *index_only}) {
      const auto info = Inspect({}, AsBytes(bytes));
      ASSERT_TRUE(info.ok()) << info.status();
      EXPECT_EQ(8 * info->model_bytes, stats.model_bits);
      EXPECT_EQ(8 * info->side_bytes, stats.side_bits);
      EXPECT_EQ(8 * info->container_bytes, stats.container_bits);
      uint64_t blocks = 0, raw_bytes = 0;
      for (const ModeInfo& mode : info->modes) {
        blocks += mode.blocks;
        raw_bytes += mode.raw_bytes;
      }
      EXPECT_EQ(blocks, stats.blocks);
      EXPECT_EQ(raw_bytes, input.size());
    }
  }
}

TEST(Inspect, SaysWhatIsThere) {
  EncodeOptions options;
  options.model = Model::kAdaptive;
  options.order = 2;
  options.block_bytes = 1000;
  const std::string raw = Words(1000, 5) + std::string(1000, 'q') + Noise(1000, 5) + "tail";
  const std::string coded = MustEncode(raw, options);
  const auto info = Inspect({}, AsBytes(coded));
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->format_major, 1);
  EXPECT_EQ(info->format_minor, 0);
  EXPECT_EQ(info->raw_bytes, raw.size());
  EXPECT_EQ(info->coded_bytes, coded.size());
  EXPECT_EQ(info->block_bytes, 1000u);
  EXPECT_EQ(info->model, Model::kAdaptive);
  EXPECT_EQ(info->order, 2);
  EXPECT_FALSE(info->is_excerpt);
  ASSERT_EQ(info->blocks.size(), 4u);
  std::vector<std::string> modes;
  uint64_t raw_at = 0, coded_at = info->header_bytes;
  for (const BlockInfo& b : info->blocks) {
    modes.push_back(b.mode);
    EXPECT_EQ(b.raw_offset, raw_at);
    EXPECT_EQ(b.coded_offset, coded_at);
    raw_at += b.raw_bytes;
    coded_at += b.coded_bytes;
  }
  EXPECT_EQ(coded_at + info->index_bytes, coded.size());
  EXPECT_THAT(modes, testing::ElementsAre("adaptive-2", "constant", "stored", "stored"));
}

// A block of 64 MiB takes far longer than the deadline: the work must notice within it.
// Orders of ADAPTIVE to come are models to come.
TEST(Inspect, KnowsUnknownOrdersByTheirNumber) {
  Header header = PlainHeader(Model::kAdaptive);
  header.params = "\x05 and more";
  StreamBuilder stream(header);
  stream.Add(format::Mode::kStored, 0, 0, "first", "first");
  stream.Add(format::Mode::kModel, 3, 5, "??", "second");
  BlockHead block;
  block.mode = format::Mode::kModel;
  block.model = 3;
  block.variant = 3;
  block.raw_bytes = 100;
  block.coded_bytes = 2;
  block.checksum = 7;
  Header compact;
  compact.params = "opaque";
  std::string short_stream;
  AppendCompact(compact, block, &short_stream);
  for (const std::string& coded : {stream.Finish(), short_stream + "??"}) {
    const auto info = Inspect({}, AsBytes(coded));
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_THAT(info->modes.back().mode, testing::StartsWith("adaptive-"));
    const absl::Status status = Decode({}, AsBytes(coded)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("model 3 with variant"));
  }
  Header none = PlainHeader(Model::kAdaptive);
  none.params = "";
  EXPECT_EQ(Inspect({}, AsBytes(StreamBuilder(none).Finish())).status().code(),
            absl::StatusCode::kDataLoss);
}

// As many blocks as are listed at a time: memory is that of the blocks that are asked for.
TEST(Inspect, MemoryDoesNotGrowWithTheBlocks) {
  StreamBuilder stream(PlainHeader());
  BlockHead head;
  head.mode = format::Mode::kConstant;
  head.raw_bytes = head.coded_bytes = head.side_bytes = 1;
  head.checksum = Checksum(AsBytes("c"));
  for (; head.raw_offset < format::kMaxListedBlocks; ++head.raw_offset) stream.AddHead(head, "c");
  const std::string coded = stream.Finish();
  const size_t size = coded.size();
  const auto excerpt = MakeExcerpt(
      {}, size,
      [&](uint64_t offset, MutableByteView out) {
        std::memcpy(out.data(), coded.data() + offset, out.size());
        return absl::OkStatus();
      },
      std::nullopt);
  ASSERT_TRUE(excerpt.ok()) << excerpt.status();
  for (const std::string* bytes : {&coded, &*excerpt}) {
    ResetAllocationCounts();
    const auto info = Inspect({}, AsBytes(*bytes), 1000);
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_LT(PeakLiveBytes(), size_t{1} << 20);
    EXPECT_EQ(info->blocks_total, format::kMaxListedBlocks);
    EXPECT_EQ(info->raw_bytes, format::kMaxListedBlocks);
    EXPECT_EQ(info->blocks.size(), 1000u);
    ASSERT_EQ(info->modes.size(), 1u);
    EXPECT_EQ(info->modes[0].blocks, format::kMaxListedBlocks);
    EXPECT_EQ(info->coded_bytes, size);
  }
}

}  // namespace
}  // namespace trine::coding
