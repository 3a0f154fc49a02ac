// BMP: literal files, and what the golden files do not say.
#include "tests/core/image/image_testing.h"

namespace trine::image::testing {
namespace {

using ::testing::ElementsAre, ::testing::IsEmpty;

absl::StatusOr<Tensor> Decode(const std::string& file, const Context& context = {}) {
  return DecodeImage(context, Exact(file));
}

struct Bmp {
  int32_t width = 1;
  int32_t height = 1;
  uint16_t bits = 24;
  uint32_t compression = 0;
  uint32_t header = 40;
  uint32_t colors_used = 0;
  std::string palette;
  std::string raster;
  int64_t pixels_at = -1;

  std::string Make() const {
    std::string info = Le(header) + Le(width) + Le(height) + Le<uint16_t>(1) + Le(bits) +
                       Le(compression) + Le<uint32_t>(0) + Le<uint64_t>(0) + Le(colors_used) +
                       Le<uint32_t>(0);
    info.resize(std::max<size_t>(info.size(), header <= 124 ? header : 0));
    const uint32_t at = pixels_at >= 0 ? static_cast<uint32_t>(pixels_at)
                                       : static_cast<uint32_t>(14 + info.size() + palette.size());
    return "BM" + Le<uint32_t>(0) + Le<uint32_t>(0) + Le(at) + info + palette + raster;
  }
};

const std::string kGrays = std::string("\0\0\0\0\x11\x11\x11\0\x22\x22\x22\0\x33\x33\x33\0", 16);

Bmp Rle8(int32_t width, int32_t height, std::string coded) {
  return {.width = width,
          .height = height,
          .bits = 8,
          .compression = 1,
          .colors_used = 4,
          .palette = kGrays,
          .raster = std::move(coded)};
}

TEST(BmpTest, LiteralPicture) {
  // Two rows of one pixel, the bottom one first, padded to four bytes.
  Bmp bmp{.height = 2, .raster = std::string("\1\2\3\0\4\5\6\0", 8)};
  const auto picture = Decode(bmp.Make());
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(Same(*picture, U8({2, 1, 3}, {6, 5, 4, 3, 2, 1})));
  bmp.height = -2;
  const auto top_down = Decode(bmp.Make());
  ASSERT_TRUE(top_down.ok()) << top_down.status();
  EXPECT_TRUE(Same(*top_down, U8({2, 1, 3}, {3, 2, 1, 6, 5, 4})));
}

TEST(BmpTest, AProfileIsNotKept) {
  const Bmp bmp{.header = 124, .raster = "\1\2\3"};
  const std::pair<const char*, bool> types[] = {{"DEBM", true}, {"KNIL", true}, {"BGRs", false}};
  for (const auto& [type, said] : types) {
    const auto picture = ReadPicture(Context{}, Exact(bmp.Make().replace(14 + 56, 4, type)));
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_EQ(picture->warnings, said ? std::vector<std::string>{"not kept: the colour profile"}
                                      : std::vector<std::string>{});
  }
}

TEST(BmpTest, OnlyAlphaThatIsClearIsSaid) {
  for (const char alpha : {'\xFF', '\xFE', '\0'}) {
    const Bmp bmp{.width = 2,
                  .bits = 32,
                  .compression = 3,
                  .header = 108,
                  .raster = std::string("abc\xFF"
                                        "def",
                                        7) +
                            alpha};
    const std::string masks = Le(0xFF0000u) + Le(0xFF00u) + Le(0xFFu) + Le(0xFF000000u);
    std::vector<std::string> said;
    const auto picture =
        DecodeImage(Context{}, Exact(bmp.Make().replace(14 + 40, 16, masks)), {.warnings = &said});
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_TRUE(Same(*picture, U8({1, 2, 3}, {'c', 'b', 'a', 'f', 'e', 'd'})));
    EXPECT_EQ(said.size(), alpha == '\xFF' ? 0u : 1u);
  }
}

TEST(BmpTest, WhatFollowsIsSaid) {
  const auto said = [](const std::string& file) {
    std::vector<std::string> warnings;
    EXPECT_TRUE(DecodeImage(Context{}, Exact(file), {.warnings = &warnings}).ok());
    return warnings;
  };
  // A row of one pixel, padded to four bytes; the header says nothing of the file's length.
  const std::string file = Bmp{.raster = std::string("\1\2\3\0", 4)}.Make();
  EXPECT_THAT(said(file), IsEmpty());
  EXPECT_THAT(said(file + "x"), ElementsAre("1 byte behind the BMP picture was not read"));
  const std::string longer = file + std::string(5000, 'x');
  EXPECT_THAT(said(longer), ElementsAre("5000 bytes behind the BMP picture were not read"));
  const auto whole = ReadPicture(Context{}, Exact(longer));
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_THAT(whole->warnings, ElementsAre("not kept: 5000 bytes after the picture"));
  // What the header counts is the file's own.
  const auto with_length = [](std::string bytes, size_t length) {
    return bytes.replace(2, 4, Le(static_cast<uint32_t>(length)));
  };
  EXPECT_THAT(said(with_length(file + "xx", file.size() + 2)), IsEmpty());
  EXPECT_THAT(said(with_length(file + "xx", file.size() + 1)),
              ElementsAre("1 byte behind the BMP picture was not read"));
  // The end of codes is known from the header alone.
  const std::string coded = Rle8(1, 1, std::string("\1\1\0\1", 4)).Make();
  EXPECT_THAT(said(coded + "xx"), IsEmpty());
  EXPECT_THAT(said(with_length(coded + "xx", coded.size())),
              ElementsAre("2 bytes behind the BMP picture were not read"));
}

TEST(BmpTest, LastPaddingMayBeMissing) {
  const Bmp bmp{.raster = "\1\2\3"};
  EXPECT_TRUE(Decode(bmp.Make()).ok());
}

TEST(BmpTest, RleRunsLiteralsAndJumps) {
  // Bottom row: 2 x colour 1, then literals 3 2 3 (padded), end of line; then one pixel right and
  // one row up, 1 x colour 2; end.
  const auto picture =
      Decode(Rle8(5, 3, std::string("\2\1\0\3\3\2\3\0\0\0\0\2\1\1\1\2\0\1", 18)).Make());
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(Same(*picture, U8({3, 5}, {0, 0x22, 0, 0, 0,  //
                                         0, 0, 0, 0, 0,     //
                                         0x11, 0x11, 0x33, 0x22, 0x33})));
}

TEST(BmpTest, Rle4AlternatesItsTwoColours) {
  Bmp bmp = Rle8(5, 1, std::string("\5\x12\0\1", 4));
  bmp.bits = 4;
  bmp.compression = 2;
  const auto picture = Decode(bmp.Make());
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(Same(*picture, U8({1, 5}, {0x11, 0x22, 0x11, 0x22, 0x11})));
}

TEST(BmpTest, RleThatLeavesThePictureIsCorrupt) {
  for (const std::string& coded :
       {std::string("\3\1\0\1", 4), std::string("\0\3\1\1\1\0\0\1", 8),
        std::string("\0\0\0\0\1\1\0\1", 8), std::string("\0\2\3\0\0\1", 6),
        std::string("\0\2\0\3\0\1", 6), std::string("\2\1\0\0\2\1\0\0\2\1", 10),
        std::string("\0\0\0\0\0\0\0\1", 8)}) {
    EXPECT_THAT(Decode(Rle8(2, 2, coded).Make()), HasReason("CORRUPT_IMAGE"));
  }
}

TEST(BmpTest, RleThatEndsTooEarlyIsCorrupt) {
  for (const std::string& coded : {std::string(""), std::string("\2"), std::string("\2\1\0\0", 4),
                                   std::string("\0\2\1", 3), std::string("\0\4\1\1", 4)}) {
    EXPECT_THAT(Decode(Rle8(2, 2, coded).Make()), HasReason("CORRUPT_IMAGE"));
  }
  // But without the end mark, once the last row is full, nothing is missing.
  EXPECT_TRUE(Decode(Rle8(2, 2, std::string("\2\1\0\0\2\1", 6)).Make()).ok());
}

TEST(BmpTest, ExtremeSidesAreRefused) {
  for (const int32_t height : {INT32_MIN, 0}) {
    EXPECT_THAT(Decode(Bmp{.height = height, .raster = "\1\2\3"}.Make()),
                HasReason("CORRUPT_IMAGE"));
  }
  for (const int32_t width : {INT32_MIN, -1, 0}) {
    EXPECT_THAT(Decode(Bmp{.width = width, .raster = "\1\2\3"}.Make()), HasReason("CORRUPT_IMAGE"));
  }
  for (const int32_t side : {INT32_MAX, INT32_MIN + 1}) {
    EXPECT_THAT(Decode(Bmp{.width = 1000, .height = side}.Make()), HasReason("LIMIT_EXCEEDED"));
  }
  EXPECT_THAT(Decode(Bmp{.width = INT32_MAX, .height = INT32_MAX}.Make()),
              HasReason("LIMIT_EXCEEDED"));
  // Within the limits, but not in the file.
  EXPECT_THAT(Decode(Bmp{.width = 16000, .height = 16000}.Make()), HasReason("CORRUPT_IMAGE"));
}

TEST(BmpTest, RasterMustBeginWithinTheFile) {
  for (const int64_t at : {int64_t{0}, int64_t{53}, int64_t{58}, int64_t{UINT32_MAX}}) {
    EXPECT_THAT(Decode(Bmp{.raster = "\1\2\3", .pixels_at = at}.Make()), HasReason("CORRUPT_IMAGE"))
        << at;
  }
}

TEST(BmpTest, IndexBeyondThePalette) {
  Bmp bmp{.bits = 8, .colors_used = 4, .palette = kGrays, .raster = std::string("\3\0\0\0", 4)};
  EXPECT_TRUE(Decode(bmp.Make()).ok());
  bmp.raster[0] = 4;
  EXPECT_THAT(Decode(bmp.Make()), HasReason("CORRUPT_IMAGE"));
}

TEST(BmpTest, PaletteSizeIsBoundedByBitsAndFile) {
  // More colours than bits allow, and a palette that runs into the raster.
  Bmp bmp{.bits = 8,
          .colors_used = UINT32_MAX,
          .palette = kGrays,
          .raster = std::string("\3\0\0\0", 4)};
  const auto picture = Decode(bmp.Make());
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(Same(*picture, U8({1, 1}, {0x33})));
}

TEST(BmpTest, MasksThatMakeNoSense) {
  const std::string red = Le<uint32_t>(0xFF0000), green = Le<uint32_t>(0xFF00);
  for (const uint32_t blue : {0u, 0xF0Fu, 0x80000001u}) {
    const Bmp bmp{
        .bits = 32, .compression = 3, .palette = red + green + Le(blue), .raster = "abcd"};
    EXPECT_THAT(Decode(bmp.Make()), HasReason("CORRUPT_IMAGE")) << blue;
  }
  const Bmp wide{
      .bits = 16, .compression = 3, .palette = Le(0xF8000u) + green + Le(0xFFu), .raster = "abcd"};
  EXPECT_THAT(Decode(wide.Make()), HasReason("CORRUPT_IMAGE"));
}

TEST(BmpTest, WideMasksAreScaled) {
  const Bmp bmp{.bits = 32,
                .compression = 3,
                .palette = Le(0xFFC00000u) + Le(0x003FF000u) + Le(0x00000FFFu),
                .raster = Le(1023u << 22 | 512u << 12 | 2048u)};
  const auto picture = Decode(bmp.Make());
  ASSERT_TRUE(picture.ok()) << picture.status();
  // round(512 / 1023 * 255) and round(2048 / 4095 * 255)
  EXPECT_TRUE(Same(*picture, U8({1, 1, 3}, {255, 128, 128})));
}

TEST(BmpTest, VariantsThatAreNotRead) {
  for (const uint32_t compression : {4u, 5u, 11u, 99u}) {
    EXPECT_THAT(Decode(Bmp{.compression = compression, .raster = "\1\2\3"}.Make()),
                HasCode(absl::StatusCode::kUnimplemented));
  }
  EXPECT_THAT(Decode(Bmp{.bits = 24, .compression = 3, .raster = "\1\2\3"}.Make()),
              HasCode(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(Decode(Bmp{.header = 16, .raster = "\1\2\3"}.Make()),
              HasCode(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(Decode(Bmp{.bits = 7, .raster = "\1\2\3"}.Make()), HasReason("CORRUPT_IMAGE"));
}

}  // namespace
}  // namespace trine::image::testing
