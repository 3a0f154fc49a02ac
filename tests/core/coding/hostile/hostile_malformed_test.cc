// Tables, payloads, dictionaries, heads and headers that are malformed, each refused by its name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/coding/coding.h"
#include "core/coding/models/adaptive/drifting_model.h"
#include "core/coding/models/static/static_model.h"
#include "core/coding/models/table/table_model.h"
#include "tests/core/coding/golden/golden_variants.h"
#include "tests/core/coding/hostile/refused.h"
#include "tests/core/coding/payloads/order1_payload.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

using format::Mode;
using testing::HasSubstr;

std::string StaticPayload(int total_bits, const std::array<uint32_t, 256>& frequencies) {
  std::string payload(1, static_cast<char>(total_bits << 4));
  AppendFrequencies(frequencies, total_bits, &payload);
  payload += std::string(40, '\0');
  return payload;
}

TEST(Hostile, MalformedFrequencyTables) {
  const std::string raw(4000, 'x');
  const auto refused = [&](const std::string& payload, const std::string& text) {
    ExpectRefused(AsBytes(OneBlock(PlainHeader(), 2, 0, payload, raw)), absl::StatusCode::kDataLoss,
                  text);
  };
  std::array<uint32_t, 256> f{};
  f['x'] = 2000;
  f['y'] = 2095;
  refused(StaticPayload(12, f), "sums to 1 less");
  f['y'] = 2097;
  refused(StaticPayload(12, f), "sums to more");
  f = {};
  f['x'] = 4096;
  refused(StaticPayload(12, f), "one symbol only");
  f = {};
  refused(StaticPayload(12, f), "less than");
  refused(std::string(1, '\x70') + std::string(20, '\1'), "total");
  refused(std::string(1, '\xF0') + std::string(20, '\1'), "total");
  refused(std::string(1, '\xC7') + std::string(20, '\1'), "lanes");
  refused("", "empty");
  refused("\xC0", "cut off");
  refused(std::string("\xC0\xFF\xFF\xFF\xFF", 5), "cut off");  // a code at the end of the range
}

TEST(Hostile, PayloadsThatAreTooShortOrTooLong) {
  const std::string raw = Words(3000, 1);
  Histogram counts{};
  CountBytes(AsBytes(raw), counts);
  const auto good = EncodeStatic(AsBytes(raw), counts, {});
  AdaptiveParams params;
  const auto adaptive = EncodeAdaptive(AsBytes(raw), params, DefaultLimits(), {});
  const auto pairs = EncodePairs(AsBytes(raw), counts);
  const auto drifting = EncodeDrifting(AsBytes(raw), counts, {}, {});
  ASSERT_TRUE(good.ok() && adaptive.ok() && good->fits && adaptive->fits);
  ASSERT_TRUE(pairs.ok() && drifting.ok() && pairs->fits && drifting->fits);
  struct {
    uint8_t model, variant;
    std::string bytes;
  } const cases[] = {
      {2, 0, good->bytes}, {2, 1, pairs->bytes}, {3, 0, drifting->bytes}, {3, 1, adaptive->bytes}};
  for (const auto& c : cases) {
    const auto stream = [&](const std::string& payload) {
      return OneBlock(PlainHeader(), c.model, c.variant, payload, raw);
    };
    ASSERT_TRUE(Decode({}, AsBytes(stream(c.bytes))).ok());
    ExpectRefused(AsBytes(stream(c.bytes + std::string(2, '\0'))), absl::StatusCode::kDataLoss,
                  "goes on");
    ExpectRefused(AsBytes(stream(c.bytes + "x")), absl::StatusCode::kDataLoss, "goes on");
    ExpectRefused(AsBytes(stream(c.bytes.substr(0, c.bytes.size() - 1))),
                  absl::StatusCode::kDataLoss, "ends before");
    ExpectRefused(AsBytes(stream(c.bytes.substr(0, 9))), absl::StatusCode::kDataLoss, "");
    std::string other = c.bytes;
    other[other.size() - 1] = static_cast<char>(other.back() ^ 1);
    ExpectRefused(AsBytes(stream(other)), absl::StatusCode::kDataLoss, "block 0");
  }
  // Parameters out of range, with their check right.
  for (const std::string& bad :
       {std::string("\x07\x07\xFA\x00", 4), std::string("\x00\x0D\xFA\x00", 4),
        std::string("\x00\x07\x03\x00", 4), std::string("\x00\x07\x01\x40", 4),
        std::string("\x20\x07\xFA\x00", 4)}) {
    uint8_t check = format::kParamsCheckSeed;
    for (char c : bad) check ^= static_cast<uint8_t>(c);
    ExpectRefused(AsBytes(OneBlock(PlainHeader(), 3, 1,
                                   bad + static_cast<char>(check) + std::string(40, '\0'), raw)),
                  absl::StatusCode::kDataLoss, "block 0");
  }
}

// Whatever bit of the tables is damaged: refused by what the table says or by the checksum.
TEST(Hostile, DamagedTablesOfPairsAndAlphabets) {
  const std::string raw = Skewed(3000, 1) + Words(3000, 2);
  Histogram counts{};
  CountBytes(AsBytes(raw), counts);
  const auto pairs = EncodePairs(AsBytes(raw), counts);
  const auto drifting = EncodeDrifting(AsBytes(raw), counts, {}, {});
  ASSERT_TRUE(pairs.ok() && drifting.ok() && pairs->fits && drifting->fits);
  for (const auto& [variant, payload] : {std::pair{1, &*pairs}, std::pair{0, &*drifting}}) {
    const auto model = static_cast<uint8_t>(variant == 1 ? 2 : 3);
    for (size_t bit = 0; bit < 8 * payload->side_bytes; bit += 3) {
      std::string bytes = payload->bytes;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
      ExpectRefused(
          AsBytes(OneBlock(PlainHeader(), model, static_cast<uint8_t>(variant), bytes, raw)),
          absl::StatusCode::kDataLoss, "block 0");
    }
  }
  // What a drifting table may not be.
  for (const std::string& bad : {std::string("\x17\x0A\x52", 3), std::string("\x10\x05\x52", 3),
                                 std::string("\x10\x0F\x51", 3), std::string("\x10\x0A\x50", 3),
                                 std::string("\x10\x0A\x56", 3), std::string("\x10\x8A\x52", 3)}) {
    uint8_t check = format::kParamsCheckSeed;
    for (char c : bad) check ^= static_cast<uint8_t>(c);
    ExpectRefused(AsBytes(OneBlock(PlainHeader(), 3, 0,
                                   bad + static_cast<char>(check) + std::string(40, '\0'), raw)),
                  absl::StatusCode::kDataLoss, "not offered");
  }
}

// A header's tables: one, by value.
std::string OneTable(const std::string& dictionary) {
  std::string params("\1\0", 2);
  AppendVarint(dictionary.size(), &params);
  return params + dictionary;
}

TEST(Hostile, MalformedDictionaries) {
  const auto refused = [](const std::string& params, const std::string& text) {
    Header header = PlainHeader(Model::kTable);
    header.params = OneTable(params);
    ExpectRefused(AsBytes(StreamBuilder(header).Finish()), absl::StatusCode::kDataLoss, text);
  };
  const auto params = [](int kind, int bits, std::vector<uint64_t> numbers) {
    std::string out{static_cast<char>(kind), static_cast<char>(bits)};
    for (uint64_t n : numbers) AppendVarint(n, &out);
    return out;
  };
  {
    Header header = PlainHeader(Model::kTable);
    header.params = OneTable(params(1, 8, {2, 'a', 0, 100, 156}));
    ASSERT_TRUE(Decode({}, AsBytes(StreamBuilder(header).Finish())).ok());
  }
  refused("", "kind");
  refused(params(0, 8, {1, 'a', 256}), "kind");
  refused(params(5, 8, {1, 'a', 256}), "kind");
  refused(params(1, 7, {1, 'a', 128}), "total");
  refused(params(1, 25, {1, 'a', 1 << 25}), "total");
  refused(params(1, 8, {0}), "number of symbols");
  refused(params(1, 8, {uint64_t{1} << 50}), "number of symbols");
  refused(params(1, 8, {65537, 1, 2, 3}), "number of symbols");
  refused(params(1, 8, {2, 'a', 0, 100, 155}), "too small");
  refused(params(1, 8, {2, 'a', 0, 100, 157}), "too large");
  refused(params(1, 8, {2, 'a', 0, 0, 256}), "0");
  refused(params(1, 8, {2, 'a', 0, 256, 0}), "0");
  refused(params(1, 8, {2, 'a', 200, 100, 156}), "symbol is out of range");
  refused(params(2, 8, {2, 0xD7FF, 0, 100, 156}), "symbol is out of range");
  refused(params(2, 8, {2, 0x10FFFF, 0, 100, 156}), "symbol is out of range");
  refused(params(3, 8, {2, 0xFFFFFFFF, 0, 100, 156}), "symbol is out of range");
  refused(params(3, 8, {2, 5, ~uint64_t{0}, 100, 156}), "symbol is out of range");
  refused(params(1, 8, {2, 'a', 0, 100}), "0 or the sum");
  refused(params(1, 8, {2, 'a', 0, 100, 156, 1}), "goes on after its frequencies");
  // A block that wants a table where there is none.
  ExpectRefused(AsBytes(OneBlock(PlainHeader(), 4, 0, "????", "some bytes")),
                absl::StatusCode::kDataLoss, "wants a table");
}

TEST(Hostile, MalformedHeads) {
  const auto refused = [](const BlockHead& head, const std::string& payload,
                          const std::string& text) {
    StreamBuilder stream(PlainHeader());
    stream.AddHead(head, payload);
    ExpectRefused(AsBytes(stream.Finish()), absl::StatusCode::kDataLoss, text);
  };
  BlockHead head;
  head.mode = Mode::kStored;
  head.raw_bytes = 3;
  head.coded_bytes = 4;
  refused(head, "abcd", "coded length");
  head.raw_bytes = head.coded_bytes = 0;
  refused(head, "", "raw length");
  head.raw_bytes = head.coded_bytes = (1 << 20) + 1;
  refused(head, "abcd", "raw length");
  head.mode = Mode::kConstant;
  head.raw_bytes = 100;
  head.coded_bytes = 0;
  refused(head, "", "coded length");
  head.coded_bytes = 17;
  refused(head, std::string(17, 'a'), "coded length");
  head.mode = Mode::kModel;
  head.model = 2;
  head.coded_bytes = 100;
  refused(head, std::string(100, 'a'), "coded length");
  head.mode = Mode::kStored;
  head.raw_bytes = head.coded_bytes = 4;
  refused(head, "abcd", "names one");
  head.mode = static_cast<Mode>(4);
  refused(head, "abcd", "mode");
}

TEST(Hostile, MalformedHeaders) {
  const auto refused = [](const Header& header, const std::string& text) {
    ExpectRefused(AsBytes(StreamBuilder(header).Finish()), absl::StatusCode::kDataLoss, text);
  };
  Header header = PlainHeader();
  header.block_bytes = 0;
  refused(header, "block size");
  header.block_bytes = format::kMaxBlockBytes + 1;
  refused(header, "block size");
  header = PlainHeader();
  header.params = "x";
  refused(header, "parameters");
  header = PlainHeader(Model::kAdaptive);
  header.params.assign(2, 1);
  refused(header, "parameters");
  header.params = "";
  refused(header, "order");
  header = PlainHeader();
  header.content.kind = static_cast<ContentKind>(6);
  refused(header, "kind 6");
  header.content.kind = ContentKind::kTensor;
  header.content.shape = {2, 3};
  refused(header, "raw length");
  header.raw_bytes = 7;
  refused(header, "raw length");
  header.content.shape = {int64_t{1} << 31, int64_t{1} << 31, 4};
  refused(header, "overflows");
  header.content.shape.assign(9, 1);
  refused(header, "rank 9");
  header.content.shape = {6};
  header.content.dtype = static_cast<DType>(14);
  refused(header, "dtype 14");
  header.content.dtype = DType::kUint8;
  header.raw_bytes = 6;
  refused(header, "another raw length");
  header.content.kind = ContentKind::kImage;
  refused(header, "shape");
}

TEST(Hostile, MalformedPictures) {
  struct Case {
    PictureForm form;
    DType dtype;
    Shape shape;
    std::string text;
  };
  using enum PictureColor;
  const std::string table(256 * 6, 'x');
  const auto entries = [&table](size_t bytes) { return table.substr(0, bytes); };
  const std::vector<Case> cases = {
      {{static_cast<PictureColor>(0), 8, 0, ""}, DType::kUint8, {2, 3}, "colour 0"},
      {{static_cast<PictureColor>(8), 8, 0, ""}, DType::kUint8, {2, 3}, "colour 8"},
      {{kGray, 0, 0, ""}, DType::kUint8, {2, 3}, "0 bits"},
      {{kGray, 9, 0, ""}, DType::kUint8, {2, 3}, "9 bits"},
      {{kGray, 8, 0, ""}, DType::kUint16, {2, 3}, "8 bits"},
      {{kGray, 31, 0, ""}, DType::kFloat32, {2, 3}, "31 bits"},
      {{kGray, 8, 0, ""}, DType::kBool, {2, 3}, "bool"},
      {{kGray, 8, 0, ""}, DType::kUint8, {6}, "shape"},
      {{kGray, 8, 0, ""}, DType::kUint8, {1, 1, 2, 3}, "shape"},
      {{kRgba, 8, 0, ""}, DType::kUint8, {2, 3}, "shape"},
      {{kRgba, 8, 0, ""}, DType::kUint8, {2, 1, 3}, "shape"},
      {{kGrayAlpha, 8, 0, ""}, DType::kUint8, {1, 1, 1, 2, 2}, "shape"},
      {{kPalette, 8, 0, ""}, DType::kUint8, {2, 3}, "no entries"},
      {{kPalette, 8, 2, entries(2)}, DType::kUint8, {2, 3}, "not 2"},
      {{kPalette, 8, 5, entries(5)}, DType::kUint8, {2, 3}, "not 5"},
      {{kPalette, 1, 3, entries(9)}, DType::kUint8, {2, 3}, "at most 2"},
      {{kPalette, 16, 3, entries(9)}, DType::kUint16, {2, 3}, "uint8"},
      {{kPalette, 8, 7, entries(7)}, DType::kUint8, {2, 3}, "entries of 7"},
      {{kGray, 8, 6, entries(6)}, DType::kUint8, {2, 3}, "transparent"},
      {{kGray, 8, 2, entries(4)}, DType::kUint8, {2, 3}, "transparent"},
      {{kGrayAlpha, 8, 2, entries(2)}, DType::kUint8, {2, 3, 2}, "transparent"},
      {{kGray, 32, 2, entries(2)}, DType::kFloat32, {2, 3}, "transparent"},
      {{kGray, 32, 0, ""}, DType::kFloat32, {int64_t{1} << 40, int64_t{1} << 40}, "overflows"},
      {{kGray, 8, 0, ""}, DType::kUint8, {2, 4}, "raw length"},
  };
  for (const Case& c : cases) {
    Header header = PlainHeader();
    header.raw_bytes = 6;
    header.content = {ContentKind::kPicture, c.dtype, c.shape, c.form};
    ExpectRefused(AsBytes(StreamBuilder(header).Finish()), absl::StatusCode::kDataLoss, c.text);
    // The encoder takes no such content either, but for the raw length, which it is not told.
    if (c.text == "raw length") continue;
    EXPECT_FALSE(Encode({}, header.content, AsBytes("abcdef"), {}).ok()) << c.text;
  }
}

}  // namespace
}  // namespace trine::coding
