// JPEG: what the golden files do not say.
#include "tests/core/image/image_testing.h"

namespace trine::image::testing {
namespace {

using ::testing::ElementsAre, ::testing::HasSubstr, ::testing::IsEmpty;

absl::StatusOr<Tensor> Decode(const std::string& file, const Context& context = {}) {
  return DecodeImage(context, Exact(file));
}

// What is said of a file, which must be read and give `expected`.
std::vector<std::string> WarningsOf(const std::string& file, const Tensor& expected) {
  std::vector<std::string> warnings;
  const auto picture = DecodeImage(Context{}, Exact(file), {.warnings = &warnings});
  EXPECT_TRUE(picture.ok()) << picture.status();
  if (picture.ok()) {
    EXPECT_TRUE(Same(*picture, expected));
  }
  return warnings;
}

Tensor Smooth(int64_t height, int64_t width) {
  Tensor t = Tensor::Zeros(DType::kUint8, {height, width, 3});
  for (size_t i = 0; i < t.data.size(); ++i) {
    const size_t x = i / 3 % static_cast<size_t>(width), y = i / 3 / static_cast<size_t>(width);
    t.data[i] = static_cast<uint8_t>((x * 3 + y * 2 + i % 3 * 40) % 256 / 2 + 64);
  }
  return t;
}

// Where the first marker of this code is.
size_t FindMarker(const std::string& file, uint8_t code) {
  const size_t at = file.find(std::string("\xFF") + static_cast<char>(code));
  EXPECT_NE(at, std::string::npos);
  return at;
}

TEST(JpegTest, IsCloseToWhatWasCoded) {
  const Tensor original = Smooth(50, 70);
  const auto picture = Decode(MakeJpeg(original, {.quality = 98}));
  ASSERT_TRUE(picture.ok()) << picture.status();
  ASSERT_EQ(picture->shape, original.shape);
  double error = 0;
  for (size_t i = 0; i < original.data.size(); ++i) {
    error += std::abs(int{original.data[i]} - int{picture->data[i]});
  }
  EXPECT_LT(error / static_cast<double>(original.data.size()), 4.0);
}

TEST(JpegTest, ScanBombsAreRefused) {
  std::string file = MakeJpeg(Smooth(32, 32), {.progressive = true});
  // The last scan once more, and again: each is valid and costs a pass over the picture.
  const size_t last = file.rfind("\xFF\xDA");
  const std::string scan = file.substr(last, file.size() - 2 - last);
  file.resize(file.size() - 2);
  for (int i = 0; i < 200; ++i) file += scan;
  file += "\xFF\xD9";
  const auto picture = Decode(file);
  EXPECT_THAT(picture, HasReason("LIMIT_EXCEEDED"));
  EXPECT_THAT(std::string(picture.status().message()), HasSubstr("max_jpeg_scans"));
}

// Of any kind, with all its pixels.
TEST(JpegTest, MissingEndIsAWarning) {
  for (const bool progressive : {false, true}) {
    for (const int64_t width : {8, 32, 33, 100}) {
      const std::string file = MakeJpeg(Smooth(width, width), {.progressive = progressive});
      const Tensor whole = *Decode(file);
      EXPECT_THAT(WarningsOf(file, whole), IsEmpty());
      const std::string endless = file.substr(0, file.size() - 2);
      EXPECT_THAT(WarningsOf(endless, whole), ElementsAre(HasSubstr("no end marker")));
      EXPECT_THAT(WarningsOf(endless + '\xFF', whole), ElementsAre(HasSubstr("no end marker")));
      // Something else begins where the end should be.
      for (const std::string& trailer : {MakeJpeg(Smooth(8, 8)), "\xFF\xC3" + std::string(90, '\1'),
                                         std::string("\xFF\xE5\0\1", 4)}) {
        EXPECT_THAT(WarningsOf(endless + trailer, whole),
                    ElementsAre(HasSubstr("no end marker"), HasSubstr("behind")));
      }
    }
  }
}

// As of damaged pixels, whose decoder is done before its bytes are.
TEST(JpegTest, StrayBytesAreAWarning) {
  const std::string file = MakeJpeg(Smooth(32, 32));
  const std::string stray =
      file.substr(0, file.size() - 2) + "\x12\x34" + file.substr(file.size() - 2);
  EXPECT_THAT(WarningsOf(stray, *Decode(file)), ElementsAre(HasSubstr("stray bytes")));
}

TEST(JpegTest, TrailerIsAWarning) {
  for (const bool progressive : {false, true}) {
    const std::string file = MakeJpeg(Smooth(32, 32), {.progressive = progressive});
    const Tensor whole = *Decode(file);
    for (const std::string& trailer :
         {std::string("x"), std::string(5000, '\0'), std::string("\xFF\xD8\xFF"), file}) {
      EXPECT_THAT(WarningsOf(file + trailer, whole),
                  ElementsAre(HasSubstr(std::to_string(trailer.size()) + " byte")));
    }
  }
}

// Cut anywhere before the last pixel, whatever is put behind.
TEST(JpegTest, CutPixelsAreAnError) {
  for (const bool progressive : {false, true}) {
    const std::string file = MakeJpeg(Smooth(32, 32), {.progressive = progressive});
    const Tensor whole = *Decode(file);
    for (size_t length = 4; length + 4 < file.size(); ++length) {
      for (const char* end : {"", "\xFF", "\xFF\xD8\xFF", "\xFF\xD9"}) {
        if (progressive && end == std::string("\xFF\xD9")) continue;  // said to be all: below
        const auto picture = Decode(file.substr(0, length) + end);
        EXPECT_TRUE(!picture.ok() || Same(*picture, whole)) << length << " of " << file.size();
      }
    }
    const auto half = Decode(file.substr(0, file.size() / 2));
    EXPECT_THAT(half, HasReason("CORRUPT_IMAGE"));
  }
}

// Without the end marker nobody knows that a scan was all; with it the encoder says so.
TEST(JpegTest, MissingScansAreAnErrorWhereTheEndIsMissing) {
  std::string file = MakeJpeg(Smooth(32, 32), {.progressive = true});
  file.resize(file.rfind("\xFF\xDA"));
  // The tables in front of the scan go with it.
  const size_t tables = file.rfind("\xFF\xC4");
  if (tables + 100 > file.size()) file.resize(tables);
  EXPECT_THAT(Decode(file), HasReason("CORRUPT_IMAGE"));
  EXPECT_TRUE(Decode(file + "\xFF\xD9").ok());
}

TEST(JpegTest, CmykIsSaid) {
  const std::string file = ReadGolden("cmyk.jpg");
  EXPECT_THAT(WarningsOf(file, *Decode(file)), ElementsAre(HasSubstr("CMYK")));
}

TEST(JpegTest, ComponentWithoutAScan) {
  std::string file = MakeJpeg(Smooth(16, 16));
  const size_t scan = FindMarker(file, 0xDA);
  // One component instead of three in the only scan.
  const std::string header = std::string("\xFF\xDA\0\x08\1\1\0\0\x3F\0", 10);
  file.replace(scan, 14, header);
  EXPECT_THAT(Decode(file), HasReason("CORRUPT_IMAGE"));
}

TEST(JpegTest, OtherProcessesAreNotRead) {
  const std::string file = MakeJpeg(Smooth(16, 16));
  const size_t frame = FindMarker(file, 0xC0);
  std::string lossless = file, deep = file, two = file;
  lossless[frame + 1] = static_cast<char>(0xC3);
  deep[frame + 4] = 12;
  EXPECT_THAT(Decode(lossless), HasCode(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(Decode(deep), HasCode(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(std::string(Decode(deep).status().message()), HasSubstr("12 bits"));
}

TEST(JpegTest, TwoFramesAreCorrupt) {
  std::string file = MakeJpeg(Smooth(16, 16));
  const size_t frame = FindMarker(file, 0xC0);
  file.insert(frame, file.substr(frame, 19));
  EXPECT_THAT(Decode(file), HasReason("CORRUPT_IMAGE"));
}

TEST(JpegTest, ClaimsBeyondTheLimitsAreRefusedByTheHeader) {
  std::string file = MakeJpeg(Smooth(16, 16));
  const size_t frame = FindMarker(file, 0xC0);
  file.replace(frame + 5, 4, "\xFF\xFF\xFF\xFF");
  EXPECT_THAT(Decode(file), HasReason("LIMIT_EXCEEDED"));
  file.replace(frame + 5, 4, std::string("\x40\0\x3F\xFF", 4));  // 16384 x 16383: within them
  EXPECT_THAT(Decode(file), HasReason("CORRUPT_IMAGE"));
  file.replace(frame + 5, 2, std::string(2, '\0'));
  EXPECT_THAT(Decode(file), HasReason("CORRUPT_IMAGE"));
}

TEST(JpegTest, ProgressiveMemoryIsBounded) {
  Limits limits;
  limits.max_output_bytes = 3 * 3000 * 3000;
  Context context;
  context.limits = &limits;
  // Coefficients take 6 bytes a pixel, on top of the picture's 3: within three times its size.
  const std::string file = MakeJpeg(Smooth(3000, 3000), {.progressive = true, .quality = 30});
  EXPECT_TRUE(Decode(file, context).ok());
}

TEST(JpegTest, SaysWhatIsNotKept) {
  const std::string file = MakeJpeg(Smooth(16, 24));
  const auto warnings = [&](const std::string& bytes) {
    const auto picture = ReadPicture(Context{}, Exact(bytes));
    return picture.ok() ? picture->warnings : std::vector<std::string>{"none"};
  };
  EXPECT_THAT(warnings(file), IsEmpty());
  std::string all = file.substr(0, 2);
  for (const auto& [marker, data, name] : std::vector<std::tuple<char, std::string, std::string>>{
           {'\xE1', std::string("Exif\0\0", 6), "EXIF"},
           {'\xE1', std::string("http://ns.adobe.com/xap/1.0/\0<x/>", 33), "XMP"},
           {'\xE2', std::string("ICC_PROFILE\0\1\1x", 15), "the colour profile"},
           {'\xE2', std::string("MPF\0", 4), "further pictures (MPF)"},
           {'\xE0', std::string("JFXX\0\x10", 6), "a thumbnail"},
           {'\xE0', "anything", "APP0"},
           {'\xE4', "anything", "APP4"},
           {'\xED', std::string("Photoshop 3.0\0", 14), "Photoshop's data"},
           {'\xFE', "hello", "a comment"}}) {
    const std::string segment =
        std::string("\xFF") + marker + Be(static_cast<uint16_t>(data.size() + 2)) + data;
    all += segment + segment;
    EXPECT_THAT(warnings(file.substr(0, 2) + segment + file.substr(2)),
                ElementsAre("not kept: " + name));
  }
  EXPECT_THAT(warnings(all + file.substr(2)),
              ElementsAre("not kept: EXIF, XMP, the colour profile, further pictures (MPF), a "
                          "thumbnail, APP0, APP4, Photoshop's data, a comment"));
  // Dots an inch.
  std::string dots = file;
  const size_t jfif = dots.find("JFIF");
  ASSERT_NE(jfif, std::string::npos);
  dots[jfif + 7] = 1;
  EXPECT_THAT(warnings(dots), ElementsAre("not kept: the resolution"));
  // A thumbnail of 2 x 1 pixels in the JFIF segment itself.
  for (const bool states_dots : {false, true}) {
    std::string small = states_dots ? dots : file;
    small.insert(jfif + 14, "abcdef");
    small[jfif + 12] = 2;
    small[jfif + 13] = 1;
    small[jfif - 1] = static_cast<char>(small[jfif - 1] + 6);
    EXPECT_THAT(warnings(small), ElementsAre(states_dots ? "not kept: the resolution, a thumbnail"
                                                         : "not kept: a thumbnail"));
  }
}

TEST(JpegTest, BrokenExifIsIgnored) {
  const std::string file = MakeJpeg(Smooth(16, 24));
  for (const std::string& exif :
       {std::string("Exif\0\0", 6), std::string("Exif\0\0II*\0\xFF\xFF\xFF\xFF", 14),
        std::string("Exif\0\0XX*\0\x08\0\0\0", 14),
        std::string("Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\x09\0\0\0", 28),
        std::string("Exif\0\0II*\0\x08\0\0\0\xFF\xFF\x12\1", 18), std::string("Exif")}) {
    const std::string segment = "\xFF\xE1" + Be(static_cast<uint16_t>(exif.size() + 2)) + exif;
    const auto picture = Decode(file.substr(0, 2) + segment + file.substr(2));
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_EQ(picture->shape, (Shape{16, 24, 3}));
  }
}

}  // namespace
}  // namespace trine::image::testing
