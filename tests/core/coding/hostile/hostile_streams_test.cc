// The limits of a stream's own fields, as FORMAT.md gives them: at the limit taken, beyond refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <optional>

#include "core/coding/coding.h"
#include "core/coding/container/checksum.h"
#include "core/coding/models/table/table_model.h"
#include "tests/core/coding/golden/golden_variants.h"
#include "tests/core/coding/payloads/whole_payloads.h"
#include "tests/core/coding/stream/stream_helpers.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

using absl::StatusCode;
using format::Mode;
using testing::HasSubstr;

// By all that read streams; `range`: what is wanted of an excerpt.
void ExpectRefused(const std::string& coded, const std::string& text,
                   const std::optional<ByteRange>& range = {}) {
  const auto expect = [&](const absl::Status& status) {
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(text));
  };
  DecodeOptions options;
  options.range = range;
  expect(Decode({}, AsBytes(coded), options).status());
  expect(Inspect({}, AsBytes(coded)).status());
  const auto streamed = DecodeInPieces(coded, coded.size(), options);
  EXPECT_EQ(streamed.status().code(), StatusCode::kDataLoss) << streamed.status();
}

std::string Compact(const std::string& params, const BlockHead& block, const std::string& payload) {
  Header header;
  header.params = params;
  std::string out;
  AppendCompact(header, block, &out);
  return out + payload;
}

BlockHead StoredHead(const std::string& raw) {
  BlockHead block;
  block.raw_bytes = block.coded_bytes = raw.size();
  block.checksum = Checksum(AsBytes(raw));
  return block;
}

TEST(HostileStreams, CompactStreamsOfNothing) {
  const BlockHead nothing = StoredHead("");
  EXPECT_EQ(nothing.checksum, 0x2D06800538D394C2u);
  ASSERT_TRUE(Decode({}, AsBytes(Compact("", nothing, ""))).ok());
  ExpectRefused(Compact("x", nothing, ""), "parameters that it does not take");
  const auto refused = [&](auto change) {
    BlockHead block = nothing;
    change(block);
    ExpectRefused(Compact("", block, ""), "an empty stream has more than that");
  };
  refused([](BlockHead& b) { b.checksum = 0; });
  refused([](BlockHead& b) { b.mode = Mode::kConstant; });
  refused([](BlockHead& b) { b.mode = Mode::kModel; });
  refused([](BlockHead& b) { b.model = 2; });
  refused([](BlockHead& b) { b.variant = 1; });
  refused([](BlockHead& b) { b.coded_bytes = 1; });
  refused([](BlockHead& b) { b.side_bytes = 1; });
}

TEST(HostileStreams, ParametersOfCompactStreams) {
  const std::string raw = Words(50, 1);
  ASSERT_TRUE(Decode({}, AsBytes(Compact("", StoredHead(raw), raw))).ok());
  ExpectRefused(Compact("x", StoredHead(raw), raw), "parameters that it does not take");
  BlockHead block = StoredHead(raw);
  block.mode = Mode::kModel;
  block.coded_bytes = 4;
  for (const uint8_t model : {2, 3}) {
    block.model = model;
    ExpectRefused(Compact("x", block, "????"), "parameters that it does not take");
  }
  // Of a model to come they are opaque, up to their limit.
  block.model = 19;
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{format::kMaxHeaderFields}}) {
    const std::string coded = Compact(std::string(bytes, '?'), block, "????");
    EXPECT_EQ(Decode({}, AsBytes(coded)).status().code(), StatusCode::kUnimplemented);
    const auto info = Inspect({}, AsBytes(coded));
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_EQ(info->blocks[0].mode, "model-19");
  }
  ExpectRefused(Compact(std::string(format::kMaxHeaderFields + 1, '?'), block, "????"),
                "length is out of range");
}

TEST(HostileStreams, ParametersOfHeaders) {
  const auto stream = [](uint8_t model, const std::string& params, uint8_t minor) {
    Header header = PlainHeader();
    header.model = model;
    header.params = params;
    header.minor = minor;
    StreamBuilder builder(header);
    builder.Add(Mode::kStored, 0, 0, "abab", "abab");
    return builder.Finish();
  };
  // What a later minor version adds to STATIC is ignored.
  ExpectRefused(stream(2, "x", 0), "parameters that it does not take");
  EXPECT_TRUE(Decode({}, AsBytes(stream(2, "x", 1))).ok());
  for (const uint8_t minor : {0, 1}) {
    EXPECT_TRUE(Decode({}, AsBytes(stream(3, "\2", minor))).ok());
    ExpectRefused(stream(3, std::string("\2\0", 2), minor), "parameters");
    EXPECT_TRUE(Decode({}, AsBytes(stream(16, "whatever", minor))).ok());
  }
}

TEST(HostileStreams, LengthsOfTextInSymbols) {
  const auto table = ParseTable(2, 8, {2, 'a', 0, 128, 128});
  ASSERT_TRUE(table.ok()) << table.status();
  const std::string raw(100, 'a');
  std::string good = WriteTable<NarrowCoder>({*table}, "", raw, 1, 0);
  std::string out(raw.size(), '?');
  const MutableByteView to(reinterpret_cast<uint8_t*>(out.data()), out.size());
  EXPECT_TRUE(DecodeTable(**table, AsBytes(good), Element{}, to, {}).ok());
  EXPECT_EQ(out, raw);
  const std::string more = WriteTable<NarrowCoder>({*table}, "", raw + "a", 1, 0);
  EXPECT_THAT(std::string(DecodeTable(**table, AsBytes(more), Element{}, to, {}).message()),
              HasSubstr("number of symbols is out of range"));
  const std::string less = WriteTable<NarrowCoder>({*table}, "", raw.substr(1), 1, 0);
  EXPECT_THAT(std::string(DecodeTable(**table, AsBytes(less), Element{}, to, {}).message()),
              HasSubstr("do not fill"));
  // Surrogates are no scalar values; their neighbours are.
  for (const uint64_t value : {0xD7FFu, 0xE000u, 0x10FFFFu}) {
    EXPECT_TRUE(ParseTable(2, 8, {1, value, 256}).ok());
  }
  for (const uint64_t value : {0xD800u, 0xDFFFu, 0x110000u}) {
    EXPECT_EQ(ParseTable(2, 8, {1, value, 256}).status().code(), StatusCode::kDataLoss);
  }
}

// An excerpt says no more of a block that it lacks.
TEST(HostileStreams, EntriesOfTheIndexAreThoseOfSomeHead) {
  struct Case {
    IndexEntry entry;
    bool is_taken;
  };
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  // A head of 300 raw bytes takes 19 bytes, or 20 where the payload's length takes two.
  const Case cases[] = {
      {{Mode::kStored, 0, 0, 300, 0, 0}, false},     {{Mode::kStored, 0, 0, 300, 1, 0}, false},
      {{Mode::kStored, 0, 0, 300, 319, 0}, false},   {{Mode::kStored, 0, 0, 300, 320, 0}, true},
      {{Mode::kStored, 0, 0, 300, 321, 0}, false},   {{Mode::kStored, 0, 0, 300, 320, 1}, false},
      {{Mode::kStored, 1, 0, 300, 320, 0}, false},   {{Mode::kStored, 0, 0, 301, 321, 0}, false},
      {{Mode::kConstant, 0, 0, 300, 19, 0}, false},  {{Mode::kConstant, 0, 0, 300, 20, 1}, true},
      {{Mode::kConstant, 0, 0, 300, 35, 16}, true},  {{Mode::kConstant, 0, 0, 300, 35, 15}, false},
      {{Mode::kConstant, 0, 0, 300, 36, 17}, false}, {{Mode::kModel, 2, 0, 300, 18, 0}, false},
      {{Mode::kModel, 2, 0, 300, 19, 0}, true},      {{Mode::kModel, 2, 0, 300, 19, 1}, false},
      {{Mode::kModel, 2, 0, 300, 146, 127}, true},   {{Mode::kModel, 2, 0, 300, 147, 0}, false},
      {{Mode::kModel, 2, 0, 300, 148, 127}, true},   {{Mode::kModel, 2, 0, 300, 319, 0}, true},
      {{Mode::kModel, 2, 0, 300, 320, 0}, false},    {{Mode::kModel, 99, 9, 300, 319, 0}, true},
      {{Mode::kEnd, 0, 0, 300, 319, 0}, false},      {{Mode::kModel, 2, 0, 0, 19, 0}, false},
      {{Mode::kModel, 2, 0, 300, 0, 0}, false},      {{Mode::kModel, 2, 0, 300, kMost, 0}, false},
      {{Mode::kModel, 2, 0, kMost, 319, 0}, false},  {{Mode::kModel, 2, 0, 300, 319, kMost}, false},
  };
  for (const Case& c : cases) {
    std::string bytes;
    AppendIndexEntry(c.entry, &bytes);
    IndexEntry entry;
    EXPECT_EQ(ParseIndexEntry(AsBytes(bytes), 300, 0, 0, &entry).ok(), c.is_taken)
        << static_cast<int>(c.entry.mode) << " " << c.entry.coded_bytes << " "
        << c.entry.side_bytes;
    const std::optional<uint64_t> payload = PayloadBytes(c.entry);
    if (c.is_taken) {
      ASSERT_TRUE(payload.has_value());
      const BlockHead head{.mode = entry.mode,
                           .model = entry.model,
                           .variant = entry.variant,
                           .raw_bytes = entry.raw_bytes,
                           .coded_bytes = *payload,
                           .side_bytes = entry.side_bytes};
      std::string in_stream;
      AppendBlockHead(head, false, &in_stream);
      EXPECT_EQ(in_stream.size() + *payload, entry.coded_bytes);
      EXPECT_EQ(EntryOf(head), entry);
    }
  }
}

// An entry costs a look, however long the block that it tells of: a stream of such entries would
// otherwise keep a reader busy for hours.
TEST(HostileStreams, LongEntriesOfTheIndexAreLookedAtOnce) {
  for (int k = 1; k <= 4; ++k) {
    // A payload of `length` - 1 has a length of k bytes, one of `length` of k + 1.
    const uint64_t length = uint64_t{1} << (7 * k);
    const uint64_t head = EntryOf({.raw_bytes = 1}).coded_bytes - 1;  // without that length
    const auto payload = [&](uint64_t size) {
      return PayloadBytes({Mode::kModel, 2, 0, 1, head + size, 0});
    };
    EXPECT_EQ(payload(length - 1 + static_cast<uint64_t>(k)), length - 1);
    for (int i = 0; i < 100000; ++i) {
      ASSERT_EQ(payload(length + static_cast<uint64_t>(k)), std::nullopt);
    }
    EXPECT_EQ(payload(length + static_cast<uint64_t>(k) + 1), length);
  }
}

TEST(HostileStreams, RawOffsetsInExcerpts) {
  Header header = PlainHeader();
  header.flags = format::kFlagExcerpt;
  const auto excerpt = [&](uint64_t raw_offset) {
    std::string out;
    AppendHeader(header, &out);
    BlockHead head = StoredHead("abab");
    head.raw_offset = raw_offset;
    AppendBlockHead(head, true, &out);
    return out + "abab";
  };
  const auto status = [&](const std::string& coded) {
    return Inspect({}, AsBytes(coded)).status();
  };
  const std::string cut = "cut off in a block's head";  // what is wrong with what is not too far
  EXPECT_THAT(std::string(status(excerpt(format::kMaxStreamBytes - 4)).message()), HasSubstr(cut));
  for (const uint64_t more : {uint64_t{1}, uint64_t{4}, uint64_t{5}, uint64_t{1} << 62}) {
    const uint64_t offset = format::kMaxStreamBytes - 4 + more;
    ExpectRefused(excerpt(offset), "raw length is out of range", ByteRange{offset, 4});
  }
}

TEST(HostileStreams, ExcerptsStandAlone) {
  const std::string text = GoldenText(3000);
  EncodeOptions options;
  options.block_bytes = 500;
  const auto whole = Encode({}, {}, AsBytes(text), options);
  ASSERT_TRUE(whole.ok());
  const auto cut = [&](const ByteRange& range) {
    return MakeExcerpt(
               {}, whole->size(),
               [&](uint64_t at, MutableByteView out) {
                 std::memcpy(out.data(), whole->data() + at, out.size());
                 return absl::OkStatus();
               },
               range)
        .value();
  };
  const std::string part = cut({700, 900});
  for (const std::string& beside : {part + *whole, *whole + part, part + part}) {
    ExpectRefused(beside, "an excerpt is next to another stream", ByteRange{700, 900});
  }
  // Without a range it must hold all that there is.
  EXPECT_EQ(Decode({}, AsBytes(part)).status().code(), StatusCode::kInvalidArgument);
  const auto all = Decode({}, AsBytes(cut({0, text.size()})));
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_TRUE(AsString(all->data) == text);

  Header header = PlainHeader();
  header.flags = format::kFlagExcerpt | format::kFlagNoIndex;
  StreamBuilder stream(header);
  stream.Add(Mode::kStored, 0, 0, "abab", "abab");
  ExpectRefused(stream.Finish(), "has no index");
}

TEST(HostileStreams, ExcerptsOfTooManyBlocks) {
  Header header = PlainHeader();
  header.flags = format::kFlagExcerpt;
  std::string out;
  AppendHeader(header, &out);
  BlockHead head = StoredHead("a");
  for (uint64_t i = 0; i <= format::kMaxExcerptBlocks; ++i) {
    head.raw_offset = i;
    AppendBlockHead(head, true, &out);
    out += 'a';
  }
  ExpectRefused(out, "holds too many blocks");
}

}  // namespace
}  // namespace trine::coding
