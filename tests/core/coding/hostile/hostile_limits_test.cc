// What a stream promises, or a limit forbids, costs no memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/coding/coding.h"
#include "core/runtime/thread_pool.h"
#include "tests/core/coding/golden/golden_variants.h"
#include "tests/core/coding/hostile/allocation_counter.h"
#include "tests/core/coding/hostile/refused.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

using format::Mode;
using testing::HasSubstr;

TEST(Hostile, PromisesCostNothing) {
  Header header = PlainHeader();
  header.raw_bytes = uint64_t{1} << 60;  // 1 EiB
  header.block_bytes = format::kMaxBlockBytes;
  std::string promise;
  AppendHeader(header, &promise);
  // A block that promises 1 GiB, without its payload; an end mark that promises 2^40 blocks.
  BlockHead head;
  head.mode = Mode::kModel;
  head.model = 2;
  head.raw_bytes = format::kMaxBlockBytes;
  head.coded_bytes = format::kMaxBlockBytes - 1;
  std::string block = promise;
  AppendBlockHead(head, false, &block);
  header.flags = format::kFlagExcerpt;
  std::string excerpt;
  AppendHeader(header, &excerpt);
  BlockHead end;
  end.mode = Mode::kEnd;
  end.raw_offset = uint64_t{1} << 60;
  end.block_count = uint64_t{1} << 40;
  AppendBlockHead(end, false, &excerpt);
  excerpt += std::string(100, '\1');
  const std::string magic(reinterpret_cast<const char*>(format::kMagic.data()), 8);
  const std::string nine = magic + "\1";
  Limits small;
  small.max_block_bytes = 1 << 16;
  Context context;
  context.limits = &small;
  for (const std::string& bytes : {promise, block, excerpt, nine}) {
    for (const Context& c : {Context{}, context}) {
      ResetAllocationCounts();
      EXPECT_FALSE(Decode(c, AsBytes(bytes)).ok());
      EXPECT_FALSE(DecodeStream(c, AsBytes(bytes), 3).ok());
      EXPECT_FALSE(Inspect(c, AsBytes(bytes)).ok());
      EXPECT_LT(LargestAllocation(), 10000u);
    }
  }
}

TEST(Hostile, LimitsAreCheckedBeforeAllocation) {
  // 40 constant blocks of 1 MiB in about 1000 bytes.
  const std::string raw(size_t{40} << 20, 'c');
  const auto coded = Encode({}, {}, AsBytes(raw), {});
  ASSERT_TRUE(coded.ok());
  EXPECT_LT(coded->size(), 1400u);
  Limits limits;
  limits.max_output_bytes = (uint64_t{40} << 20) - 1;
  Context context;
  context.limits = &limits;
  ResetAllocationCounts();
  EXPECT_EQ(Decode(context, AsBytes(*coded)).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_LT(LargestAllocation(), 20000u);
  DecodeOptions options;
  options.max_output_bytes = 5 << 20;
  EXPECT_EQ(Decode({}, AsBytes(*coded), options).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(DecodeStream({}, AsBytes(*coded), 1000, options).status().code(),
            absl::StatusCode::kResourceExhausted);
  ResetAllocationCounts();
  limits.max_block_bytes = 1 << 19;
  ExpectRefused(AsBytes(*coded).subspan(0), absl::StatusCode::kResourceExhausted, "max_", context);
  EXPECT_LT(LargestAllocation(), 20000u);

  // A stream decoder hands out block by block, whatever it decodes to.
  auto decoder = StreamDecoder::Create({}, {});
  ASSERT_TRUE(decoder.ok());
  ASSERT_TRUE((*decoder)->Write(AsBytes(*coded)).ok());
  LongArray<uint8_t> part;
  uint64_t total = 0;
  ResetAllocationCounts();
  while (true) {
    const auto more = (*decoder)->Next(&part);
    ASSERT_TRUE(more.ok()) << more.status();
    if (!*more) break;
    total += part.size();
  }
  EXPECT_EQ(total, raw.size());
  EXPECT_LT(LargestAllocation(), (size_t{1} << 20) + 1000);
}

// Memory does not grow with the stream: 24 MiB pass through on two threads.
TEST(Memory, StreamsAreCodedInBoundedMemory) {
  ThreadPool pool(2);
  Context context;
  context.pool = &pool;
  const std::string unit = Words(1 << 20, 1);
  for (const NamedOptions& model : {kModels[0], kModels[6]}) {  // auto, table
    SCOPED_TRACE(model.name);
    std::string coded;
    LongArray<uint8_t> decoded;
    ResetAllocationCounts();
    {
      auto encoder = StreamEncoder::Create(context, {}, Options(model, 128 << 10));
      auto decoder = StreamDecoder::Create(context, {});
      ASSERT_TRUE(encoder.ok() && decoder.ok());
      uint64_t raw_bytes = 0;
      const auto pass_on = [&] {
        ASSERT_TRUE((*decoder)->Write(AsBytes(coded)).ok());
        coded.clear();
        while (true) {
          const auto more = (*decoder)->Next(&decoded);
          ASSERT_TRUE(more.ok()) << more.status();
          if (!*more) break;
          raw_bytes += decoded.size();
        }
      };
      for (int i = 0; i < 24; ++i) {
        ASSERT_TRUE((*encoder)->Write(AsBytes(unit), &coded).ok());
        pass_on();
      }
      ASSERT_TRUE((*encoder)->Finish(&coded, nullptr).ok());
      pass_on();
      ASSERT_TRUE((*decoder)->Finish().ok());
      EXPECT_THAT((*decoder)->Next(&decoded), testing::Property(&absl::StatusOr<bool>::ok, true));
      EXPECT_EQ(raw_bytes, uint64_t{24} << 20);
    }
    EXPECT_LT(PeakLiveBytes(), size_t{16} << 20);
  }
}

TEST(Hostile, ModelMemoryIsLimited) {
  const std::string raw = Words(60000, 1);
  EncodeOptions options;
  options.model = Model::kAdaptive;
  options.order = 2;
  const auto coded = Encode({}, {}, AsBytes(raw), options);
  ASSERT_TRUE(coded.ok());
  Limits limits;
  limits.max_model_bytes = 300000;
  Context context;
  context.limits = &limits;
  ExpectRefused(AsBytes(*coded), absl::StatusCode::kResourceExhausted, "max_model_bytes", context);
  limits.max_table_symbols = 100;
  options.model = Model::kTable;
  options.order.reset();
  options.table = ByteTable();
  const auto table = Encode({}, {}, AsBytes(raw), options);
  ASSERT_TRUE(table.ok());
  ExpectRefused(AsBytes(*table), absl::StatusCode::kResourceExhausted, "max_table_symbols",
                context);
}

}  // namespace
}  // namespace trine::coding
