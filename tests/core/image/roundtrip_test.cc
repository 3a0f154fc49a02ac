// What is written is read back the same: every format, dtype and shape.
#include "tests/core/image/image_testing.h"

namespace trine::image::testing {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<std::string> Encode(Format format, const Tensor& t,
                                   const EncodeOptions& options = {}) {
  return EncodeImage(Context{}, format, t.view(), options);
}

// Decodes as the format that was asked for.
absl::StatusOr<Tensor> Back(Format format, const std::string& file) {
  EXPECT_EQ(RecognizeFormat(Bytes(file)), format);
  return format == Format::kNpy ? DecodeNpy(Context{}, Exact(file))
                                : DecodeImage(Context{}, Exact(file));
}

constexpr Format kPictureFormats[] = {Format::kPng, Format::kTiff, Format::kPnm};

TEST(RoundTripTest, Pictures) {
  for (const Format format : kPictureFormats) {
    for (const DType dtype : {DType::kUint8, DType::kUint16}) {
      for (const Shape& shape : {Shape{1, 1}, Shape{1, 9}, Shape{9, 1}, Shape{17, 23},
                                 Shape{1, 1, 3}, Shape{300, 211, 3}, Shape{2, 70000}}) {
        const Tensor t = Noise(dtype, shape);
        const auto file = Encode(format, t);
        ASSERT_TRUE(file.ok()) << file.status();
        const auto back = Back(format, *file);
        ASSERT_TRUE(back.ok()) << back.status();
        EXPECT_TRUE(Same(*back, t)) << FormatName(format) << " " << Describe(t);
      }
    }
  }
}

TEST(RoundTripTest, OneChannelComesBackWithoutItsAxis) {
  for (const Format format : kPictureFormats) {
    const Tensor t = Noise(DType::kUint8, {5, 7, 1});
    const auto file = Encode(format, t);
    ASSERT_TRUE(file.ok()) << file.status();
    const auto back = Back(format, *file);
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(back->shape, (Shape{5, 7}));
    EXPECT_EQ(back->data, t.data);
  }
}

TEST(RoundTripTest, BilevelIsWrittenAsBits) {
  for (const Format format : kPictureFormats) {
    for (const int64_t width : {1, 7, 8, 9, 64, 257}) {
      Tensor flags = Noise(DType::kBool, {64, width});
      Tensor ink = Tensor::Zeros(DType::kUint8, {64, width});
      for (size_t i = 0; i < flags.data.size(); ++i) ink.data[i] = flags.data[i] != 0 ? 255 : 0;
      for (const Tensor& t : {flags, ink}) {
        const auto bits = Encode(format, t);
        const auto bytes = Encode(format, t, {.bilevel = false});
        ASSERT_TRUE(bits.ok() && bytes.ok());
        for (const std::string& file : {*bits, *bytes}) {
          const auto back = Back(format, file);
          ASSERT_TRUE(back.ok()) << back.status();
          EXPECT_TRUE(Same(*back, ink)) << FormatName(format) << " " << width;
        }
        if (width == 257) {
          EXPECT_LT(bits->size() * 1.1, bytes->size());
        }
      }
    }
    // One sample that is neither makes it gray.
    Tensor almost = Tensor::Zeros(DType::kUint8, {9, 9});
    almost.data[80] = 254;
    const auto file = Encode(format, almost);
    ASSERT_TRUE(file.ok());
    EXPECT_TRUE(Same(*Back(format, *file), almost));
  }
  EXPECT_EQ(Encode(Format::kPnm, Noise(DType::kBool, {2, 2}))->substr(0, 2), "P4");
  EXPECT_EQ(Encode(Format::kPng, Noise(DType::kBool, {2, 2}))->at(24), 1);  // IHDR's bit depth
}

TEST(RoundTripTest, TiffHoldsEveryNumber) {
  for (int i = kMinDType; i <= kMaxDType; ++i) {
    const auto dtype = static_cast<DType>(i);
    if (dtype == DType::kBool) continue;
    for (const Shape& shape :
         {Shape{1, 1}, Shape{17, 23}, Shape{300, 211}, Shape{9, 7, 1}, Shape{19, 5, 3}}) {
      const Tensor t = Noise(dtype, shape);
      const auto file = Encode(Format::kTiff, t);
      if (dtype == DType::kBfloat16) {
        EXPECT_THAT(file, HasReason("INVALID_FIELD"));
        continue;
      }
      ASSERT_TRUE(file.ok()) << file.status();
      const auto back = Back(Format::kTiff, *file);
      ASSERT_TRUE(back.ok()) << back.status();
      Tensor expected = t;
      if (shape.back() == 1 && shape.size() == 3) expected.shape.pop_back();
      EXPECT_TRUE(Same(*back, expected)) << Describe(t);
    }
  }
}

TEST(RoundTripTest, NpyHoldsEveryTensor) {
  for (int dtype = kMinDType; dtype <= kMaxDType; ++dtype) {
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{0}, Shape{3, 4}, Shape{2, 3, 1, 2},
                               Shape{1, 2, 1, 2, 1, 2, 1, 2}, Shape{3, 0, 5}}) {
      const Tensor t = Noise(static_cast<DType>(dtype), shape);
      const auto file = Encode(Format::kNpy, t);
      ASSERT_TRUE(file.ok()) << file.status();
      EXPECT_EQ(file->size(), MakeNpyHeader(t.dtype, t.shape).size() + t.data.size());
      const auto back = Back(Format::kNpy, *file);
      ASSERT_TRUE(back.ok()) << back.status();
      EXPECT_TRUE(Same(*back, t)) << Describe(t);
    }
  }
}

TEST(RoundTripTest, EveryPngLevel) {
  const Tensor t = Noise(DType::kUint8, {33, 21});
  for (int level = 0; level <= 9; ++level) {
    const auto file = Encode(Format::kPng, t, {.png_level = level});
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE(Same(*Back(Format::kPng, *file), t));
  }
  for (const int level : {-1, 10}) {
    EXPECT_THAT(Encode(Format::kPng, t, {.png_level = level}), HasReason("INVALID_FIELD"));
  }
}

TEST(RoundTripTest, SameBytesEveryTime) {
  const Tensor t = Noise(DType::kUint16, {33, 21, 3});
  for (const Format format : kPictureFormats) EXPECT_EQ(*Encode(format, t), *Encode(format, t));
}

TEST(EncodeTest, RefusesWhatAFormatCannotHold) {
  for (const Format format : kPictureFormats) {
    for (const Tensor& t : {Noise(DType::kBfloat16, {3, 3}), Noise(DType::kUint8, {3}),
                            Noise(DType::kUint8, {}), Noise(DType::kUint8, {3, 3, 2}),
                            Noise(DType::kUint8, {3, 3, 4}), Noise(DType::kUint8, {1, 3, 3, 3}),
                            Noise(DType::kUint8, {0, 3}), Noise(DType::kUint8, {3, 0}),
                            Noise(DType::kUint8, {3, 3, 0}), Noise(DType::kBool, {3, 3, 3})}) {
      const auto file = Encode(format, t);
      EXPECT_THAT(file, HasReason("INVALID_FIELD")) << Describe(t);
      EXPECT_THAT(std::string(file.status().message()), HasSubstr("tensor"));
    }
    if (format == Format::kTiff) continue;
    for (const DType dtype : {DType::kFloat32, DType::kUint32, DType::kInt32, DType::kInt8,
                              DType::kInt64, DType::kFloat16, DType::kFloat64}) {
      EXPECT_THAT(Encode(format, Noise(dtype, {3, 3})), HasReason("INVALID_FIELD"));
    }
  }
  for (const Format format : {Format::kJpeg, Format::kBmp}) {
    EXPECT_THAT(Encode(format, Noise(DType::kUint8, {3, 3})),
                HasCode(absl::StatusCode::kUnimplemented));
  }
  Tensor cut = Noise(DType::kUint8, {3, 3});
  cut.data.Truncate(cut.data.size() - 1);
  for (const Format format : {Format::kPng, Format::kTiff, Format::kPnm, Format::kNpy}) {
    EXPECT_THAT(Encode(format, cut), HasReason("INVALID_FIELD"));
  }
}

TEST(EncodeTest, WidestRow) {
  const int64_t most = static_cast<int64_t>(kMaxImageWidth);
  for (const Format format : kPictureFormats) {
    const Tensor t = Noise(DType::kUint8, {1, most});
    const auto file = Encode(format, t);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE(Same(*Back(format, *file), t));
    EXPECT_THAT(Encode(format, Noise(DType::kUint8, {1, most + 1})), HasReason("LIMIT_EXCEEDED"));
  }
}

}  // namespace
}  // namespace trine::image::testing
