// Parts of streams: decode ranges, excerpts, inspection; and work that is called off.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>

#include "core/coding/container/checksum.h"
#include "core/coding/coding.h"
#include "core/runtime/thread_pool.h"
#include "tests/core/coding/golden/golden_variants.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

std::string MustEncode(const std::string& raw, const EncodeOptions& options) {
  ThreadPool pool(2);
  Context context;
  context.pool = &pool;
  auto coded = Encode(context, Content{}, AsBytes(raw), options);
  EXPECT_TRUE(coded.ok()) << coded.status();
  return coded.ok() ? *coded : "";
}

absl::StatusOr<std::string> StreamRange(const std::string& coded, const ByteRange& range,
                                        size_t piece, uint64_t* blocks = nullptr) {
  DecodeOptions options;
  options.range = range;
  auto decoder = StreamDecoder::Create({}, options);
  if (!decoder.ok()) return decoder.status();
  std::string raw;
  LongArray<uint8_t> part;
  const auto drain = [&]() -> absl::Status {
    while (true) {
      auto more = (*decoder)->Next(&part);
      if (!more.ok()) return more.status();
      if (!*more) return absl::OkStatus();
      raw += AsString(part);
    }
  };
  for (size_t i = 0; i < coded.size(); i += piece) {
    if (auto s = (*decoder)->Write(AsBytes(coded).subspan(i, piece)); !s.ok()) return s;
    if (auto s = drain(); !s.ok()) return s;
  }
  if (auto s = (*decoder)->Finish(); !s.ok()) return s;
  if (auto s = drain(); !s.ok()) return s;
  if (blocks != nullptr) *blocks = (*decoder)->blocks_decoded();
  return raw;
}

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

TEST(Excerpt, HoldsWhatTheRangeNeedsAndReadsNoMore) {
  EncodeOptions options;
  options.block_bytes = 4096;
  const std::string raw = Words(200000, 4) + Noise(50000, 4);
  const std::string with_index = MustEncode(raw, options);
  // The same blocks without an index: its reader rebuilds it.
  Header header = PlainHeader();
  {
    Header parsed;
    ASSERT_TRUE(ParseHeader(AsBytes(with_index), 0, &parsed).ok());
    header = parsed;
    header.flags = format::kFlagNoIndex;
  }
  StreamBuilder builder(header);
  const auto info = Inspect({}, AsBytes(with_index));
  ASSERT_TRUE(info.ok());
  for (const BlockInfo& block : info->blocks) {
    BlockHead head;
    const auto at = AsBytes(with_index).subspan(block.coded_offset, block.coded_bytes);
    const auto parsed = ParseBlockHead(at, header, block.raw_offset, 0, 0, &head);
    ASSERT_TRUE(parsed.ok());
    builder.AddHead(head, AsString(at.subspan(parsed->consumed)));
  }
  const std::string without_index = builder.Finish();
  EXPECT_LT(without_index.size(), with_index.size());

  for (const std::string& coded : {with_index, without_index}) {
    uint64_t bytes_read = 0;
    const auto read = [&](uint64_t at, MutableByteView out) {
      EXPECT_LE(at + out.size(), coded.size());
      std::memcpy(out.data(), coded.data() + at, out.size());
      bytes_read += out.size();
      return absl::OkStatus();
    };
    const ByteRange range{123456, 5000};
    const auto excerpt = MakeExcerpt({}, coded.size(), read, range);
    ASSERT_TRUE(excerpt.ok()) << excerpt.status();
    EXPECT_LT(bytes_read, 20000u);
    EXPECT_LT(excerpt->size(), 10000u);
    DecodeOptions decode;
    decode.range = range;
    const auto decoded = Decode({}, AsBytes(*excerpt), decode);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(AsString(decoded->data), raw.substr(range.offset, range.length));
    EXPECT_EQ(decoded->raw_bytes, raw.size());
    EXPECT_EQ(decoded->blocks_total, info->blocks.size());
    EXPECT_EQ(decoded->blocks_decoded, 2u);
    for (size_t piece : {1, 1000, 100000}) {
      const auto streamed = StreamRange(*excerpt, range, piece);
      ASSERT_TRUE(streamed.ok()) << streamed.status();
      EXPECT_EQ(*streamed, raw.substr(range.offset, range.length));
    }
    // Other ranges, or none, are not in it.
    decode.range = ByteRange{0, 10};
    EXPECT_EQ(Decode({}, AsBytes(*excerpt), decode).status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(StreamRange(*excerpt, {0, 10}, 1000).status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(Decode({}, AsBytes(*excerpt)).status().code(), absl::StatusCode::kInvalidArgument);
    // Ranges that begin or end outside of the blocks that are there.
    for (const ByteRange& partly :
         {ByteRange{range.offset - 5000, 5000}, ByteRange{range.offset, 9000},
          ByteRange{range.offset - 5000, 12000}}) {
      decode.range = partly;
      EXPECT_EQ(Decode({}, AsBytes(*excerpt), decode).status().code(),
                absl::StatusCode::kInvalidArgument);
      EXPECT_EQ(StreamRange(*excerpt, partly, 1000).status().code(),
                absl::StatusCode::kInvalidArgument);
    }

    // Inspection sees the whole stream.
    const auto head_only = MakeExcerpt({}, coded.size(), read, std::nullopt);
    ASSERT_TRUE(head_only.ok()) << head_only.status();
    for (const std::string& e : {*excerpt, *head_only}) {
      const auto seen = Inspect({}, AsBytes(e));
      ASSERT_TRUE(seen.ok()) << seen.status();
      EXPECT_TRUE(seen->is_excerpt);
      EXPECT_EQ(seen->raw_bytes, raw.size());
      ASSERT_EQ(seen->blocks.size(), info->blocks.size());
      for (size_t i = 0; i < seen->blocks.size(); ++i) {
        EXPECT_EQ(seen->blocks[i].raw_offset, info->blocks[i].raw_offset);
        EXPECT_EQ(seen->blocks[i].coded_offset, info->blocks[i].coded_offset);
        EXPECT_EQ(seen->blocks[i].coded_bytes, info->blocks[i].coded_bytes);
        EXPECT_EQ(seen->blocks[i].mode, info->blocks[i].mode);
      }
      EXPECT_EQ(seen->coded_bytes, with_index.size());
    }
    EXPECT_EQ(MakeExcerpt({}, coded.size(), read, ByteRange{raw.size(), 1}).status().code(),
              absl::StatusCode::kOutOfRange);
    EXPECT_EQ(MakeExcerpt({}, coded.size() - 1, read, range).status().code(),
              absl::StatusCode::kDataLoss);
  }
}

// What is wrong with a block of an excerpt is said by its place in the stream.
TEST(Excerpt, ErrorsNamePlacesOfTheStream) {
  const std::string raw = Words(30000, 5);
  EncodeOptions options;
  options.model = Model::kStatic;
  options.block_bytes = 1000;
  auto coded = Encode({}, {}, AsBytes(raw), options);
  ASSERT_TRUE(coded.ok());
  const auto info = Inspect({}, AsBytes(*coded));
  ASSERT_TRUE(info.ok());
  const BlockInfo& block = info->blocks[20];
  (*coded)[block.coded_offset + block.coded_bytes - 1] ^= 1;
  const auto read = [&](uint64_t at, MutableByteView out) {
    std::copy_n(coded->data() + at, out.size(), out.data());
    return absl::OkStatus();
  };
  const ByteRange range{20010, 10};
  const auto excerpt = MakeExcerpt({}, coded->size(), read, range);
  ASSERT_TRUE(excerpt.ok());
  DecodeOptions decode;
  decode.range = range;
  const auto whole = Decode({}, AsBytes(*coded), decode).status();
  EXPECT_THAT(std::string(whole.message()), testing::HasSubstr("(block 20)"));
  // The excerpt's index knows number and offset; pieces only know the head.
  EXPECT_EQ(Decode({}, AsBytes(*excerpt), decode).status(), whole);
  const auto pieces = StreamRange(*excerpt, range, 1000).status();
  EXPECT_EQ(pieces.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(pieces.message()), testing::HasSubstr("(block at raw offset 20000)"));
  EXPECT_THAT(std::string(pieces.message()), testing::Not(testing::HasSubstr("byte offset")));
  // Nor has an inspector of an excerpt offsets of its own to tell.
  std::string cut = excerpt->substr(0, excerpt->size() - 1);
  EXPECT_THAT(std::string(Inspect({}, AsBytes(cut)).status().message()),
              testing::Not(testing::HasSubstr("offset")));
}

// No excerpt is made of a stream whose parts disagree: the whole one says where.
TEST(Excerpt, IsNotMadeOfWhatDoesNotFit) {
  const auto excerpt_of = [](const std::string& coded, const std::optional<ByteRange>& range) {
    const auto read = [&](uint64_t at, MutableByteView out) {
      std::copy_n(coded.data() + at, out.size(), out.data());
      return absl::OkStatus();
    };
    return MakeExcerpt({}, coded.size(), read, range).status();
  };
  Header header = PlainHeader();
  header.raw_bytes = 100;
  StreamBuilder longer(header);
  longer.Add(format::Mode::kStored, 0, 0, "first", "first");
  const absl::Status other_length = excerpt_of(longer.Finish(), std::nullopt);
  EXPECT_EQ(other_length.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(other_length.message()), testing::HasSubstr("another raw length"));
  // The index of a stream with another block of the same lengths.
  StreamBuilder stored(PlainHeader()), constant(PlainHeader());
  stored.Add(format::Mode::kStored, 0, 0, "ab", "ab");
  constant.Add(format::Mode::kConstant, 0, 0, "ab", "ab");
  const std::string a = stored.Finish(), b = constant.Finish();
  ASSERT_EQ(a.size(), b.size());
  const auto info = Inspect({}, AsBytes(a));
  ASSERT_TRUE(info.ok());
  const size_t end = info->blocks[0].coded_offset + info->blocks[0].coded_bytes;
  const std::string mixed = a.substr(0, end) + b.substr(end);
  const absl::Status differs = excerpt_of(mixed, ByteRange{0, 1});
  EXPECT_EQ(differs.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(differs.message()), testing::HasSubstr("(block 0)"));
}

TEST(Excerpt, ItsBlocksAreThoseOfItsIndexToTheLastField) {
  const std::string raw(40, 'a');
  // One block, coded in one way where it stands and in another way in the index.
  const auto excerpt_of = [&](const BlockHead& in_body, const BlockHead& in_index) {
    Header header = PlainHeader();
    header.flags = format::kFlagExcerpt;
    std::string out, end_mark;
    AppendHeader(header, &out);
    AppendBlockHead(in_body, true, &out);
    out.append(static_cast<size_t>(in_body.coded_bytes), 'a');
    AppendBlockHead({.raw_offset = raw.size(), .mode = format::Mode::kEnd, .block_count = 1}, false,
                    &end_mark);
    out += end_mark;
    AppendIndex({EntryOf(in_index)}, AsBytes(end_mark), &out);
    return out;
  };
  const auto head = [&](uint64_t period) {
    return BlockHead{.mode = format::Mode::kConstant,
                     .raw_bytes = raw.size(),
                     .coded_bytes = period,
                     .side_bytes = period,
                     .checksum = Checksum(AsBytes(raw))};
  };
  const ByteRange all{0, raw.size()};
  DecodeOptions options;
  options.range = all;
  const std::string right = excerpt_of(head(2), head(2));
  ASSERT_TRUE(Decode({}, AsBytes(right), options).ok());
  ASSERT_TRUE(StreamRange(right, all, 7).ok());
  const std::string wrong = excerpt_of(head(2), head(3));
  EXPECT_EQ(Inspect({}, AsBytes(wrong)).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Decode({}, AsBytes(wrong), options).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(StreamRange(wrong, all, 7).status().code(), absl::StatusCode::kDataLoss);
}

TEST(Excerpt, AFailingReadIsPassedOn) {
  const std::string coded = MustEncode(Words(5000, 4), {});
  for (uint64_t fail_at : {uint64_t{0}, uint64_t{coded.size() - 30}}) {
    const auto read = [&](uint64_t at, MutableByteView out) -> absl::Status {
      if (at + out.size() > fail_at) return absl::UnavailableError("the disk is away");
      std::memcpy(out.data(), coded.data() + at, out.size());
      return absl::OkStatus();
    };
    EXPECT_EQ(MakeExcerpt({}, coded.size(), read, ByteRange{0, 10}).status().code(),
              absl::StatusCode::kUnavailable);
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
