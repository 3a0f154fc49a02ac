// Samples of TIFF in planes, against the same samples side by side.
#include "absl/strings/str_cat.h"
#include "tests/core/image/tiff/tiff_writing.h"

namespace trine::image::testing {
namespace {

constexpr uint32_t kWidth = 21, kHeight = 18;  // neither is a multiple of a tile or a strip

// Colours and what lies beside them.
struct Kind {
  const char* name;
  uint16_t photometric;
  std::vector<uint16_t> extra;  // of each sample beside the colours

  uint16_t colours() const {
    return photometric == PHOTOMETRIC_SEPARATED ? 4 : (photometric == PHOTOMETRIC_RGB ? 3 : 1);
  }
  uint16_t samples() const { return static_cast<uint16_t>(colours() + extra.size()); }
};

const std::vector<Kind>& Kinds() {
  static const auto& kinds = *new std::vector<Kind>{
      {"RGB", PHOTOMETRIC_RGB, {}},
      {"RGBA", PHOTOMETRIC_RGB, {EXTRASAMPLE_UNASSALPHA}},
      {"RGB premultiplied", PHOTOMETRIC_RGB, {EXTRASAMPLE_ASSOCALPHA}},
      {"RGB and data", PHOTOMETRIC_RGB, {EXTRASAMPLE_UNSPECIFIED}},
      {"LA", PHOTOMETRIC_MINISBLACK, {EXTRASAMPLE_UNASSALPHA}},
      {"L premultiplied", PHOTOMETRIC_MINISBLACK, {EXTRASAMPLE_ASSOCALPHA}},
      {"LA of white", PHOTOMETRIC_MINISWHITE, {EXTRASAMPLE_UNASSALPHA}},
      {"LAAA",
       PHOTOMETRIC_MINISBLACK,
       {EXTRASAMPLE_UNASSALPHA, EXTRASAMPLE_UNASSALPHA, EXTRASAMPLE_UNASSALPHA}},
      {"CMYK", PHOTOMETRIC_SEPARATED, {}},
      {"CMYKA", PHOTOMETRIC_SEPARATED, {EXTRASAMPLE_UNASSALPHA}}};
  return kinds;
}

struct Storing {
  bool planar = false;
  uint32_t tile = 0;
  uint16_t compression = COMPRESSION_NONE;
  bool big_endian = false;
};

// Noise, the same however it is stored.
std::string FileOf(const Kind& kind, DType dtype, const Storing& storing) {
  const size_t samples = kind.samples(), bytes = DTypeSize(dtype);
  const size_t pixels = size_t{kWidth} * kHeight;
  const std::string together =
      Raster(Noise(dtype, {kHeight, kWidth, static_cast<int64_t>(samples)}));
  TiffPage page;
  page.width = kWidth;
  page.height = kHeight;
  page.samples = kind.samples();
  page.bits = static_cast<uint16_t>(8 * bytes);
  page.format = IsFloat(dtype) ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT;
  page.photometric = kind.photometric;
  page.compression = storing.compression;
  page.planar = storing.planar;
  page.tile = storing.tile;
  page.big_endian = storing.big_endian;
  page.raster = together;
  for (size_t i = 0; storing.planar && i < pixels * samples; ++i) {
    page.raster.replace((i % samples * pixels + i / samples) * bytes, bytes, together, i * bytes,
                        bytes);
  }
  page.more = [&kind](TIFF* tiff) {
    if (kind.extra.empty()) return;
    std::vector<uint16_t> extra = kind.extra;
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, static_cast<int>(extra.size()), extra.data());
  };
  return MakeTiff(page);
}

// What planes give, plain and whole, is what the samples side by side give.
void ExpectSame(const std::string& file, const std::string& together) {
  std::vector<std::string> said, expected_said;
  const auto plain = DecodeImage(Context{}, Exact(file), {.warnings = &said});
  const auto expected = DecodeImage(Context{}, Exact(together), {.warnings = &expected_said});
  ASSERT_EQ(plain.status(), expected.status());
  if (plain.ok()) {
    EXPECT_TRUE(Same(*plain, *expected));
  }
  EXPECT_EQ(said, expected_said);
  const auto whole = ReadPicture(Context{}, Exact(file));
  const auto whole_expected = ReadPicture(Context{}, Exact(together));
  ASSERT_EQ(whole.status(), whole_expected.status());
  if (whole.ok()) {
    EXPECT_TRUE(Same(whole->samples, whole_expected->samples));
    EXPECT_TRUE(whole->form == whole_expected->form);
    EXPECT_EQ(whole->warnings, whole_expected->warnings);
  }
}

TEST(TiffPlanesTest, GiveWhatSamplesSideBySideGive) {
  for (const Kind& kind : Kinds()) {
    for (const DType dtype : {DType::kUint8, DType::kUint16, DType::kFloat32}) {
      if (kind.photometric == PHOTOMETRIC_MINISWHITE && IsFloat(dtype)) continue;
      const std::string together = FileOf(kind, dtype, {});
      for (const uint32_t tile : {0, 16}) {
        for (const uint16_t compression : {COMPRESSION_NONE, COMPRESSION_ADOBE_DEFLATE}) {
          for (const bool big_endian : {false, true}) {
            SCOPED_TRACE(absl::StrCat(kind.name, " ", DTypeSize(dtype), " ", tile, " ", compression,
                                      " ", big_endian));
            ExpectSame(FileOf(kind, dtype, {true, tile, compression, big_endian}), together);
          }
        }
      }
    }
  }
}

// What is said of samples beside the colours is what they are.
TEST(TiffPlanesTest, SamplesBesideColoursAreSaid) {
  constexpr uint16_t kData = EXTRASAMPLE_UNSPECIFIED, kAlpha = EXTRASAMPLE_UNASSALPHA;
  const std::string alpha = "its transparency was left out";
  const std::string one = "1 sample a pixel beside its colours was left out";
  const std::string two = "2 samples a pixel beside its colours were left out";
  const std::vector<std::pair<Kind, std::vector<std::string>>> cases = {
      {{"", PHOTOMETRIC_RGB, {}}, {}},
      {{"", PHOTOMETRIC_RGB, {kAlpha}}, {alpha}},
      {{"", PHOTOMETRIC_RGB, {EXTRASAMPLE_ASSOCALPHA}}, {alpha}},
      {{"", PHOTOMETRIC_RGB, {kAlpha, kAlpha}}, {alpha}},
      {{"", PHOTOMETRIC_RGB, {kData}}, {one}},
      {{"", PHOTOMETRIC_RGB, {kData, kData}}, {two}},
      {{"", PHOTOMETRIC_RGB, {kAlpha, kData, kData}}, {alpha, two}},
      {{"", PHOTOMETRIC_MINISBLACK, {kAlpha}}, {alpha}},
      {{"", PHOTOMETRIC_MINISBLACK, {kData}}, {one}}};
  for (const auto& [kind, expected] : cases) {
    for (const bool planar : {false, true}) {
      std::vector<std::string> said;
      const std::string file = FileOf(kind, DType::kUint8, {.planar = planar});
      ASSERT_TRUE(DecodeImage(Context{}, Exact(file), {.warnings = &said}).ok());
      EXPECT_EQ(said, expected);
    }
  }
}

// Alpha that is opaque everywhere is nothing that would be lost: of one pixel that is not it is
// said.
TEST(TiffPlanesTest, OnlyAlphaThatIsClearIsSaid) {
  struct Case {
    uint16_t bits, format;
    uint64_t opaque;
  };
  constexpr uint32_t kSide = 5;
  for (const Case& c : std::vector<Case>{{8, SAMPLEFORMAT_UINT, 0xFF},
                                         {4, SAMPLEFORMAT_UINT, 0xF},
                                         {12, SAMPLEFORMAT_UINT, 0xFFF},
                                         {16, SAMPLEFORMAT_UINT, 0xFFFF},
                                         {32, SAMPLEFORMAT_UINT, 0xFFFFFFFF},
                                         {16, SAMPLEFORMAT_INT, 0x7FFF},
                                         {64, SAMPLEFORMAT_UINT, UINT64_MAX},
                                         {32, SAMPLEFORMAT_IEEEFP, 0x3F800000}}) {
    for (const bool planar : {false, true}) {
      for (const int clear : {-1, 0, 24}) {
        for (const uint32_t tile : {0, 16}) {
          if (tile != 0 && c.bits % 8 != 0) continue;
          SCOPED_TRACE(absl::StrCat(c.bits, " ", c.format, " ", planar, " ", clear, " ", tile));
          std::vector<uint64_t> values;
          const auto alpha_of = [&](size_t i) {
            return static_cast<int>(i) == clear ? c.opaque - 1 : c.opaque;
          };
          for (size_t i = 0; i < kSide * kSide; ++i) {
            values.push_back(i % 3);
            if (!planar) values.push_back(alpha_of(i));
          }
          for (size_t i = 0; planar && i < kSide * kSide; ++i) values.push_back(alpha_of(i));
          TiffPage page{.width = kSide, .height = kSide, .samples = 2, .bits = c.bits};
          page.format = c.format;
          page.planar = planar;
          page.tile = tile;
          if (c.bits % 8 == 0) {
            for (const uint64_t value : values) page.raster += Le(value).substr(0, c.bits / 8u);
          } else {
            page.raster = PackSamples(values, c.bits, planar ? kSide : 2 * kSide);
          }
          page.more = [](TIFF* tiff) {
            const uint16_t kind = EXTRASAMPLE_UNASSALPHA;
            TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
          };
          std::vector<std::string> said;
          const auto picture = DecodeImage(Context{}, Exact(MakeTiff(page)), {.warnings = &said});
          ASSERT_TRUE(picture.ok()) << picture.status();
          EXPECT_EQ(said, clear < 0 ? std::vector<std::string>()
                                    : std::vector<std::string>{"its transparency was left out"});
        }
      }
    }
  }
}

// The samples themselves: alpha is one like the others.
TEST(TiffPlanesTest, KeepTheSamples) {
  for (const Kind& kind : Kinds()) {
    const bool kept = kind.extra.empty() || (kind.extra.size() == 1 && kind.extra[0] != 0);
    if (!kept || kind.colours() == 4) continue;
    for (const DType dtype : {DType::kUint8, DType::kUint16, DType::kFloat32}) {
      if (kind.photometric == PHOTOMETRIC_MINISWHITE) continue;
      const auto whole = ReadPicture(Context{}, Exact(FileOf(kind, dtype, {.planar = true})));
      ASSERT_TRUE(whole.ok()) << whole.status();
      EXPECT_TRUE(Same(whole->samples, Noise(dtype, {kHeight, kWidth, kind.samples()})))
          << kind.name;
    }
  }
}

}  // namespace
}  // namespace trine::image::testing
