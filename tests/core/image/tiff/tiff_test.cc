// TIFF: literal files, and what the golden files do not say.
#include <chrono>

#include "tests/core/image/image_testing.h"

namespace trine::image::testing {
namespace {

using ::testing::ElementsAre, ::testing::HasSubstr, ::testing::IsEmpty;

constexpr uint16_t kShort = 3, kLong = 4;

struct Tag {
  uint16_t tag;
  uint16_t type;
  uint32_t count;
  uint32_t value;
};

// A classic little-endian file of one directory; the raster begins at byte 8.
std::string Tiff(const std::string& raster, const std::vector<Tag>& tags, uint32_t next = 0) {
  const size_t at = 8 + raster.size() + raster.size() % 2;
  std::string file = std::string("II*\0", 4) + Le(static_cast<uint32_t>(at)) + raster;
  file.resize(at);
  file += Le(static_cast<uint16_t>(tags.size()));
  for (const Tag& t : tags) file += Le(t.tag) + Le(t.type) + Le(t.count) + Le(t.value);
  return file + Le(next);
}

std::vector<Tag> GrayTags(uint32_t width, uint32_t height, uint32_t bytes) {
  return {{256, kLong, 1, width}, {257, kLong, 1, height}, {258, kShort, 1, 8},
          {259, kShort, 1, 1},    {262, kShort, 1, 1},     {273, kLong, 1, 8},
          {277, kShort, 1, 1},    {278, kLong, 1, height}, {279, kLong, 1, bytes}};
}

// `tags` with the value of one replaced, or the tag added in its order.
std::vector<Tag> With(std::vector<Tag> tags, Tag tag) {
  for (size_t i = 0; i <= tags.size(); ++i) {
    if (i < tags.size() && tags[i].tag == tag.tag) {
      tags[i] = tag;
      break;
    }
    if (i == tags.size() || tags[i].tag > tag.tag) {
      tags.insert(tags.begin() + static_cast<int64_t>(i), tag);
      break;
    }
  }
  return tags;
}

std::vector<Tag> Without(std::vector<Tag> tags, uint16_t tag) {
  std::erase_if(tags, [tag](const Tag& t) { return t.tag == tag; });
  return tags;
}

absl::StatusOr<Tensor> Decode(const std::string& file, const Context& context = {},
                              const DecodeOptions& options = {}) {
  return DecodeImage(context, Exact(file), options);
}

TEST(TiffTest, LiteralPicture) {
  const auto picture = Decode(Tiff("abcdef", GrayTags(3, 2, 6)));
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(Same(*picture, U8({2, 3}, {'a', 'b', 'c', 'd', 'e', 'f'})));
}

TEST(TiffTest, WhiteIsZero) {
  const auto picture = Decode(Tiff("ab", With(GrayTags(2, 1, 2), {262, kShort, 1, 0})));
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(Same(*picture, U8({1, 2}, {255 - 'a', 255 - 'b'})));
}

TEST(TiffTest, Pages) {
  const std::string file = ReadGolden("pages.tif");
  const auto first = Decode(file);
  ASSERT_TRUE(first.ok()) << first.status();
  for (int64_t page = 0; page < 3; ++page) {
    const auto picture = Decode(file, {}, {.page = page});
    ASSERT_TRUE(picture.ok()) << picture.status();
    Tensor expected = *first;
    for (uint8_t& v : expected.data) v = static_cast<uint8_t>(v + page);
    EXPECT_TRUE(Same(*picture, expected)) << page;
  }
  for (const int64_t page : {int64_t{3}, int64_t{65536}, int64_t{1} << 32, INT64_MAX}) {
    const auto picture = Decode(file, {}, {.page = page});
    EXPECT_THAT(picture, HasReason("INVALID_FIELD"));
    EXPECT_THAT(std::string(picture.status().message()), HasSubstr("3 pages"));
  }
  EXPECT_THAT(Decode(file, {}, {.page = -1}), HasReason("INVALID_FIELD"));
  EXPECT_EQ(CountPages(Context{}, Exact(file)).value(), 3);
}

TEST(TiffTest, PagesAreCounted) {
  EXPECT_EQ(CountPages(Context{}, Exact(ReadGolden("bigtiff.tif"))).value(), 1);
  EXPECT_EQ(CountPages(Context{}, Exact(ReadGolden("gray_uint8_be.tif"))).value(), 1);
  EXPECT_EQ(CountPages(Context{}, Exact("P5 1 1 255\nx")).value(), 1);
  EXPECT_EQ(CountPages(Context{}, Exact("anything")).value(), 1);
  const auto tags = GrayTags(2, 1, 2);
  EXPECT_THAT(CountPages(Context{}, Exact(Tiff("ab", tags, 10))), HasReason("CORRUPT_IMAGE"));
  EXPECT_THAT(CountPages(Context{}, Exact(Tiff("ab", tags, 5000))), HasReason("CORRUPT_IMAGE"));
  EXPECT_THAT(CountPages(Context{}, Exact(std::string("II*\0", 4))), HasReason("CORRUPT_IMAGE"));
}

TEST(TiffTest, PageIsOfTiffOnly) {
  EXPECT_THAT(Decode("P5 1 1 255\nx", {}, {.page = 1}), HasReason("INVALID_FIELD"));
}

TEST(TiffTest, DirectoriesInACircleEnd) {
  const std::string raster = "ab";
  const auto tags = GrayTags(2, 1, 2);
  const std::string file = Tiff(raster, tags, 10);  // the directory itself
  EXPECT_TRUE(Decode(file).ok());
  EXPECT_FALSE(Decode(file, {}, {.page = 1}).ok());
  EXPECT_FALSE(Decode(file, {}, {.page = 1000000}).ok());
}

TEST(TiffTest, ManyDirectoriesCanBeCancelled) {
  std::string file = std::string("II*\0\x08\0\0\0", 8);
  for (uint32_t i = 0; i < 1'000'000; ++i) {
    const uint32_t next = static_cast<uint32_t>(file.size()) + 6;
    file += Le<uint16_t>(0) + Le(i + 1 < 1'000'000 ? next : 0);
  }
  const auto picture = DecodeImage(Context{}, Bytes(file), {.page = INT64_MAX});
  EXPECT_THAT(std::string(picture.status().message()), HasSubstr("1000000 pages"));
  CancelSource source;
  source.SetDeadline(std::chrono::steady_clock::now() + std::chrono::microseconds(300));
  Context context;
  context.cancel = source.token();
  EXPECT_THAT(DecodeImage(context, Bytes(file), {.page = 999'999}), HasReason("DEADLINE"));
  EXPECT_THAT(CountPages(context, Bytes(file)), HasReason("DEADLINE"));
}

// A label map: its indices, whether the colours are gray or not.
TEST(TiffTest, IndicesOfPalettes) {
  for (const uint16_t green : {7, 9}) {
    // Red, green and blue of four entries at byte 10: 2 bits a pixel.
    std::string raster("\x1B\0", 2);
    for (const uint16_t value :
         {uint16_t{9}, uint16_t{5}, uint16_t{5}, uint16_t{1}, green, uint16_t{5}, uint16_t{5},
          uint16_t{1}, uint16_t{9}, uint16_t{5}, uint16_t{5}, uint16_t{1}}) {
      raster += Le(value);
    }
    auto tags = With(With(GrayTags(4, 1, 1), {258, kShort, 1, 2}), {262, kShort, 1, 3});
    tags = With(tags, {320, kShort, 12, 10});
    const std::string file = Tiff(raster, tags);
    const auto indices = Decode(file, {}, {.indices = true});
    ASSERT_TRUE(indices.ok()) << indices.status();
    EXPECT_TRUE(Same(*indices, U8({1, 4}, {0, 1, 2, 3})));
    const auto colours = Decode(file);
    ASSERT_TRUE(colours.ok()) << colours.status();
    EXPECT_EQ(colours->shape.size(), green == 9 ? 2u : 3u);
    EXPECT_FALSE(Same(*colours, *indices));
  }
}

// Neither scaled nor turned round: 0 is the label 0 however it looks.
TEST(TiffTest, NumbersOfGray) {
  const std::vector<std::pair<uint32_t, std::string>> rows = {{1, "\x50"},
                                                              {2, "\x1B"},
                                                              {4, std::string("\x01\xF7", 2)},
                                                              {6, std::string("\x00\x1F\xC7", 3)},
                                                              {8, "\1\2\3\xFF"}};
  const std::vector<std::vector<uint8_t>> expected = {
      {0, 1, 0, 1}, {0, 1, 2, 3}, {0, 1, 15, 7}, {0, 1, 63, 7}, {1, 2, 3, 255}};
  for (size_t i = 0; i < rows.size(); ++i) {
    for (const uint32_t photometric : {0, 1}) {
      const auto& [bits, row] = rows[i];
      const auto tags =
          With(With(GrayTags(4, 1, static_cast<uint32_t>(row.size())), {258, kShort, 1, bits}),
               {262, kShort, 1, photometric});
      const auto numbers = Decode(Tiff(row, tags), {}, {.indices = true});
      ASSERT_TRUE(numbers.ok()) << numbers.status();
      EXPECT_TRUE(Same(*numbers, U8({1, 4}, expected[i]))) << bits << ' ' << photometric;
    }
  }
}

TEST(TiffTest, PicturesInSubIfdsAreSaid) {
  const std::string raster("\x08\0\0\0\x08\0\0\0", 8);  // the offsets of two of them, too
  for (const uint32_t count : {1, 2}) {
    const std::string text = count == 1 ? "1 picture in SubIFDs" : "2 pictures in SubIFDs";
    const std::string file = Tiff(raster, With(GrayTags(8, 1, 8), {330, kLong, count, 8}));
    for (const bool indices : {false, true}) {
      std::vector<std::string> said;
      ASSERT_TRUE(Decode(file, {}, {.indices = indices, .warnings = &said}).ok());
      EXPECT_THAT(said, ElementsAre(text + (count == 1 ? " was not read" : " were not read")));
    }
    const auto whole = ReadPicture(Context{}, Exact(file));
    ASSERT_TRUE(whole.ok()) << whole.status();
    EXPECT_THAT(whole->warnings, ElementsAre("not kept: " + text));
  }
}

TEST(TiffTest, ADamagedTagOfSubIfdsIsSaid) {
  const std::string text = "pictures in SubIFDs (whose tag is damaged)";
  for (const Tag& tag : {Tag{330, kLong, 2, 1U << 20}, Tag{330, 2, 4, 0x00636261}}) {
    const std::string file = Tiff("abcdefgh", With(GrayTags(8, 1, 8), tag));
    std::vector<std::string> said;
    ASSERT_TRUE(Decode(file, {}, {.warnings = &said}).ok());
    EXPECT_THAT(said, ElementsAre(text + " were not read"));
    const auto whole = ReadPicture(Context{}, Exact(file));
    ASSERT_TRUE(whole.ok()) << whole.status();
    EXPECT_THAT(whole->warnings, ElementsAre("not kept: " + text));
  }
}

TEST(TiffTest, SaysWhatIsNotKept) {
  constexpr uint16_t kAscii = 2, kRational = 5, kDouble = 12;
  constexpr uint32_t kText = 0x00636261;  // "abc" and a zero
  const std::pair<Tag, std::string> cases[] = {
      {{262, kShort, 1, 0}, "that 0 is white (values are turned round, and 0 is black)"},
      {{270, kAscii, 4, kText}, "the description"},
      {{280, kShort, 1, 3}, "the range of values"},
      {{282, kRational, 1, 8}, "the resolution"},
      {{305, kAscii, 4, kText}, "the software"},
      {{315, kAscii, 4, kText}, "the artist"},
      {{33432, kAscii, 4, kText}, "the copyright"},
      {{33550, kDouble, 1, 8}, "GeoTIFF"},
      {{34735, kShort, 2, 1}, "GeoTIFF"},
      {{42113, kAscii, 4, kText}, "GDAL's value of no data"},
      {{254, kLong, 1, 2}, "the kind of page"},
      {{255, kShort, 1, 3}, "the kind of page"},
      {{263, kShort, 1, 2}, "the thresholding"},
      {{288, kLong, 1, 8}, "tag 288"},
      {{290, kShort, 1, 2}, "the gray response"},
      {{291, kShort, 2, 1}, "the gray response"},
      {{297, kShort, 2, 1}, "the page's number"},
      {{321, kShort, 2, 1}, "the halftone hints"},
      {{326, kLong, 1, 1}, "the damage of a fax"},
      {{327, kShort, 1, 1}, "the damage of a fax"},
      {{328, kLong, 1, 1}, "the damage of a fax"},
      {{333, kAscii, 4, kText}, "the names of the inks"},
      {{336, kShort, 2, 1}, "the range of dots"},
      {{337, kAscii, 4, kText}, "the target printer"},
      {{346, kShort, 1, 1}, "tag 346"},
      {{351, kShort, 1, 1}, "tag 351"},
      {{532, kRational, 1, 8}, "the reference black and white"},
      {{51000, kShort, 1, 1}, "tag 51000"},
      {{65000, kAscii, 4, kText}, "tag 65000"}};
  for (const auto& [tag, text] : cases) {
    const std::string file =
        Tiff(std::string("\x02\0\0\0\1\0\0\0", 8), With(GrayTags(8, 1, 8), tag));
    const auto whole = ReadPicture(Context{}, Exact(file));
    ASSERT_TRUE(whole.ok()) << text << whole.status();
    EXPECT_THAT(whole->warnings, ElementsAre("not kept: " + text));
    std::vector<std::string> said;
    ASSERT_TRUE(Decode(file, {}, {.warnings = &said}).ok());
    if (tag.tag == 42113) {
      EXPECT_THAT(said, ElementsAre("its value of no data (GDAL_NODATA abc) was not applied: such "
                                    "pixels count as all others"));
      continue;
    }
    EXPECT_THAT(said, IsEmpty()) << text;
  }
  // What says what holds without it.
  for (const Tag& tag : {Tag{254, kLong, 1, 0},
                         {255, kShort, 1, 1},
                         {263, kShort, 1, 1},
                         {266, kShort, 1, 1},
                         {327, kShort, 1, 0},
                         {346, kShort, 1, 0}}) {
    const auto whole = ReadPicture(
        Context{}, Exact(Tiff(std::string("\x02\0\0\0\1\0\0\0", 8), With(GrayTags(8, 1, 8), tag))));
    ASSERT_TRUE(whole.ok()) << tag.tag << whole.status();
    EXPECT_THAT(whole->warnings, IsEmpty()) << tag.tag;
  }
  auto tags = With(With(GrayTags(2, 1, 6), {258, kShort, 1, 24}), {305, kAscii, 4, kText});
  auto whole = ReadPicture(Context{}, Exact(Tiff("abcdef", tags)));
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_THAT(whole->warnings,
              ElementsAre("not kept: the depth of 24 bits (samples have 32), the software"));
  // 1 by 1 is what writers put that know none.
  tags = With(With(GrayTags(8, 1, 8), {282, kRational, 1, 8}), {283, kRational, 1, 8});
  whole = ReadPicture(Context{}, Exact(Tiff(std::string("\1\0\0\0\1\0\0\0", 8), tags)));
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_THAT(whole->warnings, IsEmpty());
}

// However many tags each page has of its own.
TEST(TiffTest, NamesOfTagsAreBounded) {
  auto tags = GrayTags(2, 1, 2);
  for (uint16_t tag = 50000; tag < 50100; ++tag) tags = With(tags, {tag, kLong, 1, 0});
  const auto whole = ReadPicture(Context{}, Exact(Tiff("ab", tags)));
  ASSERT_TRUE(whole.ok()) << whole.status();
  ASSERT_EQ(whole->warnings.size(), 1u);
  EXPECT_LT(whole->warnings[0].size(), 500u);
}

TEST(TiffTest, PagesOfBigAndOfBigEndianFiles) {
  for (const std::string name : {"bigtiff.tif", "gray_uint8_be.tif"}) {
    const std::string file = ReadGolden(name);
    EXPECT_TRUE(Decode(file, {}, {.page = 0}).ok());
    const auto picture = Decode(file, {}, {.page = 1});
    EXPECT_THAT(std::string(picture.status().message()), HasSubstr("has 1 pages"));
  }
}

// A million rows, each a strip that claims the whole file: it would be read a million times.
TEST(TiffTest, StripsThatShareTheFile) {
  const uint32_t rows = 1000;
  const std::string raster(1 << 20, '\0');
  auto tags = GrayTags(1, rows, 0);
  tags = With(With(tags, {278, kLong, 1, 1}), {259, kShort, 1, 32773});  // PackBits
  std::string file = Tiff(raster, tags);
  const uint32_t arrays = static_cast<uint32_t>(file.size());
  tags = With(With(tags, {273, kLong, rows, arrays}), {279, kLong, rows, arrays + 4 * rows});
  file = Tiff(raster, tags);
  for (uint32_t i = 0; i < rows; ++i) file += Le<uint32_t>(8);
  for (uint32_t i = 0; i < rows; ++i) file += Le<uint32_t>(1 << 20);
  const auto picture = Decode(file);
  EXPECT_THAT(picture, HasReason("CORRUPT_IMAGE"));
  EXPECT_THAT(std::string(picture.status().message()), HasSubstr("claim many times the file"));
}

TEST(TiffTest, MissingTags) {
  const auto tags = GrayTags(2, 1, 2);
  EXPECT_FALSE(Decode(Tiff("ab", Without(tags, 256))).ok());
  EXPECT_FALSE(Decode(Tiff("ab", Without(tags, 257))).ok());
  EXPECT_FALSE(Decode(Tiff("ab", Without(tags, 273))).ok());
  EXPECT_FALSE(Decode(Tiff("ab", {})).ok());
  // Without a photometric interpretation gray is black at 0.
  const auto picture = Decode(Tiff("ab", Without(tags, 262)));
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(Same(*picture, U8({1, 2}, {'a', 'b'})));
}

TEST(TiffTest, VariantsThatAreNotRead) {
  const auto tags = GrayTags(2, 1, 2);
  const std::vector<Tag> variants = {
      {258, kShort, 1, 33},    {258, kShort, 1, 48}, {259, kShort, 1, 34925},
      {259, kShort, 1, 50001}, {259, kShort, 1, 6},  {262, kShort, 1, 5},
      {262, kShort, 1, 6},     {262, kShort, 1, 8},  {277, kShort, 1, 5},
      {277, kShort, 1, 1000},  {339, kShort, 1, 3},  {339, kShort, 1, 5}};
  for (const Tag& variant : variants) {
    const auto picture = Decode(Tiff("abcdefghijklmnop", With(tags, variant)));
    ASSERT_FALSE(picture.ok()) << variant.tag << " = " << variant.value;
    EXPECT_TRUE(Reason(picture.status()) == "NOT_OFFERED" ||
                Reason(picture.status()) == "CORRUPT_IMAGE")
        << picture.status();
  }
  EXPECT_THAT(Decode(Tiff("ab", With(tags, {262, kShort, 1, 8}))),
              HasCode(absl::StatusCode::kUnimplemented));
}

TEST(TiffTest, ClaimsBeyondTheLimitsAreRefusedByTheHeader) {
  for (const auto& [width, height] :
       std::vector<std::pair<uint32_t, uint32_t>>{{100000, 100000},
                                                  {UINT32_MAX, UINT32_MAX},
                                                  {1, UINT32_MAX},
                                                  {UINT32_MAX, 1},
                                                  {1000001, 1}}) {
    const auto picture = Decode(Tiff("ab", GrayTags(width, height, 2)));
    EXPECT_FALSE(picture.ok());
    EXPECT_TRUE(Reason(picture.status()) == "LIMIT_EXCEEDED" ||
                Reason(picture.status()) == "CORRUPT_IMAGE")
        << picture.status();
  }
  EXPECT_THAT(Decode(Tiff("ab", GrayTags(100000, 100000, 2))), HasReason("LIMIT_EXCEEDED"));
  // Within the limits, but not in the file: whatever the tags claim of the strip.
  for (const uint32_t bytes : {2u, 16000u * 16000u, UINT32_MAX}) {
    EXPECT_THAT(Decode(Tiff("ab", GrayTags(16000, 16000, bytes))), HasReason("CORRUPT_IMAGE"));
  }
}

std::vector<Tag> TiledTags(uint32_t side, uint32_t tile) {
  auto tags = Without(Without(Without(GrayTags(side, side, 2), 273), 278), 279);
  for (const Tag& t : std::vector<Tag>{{322, kLong, 1, tile},
                                       {323, kLong, 1, tile},
                                       {324, kLong, 1, 8},
                                       {325, kLong, 1, tile * tile}}) {
    tags = With(tags, t);
  }
  return tags;
}

TEST(TiffTest, TilesOutOfProportion) {
  const auto good = Decode(Tiff(std::string(256, 'x'), TiledTags(3, 16)));
  ASSERT_TRUE(good.ok()) << good.status();
  EXPECT_EQ(good->shape, (Shape{3, 3}));
  EXPECT_THAT(Decode(Tiff("ab", TiledTags(3, 4096))), HasReason("LIMIT_EXCEEDED"));
  for (const uint32_t tile : {65536u, 0x10000000u, 0xFFFFFFF0u}) {
    const auto picture = Decode(Tiff("ab", TiledTags(3, tile)));
    EXPECT_FALSE(picture.ok());
  }
  EXPECT_THAT(Decode(Tiff("ab", TiledTags(3, 512))), HasReason("CORRUPT_IMAGE"));
  EXPECT_FALSE(Decode(Tiff("ab", TiledTags(3, 0))).ok());
}

TEST(TiffTest, HugeCountsOfTags) {
  for (const uint16_t tag : {273, 279, 258, 320, 338, 700, 34675}) {
    for (const uint32_t count : {0x7FFFFFFFu, 0xFFFFFFFFu, 0x20000000u}) {
      const auto picture = Decode(Tiff("ab", With(GrayTags(2, 1, 2), {tag, kLong, count, 8})));
      if (picture.ok()) {
        EXPECT_TRUE(Same(*picture, U8({1, 2}, {'a', 'b'})));
      }
    }
  }
}

// libtiff loads values of tags that it does not know: the same bytes for each of them here.
TEST(TiffTest, ValuesThatShareTheFile) {
  const std::string raster(100000, '\0');
  constexpr uint16_t kByte = 1;
  auto tags = GrayTags(100, 1000, 100000);
  for (uint16_t tag = 40000; tag < 40003; ++tag) tags = With(tags, {tag, kByte, 40000, 8});
  const auto picture = Decode(Tiff(raster, tags));
  EXPECT_THAT(picture, HasReason("CORRUPT_IMAGE"));
  EXPECT_THAT(std::string(picture.status().message()),
              HasSubstr("overlap: 120000 bytes in a file of"));
  // Values beyond the end are not loaded.
  tags.back().count = 100000000;
  EXPECT_TRUE(Decode(Tiff(raster, tags)).ok());
  tags.pop_back();
  EXPECT_TRUE(Decode(Tiff(raster, tags)).ok());
}

TEST(TiffTest, EntriesOfADirectory) {
  auto tags = GrayTags(2, 1, 2);
  for (uint16_t tag = 40000; tags.size() < 1024; ++tag) tags.push_back({tag, kLong, 1, 0});
  EXPECT_TRUE(Decode(Tiff("ab", tags)).ok());
  tags.push_back({50000, kLong, 1, 0});
  const auto picture = Decode(Tiff("ab", tags));
  EXPECT_THAT(picture, HasReason("CORRUPT_IMAGE"));
  EXPECT_THAT(std::string(picture.status().message()),
              HasSubstr("has 1025 entries; at most 1024 are read"));
}

}  // namespace
}  // namespace trine::image::testing
