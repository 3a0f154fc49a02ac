// The compressions of TIFF: libtiff writes them, the reader gives the same pixels, and codecs do
// not allocate what nobody reserved.
#include <algorithm>

#include "core/image/tiff/tiff_dictionary.h"
#include "tests/core/image/tiff/tiff_writing.h"

namespace trine::image::testing {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<Tensor> Decode(const std::string& file, const Context& context = {}) {
  return DecodeImage(context, Exact(file));
}

// A picture that every lossless codec can shorten, with noise in a corner. Floats are numbers: LERC
// does not keep the bits of a NaN.
Tensor Picture(DType dtype, int64_t channels) {
  Shape shape = {33, 47};
  if (channels > 1) shape.push_back(channels);
  Tensor t = Noise(dtype, shape);
  const size_t row = t.data.size() / 33;
  for (size_t i = 0; i < t.data.size(); ++i) {
    if (i / row > 10 || i % row > row / 3) t.data[i] = static_cast<uint8_t>(i / row / 4);
  }
  if (!IsFloat(dtype)) return t;
  for (size_t at = 0; at < t.data.size(); at += DTypeSize(dtype)) {
    const double value = LoadLE<int16_t>(&t.data[at]) / 64.0;
    if (dtype == DType::kFloat32) {
      StoreLE(&t.data[at], static_cast<float>(value));
    } else {
      StoreLE(&t.data[at], value);
    }
  }
  return t;
}

TiffPage PageOf(const Tensor& t, uint16_t compression) {
  TiffPage page;
  page.height = static_cast<uint32_t>(t.shape[0]);
  page.width = static_cast<uint32_t>(t.shape[1]);
  page.samples = t.shape.size() == 3 ? static_cast<uint16_t>(t.shape[2]) : 1;
  page.bits = static_cast<uint16_t>(8 * DTypeSize(t.dtype));
  page.format = IsFloat(t.dtype) ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT;
  page.photometric = page.samples == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
  page.compression = compression;
  page.raster = Raster(t);
  if (compression == COMPRESSION_WEBP) {
    page.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_WEBP_LOSSLESS, 1); };
  }
  return page;
}

constexpr uint16_t kLossless[] = {COMPRESSION_NONE,          COMPRESSION_PACKBITS, COMPRESSION_LZW,
                                  COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE,  COMPRESSION_ZSTD,
                                  COMPRESSION_LZMA,          COMPRESSION_LERC};

TEST(TiffCodecsTest, EveryLosslessOneGivesThePixelsThatWereWritten) {
  for (const uint16_t compression : kLossless) {
    for (const DType dtype : {DType::kUint8, DType::kUint16, DType::kFloat32}) {
      for (const int64_t channels : {1, 3}) {
        for (const uint32_t tile : {0, 16}) {
          const Tensor t = Picture(dtype, channels);
          TiffPage page = PageOf(t, compression);
          page.tile = tile;
          const auto picture = Decode(MakeTiff(page));
          ASSERT_TRUE(picture.ok()) << compression << ' ' << picture.status();
          EXPECT_TRUE(Same(*picture, t)) << compression << ' ' << Describe(t) << ' ' << tile;
        }
      }
    }
  }
}

TEST(TiffCodecsTest, WebP) {
  for (const uint32_t tile : {0, 16}) {
    const Tensor t = Picture(DType::kUint8, 3);
    TiffPage page = PageOf(t, COMPRESSION_WEBP);
    page.tile = tile;
    const auto picture = Decode(MakeTiff(page));
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_TRUE(Same(*picture, t)) << tile;
  }
}

TEST(TiffCodecsTest, WhatIsLossyIsKnown) {
  const auto is_lossy = [](const TiffPage& page) {
    return IsLossy(Context{}, Exact(MakeTiff(page)));
  };
  for (const uint16_t compression : kLossless)
    EXPECT_FALSE(is_lossy(PageOf(Picture(DType::kUint8, 1), compression))) << compression;
  TiffPage jpeg = PageOf(Picture(DType::kUint8, 1), COMPRESSION_JPEG);
  jpeg.rows_per_strip = 8;
  EXPECT_TRUE(is_lossy(jpeg));
  TiffPage page = PageOf(Picture(DType::kUint8, 3), COMPRESSION_WEBP);
  EXPECT_FALSE(is_lossy(page));
  page.more = [](TIFF*) {};
  EXPECT_TRUE(is_lossy(page));
  const std::string file = MakeTiff(jpeg);
  EXPECT_FALSE(IsLossy(Context{}, Exact(file), 1));  // there is no such page
  for (size_t length = 0; length < file.size(); length += 7)
    IsLossy(Context{}, Exact(file.substr(0, length)));
}

TEST(TiffCodecsTest, Differences) {
  for (const uint16_t compression :
       {COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_ZSTD, COMPRESSION_LZMA}) {
    for (const DType dtype :
         {DType::kUint8, DType::kUint16, DType::kUint32, DType::kFloat32, DType::kFloat64}) {
      for (const bool big_endian : {false, true}) {
        if (big_endian && IsFloat(dtype)) continue;  // which libtiff 4.5 does not write right
        const Tensor t = Picture(dtype, 1);
        TiffPage page = PageOf(t, static_cast<uint16_t>(compression));
        page.predictor = IsFloat(dtype) ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL;
        page.big_endian = big_endian;
        const auto picture = Decode(MakeTiff(page));
        ASSERT_TRUE(picture.ok()) << compression << ' ' << picture.status();
        EXPECT_TRUE(Same(*picture, t)) << compression << ' ' << Describe(t);
      }
    }
  }
}

// 11 bits of logarithm hold every value of 8 bits.
TEST(TiffCodecsTest, PixarLog) {
  const Tensor t = Picture(DType::kUint8, 3);
  TiffPage page = PageOf(t, COMPRESSION_PIXARLOG);
  page.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_PIXARLOGDATAFMT, PIXARLOGDATAFMT_8BIT); };
  const auto picture = Decode(MakeTiff(page));
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(Same(*picture, t));
}

// libtiff reads these two and does not write them.
TEST(TiffCodecsTest, OfOldScanners) {
  TiffPage page;
  page.width = 4;
  page.height = 1;
  page.bits = 4;
  page.compression = COMPRESSION_THUNDERSCAN;
  page.coded = "\xC3\xC0\xCF\xC8";  // each a pixel as it is
  const auto thunder = Decode(MakeTiff(page));
  ASSERT_TRUE(thunder.ok()) << thunder.status();
  EXPECT_TRUE(Same(*thunder, U8({1, 4}, {51, 0, 255, 136})));
  page.bits = 2;
  page.compression = COMPRESSION_NEXT;
  page.coded = std::string("\0\x1B", 2);  // a row as it is: 0, 1, 2, 3
  const auto next = Decode(MakeTiff(page));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_TRUE(Same(*next, U8({1, 4}, {0, 85, 170, 255})));
}

TEST(TiffCodecsTest, OthersAreRefusedWithTheList) {
  TiffPage page = PageOf(Picture(DType::kUint8, 1), COMPRESSION_NONE);
  std::string file = MakeTiff(page);
  // 259, SHORT, one value: none.
  const std::string tag = Le<uint16_t>(259) + Le<uint16_t>(3) + Le<uint32_t>(1);
  const size_t at = file.find(tag + Le<uint16_t>(1));
  ASSERT_NE(at, std::string::npos);
  for (const uint16_t compression : {6, 34661, 34676, 34712, 50002, 12345}) {
    file.replace(at + tag.size(), 2, Le(compression));
    const auto picture = Decode(file);
    EXPECT_THAT(picture, HasReason("NOT_OFFERED")) << compression;
    for (const char* name : {"zstd", "LZMA", "WebP", "LERC", "JPEG"}) {
      EXPECT_THAT(std::string(picture.status().message()), HasSubstr(name));
    }
  }
}

TEST(TiffCodecsTest, DamagedFilesAreErrorsOrWhole) {
  Limits limits;
  limits.max_output_bytes = 1 << 20;
  Context context;
  context.limits = &limits;
  for (const uint16_t compression :
       {COMPRESSION_ZSTD, COMPRESSION_LZMA, COMPRESSION_WEBP, COMPRESSION_LERC}) {
    const Tensor t = Picture(DType::kUint8, 3);
    const std::string file = MakeTiff(PageOf(t, static_cast<uint16_t>(compression)));
    for (size_t length = 0; length < file.size(); length += 3) {
      const auto picture = Decode(file.substr(0, length));
      if (picture.ok()) {
        EXPECT_TRUE(Same(*picture, t)) << compression << " cut at " << length;
      }
    }
    for (size_t i = 0; i < file.size(); i += 2) {
      std::string changed = file;
      changed[i] = static_cast<char>(changed[i] ^ 0x55);
      const auto picture = Decode(changed, context);
      if (!picture.ok()) {
        EXPECT_FALSE(Reason(picture.status()).empty()) << picture.status();
      }
    }
  }
}

// A frame with a window of 2^log bytes that holds one raw block.
std::string ZstdFrame(int log, const std::string& block) {
  const uint32_t head = static_cast<uint32_t>(block.size()) << 3 | 1;
  return Le<uint32_t>(0xFD2FB528) + '\0' + static_cast<char>((log - 10) << 3) +
         Le(head).substr(0, 3) + block;
}

TEST(TiffCodecsTest, ZstdWindows) {
  using internal::ZstdWindow;
  EXPECT_EQ(ZstdWindow(Bytes("")), 0u);
  EXPECT_EQ(ZstdWindow(Bytes("no frame")), 0u);
  EXPECT_EQ(ZstdWindow(Bytes(ZstdFrame(20, "abc"))), uint64_t{1} << 20);
  const std::string skipped = Le<uint32_t>(0x184D2A53) + Le<uint32_t>(4) + "skip";
  EXPECT_EQ(ZstdWindow(Bytes(ZstdFrame(11, "") + skipped + ZstdFrame(27, "abc"))),
            uint64_t{1} << 27);
  // A single segment: the content is the window.
  const std::string single =
      Le<uint32_t>(0xFD2FB528) + '\x60' + Le<uint16_t>(1000) + Le<uint32_t>(1).substr(0, 3);
  EXPECT_EQ(ZstdWindow(Bytes(single)), 1256u);
  EXPECT_EQ(ZstdWindow(Bytes(ZstdFrame(41, "cut").substr(0, 6))), uint64_t{1} << 41);
}

// The beginning of an .xz stream: a block with this dictionary that ends after a raw chunk.
std::string XzBlock(int dictionary_bits) {
  const std::string header =
      std::string("\2\0\x21\1", 4) + static_cast<char>(dictionary_bits) + std::string(3, '\0');
  const std::string chunks("\1\0\2abc\0", 7);
  return header + std::string(4, '\0') + chunks + '\0' + std::string(4, '\0');
}

std::string XzHead() {
  return std::string(
             "\xFD"
             "7zXZ\0\0\1",
             8) +
         std::string(4, '\0');
}

TEST(TiffCodecsTest, XzDictionaries) {
  using internal::XzDictionary;
  EXPECT_EQ(XzDictionary(Bytes("")), 0u);
  EXPECT_EQ(XzDictionary(Bytes(XzHead())), 0u);
  EXPECT_EQ(XzDictionary(Bytes(XzHead() + std::string("\2\0\x21\1\0", 5) + std::string(7, '\0'))),
            4096u);
  EXPECT_EQ(XzDictionary(Bytes(XzHead() + std::string("\2\0\x21\1\x28", 5) + std::string(7, '\0'))),
            UINT32_MAX);
}

TEST(TiffCodecsTest, DictionariesAreReservedOrRefused) {
  TiffPage page;
  page.width = 3;
  page.height = 1;
  page.compression = COMPRESSION_ZSTD;
  page.coded = ZstdFrame(25, "abc");
  Account account;
  Context context;
  context.memory = &account;
  auto picture = Decode(MakeTiff(page), context);
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(Same(*picture, U8({1, 3}, {'a', 'b', 'c'})));
  EXPECT_GT(account.most, uint64_t{1} << 25);
  page.coded = ZstdFrame(31, "abc");
  EXPECT_THAT(Decode(MakeTiff(page), context), HasReason("LIMIT_EXCEEDED"));
  page.compression = COMPRESSION_LZMA;
  page.coded = XzHead() + XzBlock(40);
  picture = Decode(MakeTiff(page), context);
  EXPECT_THAT(picture, HasReason("LIMIT_EXCEEDED"));
  EXPECT_THAT(std::string(picture.status().message()), HasSubstr("max_tiff_dictionary_bytes"));
  // A small one first: the second is found behind it.
  page.coded = XzHead() + XzBlock(0) + XzBlock(36);
  EXPECT_THAT(Decode(MakeTiff(page), context), HasReason("LIMIT_EXCEEDED"));
  // libtiff would turn the bits round before its codec sees them, and hide all this.
  page.more = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_FILLORDER, FILLORDER_LSB2MSB); };
  EXPECT_THAT(Decode(MakeTiff(page), context), HasReason("NOT_OFFERED"));
}

}  // namespace
}  // namespace trine::image::testing
