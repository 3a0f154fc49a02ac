// PNG: what the golden files do not say.
#include "absl/strings/str_cat.h"
#include "tests/core/image/image_testing.h"

namespace trine::image::testing {
namespace {

using ::testing::Contains, ::testing::ElementsAre, ::testing::ElementsAreArray,
    ::testing::HasSubstr, ::testing::IsEmpty;

absl::StatusOr<Tensor> Decode(const std::string& file, const Context& context = {}) {
  return DecodeImage(context, Exact(file));
}

std::string Png(const std::string& head, const std::string& raw, const std::string& middle = "") {
  return head + middle + PngChunk("IDAT", Deflate(raw)) + PngChunk("IEND", "");
}

TEST(PngTest, LiteralPicture) {
  const auto picture = Decode(Png(PngHead(2, 2, 8, 0), std::string("\0\x01\x02\0\x03\xFF", 6)));
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(Same(*picture, U8({2, 2}, {1, 2, 3, 255})));
}

TEST(PngTest, SixteenBitsKeepTheirValues) {
  const auto picture = Decode(Png(PngHead(2, 1, 16, 0), std::string("\0\x01\x02\xFF\xFE", 5)));
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(Same(*picture, U16({1, 2}, {0x0102, 0xFFFE})));
}

TEST(PngTest, AncillaryBombsAreNotInflated) {
  // A text and a profile of 200 MB each when inflated.
  const std::string zeros = Deflate(std::string(200 << 20, '\0'));
  const std::string bombs = PngChunk("zTXt", "k" + std::string(2, '\0') + zeros) +
                            PngChunk("iCCP", "k" + std::string(2, '\0') + zeros) +
                            PngChunk("iTXt", std::string("k\0\1\0\0\0", 6) + zeros);
  const auto picture = Decode(Png(PngHead(1, 1, 8, 0), std::string("\0\x07", 2), bombs));
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_EQ(picture->data[0], 7);
}

TEST(PngTest, ManyAncillaryChunksAreSkipped) {
  std::string many;
  for (int i = 0; i < 5000; ++i) many += PngChunk("tEXt", "");
  const auto picture = Decode(Png(PngHead(1, 1, 8, 0), std::string("\0\x07", 2), many));
  EXPECT_TRUE(picture.ok()) << picture.status();
}

std::string WithWrongChecksum(std::string chunk) {
  chunk.back() = static_cast<char>(chunk.back() ^ 1);
  return chunk;
}

// As libpng does: left out, and said.
TEST(PngTest, WrongChecksumsOfAncillaryChunks) {
  const std::string text = WithWrongChecksum(PngChunk("tEXt", "a"));
  const std::string clear = WithWrongChecksum(PngChunk("tRNS", std::string("\0\x07", 2)));
  // Each once, however often; one that is right counts.
  const std::string right = PngChunk("pHYs", std::string(9, '\1'));
  const std::string raw("\0\x07", 2), head = PngHead(1, 1, 8, 0);
  const std::string pixels = PngChunk("IDAT", Deflate(raw)), end = PngChunk("IEND", "");
  const std::string one = "PNG chunks whose checksum is wrong were left out: tEXt";
  const std::vector<std::pair<std::string, std::string>> files = {
      {head + text + pixels + end, one},
      {head + pixels + text + end, one},
      {head + text + right + clear + text + pixels + text + end, one + ", tRNS"}};
  for (const auto& [file, said] : files) {
    std::vector<std::string> warnings;
    const auto picture = DecodeImage(Context{}, Exact(file), {.warnings = &warnings});
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_TRUE(Same(*picture, U8({1, 1}, {7})));
    EXPECT_THAT(warnings, ElementsAre(said));
    const auto whole = ReadPicture(Context{}, Exact(file));
    ASSERT_TRUE(whole.ok()) << whole.status();
    EXPECT_EQ(whole->form.table, "");
    std::vector<std::string> expected = {said};
    if (file.find("pHYs") != std::string::npos) expected.insert(expected.begin(), "not kept: pHYs");
    EXPECT_THAT(whole->warnings, ElementsAreArray(expected));
  }
  // Nothing of it is believed: not turned, no animation.
  const std::string turned("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0", 26);
  const std::string wide = PngHead(2, 1, 8, 0), row("\0\1\2", 3);
  EXPECT_EQ(Decode(Png(wide, row, PngChunk("eXIf", turned)))->shape, Shape({2, 1}));
  EXPECT_EQ(Decode(Png(wide, row, WithWrongChecksum(PngChunk("eXIf", turned))))->shape,
            Shape({1, 2}));
  const std::string frames = PngChunk("acTL", std::string("\0\0\0\2\0\0\0\0", 8));
  EXPECT_FALSE(ReadPicture(Context{}, Exact(Png(head, raw, frames))).ok());
  EXPECT_TRUE(ReadPicture(Context{}, Exact(Png(head, raw, WithWrongChecksum(frames)))).ok());
}

TEST(PngTest, WrongChecksumOfTheEndChunk) {
  const std::string file = PngHead(1, 1, 8, 0) +
                           PngChunk("IDAT", Deflate(std::string("\0\x07", 2))) +
                           WithWrongChecksum(PngChunk("IEND", ""));
  for (const char* const behind : {"", "behind"}) {
    std::vector<std::string> warnings;
    const auto picture = DecodeImage(Context{}, Exact(file + behind), {.warnings = &warnings});
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_TRUE(Same(*picture, U8({1, 1}, {7})));
    std::vector<std::string> expected = {
        "the checksum of the PNG's IEND chunk is wrong; its pixels are whole"};
    if (*behind != 0) expected.emplace_back("6 bytes behind the PNG picture were not read");
    EXPECT_THAT(warnings, ElementsAreArray(expected));
    const auto whole = ReadPicture(Context{}, Exact(file + behind));
    ASSERT_TRUE(whole.ok()) << whole.status();
    EXPECT_THAT(whole->warnings, Contains(expected[0]));
  }
}

TEST(PngTest, WrongChecksumsOfCriticalChunksAreRefusedByName) {
  const std::string head = PngHead(1, 1, 8, 3), palette = PngChunk("PLTE", "abcdef");
  const std::string stream = Deflate(std::string("\0\1", 2)), end = PngChunk("IEND", "");
  const std::string first = PngChunk("IDAT", stream.substr(0, 4));
  const std::string second = PngChunk("IDAT", stream.substr(4));
  ASSERT_TRUE(Decode(head + palette + first + second + end).ok());
  const std::vector<std::pair<std::string, std::string>> files = {
      {WithWrongChecksum(head) + palette + first + second + end, "IHDR"},
      {head + WithWrongChecksum(palette) + first + second + end, "PLTE"},
      {head + palette + WithWrongChecksum(first) + second + end, "IDAT"},
      {head + palette + first + WithWrongChecksum(second) + end, "IDAT"},
      {head + palette + first + WithWrongChecksum(second), "IDAT"}};
  for (const auto& [file, name] : files) {
    const auto picture = Decode(file);
    EXPECT_THAT(picture, HasReason("CORRUPT_IMAGE"));
    EXPECT_THAT(std::string(picture.status().message()),
                HasSubstr("the checksum of the PNG's " + name + " chunk is wrong"));
  }
}

TEST(PngTest, BrokenOrder) {
  const std::string head = PngHead(1, 1, 8, 0), end = PngChunk("IEND", "");
  const std::string data = PngChunk("IDAT", Deflate(std::string(2, '\0')));
  const std::string palette = PngChunk("PLTE", "abc");
  const std::string indexed = PngHead(1, 1, 8, 3);
  const std::string text = PngChunk("tEXt", "");
  for (const std::string& file : {
           absl::StrCat(head, end),
           absl::StrCat(head, data.substr(0, data.size() - 1)),
           absl::StrCat(head, data, text, data, end),
           absl::StrCat(head, head.substr(8), data, end),
           absl::StrCat(indexed, data, end),
           absl::StrCat(indexed, data, palette, end),
           absl::StrCat(indexed, palette, palette, data, end),
           absl::StrCat(indexed, PngChunk("PLTE", ""), data, end),
           absl::StrCat(indexed, PngChunk("PLTE", "ab"), data, end),
           absl::StrCat(indexed, PngChunk("PLTE", std::string(771, 'x')), data, end),
           absl::StrCat(head.substr(0, 8), data, end),
       }) {
    EXPECT_THAT(Decode(file), HasReason("CORRUPT_IMAGE"));
  }
}

TEST(PngTest, InvalidHeaders) {
  for (const std::string& head : {PngHead(0, 1, 8, 0), PngHead(1, 0, 8, 0), PngHead(1, 1, 3, 0),
                                  PngHead(1, 1, 16, 3), PngHead(1, 1, 4, 2), PngHead(1, 1, 8, 5),
                                  PngHead(1, 1, 8, 0, 2), PngHead(0x80000000u, 1, 8, 0)}) {
    EXPECT_THAT(Decode(Png(head, std::string(64, '\0'), PngChunk("PLTE", "abc"))),
                HasReason("CORRUPT_IMAGE"));
  }
}

TEST(PngTest, IndexBeyondThePalette) {
  const std::string palette = PngChunk("PLTE", "abcabc");
  for (const int interlace : {0, 1}) {
    const std::string head = PngHead(1, 1, 8, 3, interlace);
    EXPECT_TRUE(Decode(Png(head, std::string("\0\1", 2), palette)).ok());
    EXPECT_THAT(Decode(Png(head, std::string("\0\2", 2), palette)), HasReason("CORRUPT_IMAGE"));
  }
}

// A label map: its indices, whether the colours are gray or not.
TEST(PngTest, IndicesOfPalettes) {
  for (const std::string colours : {"aaaaaabbb", "abcdefghi"}) {
    const std::string file =
        Png(PngHead(3, 1, 8, 3), std::string("\0\2\0\1", 4), PngChunk("PLTE", colours));
    const auto indices = DecodeImage({}, Exact(file), {.indices = true});
    ASSERT_TRUE(indices.ok()) << indices.status();
    EXPECT_TRUE(Same(*indices, U8({1, 3}, {2, 0, 1})));
    EXPECT_FALSE(Same(*Decode(file), *indices));
  }
  const std::string beyond =
      Png(PngHead(1, 1, 8, 3), std::string("\0\3", 2), PngChunk("PLTE", "aaaaaabbb"));
  EXPECT_THAT(DecodeImage({}, Exact(beyond), {.indices = true}), HasReason("CORRUPT_IMAGE"));
}

TEST(PngTest, NumbersOfGray) {
  const std::vector<std::pair<int, std::string>> rows = {
      {1, "\x50"}, {2, "\x1B"}, {4, std::string("\x01\xF7", 2)}, {8, "\1\2\3\xFF"}};
  const std::vector<std::vector<uint8_t>> expected = {
      {0, 1, 0, 1}, {0, 1, 2, 3}, {0, 1, 15, 7}, {1, 2, 3, 255}};
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& [depth, row] = rows[i];
    const std::string file = Png(PngHead(4, 1, depth, 0), '\0' + row);
    const auto numbers = DecodeImage({}, Exact(file), {.indices = true});
    ASSERT_TRUE(numbers.ok()) << numbers.status();
    EXPECT_TRUE(Same(*numbers, U8({1, 4}, expected[i]))) << depth;
  }
  const std::string alpha = Png(PngHead(1, 1, 8, 4), std::string("\0\7\xFF", 3));
  EXPECT_TRUE(Same(*DecodeImage({}, Exact(alpha), {.indices = true}), U8({1, 1}, {7})));
}

// Alpha, a value or a palette's entries: said where a pixel is not opaque, whatever could be.
TEST(PngTest, OnlyPixelsThatAreClearAreSaid) {
  const std::string palette = PngChunk("PLTE", "abcdef");
  struct Case {
    int depth, color_type;
    std::string row, chunks;
    bool said, of_numbers;
  };
  for (const Case& c : std::vector<Case>{
           {8, 4,
            "a\xFF"
            "b\xFF",
            "", false, false},
           {8, 4,
            "a\xFF"
            "b\xFE",
            "", true, true},
           {8, 6,
            "abc\xFF"
            "def\xFF",
            "", false, false},
           {8, 6,
            std::string("abc\xFF"
                        "def\0",
                        8),
            "", true, true},
           {16, 4,
            "ab\xFF\xFF"
            "cd\xFF\xFF",
            "", false, false},
           {16, 4,
            "ab\xFF\xFF"
            "cd\xFF\xFE",
            "", true, true},
           {16, 4,
            "ab\xFE\xFF"
            "cd\xFF\xFF",
            "", true, true},
           {8, 0, "ab", PngChunk("tRNS", std::string("\0c", 2)), false, false},
           {8, 0, "ab", PngChunk("tRNS", std::string("\0b", 2)), true, true},
           {16, 0, "abcd", PngChunk("tRNS", "dc"), false, false},
           {16, 0, "abcd", PngChunk("tRNS", "cd"), true, true},
           {2, 0, "\x90", PngChunk("tRNS", std::string("\0\3", 2)), false, false},
           {2, 0, "\x90", PngChunk("tRNS", std::string("\0\1", 2)), true, true},
           {8, 2, "abcdef", PngChunk("tRNS", std::string("\0a\0b\0d", 6)), false, false},
           {8, 2, "abcdef", PngChunk("tRNS", std::string("\0d\0e\0f", 6)), true, true},
           {8, 3, std::string("\1\1", 2), palette + PngChunk("tRNS", "\x80"), false, false},
           {8, 3, std::string("\1\0", 2), palette + PngChunk("tRNS", "\xFF\xFF"), false, false},
           {8, 3, std::string("\1\0", 2), palette + PngChunk("tRNS", "\x80"), true, false},
           {1, 3, "\x80", palette + PngChunk("tRNS", "\x80"), true, false}}) {
    for (const int interlace : {0, 1}) {
      if (interlace == 1 && c.depth < 8) continue;
      // Adam7 has the two pixels in passes, and so rows, of their own.
      const size_t half = c.row.size() / 2;
      const std::string rows =
          interlace == 0 ? '\0' + c.row : '\0' + c.row.substr(0, half) + '\0' + c.row.substr(half);
      const std::string file = Png(PngHead(2, 1, c.depth, c.color_type, interlace), rows, c.chunks);
      for (const bool indices : {false, true}) {
        std::vector<std::string> said;
        const auto picture =
            DecodeImage(Context{}, Exact(file), {.indices = indices, .warnings = &said});
        ASSERT_TRUE(picture.ok()) << picture.status();
        EXPECT_EQ(said.size(), (indices ? c.of_numbers : c.said) ? 1u : 0u)
            << c.depth << ' ' << c.color_type << ' ' << c.chunks.size() << ' ' << indices;
      }
    }
  }
}

TEST(PngTest, TooFewPixels) {
  EXPECT_THAT(Decode(Png(PngHead(4, 4, 8, 0), std::string(15, '\0'))), HasReason("CORRUPT_IMAGE"));
}

TEST(PngTest, UnknownCriticalChunkIsNotRead) {
  const auto picture =
      Decode(Png(PngHead(1, 1, 8, 0), std::string(2, '\0'), PngChunk("CgBI", "abcd")));
  EXPECT_THAT(picture, HasCode(absl::StatusCode::kUnimplemented));
}

TEST(PngTest, SaysWhatIsNotKept) {
  const auto warnings = [](const std::string& chunks) {
    const auto picture =
        ReadPicture(Context{}, Exact(Png(PngHead(1, 1, 8, 0), std::string(2, '\0'), chunks)));
    return picture.ok() ? picture->warnings : std::vector<std::string>{"none"};
  };
  EXPECT_THAT(warnings(""), IsEmpty());
  for (const char* const type : {"pHYs", "sRGB", "bKGD", "tIME", "gAMA", "cHRM", "iCCP", "tEXt",
                                 "eXIf", "sBIT", "prVt", "hIST", "sPLT", "fcTL", "fdAT"}) {
    EXPECT_THAT(warnings(PngChunk(type, "abcd")), ElementsAre(std::string("not kept: ") + type));
  }
  EXPECT_THAT(warnings(PngChunk("acTL", std::string("\0\0\0\1\0\0\0\0", 8))),
              ElementsAre("not kept: acTL"));
}

// What belongs to another colour type says nothing of the pixels, and is said; a palette's own
// histogram follows from them.
TEST(PngTest, SaysWhatBelongsToAnotherColourType) {
  const std::string palette = PngChunk("PLTE", "abc"), counts = PngChunk("hIST", "ab");
  const std::string clear = PngChunk("tRNS", std::string(6, '\0'));
  struct Case {
    int color_type;
    size_t channels;
    std::string chunks, said;
  };
  for (const Case& c : std::vector<Case>{{2, 3, palette, "PLTE"},
                                         {6, 4, palette, "PLTE"},
                                         {2, 3, palette + counts, "PLTE, hIST"},
                                         {6, 4, clear, "tRNS"},
                                         {2, 3, clear, ""},
                                         {3, 1, palette + counts, ""}}) {
    const auto picture = ReadPicture(
        Context{},
        Exact(Png(PngHead(1, 1, 8, c.color_type), std::string(1 + c.channels, '\0'), c.chunks)));
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_EQ(picture->warnings, c.said.empty() ? std::vector<std::string>()
                                                : std::vector<std::string>{"not kept: " + c.said});
  }
}

// All IDAT chunks are there, and zlib's stream in them is whole.
TEST(PngTest, WithoutItsEndChunk) {
  const std::string head = PngHead(2, 1, 8, 0), end = PngChunk("IEND", "");
  const std::string stream = Deflate(std::string("\0\1\2", 3));
  const std::string data = PngChunk("IDAT", stream);
  const std::string first = PngChunk("IDAT", stream.substr(0, 5));
  const std::string second = PngChunk("IDAT", stream.substr(5));
  const std::string text = PngChunk("tEXt", "abc");
  const std::string missing = "the PNG file has no end chunk; its pixels are whole";
  for (const std::string& pixels : {data, first + second, data + text}) {
    for (size_t left = 0; left < end.size(); ++left) {
      const std::string file = head + pixels + end.substr(0, left);
      std::vector<std::string> said;
      const auto picture = DecodeImage(Context{}, Exact(file), {.warnings = &said});
      ASSERT_TRUE(picture.ok()) << picture.status();
      EXPECT_TRUE(Same(*picture, U8({1, 2}, {1, 2})));
      std::vector<::testing::Matcher<std::string>> expected = {missing};
      if (left > 0) expected.emplace_back(HasSubstr("behind the PNG picture"));
      EXPECT_THAT(said, ElementsAreArray(expected));
      const auto whole = ReadPicture(Context{}, Exact(file));
      ASSERT_TRUE(whole.ok()) << whole.status();
      EXPECT_TRUE(Same(whole->samples, *picture));
      EXPECT_THAT(whole->warnings, Contains(missing));
    }
  }
  // Cut within IDAT, or between two of them.
  const std::string both = first + second;
  for (size_t left = 0; left < both.size(); ++left) {
    EXPECT_THAT(Decode(head + both.substr(0, left)), HasReason("CORRUPT_IMAGE")) << left;
  }
  // A stream without its checksum, with a wrong one, or with more behind it.
  for (size_t cut = 1; cut < stream.size(); ++cut) {
    EXPECT_THAT(Decode(head + PngChunk("IDAT", stream.substr(0, stream.size() - cut))),
                HasReason("CORRUPT_IMAGE"));
  }
  std::string wrong = stream;
  wrong.back() ^= 1;
  EXPECT_THAT(Decode(head + PngChunk("IDAT", wrong)), HasReason("CORRUPT_IMAGE"));
  EXPECT_THAT(Decode(head + PngChunk("IDAT", stream + "more")), HasReason("CORRUPT_IMAGE"));
}

TEST(PngTest, TrailingBytesAreIgnored) {
  EXPECT_TRUE(Decode(Png(PngHead(1, 1, 8, 0), std::string(2, '\0')) + "trailing").ok());
}

TEST(PngTest, ClaimsBeyondTheLimitsAreRefusedByTheHeader) {
  const auto wide = Decode(Png(PngHead(100000, 100000, 8, 0), ""));
  EXPECT_THAT(wide, HasReason("LIMIT_EXCEEDED"));
  EXPECT_THAT(std::string(wide.status().message()), HasSubstr("max_image_pixels"));
  EXPECT_THAT(std::string(wide.status().message()), HasSubstr("10000000000"));
  // Within the limits, but more than so few bytes can hold.
  const auto bomb = Decode(Png(PngHead(16000, 16000, 8, 0), ""));
  EXPECT_THAT(bomb, HasReason("CORRUPT_IMAGE"));
}

}  // namespace
}  // namespace trine::image::testing
