// Limits at their edge, cancellation, and what is recognised.
#include <chrono>

#include "absl/strings/str_cat.h"
#include "tests/core/image/image_testing.h"
#include "tests/core/polling.h"

namespace trine::image::testing {
namespace {

using ::testing::HasSubstr;

// Files of a gray picture of one byte a sample; NPY's and NPZ's is an array.
std::vector<std::pair<Format, std::string>> Files(int64_t height, int64_t width) {
  const Tensor t = Noise(DType::kUint8, {height, width});
  std::vector<std::pair<Format, std::string>> files;
  for (const Format format : {Format::kPng, Format::kTiff, Format::kPnm, Format::kNpy}) {
    files.emplace_back(format, *EncodeImage(Context{}, format, t.view()));
  }
  files.emplace_back(Format::kPam, absl::StrCat("P7\nWIDTH ", width, "\nHEIGHT ", height,
                                                "\nDEPTH 1\nMAXVAL 255\nENDHDR\n",
                                                std::string(t.data.begin(), t.data.end())));
  files.emplace_back(Format::kNpz,
                     MakeNpz({{"a.npy", *EncodeImage(Context{}, Format::kNpy, t.view())}}));
  files.emplace_back(Format::kJpeg, MakeJpeg(t));
  files.emplace_back(Format::kJpeg, MakeJpeg(t, {.progressive = true}));
  // A BMP of 8 bits with the palette of grays.
  std::string palette, raster;
  for (int i = 0; i < 256; ++i) palette += std::string(3, static_cast<char>(i)) + '\0';
  const size_t stride = (static_cast<size_t>(width) + 3) / 4 * 4;
  raster.resize(stride * static_cast<size_t>(height));
  files.emplace_back(Format::kBmp, "BM" + std::string(8, '\0') + Le<uint32_t>(54 + 1024) +
                                       Le<uint32_t>(40) + Le(static_cast<int32_t>(width)) +
                                       Le(static_cast<int32_t>(height)) + Le<uint16_t>(1) +
                                       Le<uint16_t>(8) + std::string(24, '\0') + palette + raster);
  return files;
}

// Such that a pass over them takes long; they take seconds to write.
constexpr int kLargeHeight = 4000, kLargeWidth = 5000;
const std::vector<std::pair<Format, std::string>>& LargeFiles() {
  static const auto* const files =
      new std::vector<std::pair<Format, std::string>>(Files(kLargeHeight, kLargeWidth));
  return *files;
}

absl::StatusOr<Tensor> DecodeBytes(Format format, ByteView file, const Context& context,
                                   const DecodeOptions& options = {}) {
  const bool array = format == Format::kNpy || format == Format::kNpz;
  return array ? DecodeNpy(context, file) : DecodeImage(context, file, options);
}
absl::StatusOr<Tensor> Decode(Format format, const std::string& file, const Context& context,
                              const DecodeOptions& options = {}) {
  return DecodeBytes(format, Exact(file), context, options);
}

TEST(LimitsTest, PixelsAtTheEdge) {
  for (const auto& [format, file] : Files(20, 30)) {
    if (HoldsArray(Exact(file))) continue;  // not a picture
    for (const uint64_t most : {599u, 600u, 601u}) {
      Limits limits;
      limits.max_image_pixels = most;
      Context context;
      context.limits = &limits;
      const auto picture = Decode(format, file, context);
      if (most >= 600) {
        EXPECT_TRUE(picture.ok()) << FormatName(format) << picture.status();
      } else {
        EXPECT_THAT(picture, HasReason("LIMIT_EXCEEDED")) << FormatName(format);
        EXPECT_THAT(std::string(picture.status().message()), HasSubstr("max_image_pixels = 599"));
        EXPECT_THAT(std::string(picture.status().message()), HasSubstr("600"));
        EXPECT_EQ(GetErrorDetail(picture.status())->field, "image");
      }
    }
  }
}

TEST(LimitsTest, BytesAndElementsAtTheEdge) {
  for (const auto& [format, file] : Files(20, 30)) {
    for (const uint64_t most : {599u, 600u, 601u}) {
      for (const bool elements : {false, true}) {
        Limits limits;
        (elements ? limits.max_elements : limits.max_output_bytes) = most;
        Context context;
        context.limits = &limits;
        const auto picture = Decode(format, file, context);
        EXPECT_EQ(picture.ok(), most >= 600) << FormatName(format) << picture.status();
        if (!picture.ok()) {
          EXPECT_EQ(Reason(picture.status()), "LIMIT_EXCEEDED");
        }
      }
      if (HoldsArray(Exact(file))) continue;
      const auto picture = Decode(format, file, Context{}, {.max_bytes = most});
      EXPECT_EQ(picture.ok(), most >= 600) << FormatName(format) << picture.status();
    }
  }
}

TEST(LimitsTest, MaxBytesOfAnySizeIsSafe) {
  for (const auto& [format, file] : Files(20, 30)) {
    EXPECT_TRUE(Decode(format, file, Context{}, {.max_bytes = UINT64_MAX}).ok());
  }
}

TEST(CancelTest, BeforeTheWork) {
  CancelSource source;
  source.Cancel();
  Context context;
  context.cancel = source.token();
  for (const auto& [format, file] : Files(20, 30)) {
    EXPECT_THAT(Decode(format, file, context), HasReason("CANCELLED")) << FormatName(format);
  }
  const Tensor t = Noise(DType::kUint8, {20, 30});
  for (const Format format : {Format::kPng, Format::kTiff, Format::kPnm, Format::kNpy}) {
    EXPECT_THAT(EncodeImage(context, format, t.view()), HasReason("CANCELLED"));
  }
}

// The deadline passes while the work, which takes many times as long, is under way.
TEST(CancelTest, WithinTheWork) {
  const auto soon = [](Context& context) {
    CancelSource source;
    source.SetDeadline(std::chrono::steady_clock::now() + std::chrono::microseconds(500));
    context.cancel = source.token();
  };
  for (const auto& [format, file] : LargeFiles()) {
    Context context;
    soon(context);
    EXPECT_THAT(Decode(format, file, context), HasReason("DEADLINE")) << FormatName(format);
  }
  const Tensor t = Noise(DType::kUint8, {kLargeHeight, kLargeWidth});
  for (const Format format : {Format::kPng, Format::kTiff}) {
    Context context;
    soon(context);
    EXPECT_THAT(EncodeImage(context, format, t.view()), HasReason("DEADLINE"));
  }
  for (const std::string& blanks : {std::string(40 << 20, ' '), "#" + std::string(40 << 20, 'x')}) {
    Context context;
    soon(context);
    EXPECT_THAT(DecodeImage(context, Bytes("P2 " + blanks)), HasReason("DEADLINE"));
  }
}

// Readers and writers poll at least once in so many bytes of the picture,
// copies of whole arrays less often.
TEST(CancelTest, Polls) {
  constexpr uint64_t kBytesAPoll = 65536;
  constexpr uint64_t kBytesAPollOfCopies = uint64_t{1} << 20;
  constexpr int kHeight = 1500, kWidth = 2000;
  const auto bytes_a_poll = [](Format format) {
    const bool copies = format == Format::kNpy || format == Format::kNpz;
    return copies ? kBytesAPollOfCopies : kBytesAPoll;
  };
  for (const auto& [format, file] : Files(kHeight, kWidth)) {
    ExpectPolls("read " + std::string(FormatName(format)), kHeight * kWidth, bytes_a_poll(format),
                [&](const Context& context) { return Decode(format, file, context).status(); });
  }
  const Tensor t = Noise(DType::kUint8, {kHeight, kWidth});
  for (const Format format : {Format::kPng, Format::kTiff, Format::kPnm, Format::kNpy}) {
    ExpectPolls(
        "write " + std::string(FormatName(format)), kHeight * kWidth, bytes_a_poll(format),
        [&](const Context& context) { return EncodeImage(context, format, t.view()).status(); });
  }
}

// Pictures of which a pass takes longer than two polls may be apart.
TEST(CancelTest, NoLongGaps) {
  if (!kPollsAreTimed) GTEST_SKIP() << "gaps are measured in optimised builds only";
  for (const auto& [format, file] : LargeFiles()) {
    // In place: a copy of the file would count as work that does not poll.
    ExpectShortGaps("read " + std::string(FormatName(format)), [&](const Context& context) {
      return DecodeBytes(format, Bytes(file), context).status();
    });
  }
  const Tensor t = Noise(DType::kUint8, {kLargeHeight, kLargeWidth});
  for (const Format format : {Format::kPng, Format::kTiff, Format::kPnm, Format::kNpy}) {
    ExpectShortGaps("write " + std::string(FormatName(format)), [&](const Context& context) {
      return EncodeImage(context, format, t.view()).status();
    });
  }
}

TEST(RecognizeTest, ByContent) {
  const std::vector<std::pair<std::string, std::optional<Format>>> cases = {
      {"\x89PNG\r\n\x1A\n", Format::kPng},
      {"\xFF\xD8\xFF\xE0", Format::kJpeg},
      {std::string("II*\0", 4), Format::kTiff},
      {std::string("MM\0*", 4), Format::kTiff},
      {std::string("II+\0", 4), Format::kTiff},
      {std::string("MM\0+", 4), Format::kTiff},
      {"BM", Format::kBmp},
      {"BM this is but a text", std::nullopt},
      {"P1 ", Format::kPnm},
      {"P6\n", Format::kPnm},
      {"P3#", Format::kPnm},
      {"P7\n", Format::kPam},
      {"P7 332", std::nullopt},
      {"PF\n", Format::kPfm},
      {"Pf ", Format::kPfm},
      {"Pfx", std::nullopt},
      {std::string("RIFF\0\0\0\0WEBP", 12), Format::kWebp},
      {std::string("RIFF\0\0\0\0WAVE", 12), std::nullopt},
      {"PK\3\4", Format::kNpz},
      {"P0\n", std::nullopt},
      {"P5x", std::nullopt},
      {"P5", std::nullopt},
      {"\x93NUMPY\1", Format::kNpy},
      {"\x89PNG", std::nullopt},
      {"GIF89a", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& [bytes, expected] : cases) {
    EXPECT_EQ(RecognizeFormat(Exact(bytes)), expected) << bytes;
  }
}

TEST(RecognizeTest, ByExtension) {
  const std::vector<std::pair<std::string, std::optional<Format>>> cases = {
      {"a.png", Format::kPng},   {"a.b/c.JPG", Format::kJpeg}, {"x.jpeg", Format::kJpeg},
      {"x.TiFf", Format::kTiff}, {"x.tif", Format::kTiff},     {"x.bmp", Format::kBmp},
      {"x.pgm", Format::kPnm},   {"x.ppm", Format::kPnm},      {"x.pbm", Format::kPnm},
      {"x.pnm", Format::kPnm},   {"x.npy", Format::kNpy},      {"x.png.gz", std::nullopt},
      {"x.pam", Format::kPam},   {"x.pfm", Format::kPfm},      {"x.webp", Format::kWebp},
      {"x.npz", Format::kNpz},   {"x.dib", Format::kBmp},      {"x.gif", std::nullopt},
      {"png", std::nullopt},     {"a.png/b", std::nullopt},    {"", std::nullopt},
      {"x.", std::nullopt},      {".png", Format::kPng},
  };
  for (const auto& [name, expected] : cases) EXPECT_EQ(FormatOfExtension(name), expected) << name;
}

TEST(RecognizeTest, OtherContentIsRefused) {
  for (const std::string bytes : {"", "x", "P5", "\x89PNG"}) {
    const auto picture = DecodeImage(Context{}, Exact(bytes));
    EXPECT_THAT(picture, HasReason("CORRUPT_IMAGE"));
    EXPECT_THAT(std::string(picture.status().message()),
                HasSubstr("PNG, JPEG, TIFF, BMP, PNM, PAM, PFM or WebP"));
  }
  const std::string npy = *EncodeImage(Context{}, Format::kNpy, Noise(DType::kUint8, {2}).view());
  for (const std::string& array : {npy, std::string("PK\3\4")}) {
    EXPECT_TRUE(HoldsArray(Exact(array)));
    EXPECT_THAT(DecodeImage(Context{}, Exact(array)), HasReason("INVALID_FIELD"));
  }
  EXPECT_FALSE(HoldsArray(Exact("P5 1 1 255\nx")));
  EXPECT_FALSE(HoldsArray(Exact("")));
  EXPECT_THAT(DecodeNpy(Context{}, Exact("P5 1 1 255\nx")), HasReason("CORRUPT_IMAGE"));
}

// Known and not read: refused by name, with what is read.
TEST(RecognizeTest, OtherFormatsAreRefusedByName) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"GIF89a", "GIF"},
      {"GIF87a", "GIF"},
      {std::string("\0\0\0\x0CjP  \r\n\x87\n", 12), "JPEG 2000"},
      {std::string("\0\0\0\x0CJXL \r\n\x87\n", 12), "JPEG XL"},
      {"\xFF\x0A\x10", "JPEG XL"},
      {std::string("\0\0\0\x18", 4) + "ftypheic", "HEIC"},
      {std::string("\0\0\0\x18", 4) + "ftypavif", "AVIF"},
      {"8BPS", "Photoshop"},
      {"%PDF-1.4", "PDF"},
      {std::string(128, '\0') + "DICM", "DICOM"},
      {std::string("v/1\x01"), "OpenEXR"},
      {std::string("\0\0\1\0", 4), "icon"},
  };
  for (const auto& [bytes, name] : cases) {
    const auto picture = DecodeImage(Context{}, Exact(bytes));
    EXPECT_THAT(picture, HasReason("NOT_OFFERED")) << name;
    EXPECT_THAT(std::string(picture.status().message()),
                HasSubstr(" " + name + " file is not read"));
    const bool an = name == "AVIF" || name == "OpenEXR" || name == "icon";
    EXPECT_THAT(std::string(picture.status().message()), HasSubstr(an ? ": an " : ": a "));
    EXPECT_THAT(std::string(picture.status().message()), HasSubstr("PFM or WebP"));
  }
}

TEST(RecognizeTest, WhatIsWritten) {
  const Tensor t = Noise(DType::kUint8, {2, 3});
  for (const Format format :
       {Format::kPng, Format::kJpeg, Format::kTiff, Format::kBmp, Format::kPnm, Format::kNpy,
        Format::kWebp, Format::kPam, Format::kPfm, Format::kNpz}) {
    const auto file = EncodeImage(Context{}, format, t.view());
    EXPECT_EQ(file.ok(), IsWritten(format)) << FormatName(format);
    if (!file.ok()) {
      EXPECT_EQ(Reason(file.status()), "NOT_OFFERED");
    }
  }
}

TEST(RecognizeTest, Names) {
  EXPECT_EQ(FormatName(Format::kPng), "PNG");
  EXPECT_EQ(FormatName(Format::kJpeg), "JPEG");
  EXPECT_EQ(FormatName(Format::kTiff), "TIFF");
  EXPECT_EQ(FormatName(Format::kBmp), "BMP");
  EXPECT_EQ(FormatName(Format::kPnm), "PNM");
  EXPECT_EQ(FormatName(Format::kNpy), "NPY");
  EXPECT_EQ(FormatName(Format::kWebp), "WebP");
  EXPECT_EQ(FormatName(Format::kPam), "PAM");
  EXPECT_EQ(FormatName(Format::kPfm), "PFM");
  EXPECT_EQ(FormatName(Format::kNpz), "NPZ");
}

}  // namespace
}  // namespace trine::image::testing
