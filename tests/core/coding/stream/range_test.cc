// Ranges of streams are decoded without the rest; and work that is cancelled.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "core/coding/coding.h"
#include "tests/core/coding/stream/stream_helpers.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

TEST(Range, OneKibibyteInTheMiddleOfALongStream) {
  EncodeOptions options;
  options.model = Model::kStatic;
  const std::string unit = Skewed(1 << 20, 1);
  std::string raw;
  for (int i = 0; i < 64; ++i) raw += unit;
  const std::string coded = MustEncode(raw, options);
  for (uint64_t offset : {uint64_t{32} << 20, (uint64_t{32} << 20) - 500, uint64_t{12345678}}) {
    DecodeOptions range;
    range.range = ByteRange{offset, 1024};
    const auto decoded = Decode({}, AsBytes(coded), range);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(AsString(decoded->data), raw.substr(offset, 1024));
    EXPECT_EQ(decoded->raw_bytes, raw.size());
    EXPECT_EQ(decoded->blocks_total, 64u);
    EXPECT_EQ(decoded->blocks_decoded, (offset + 1023) / (1 << 20) - offset / (1 << 20) + 1);
  }
}

TEST(Range, EveryRangeOfAShortStream) {
  EncodeOptions options;
  options.block_bytes = 256;
  const std::string raw = Words(600, 2);
  const std::string coded = MustEncode(raw, options);
  for (uint64_t begin = 0; begin <= raw.size(); begin += 37) {
    for (uint64_t length = 0; begin + length <= raw.size(); length += 41) {
      DecodeOptions range;
      range.range = ByteRange{begin, length};
      const auto decoded = Decode({}, AsBytes(coded), range);
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_EQ(AsString(decoded->data), raw.substr(begin, length));
      uint64_t blocks = 0;
      const auto streamed = StreamRange(coded, *range.range, 100, &blocks);
      ASSERT_TRUE(streamed.ok()) << streamed.status();
      EXPECT_EQ(*streamed, raw.substr(begin, length));
      EXPECT_EQ(blocks, decoded->blocks_decoded);
    }
  }
}

TEST(Range, BeyondTheEnd) {
  const std::string coded = MustEncode(Words(600, 2), {});
  for (const ByteRange& range :
       {ByteRange{600, 1}, ByteRange{0, 601}, ByteRange{601, 0}, ByteRange{~uint64_t{0}, 1},
        ByteRange{1, ~uint64_t{0}}, ByteRange{~uint64_t{0}, ~uint64_t{0}}}) {
    DecodeOptions options;
    options.range = range;
    EXPECT_EQ(Decode({}, AsBytes(coded), options).status().code(), absl::StatusCode::kOutOfRange);
    EXPECT_EQ(StreamRange(coded, range, 50).status().code(), absl::StatusCode::kOutOfRange);
  }
}

TEST(Range, DamageElsewhereDoesNotMatter) {
  EncodeOptions options;
  options.block_bytes = 256;
  const std::string raw = Words(2000, 3);
  std::string coded = MustEncode(raw, options);
  const auto info = Inspect({}, AsBytes(coded));
  ASSERT_TRUE(info.ok());
  const BlockInfo& last = info->blocks.back();
  coded[last.coded_offset + last.coded_bytes - 1] ^= 1;
  DecodeOptions range;
  range.range = ByteRange{0, 1000};
  const auto decoded = Decode({}, AsBytes(coded), range);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(AsString(decoded->data), raw.substr(0, 1000));
  EXPECT_EQ(Decode({}, AsBytes(coded)).status().code(), absl::StatusCode::kDataLoss);
}

TEST(Cancellation, IsNoticedInsideABlock) {
  const std::string unit = Words(1 << 20, 6);
  std::string raw;
  while (raw.size() < (size_t{64} << 20)) raw += unit;
  for (const NamedOptions& model : kModels) {
    SCOPED_TRACE(model.name);
    EncodeOptions options = Options(model, uint64_t{64} << 20);
    CancelSource source;
    source.SetDeadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(30));
    Context context;
    context.cancel = source.token();
    EXPECT_EQ(Encode(context, {}, AsBytes(raw), options).status().code(),
              absl::StatusCode::kDeadlineExceeded);
  }
  EncodeOptions options;
  options.model = Model::kStatic;
  options.block_bytes = uint64_t{64} << 20;
  const std::string coded = MustEncode(raw, options);
  CancelSource source;
  source.SetDeadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(30));
  Context context;
  context.cancel = source.token();
  EXPECT_EQ(Decode(context, AsBytes(coded)).status().code(), absl::StatusCode::kDeadlineExceeded);
  source.Cancel();
  EXPECT_EQ(Decode(context, AsBytes(coded)).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(Inspect(context, AsBytes(coded)).status().code(), absl::StatusCode::kCancelled);
  auto encoder = StreamEncoder::Create(context, {}, {});
  ASSERT_TRUE(encoder.ok());
  std::string out;
  EXPECT_EQ((*encoder)->Write(AsBytes(raw), &out).code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace trine::coding
