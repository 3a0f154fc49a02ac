// Pictures kept whole: what ReadPicture gives of other software's files, and what WritePicture
// writes and ReadPicture reads again.
#include "core/image/form.h"
#include "tests/core/image/image_testing.h"

namespace trine::image::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using enum PictureColor;

constexpr Format kWritten[] = {Format::kPng, Format::kTiff, Format::kPnm};

absl::StatusOr<Picture> Read(const std::string& file, const ReadOptions& options = {},
                             const Context& context = {}) {
  return ReadPicture(context, Exact(file), options);
}

PictureView ViewOf(const Picture& picture) {
  return {picture.samples.dtype, picture.samples.shape, picture.samples.data, picture.form};
}

absl::StatusOr<std::string> Write(Format format, const Picture& picture) {
  return WritePicture(Context{}, format, ViewOf(picture));
}

std::string Say(const Picture& picture) {
  return Describe(picture.samples) + " " + std::string(PictureColorName(picture.form.color)) + " " +
         std::to_string(picture.form.bit_depth) + " bits, entries of " +
         std::to_string(picture.form.entry_bytes);
}

// A picture of noise within its bits and its palette, padding of packed rows zero.
Picture Made(PictureColor color, int bits, DType dtype, int entry_bytes, size_t entries,
             Shape shape) {
  Picture p;
  if (PictureChannels(color) > 1) shape.push_back(PictureChannels(color));
  p.form = {color, bits, entry_bytes, ""};
  const Tensor table = Noise(DType::kUint8, {static_cast<int64_t>(entries), entry_bytes}, 7);
  p.form.table.assign(table.data.begin(), table.data.end());
  // A transparent value is one of those that samples may have; 16 bits are not 8 bits repeated.
  if (color != kPalette) {
    for (size_t i = 0; i + 1 < p.form.table.size(); i += 2) {
      StoreLE(&p.form.table[i], static_cast<uint16_t>((1 << bits) - 1 - static_cast<int>(i) % 2));
    }
  }
  p.samples = Noise(dtype, std::move(shape), static_cast<uint32_t>(bits));
  const auto most = static_cast<uint32_t>(color == kPalette ? static_cast<int64_t>(entries)
                                                            : int64_t{1} << std::min(bits, 16));
  for (size_t i = 0; i < p.samples.data.size() && bits < 8; ++i) {
    p.samples.data[i] = static_cast<uint8_t>(p.samples.data[i] % most);
  }
  if (color == kPalette && bits == 8) {
    for (uint8_t& v : p.samples.data) v = static_cast<uint8_t>(v % entries);
  }
  for (size_t i = 0; dtype == DType::kUint16 && bits < 16 && i < p.samples.data.size(); i += 2) {
    uint8_t* sample = p.samples.data.data() + i;
    StoreLE(sample, static_cast<uint16_t>(LoadLE<uint16_t>(sample) % most));
  }
  if (!p.form.is_packed()) return p;
  const PictureGrid grid = *PictureGridOf(color, p.samples.shape);
  const size_t row = grid.width * grid.channels;
  LongArray<uint8_t> packed =
      LongArray<uint8_t>::Zeros(*PictureBytes(p.form, dtype, p.samples.shape));
  for (size_t y = 0; y < grid.pages * grid.height; ++y) {
    internal::PackBits(p.samples.data.data() + y * row, row, false,
                       packed.data() + y * grid.row_bytes(p.form, dtype));
  }
  p.samples.data = std::move(packed);
  return p;
}

// Every form, in small.
std::vector<Picture> AllForms(const Shape& shape) {
  std::vector<Picture> all;
  for (int color = kMinPictureColor; color <= kMaxPictureColor; ++color) {
    const auto c = static_cast<PictureColor>(color);
    if (c == kPalette) continue;
    for (int bits = 1; bits <= 16; ++bits) {
      all.push_back(Made(c, bits, bits <= 8 ? DType::kUint8 : DType::kUint16, 0, 0, shape));
    }
    for (const DType dtype : {DType::kUint32, DType::kInt8, DType::kInt16, DType::kInt32,
                              DType::kFloat32, DType::kFloat64}) {
      all.push_back(Made(c, 8 * static_cast<int>(DTypeSize(dtype)), dtype, 0, 0, shape));
    }
  }
  for (const int bits : {1, 2, 4, 8, 16}) {
    const DType dtype = bits == 16 ? DType::kUint16 : DType::kUint8;
    all.push_back(Made(kGray, bits, dtype, 2, 1, shape));
    if (bits >= 8) all.push_back(Made(kRgb, bits, dtype, 6, 1, shape));
  }
  for (const int bits : {1, 2, 4, 8}) {
    for (const int entry_bytes : {3, 4, 6}) {
      for (const size_t entries : {size_t{1}, size_t{1} << bits}) {
        all.push_back(Made(kPalette, bits, DType::kUint8, entry_bytes, entries, shape));
      }
    }
  }
  return all;
}

// TIFF palettes have an entry for every number.
PictureForm AsRead(Format format, PictureForm form) {
  if (format == Format::kTiff && form.color == kPalette) {
    form.table.resize(static_cast<size_t>(form.entry_bytes) << form.bit_depth, '\0');
  }
  return form;
}

TEST(WholeTest, WhatIsWrittenIsReadAgainOrRefused) {
  int same = 0, refused = 0;
  for (const Shape& shape : {Shape{1, 1}, Shape{5, 9}, Shape{3, 64}, Shape{3, 4, 7}}) {
    for (const Picture& picture : AllForms(shape)) {
      ASSERT_EQ(PictureProblem(picture.form, picture.samples.dtype, picture.samples.shape), "");
      for (const Format format : kWritten) {
        SCOPED_TRACE(Say(picture) + " in " + std::string(FormatName(format)));
        const std::string problem =
            WritingProblem(format, picture.form, picture.samples.dtype, picture.samples.shape);
        const auto file = Write(format, picture);
        if (!problem.empty()) {
          EXPECT_THAT(file, HasReason("INVALID_FIELD"));
          EXPECT_THAT(std::string(file.status().message()), HasSubstr(problem));
          ++refused;
          continue;
        }
        ASSERT_TRUE(file.ok()) << file.status();
        EXPECT_EQ(RecognizeFormat(Bytes(*file)), format);
        const auto back = Read(*file);
        // What libtiff reads and we do not yet is said so, by name.
        if (absl::IsUnimplemented(back.status()) && format == Format::kTiff) continue;
        ASSERT_TRUE(back.ok()) << back.status();
        EXPECT_TRUE(Same(back->samples, picture.samples)) << Say(*back);
        EXPECT_TRUE(back->form == AsRead(format, picture.form)) << Say(*back);
        EXPECT_THAT(back->warnings, IsEmpty());
        ++same;
      }
    }
  }
  EXPECT_GT(same, 250);
  EXPECT_GT(refused, 250);
}

TEST(WholeTest, NpyHoldsTheNumbers) {
  const Picture gray = Made(kGray, 4, DType::kUint8, 0, 0, {3, 4, 7});
  auto array = DecodeNpy(Context{}, Bytes(*Write(Format::kNpy, gray)));
  ASSERT_TRUE(array.ok()) << array.status();
  EXPECT_TRUE(Same(*array, gray.samples));
  const Picture bits = Made(kGray, 1, DType::kUint8, 0, 0, {2, 3, 13});
  array = DecodeNpy(Context{}, Bytes(*Write(Format::kNpy, bits)));
  ASSERT_TRUE(array.ok()) << array.status();
  EXPECT_EQ(Describe(*array), "bool 2x3x13");
  for (size_t i = 0; i < array->data.size(); ++i) {
    const size_t x = i % 13;
    EXPECT_EQ(array->data[i], bits.samples.data[i / 13 * 2 + x / 8] >> (7 - x % 8) & 1);
  }
}

TEST(WholeTest, SamplesBeyondTheFormAreNotWritten) {
  for (const Format format : kWritten) {
    for (Picture picture : {Made(kGray, 2, DType::kUint8, 0, 0, {2, 3}),
                            Made(kGray, 12, DType::kUint16, 0, 0, {2, 3}),
                            Made(kPalette, 8, DType::kUint8, 3, 5, {2, 3}),
                            Made(kPalette, 1, DType::kUint8, 3, 1, {2, 3})}) {
      if (!WritingProblem(format, picture.form, picture.samples.dtype, picture.samples.shape)
               .empty()) {
        continue;
      }
      picture.samples.data[picture.samples.data.size() - 1] = 0xF0;
      EXPECT_THAT(Write(format, picture), HasReason("CORRUPT_IMAGE")) << Say(picture);
    }
  }
}

// What DecodeImage makes of a whole picture: its results are compared with other readers'.
Tensor Flattened(const Picture& picture, bool scaled) {
  const PictureForm& form = picture.form;
  const PictureGrid grid = *PictureGridOf(form.color, picture.samples.shape);
  const size_t count = grid.height * grid.width * grid.channels;
  Tensor samples = picture.samples;
  if (form.is_packed()) {
    samples.data = LongArray<uint8_t>::Zeros(count);
    const size_t row = grid.width * grid.channels;
    for (size_t y = 0; y < grid.height; ++y) {
      internal::UnpackBits(picture.samples.data.data() + y * ((row + 7) / 8), row, 1,
                           samples.data.data() + y * row);
    }
  }
  const size_t bytes = DTypeSize(samples.dtype);
  const size_t channels = grid.channels;
  bool gray_table = true;
  for (size_t i = 0; i < form.entries() && form.color == kPalette; ++i) {
    gray_table = gray_table && internal::EntryPart(form, i, 0) == internal::EntryPart(form, i, 1) &&
                 internal::EntryPart(form, i, 1) == internal::EntryPart(form, i, 2);
  }
  const size_t kept = form.color == kPalette ? (gray_table ? 1 : 3) : (channels >= 3 ? 3 : 1);
  Shape shape = {static_cast<int64_t>(grid.height), static_cast<int64_t>(grid.width)};
  if (kept == 3) shape.push_back(3);
  Tensor out = Tensor::Zeros(samples.dtype, shape);
  for (size_t p = 0; p < grid.height * grid.width; ++p) {
    for (size_t c = 0; c < kept; ++c) {
      const uint8_t* in = samples.data.data() + p * channels * bytes;
      uint8_t* to = out.data.data() + (p * kept + c) * bytes;
      if (form.color == kPalette) {
        *to = internal::EntryPart(form, *in, c);
      } else if (form.bit_depth < 8 && scaled) {
        *to = internal::ScaleGray(in[c], form.bit_depth);
      } else {
        std::copy_n(in + c * bytes, bytes, to);
      }
    }
  }
  return out;
}

TEST(WholeTest, OtherSoftwaresFiles) {
  int kept = 0;
  for (const std::string& name : GoldenNames()) {
    const std::string file = ReadGolden(name);
    if (name.find(".array") != std::string::npos) continue;
    SCOPED_TRACE(name);
    const auto plain = DecodeImage(Context{}, Exact(file));
    ASSERT_TRUE(plain.ok());
    const auto picture = Read(file, {.page = 0});
    if (name == "cmyk.jpg") {
      EXPECT_THAT(picture, HasCode(absl::StatusCode::kUnimplemented));
      EXPECT_THAT(std::string(picture.status().message()), HasSubstr("CMYK"));
      continue;
    }
    ASSERT_TRUE(picture.ok()) << picture.status();
    const bool anymap = file.substr(0, 2) == "P2" || file.substr(0, 2) == "P5";
    EXPECT_TRUE(Same(Flattened(*picture, !anymap), *plain)) << Say(*picture);
    for (const Format format : kWritten) {
      const auto again = Write(format, *picture);
      if (!again.ok()) continue;
      const auto back = Read(*again);
      if (absl::IsUnimplemented(back.status()) && format == Format::kTiff) continue;
      ASSERT_TRUE(back.ok()) << back.status();
      EXPECT_TRUE(Same(back->samples, picture->samples)) << FormatName(format);
      EXPECT_TRUE(back->form == AsRead(format, picture->form)) << FormatName(format);
      ++kept;
    }
  }
  EXPECT_GT(kept, 100);
}

TEST(WholeTest, FormsOfOtherSoftwaresFiles) {
  const std::pair<const char*, PictureForm> forms[] = {{"gray1.png", {kGray, 1, 0, ""}},
                                                       {"gray2_adam7.png", {kGray, 2, 0, ""}},
                                                       {"gray4.tif", {kGray, 4, 0, ""}},
                                                       {"gray2_white.tif", {kGray, 2, 0, ""}},
                                                       {"graya16.png", {kGrayAlpha, 16, 0, ""}},
                                                       {"graya.tif", {kGrayAlpha, 8, 0, ""}},
                                                       {"rgba8_adam7.png", {kRgba, 8, 0, ""}},
                                                       {"rgba16_adam7.png", {kRgba, 16, 0, ""}},
                                                       {"rgba.tif", {kRgba, 8, 0, ""}},
                                                       {"raw_max7.pgm", {kGray, 3, 0, ""}},
                                                       {"raw_max1.pgm", {kGray, 1, 0, ""}},
                                                       {"raw_max256.pgm", {kGray, 16, 0, ""}},
                                                       {"bilevel_group4.tif", {kGray, 1, 0, ""}},
                                                       {"raw.pbm", {kGray, 1, 0, ""}},
                                                       {"gray_float32_be.tif", {kGray, 32, 0, ""}}};
  for (const auto& [name, form] : forms) {
    const auto picture = Read(ReadGolden(name));
    ASSERT_TRUE(picture.ok()) << name << picture.status();
    EXPECT_TRUE(picture->form == form) << name << ": " << Say(*picture);
  }
  const std::tuple<const char*, int, int, size_t> palettes[] = {
      {"palette1.png", 1, 3, 2},  {"palette4.png", 4, 3, 16},  {"palette8_trns.png", 8, 4, 0},
      {"palette4.bmp", 4, 3, 16}, {"palette8.tif", 8, 6, 256}, {"palette4.tif", 4, 6, 16}};
  for (const auto& [name, bits, entry_bytes, entries] : palettes) {
    const auto picture = Read(ReadGolden(name));
    ASSERT_TRUE(picture.ok()) << name << picture.status();
    EXPECT_EQ(picture->form.color, kPalette) << name;
    EXPECT_EQ(picture->form.bit_depth, bits) << name;
    EXPECT_EQ(picture->form.entry_bytes, entry_bytes) << name;
    if (entries != 0) {
      EXPECT_EQ(picture->form.entries(), entries) << name;
    }
    const auto numbers = DecodeImage(Context{}, Exact(ReadGolden(name)), {.indices = true});
    ASSERT_TRUE(numbers.ok()) << numbers.status();
    EXPECT_EQ(numbers->dtype, DType::kUint8);
    EXPECT_EQ(numbers->shape, picture->samples.shape);
    if (bits > 1) {
      EXPECT_EQ(numbers->data, picture->samples.data) << name;
    }
  }
}

TEST(WholeTest, SaysWhatIsNotKept) {
  const auto warnings = [](const std::string& name) {
    const auto picture = Read(ReadGolden(name));
    return picture.ok() ? picture->warnings : std::vector<std::string>{"none"};
  };
  EXPECT_THAT(warnings("gray8.png"), IsEmpty());
  EXPECT_THAT(warnings("ancillary.png"), ElementsAre(HasSubstr("not kept: ")));
  EXPECT_THAT(warnings("orientation6.jpg"),
              ElementsAre(HasSubstr("EXIF"), HasSubstr("orientation (6)")));
  EXPECT_THAT(warnings("orientation3.tif"),
              ElementsAre("not kept: the software", HasSubstr("orientation (3)")));
  EXPECT_THAT(warnings("rgb16_565.bmp"), ElementsAre(HasSubstr("less than 8 bits")));
  EXPECT_THAT(warnings("raw_max1000.pgm"), ElementsAre(HasSubstr("maxval of 1000")));
  const auto trailing = Read("P5 1 1 255\nx" + std::string("12345"));
  ASSERT_TRUE(trailing.ok());
  EXPECT_THAT(trailing->warnings, ElementsAre(HasSubstr("5 bytes")));
}

TEST(WholeTest, SeveralPicturesOfAPnmFileNeedAPage) {
  const std::string one = "P5 1 1 255\nx";
  EXPECT_TRUE(Read(one + "\n").ok());
  const auto two = Read(one + one);
  EXPECT_THAT(two, HasReason("INVALID_FIELD"));
  EXPECT_THAT(std::string(two.status().message()), HasSubstr("page"));
  const auto first = Read(one + one, {.page = 0});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(first->warnings, ElementsAre(HasSubstr("12 bytes")));
}

std::string Png(int depth, int color_type, const std::string& chunks, const std::string& rows) {
  return PngHead(1, 1, depth, color_type) + chunks + PngChunk("IDAT", Deflate(rows)) +
         PngChunk("IEND", "");
}

TEST(WholeTest, TransparencyOfPng) {
  const std::string palette = PngChunk("PLTE", "abcdefghi");
  auto picture = Read(Png(8, 3, palette + PngChunk("tRNS", "\x05"), std::string("\0\x02", 2)));
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(picture->form == (PictureForm{kPalette, 8, 4,
                                            "abc\x05"
                                            "def\xFF"
                                            "ghi\xFF"}));
  // Bits above the depth are not of the value.
  picture = Read(Png(4, 0, PngChunk("tRNS", "\xFF\xF3"), std::string("\0\x30", 2)));
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(picture->form == (PictureForm{kGray, 4, 2, std::string("\x03\0", 2)}));
  picture = Read(
      Png(8, 2, PngChunk("tRNS", std::string("\0\x01\0\x02\0\x03", 6)), std::string("\0abc", 4)));
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_TRUE(picture->form == (PictureForm{kRgb, 8, 6, std::string("\x01\0\x02\0\x03\0", 6)}));
  EXPECT_THAT(Read(Png(8, 3, palette + PngChunk("tRNS", "1234"), std::string("\0\0", 2))),
              HasReason("CORRUPT_IMAGE"));
  EXPECT_THAT(Read(Png(8, 0, PngChunk("tRNS", "1"), std::string("\0\0", 2))),
              HasReason("CORRUPT_IMAGE"));
  // A number beyond the palette is no colour.
  const std::string beyond = Png(8, 3, palette, std::string("\0\x03", 2));
  EXPECT_THAT(Read(beyond), HasReason("CORRUPT_IMAGE"));
  EXPECT_THAT(DecodeImage(Context{}, Exact(beyond), {.indices = true}), HasReason("CORRUPT_IMAGE"));
}

TEST(WholeTest, AnAnimationNeedsAPage) {
  const std::string file =
      Png(8, 0, PngChunk("acTL", std::string("\0\0\0\x02\0\0\0\0", 8)), std::string("\0x", 2));
  EXPECT_THAT(Read(file), HasReason("INVALID_FIELD"));
  EXPECT_TRUE(Read(file, {.page = 0}).ok());
  EXPECT_TRUE(DecodeImage(Context{}, Exact(file)).ok());
}

}  // namespace
}  // namespace trine::image::testing
