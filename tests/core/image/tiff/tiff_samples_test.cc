// Samples of TIFF: every number of bits and every type, inks, and luma with chroma.
#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/core/image/tiff/tiff_writing.h"

namespace trine::image::testing {
namespace {

using ::testing::ElementsAre, ::testing::HasSubstr, ::testing::IsEmpty;

absl::StatusOr<Tensor> Decode(const std::string& file, const DecodeOptions& options = {}) {
  return DecodeImage(Context{}, Exact(file), options);
}

constexpr uint32_t kWidth = 13, kHeight = 9;  // neither is a multiple of 8

TiffPage PageOf(int bits) {
  TiffPage page;
  page.width = kWidth;
  page.height = kHeight;
  page.bits = static_cast<uint16_t>(bits);
  return page;
}

// Four inks.
TiffPage InkPage() {
  TiffPage page;
  page.width = 4;
  page.height = 4;
  page.samples = 4;
  page.photometric = PHOTOMETRIC_SEPARATED;
  page.raster = std::string(64, 'x');
  return page;
}

// Values over the whole range of `bits`.
std::vector<uint64_t> Values(int bits, size_t count) {
  const uint64_t mask = bits == 64 ? UINT64_MAX : (uint64_t{1} << bits) - 1;
  std::vector<uint64_t> values(count);
  uint64_t state = 88172645463325252;
  for (uint64_t& v : values) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    v = state & mask;
  }
  values.front() = 0;
  values.back() = mask;
  return values;
}

Tensor TensorOf(DType dtype, Shape shape, const std::vector<uint64_t>& values) {
  Tensor t = Tensor::Zeros(dtype, std::move(shape));
  const size_t size = DTypeSize(dtype);
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string bytes = Le(values[i]);
    std::copy_n(bytes.begin(), size, t.data.begin() + i * size);
  }
  return t;
}

TEST(TiffSamplesTest, UnsignedOfEveryDepth) {
  for (int bits = 1; bits <= 32; ++bits) {
    if (bits == 24) continue;  // below
    const DType dtype = bits <= 8 ? DType::kUint8 : (bits <= 16 ? DType::kUint16 : DType::kUint32);
    const bool scaled = bits == 1 || bits == 2 || bits == 4;
    for (const bool white : {false, true}) {
      for (const uint16_t samples : {1, 3}) {
        if (white && samples == 3) continue;
        TiffPage page = PageOf(bits);
        page.samples = samples;
        page.photometric = samples == 3 ? PHOTOMETRIC_RGB
                                        : (white ? PHOTOMETRIC_MINISWHITE : PHOTOMETRIC_MINISBLACK);
        std::vector<uint64_t> values = Values(bits, size_t{kWidth} * kHeight * samples);
        page.raster = bits % 8 == 0
                          ? Raster(TensorOf(dtype, {static_cast<int64_t>(values.size())}, values))
                          : PackSamples(values, bits, size_t{kWidth} * samples);
        const uint64_t most = (uint64_t{1} << bits) - 1;
        for (uint64_t& v : values) {
          if (white) v = most - v;
          if (scaled) v = v * 255 / most;
        }
        Shape shape = {kHeight, kWidth};
        if (samples == 3) shape.push_back(3);
        const auto picture = Decode(MakeTiff(page));
        ASSERT_TRUE(picture.ok()) << bits << ' ' << picture.status();
        EXPECT_TRUE(Same(*picture, TensorOf(dtype, shape, values))) << bits << ' ' << white;
      }
    }
  }
}

TEST(TiffSamplesTest, OfThreeBytes) {
  const auto values = Values(24, size_t{kWidth} * kHeight);
  for (const bool big_endian : {false, true}) {
    TiffPage page;
    page.width = kWidth;
    page.height = kHeight;
    page.bits = 24;
    page.big_endian = big_endian;
    for (const uint64_t v : values) page.raster += Le(v).substr(0, 3);
    const auto picture = Decode(MakeTiff(page));
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_TRUE(Same(*picture, TensorOf(DType::kUint32, {kHeight, kWidth}, values)));
  }
}

TEST(TiffSamplesTest, EveryTypeOfMachineWords) {
  struct Case {
    DType dtype;
    uint16_t format;
  };
  for (const auto& [dtype, format] : std::vector<Case>{{DType::kUint64, SAMPLEFORMAT_UINT},
                                                       {DType::kInt8, SAMPLEFORMAT_INT},
                                                       {DType::kInt16, SAMPLEFORMAT_INT},
                                                       {DType::kInt32, SAMPLEFORMAT_INT},
                                                       {DType::kInt64, SAMPLEFORMAT_INT},
                                                       {DType::kFloat16, SAMPLEFORMAT_IEEEFP},
                                                       {DType::kFloat32, SAMPLEFORMAT_IEEEFP},
                                                       {DType::kFloat64, SAMPLEFORMAT_IEEEFP}}) {
    for (const bool big_endian : {false, true}) {
      for (const bool planar : {false, true}) {
        const int bits = static_cast<int>(8 * DTypeSize(dtype));
        TiffPage page = PageOf(bits);
        page.format = format;
        page.big_endian = big_endian;
        auto values = Values(bits, size_t{kWidth} * kHeight);
        const Tensor gray = TensorOf(dtype, {kHeight, kWidth}, values);
        page.raster = Raster(gray);
        auto picture = Decode(MakeTiff(page));
        ASSERT_TRUE(picture.ok()) << DTypeName(dtype) << picture.status();
        EXPECT_TRUE(Same(*picture, gray)) << DTypeName(dtype);
        // Where 0 is white, the least value becomes the greatest.
        page.photometric = PHOTOMETRIC_MINISWHITE;
        picture = Decode(MakeTiff(page));
        if (IsFloat(dtype)) {
          EXPECT_THAT(picture, HasReason("NOT_OFFERED"));
        } else {
          ASSERT_TRUE(picture.ok()) << picture.status();
          for (uint64_t& v : values) v = ~v;
          EXPECT_TRUE(Same(*picture, TensorOf(dtype, {kHeight, kWidth}, values)));
        }
        // Colours, of which a planar file has one behind the other.
        page.photometric = PHOTOMETRIC_RGB;
        page.samples = 3;
        page.planar = planar;
        const auto many = Values(bits, size_t{3} * kWidth * kHeight);
        const Tensor rgb = TensorOf(dtype, {kHeight, kWidth, 3}, many);
        page.raster = Raster(rgb);
        if (planar) {
          std::vector<uint64_t> planes(many.size());
          for (size_t i = 0; i < many.size(); ++i)
            planes[i % 3 * kWidth * kHeight + i / 3] = many[i];
          page.raster = Raster(TensorOf(dtype, {3, kHeight, kWidth}, planes));
        }
        picture = Decode(MakeTiff(page));
        ASSERT_TRUE(picture.ok()) << picture.status();
        EXPECT_TRUE(Same(*picture, rgb)) << DTypeName(dtype);
      }
    }
  }
}

// round((max - ink) * (max - black) / max)
template <typename T>
uint64_t Light(uint64_t ink, uint64_t black) {
  const double max = std::numeric_limits<T>::max();
  return static_cast<uint64_t>(std::floor(
      (max - static_cast<double>(ink)) * (max - static_cast<double>(black)) / max + 0.5));
}

TEST(TiffSamplesTest, Cmyk) {
  for (const int bits : {8, 16}) {
    for (const uint16_t samples : {4, 5}) {  // the fifth is alpha, and dropped
      for (const bool planar : {false, true}) {
        for (const uint32_t tile : {0, 16}) {
          const DType dtype = bits == 8 ? DType::kUint8 : DType::kUint16;
          const size_t pixels = size_t{kWidth} * kHeight;
          const auto inks = Values(bits, pixels * samples);
          std::vector<uint64_t> stored(inks), expected(3 * pixels);
          for (size_t i = 0; i < inks.size(); ++i) {
            if (planar) stored[i % samples * pixels + i / samples] = inks[i];
          }
          for (size_t i = 0; i < expected.size(); ++i) {
            const uint64_t ink = inks[i / 3 * samples + i % 3], black = inks[i / 3 * samples + 3];
            expected[i] = bits == 8 ? Light<uint8_t>(ink, black) : Light<uint16_t>(ink, black);
          }
          TiffPage page = PageOf(bits);
          page.samples = samples;
          page.photometric = PHOTOMETRIC_SEPARATED;
          page.planar = planar;
          page.tile = tile;
          page.raster = Raster(TensorOf(dtype, {static_cast<int64_t>(stored.size())}, stored));
          if (samples == 5) {
            page.more = [](TIFF* tiff) {
              uint16_t kind = EXTRASAMPLE_UNASSALPHA;
              TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
            };
          }
          std::vector<std::string> warnings;
          const auto picture = Decode(MakeTiff(page), {.warnings = &warnings});
          ASSERT_TRUE(picture.ok()) << picture.status();
          EXPECT_TRUE(Same(*picture, TensorOf(dtype, {kHeight, kWidth, 3}, expected)))
              << bits << ' ' << samples << ' ' << planar << ' ' << tile;
          std::vector<::testing::Matcher<std::string>> said = {HasSubstr("CMYK")};
          if (samples == 5) said.emplace_back(HasSubstr("transparency"));
          EXPECT_THAT(warnings, ::testing::ElementsAreArray(said));
        }
      }
    }
  }
}

constexpr uint32_t kYcbcrWidth = 37, kYcbcrHeight = 21, kYcbcrTile = 16, kYcbcrRows = 8;

// A YCbCr picture in blocks of luma with one pair of chroma, strip by strip or tile by tile.
struct Blocks {
  uint16_t across = 2, down = 2;
  bool tiled = false;

  size_t block_bytes() const { return size_t{across} * down + 2; }
  uint32_t part_width() const { return tiled ? kYcbcrTile : kYcbcrWidth; }
  uint32_t part_height() const { return tiled ? kYcbcrTile : kYcbcrRows; }
  uint32_t blocks_a_row() const { return (part_width() + across - 1) / across; }
  uint32_t parts_across() const { return (kYcbcrWidth + part_width() - 1) / part_width(); }
  uint32_t parts() const {
    return parts_across() * ((kYcbcrHeight + part_height() - 1) / part_height());
  }
  // The strip or tile `index`; the last strip is shorter.
  std::string Part(uint32_t index) const {
    const bool last = !tiled && index + 1 == parts();
    const uint32_t height = last ? kYcbcrHeight - index * kYcbcrRows : part_height();
    const size_t bytes = blocks_a_row() * ((height + down - 1) / down) * block_bytes();
    return Raster(Noise(DType::kUint8, {static_cast<int64_t>(bytes)}, index + 1));
  }
  // The same with three samples for each pixel.
  std::string FullRaster() const {
    std::string out;
    for (uint32_t y = 0; y < kYcbcrHeight; ++y) {
      for (uint32_t x = 0; x < kYcbcrWidth; ++x) {
        const std::string part = Part(y / part_height() * parts_across() + x / part_width());
        const uint32_t px = x % part_width(), py = y % part_height();
        const size_t at = (py / down * blocks_a_row() + px / across) * block_bytes();
        out += part[at + py % down * across + px % across];
        out += part.substr(at + size_t{across} * down, 2);
      }
    }
    return out;
  }
};

TiffPage YcbcrPage(const std::function<void(TIFF*)>& more) {
  TiffPage page;
  page.width = kYcbcrWidth;
  page.height = kYcbcrHeight;
  page.samples = 3;
  page.photometric = PHOTOMETRIC_YCBCR;
  page.rows_per_strip = kYcbcrRows;
  page.more = more;
  return page;
}

std::string YcbcrTiff(const Blocks& blocks, uint16_t compression,
                      const std::function<void(TIFF*)>& more = {}) {
  TiffPage page = YcbcrPage([=](TIFF* tiff) {
    TIFFSetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, blocks.across, blocks.down);
    if (more) more(tiff);
    if (blocks.tiled) {
      TIFFSetField(tiff, TIFFTAG_TILEWIDTH, kYcbcrTile);
      TIFFSetField(tiff, TIFFTAG_TILELENGTH, kYcbcrTile);
    }
    // Written here, since the blocks are no rows.
    for (uint32_t i = 0; i < blocks.parts(); ++i) {
      std::string part = blocks.Part(i);
      const auto bytes = static_cast<tmsize_t>(part.size());
      EXPECT_EQ(blocks.tiled ? TIFFWriteEncodedTile(tiff, i, part.data(), bytes)
                             : TIFFWriteEncodedStrip(tiff, i, part.data(), bytes),
                bytes);
    }
  });
  page.compression = compression;
  page.written = true;
  return MakeTiff(page);
}

// What libtiff makes of it once each pixel has its own chroma; it goes wrong itself where blocks of
// 4 x 4 are cut by the picture's edge.
Tensor YcbcrReference(const Blocks& blocks, const std::function<void(TIFF*)>& more = {}) {
  TiffPage page = YcbcrPage([=](TIFF* tiff) {
    TIFFSetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, 1, 1);
    if (more) more(tiff);
  });
  page.raster = blocks.FullRaster();
  return LibtiffRgb(MakeTiff(page));
}

TEST(TiffSamplesTest, YcbcrIsWhatLibtiffMakesOfIt) {
  for (const auto& [across, down] : std::vector<std::pair<uint16_t, uint16_t>>{
           {1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}, {4, 2}, {4, 4}}) {
    for (const uint16_t compression : {COMPRESSION_NONE, COMPRESSION_ADOBE_DEFLATE}) {
      for (const bool tiled : {false, true}) {
        const Blocks blocks = {across, down, tiled};
        const auto picture = Decode(YcbcrTiff(blocks, compression));
        ASSERT_TRUE(picture.ok()) << across << 'x' << down << ' ' << tiled << picture.status();
        EXPECT_TRUE(Same(*picture, YcbcrReference(blocks)))
            << across << 'x' << down << ' ' << tiled;
      }
    }
  }
  const std::string file = YcbcrTiff({2, 2, false}, COMPRESSION_NONE);
  EXPECT_TRUE(Same(*Decode(file), LibtiffRgb(file)));
}

TEST(TiffSamplesTest, YcbcrWithLevelsAndCoefficientsOfItsOwn) {
  float levels[] = {16, 235, 128, 240, 128, 240};
  float weights[] = {0.2126f, 0.7152f, 0.0722f};
  const auto set = [&](TIFF* tiff) {
    TIFFSetField(tiff, TIFFTAG_REFERENCEBLACKWHITE, levels);
    TIFFSetField(tiff, TIFFTAG_YCBCRCOEFFICIENTS, weights);
  };
  const Blocks blocks;
  const auto picture = Decode(YcbcrTiff(blocks, COMPRESSION_NONE, set));
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(Same(*picture, YcbcrReference(blocks, set)));
  EXPECT_FALSE(Same(*picture, YcbcrReference(blocks)));
  weights[1] = 0;  // is divided by
  EXPECT_THAT(Decode(YcbcrTiff(blocks, COMPRESSION_NONE, set)), HasReason("CORRUPT_IMAGE"));
}

TEST(TiffSamplesTest, VariantsThatAreRefusedByName) {
  struct Case {
    uint16_t bits, format, photometric, samples;
    const char* text;
  };
  for (const Case& c : {Case{33, SAMPLEFORMAT_UINT, PHOTOMETRIC_MINISBLACK, 1, "33 bits"},
                        Case{24, SAMPLEFORMAT_IEEEFP, PHOTOMETRIC_MINISBLACK, 1, "24 bits"},
                        Case{64, SAMPLEFORMAT_COMPLEXIEEEFP, PHOTOMETRIC_MINISBLACK, 1, "format 6"},
                        Case{12, SAMPLEFORMAT_INT, PHOTOMETRIC_MINISBLACK, 1, "12 bits"},
                        Case{12, SAMPLEFORMAT_UINT, PHOTOMETRIC_SEPARATED, 4, "12 bits"},
                        Case{32, SAMPLEFORMAT_IEEEFP, PHOTOMETRIC_SEPARATED, 4, "8 or 16 bits"},
                        Case{16, SAMPLEFORMAT_UINT, PHOTOMETRIC_YCBCR, 3, "16 bits"},
                        Case{8, SAMPLEFORMAT_UINT, PHOTOMETRIC_CIELAB, 3, "interpretation 8"}}) {
    TiffPage page;
    page.width = 4;
    page.height = 4;
    page.bits = c.bits;
    page.format = c.format;
    page.photometric = c.photometric;
    page.samples = c.samples;
    page.coded = std::string(4 * 4 * 4 * 8, 'x');
    const auto picture = Decode(MakeTiff(page));
    EXPECT_THAT(picture, HasReason("NOT_OFFERED")) << c.bits << ' ' << c.photometric;
    EXPECT_THAT(std::string(picture.status().message()), HasSubstr(c.text));
  }
  TiffPage page = InkPage();
  page.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_INKSET, INKSET_MULTIINK); };
  EXPECT_THAT(Decode(MakeTiff(page)), HasReason("NOT_OFFERED"));
}

TEST(TiffSamplesTest, DepthsAreKeptWhereThePictureIs) {
  for (const int bits : {3, 4, 10, 12, 24, 31}) {
    TiffPage page = PageOf(bits);
    const auto values = Values(bits, size_t{kWidth} * kHeight);
    page.raster = PackSamples(values, bits, kWidth);
    if (bits == 24) {
      page.raster.clear();
      for (const uint64_t v : values) page.raster += Le(v).substr(0, 3);
    }
    const auto picture = ReadPicture(Context{}, Exact(MakeTiff(page)));
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_EQ(picture->form.bit_depth, bits > 16 ? 32 : bits);
    const DType dtype = bits <= 8 ? DType::kUint8 : (bits <= 16 ? DType::kUint16 : DType::kUint32);
    EXPECT_TRUE(Same(picture->samples, TensorOf(dtype, {kHeight, kWidth}, values))) << bits;
  }
}

// Inks, and luma with chroma, are turned into RGB: not for who keeps the picture.
TEST(TiffSamplesTest, WhatIsTurnedIntoRgbIsNotKept) {
  TiffPage page = InkPage();
  EXPECT_TRUE(Decode(MakeTiff(page)).ok());
  EXPECT_THAT(ReadPicture(Context{}, Exact(MakeTiff(page))), HasReason("NOT_OFFERED"));
  const std::string ycbcr = YcbcrTiff({2, 2, false}, COMPRESSION_NONE);
  EXPECT_THAT(ReadPicture(Context{}, Exact(ycbcr)), HasReason("NOT_OFFERED"));
}

TEST(TiffSamplesTest, GoodFilesGiveNoWarning) {
  TiffPage page;
  page.width = 2;
  page.height = 1;
  page.raster = "ab";
  std::vector<std::string> warnings;
  ASSERT_TRUE(Decode(MakeTiff(page), {.warnings = &warnings}).ok());
  EXPECT_THAT(warnings, IsEmpty());
}

}  // namespace
}  // namespace trine::image::testing
