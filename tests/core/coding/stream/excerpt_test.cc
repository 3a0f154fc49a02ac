// Excerpts: what a range needs of a stream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "core/coding/coding.h"
#include "core/coding/container/checksum.h"
#include "core/runtime/thread_pool.h"
#include "tests/core/coding/golden/golden_variants.h"
#include "tests/core/coding/stream/stream_helpers.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

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

// Without its end, or with a damaged one, a range is found from head to head.
TEST(Excerpt, OfARangeWithoutTheEndOfTheStream) {
  const std::string raw = Words(40000, 11);
  EncodeOptions options;
  options.block_bytes = 1000;
  const Content tensor{ContentKind::kTensor, DType::kUint16, {20000}};
  for (const Content& content : {Content{}, tensor}) {
    const auto whole = Encode({}, content, AsBytes(raw), options);
    ASSERT_TRUE(whole.ok());
    const auto info = Inspect({}, AsBytes(*whole));
    ASSERT_TRUE(info.ok());
    const size_t tail = info->blocks.back().coded_offset + info->blocks.back().coded_bytes;
    std::vector<std::string> damaged;
    // In the index, in its trailer, before it, in a block.
    for (const size_t n : {whole->size() - 1, whole->size() - 30, tail, tail - 10,
                           static_cast<size_t>(info->blocks[30].coded_offset) + 100}) {
      damaged.push_back(whole->substr(0, n));
    }
    damaged.push_back(*whole);
    damaged.back()[tail + 40] ^= 1;
    damaged.push_back(*whole);
    damaged.back()[whole->size() - 20] ^= 1;
    for (const std::string& coded : damaged) {
      const auto read = [&](uint64_t at, MutableByteView out) {
        std::copy_n(coded.data() + at, out.size(), out.data());
        return absl::OkStatus();
      };
      for (const ByteRange& range : {ByteRange{12345, 5000}, ByteRange{0, 30000}, ByteRange{}}) {
        const auto excerpt = SalvageExcerpt({}, coded.size(), read, range);
        ASSERT_TRUE(excerpt.ok()) << excerpt.status();
        EXPECT_TRUE(excerpt->is_tail_lost);
        DecodeOptions decode;
        decode.range = range;
        const auto decoded = Decode({}, AsBytes(excerpt->bytes), decode);
        ASSERT_TRUE(decoded.ok()) << decoded.status();
        EXPECT_TRUE(AsString(decoded->data) == raw.substr(range.offset, range.length));
        EXPECT_EQ(decoded->content.kind, content.kind);
        const auto streamed = StreamRange(excerpt->bytes, range, 777);
        ASSERT_TRUE(streamed.ok()) << streamed.status();
        EXPECT_TRUE(*streamed == raw.substr(range.offset, range.length));
        EXPECT_EQ(MakeExcerpt({}, coded.size(), read, range).status().code(),
                  absl::StatusCode::kDataLoss);
      }
      // What is not there is not made up.
      EXPECT_EQ(SalvageExcerpt({}, coded.size(), read, {39900, 101}).status().code(),
                absl::StatusCode::kDataLoss);
      EXPECT_EQ(MakeExcerpt({}, coded.size(), read, std::nullopt).status().code(),
                absl::StatusCode::kDataLoss);
    }
    const auto read = [&](uint64_t at, MutableByteView out) {
      std::copy_n(whole->data() + at, out.size(), out.data());
      return absl::OkStatus();
    };
    const auto sound = SalvageExcerpt({}, whole->size(), read, {12345, 5000});
    ASSERT_TRUE(sound.ok()) << sound.status();
    EXPECT_FALSE(sound->is_tail_lost);
    EXPECT_EQ(sound->bytes, *MakeExcerpt({}, whole->size(), read, ByteRange{12345, 5000}));
    EXPECT_EQ(SalvageExcerpt({}, whole->size(), read, {39900, 101}).status().code(),
              absl::StatusCode::kOutOfRange);
  }
}

// Where another stream follows, no end was lost: the whole one says what it holds.
TEST(Excerpt, IsNotSalvagedOfSeveralStreams) {
  EncodeOptions options;
  options.block_bytes = 1000;
  const std::string first = *Encode({}, {}, AsBytes(Words(40000, 11)), options);
  const auto salvage = [&first](const std::string& behind) {
    const std::string coded = first + behind;
    return SalvageExcerpt({}, coded.size(),
                          [&coded](uint64_t at, MutableByteView out) {
                            std::copy_n(coded.data() + at, out.size(), out.data());
                            return absl::OkStatus();
                          },
                          {12345, 5000});
  };
  const std::string empty = *Encode({}, {}, {}, {});
  const std::string compact = *Encode({}, {}, AsBytes(std::string("abc")), {});
  for (const std::string& other : {empty, compact, first, empty + first}) {
    EXPECT_EQ(salvage(other).status().code(), absl::StatusCode::kUnimplemented)
        << salvage(other).status();
  }
  for (const std::string& other : {std::string(), std::string("no stream"), empty.substr(1)}) {
    const auto excerpt = salvage(other);
    ASSERT_TRUE(excerpt.ok()) << excerpt.status();
    EXPECT_EQ(excerpt->is_tail_lost, !other.empty());
  }
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
  // One block, coded in one way in its place and in another way in the index.
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

}  // namespace
}  // namespace trine::coding
