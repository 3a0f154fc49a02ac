// WebP: what libwebp wrote comes back, and nothing else is taken for it.
#include <webp/encode.h>

#include <algorithm>
#include <cmath>

#include "core/image/webp_prefix.h"
#include "tests/core/image/image_testing.h"
#include "tests/core/polling.h"

namespace trine::image::testing {
namespace {

using ::testing::ElementsAre, ::testing::HasSubstr, ::testing::IsEmpty;

absl::StatusOr<Tensor> Decode(const std::string& file, const Context& context = {}) {
  return DecodeImage(context, Exact(file));
}

// Waves of colour, with noise in the lowest bits.
Tensor Waves(int64_t height, int64_t width) {
  Tensor t = Noise(DType::kUint8, {height, width, 3});
  for (size_t i = 0; i < t.data.size(); ++i) {
    const size_t x = i / 3 % static_cast<size_t>(width), y = i / 3 / static_cast<size_t>(width);
    t.data[i] = static_cast<uint8_t>((x + 2 * y + i % 3 * 40) % 250 + (t.data[i] & 3));
  }
  return t;
}

// A container with more chunks; `flags` of VP8X, the picture's size less 1 in it.
std::string Extended(const std::string& file, uint8_t flags, uint32_t width, uint32_t height,
                     const std::string& behind) {
  const std::string head = std::string("VP8X") + Le<uint32_t>(10) + static_cast<char>(flags) +
                           std::string(3, '\0') + Le(width - 1).substr(0, 3) +
                           Le(height - 1).substr(0, 3);
  const std::string chunks = "WEBP" + head + file.substr(12) + behind;
  return "RIFF" + Le(static_cast<uint32_t>(chunks.size())) + chunks;
}

TEST(WebpTest, LosslessGivesThePixelsThatWereWritten) {
  for (const auto& [height, width] :
       std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {1, 300}, {33, 47}, {500, 700}}) {
    const Tensor t = Waves(height, width);
    const auto picture = Decode(MakeWebp(t));
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_TRUE(Same(*picture, t)) << height << 'x' << width;
  }
}

TEST(WebpTest, AlphaIsKeptWhereThePictureIs) {
  Tensor t = Noise(DType::kUint8, {9, 11, 4});
  for (size_t i = 3; i < t.data.size(); i += 4) t.data[i] |= 1;  // colour without light is nothing
  uint8_t* bytes = nullptr;
  const size_t size = WebPEncodeLosslessRGBA(t.data.data(), 11, 9, 44, &bytes);
  const std::string file(reinterpret_cast<char*>(bytes), size);
  WebPFree(bytes);
  const auto whole = ReadPicture(Context{}, Exact(file));
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->form.color, PictureColor::kRgba);
  EXPECT_TRUE(Same(whole->samples, t));
  const auto plain = Decode(file);
  ASSERT_TRUE(plain.ok()) << plain.status();
  ASSERT_EQ(plain->shape, (Shape{9, 11, 3}));
  for (size_t i = 0; i < plain->data.size(); ++i) {
    EXPECT_EQ(plain->data[i], t.data[i / 3 * 4 + i % 3]);
  }
}

// Opaque everywhere is nothing that would be lost.
TEST(WebpTest, OnlyAlphaThatIsClearIsSaid) {
  for (const bool clear : {false, true}) {
    Tensor t = Noise(DType::kUint8, {9, 11, 4});
    for (size_t i = 3; i < t.data.size(); i += 4) t.data[i] = 255;
    if (clear) t.data[t.data.size() - 1] = 254;
    uint8_t* bytes = nullptr;
    const size_t size = WebPEncodeLosslessRGBA(t.data.data(), 11, 9, 44, &bytes);
    std::string file(reinterpret_cast<char*>(bytes), size);
    WebPFree(bytes);
    file[24] = static_cast<char>(file[24] | 0x10);  // VP8L's word for alpha, whatever is in it
    ASSERT_EQ(file.substr(12, 4), "VP8L");
    std::vector<std::string> said;
    const auto plain = DecodeImage(Context{}, Exact(file), {.warnings = &said});
    ASSERT_TRUE(plain.ok()) << plain.status();
    ASSERT_EQ(plain->shape, (Shape{9, 11, 3}));
    for (size_t i = 0; i < plain->data.size(); ++i) {
      EXPECT_EQ(plain->data[i], t.data[i / 3 * 4 + i % 3]);
    }
    EXPECT_EQ(said.size(), clear ? 1u : 0u);
    EXPECT_EQ(ReadPicture(Context{}, Exact(file))->form.color, PictureColor::kRgba);
  }
}

TEST(WebpTest, LossyIsClose) {
  Tensor t = Tensor::Zeros(DType::kUint8, {300, 400, 3});
  for (size_t i = 0; i < t.data.size(); ++i) t.data[i] = static_cast<uint8_t>(i / 1200);
  const auto picture = Decode(MakeWebp(t, 95.0f));
  ASSERT_TRUE(picture.ok()) << picture.status();
  ASSERT_EQ(picture->shape, t.shape);
  double error = 0;
  for (size_t i = 0; i < t.data.size(); ++i)
    error += std::abs(int{t.data[i]} - int{picture->data[i]});
  EXPECT_LT(error / static_cast<double>(t.data.size()), 3.0);
}

TEST(WebpTest, OrientationOfExif) {
  const Tensor t = Waves(20, 30);
  const std::string exif = std::string("II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0", 26);
  for (const std::string& prefix : {std::string(), std::string("Exif\0\0", 6)}) {
    const std::string data = prefix + exif;
    const std::string chunk = "EXIF" + Le(static_cast<uint32_t>(data.size())) + data;
    const auto picture = Decode(Extended(MakeWebp(t), 8, 30, 20, chunk));
    ASSERT_TRUE(picture.ok()) << picture.status();
    ASSERT_EQ(picture->shape, (Shape{30, 20, 3}));
    // Turned right: the first row is the first column from the bottom up.
    for (int64_t x = 0; x < 20; ++x) EXPECT_EQ(picture->data[3 * x], t.data[(19 - x) * 90]);
  }
}

// An ANMF chunk of a still's pixels, at (x, y), which are even.
std::string Frame(const std::string& still, uint32_t x, uint32_t y, uint32_t width,
                  uint32_t height) {
  std::string data;
  for (const uint32_t value : {x / 2, y / 2, width - 1, height - 1, 100u}) {
    data += Le(value).substr(0, 3);
  }
  data += '\0' + still.substr(12);
  return "ANMF" + Le(static_cast<uint32_t>(data.size())) + data;
}
// Of a canvas of width x height.
std::string Animation(const std::string& frames, uint32_t width, uint32_t height) {
  const std::string head = "ANIM" + Le<uint32_t>(6) + std::string(6, '\0');
  return Extended(std::string(12, ' '), 2, width, height, head + frames);
}

TEST(WebpTest, TheFirstFrameOfAnAnimation) {
  const Tensor first = Waves(20, 30), second = Noise(DType::kUint8, {8, 6, 3});
  const std::string other = Frame(MakeWebp(second), 2, 4, 6, 8);
  for (const std::optional<float> quality : {std::optional<float>(), std::optional<float>(80.0f)}) {
    const std::string still = MakeWebp(first, quality);
    const std::string file = Animation(Frame(still, 0, 0, 30, 20) + other + other, 30, 20);
    std::vector<std::string> warnings;
    const auto picture = DecodeImage(Context{}, Exact(file), {.warnings = &warnings});
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_TRUE(Same(*picture, *Decode(still)));
    EXPECT_THAT(warnings,
                ElementsAre("it is an animation of 3 frames, of which the first was read"));
    const auto whole = ReadPicture(Context{}, Exact(file), {.page = 0});
    ASSERT_TRUE(whole.ok()) << whole.status();
    EXPECT_TRUE(Same(whole->samples, *picture));
    EXPECT_THAT(whole->warnings, ElementsAre("not kept: frames after the first of 3"));
    // The whole file is three pictures.
    const auto all = ReadPicture(Context{}, Exact(file));
    EXPECT_THAT(all, HasReason("INVALID_FIELD"));
    EXPECT_EQ(GetErrorDetail(all.status())->field, "page");
    EXPECT_THAT(std::string(all.status().message()), HasSubstr("an animation of 3 frames"));
    const auto further = DecodeImage(Context{}, Exact(file), {.page = 1});
    EXPECT_THAT(further, HasReason("INVALID_FIELD"));
    EXPECT_THAT(std::string(further.status().message()),
                HasSubstr("the WebP file is an animation of 3 frames, of which only page 0, the "
                          "first, is read"));
    EXPECT_THAT(std::string(DecodeImage(Context{}, Exact(still), {.page = 1}).status().message()),
                HasSubstr("a WebP file has page 0 only"));
    // Of one frame it is a still.
    const std::string one = Animation(Frame(still, 0, 0, 30, 20), 30, 20);
    warnings.clear();
    EXPECT_TRUE(Same(*DecodeImage(Context{}, Exact(one), {.warnings = &warnings}), *picture));
    EXPECT_THAT(warnings, IsEmpty());
    EXPECT_TRUE(ReadPicture(Context{}, Exact(one)).ok());
    // The others may be cut off.
    warnings.clear();
    const std::string cut = file.substr(0, file.size() - other.size() - 3);
    EXPECT_TRUE(Same(*DecodeImage(Context{}, Exact(cut), {.warnings = &warnings}), *picture));
    EXPECT_THAT(warnings, ElementsAre("it is an animation of 2 frames, of which the first was read",
                                      "the WebP file ends before its last frame does"));
  }
}

// What the first frame leaves of the canvas is clear.
TEST(WebpTest, AFrameWithinItsCanvas) {
  const Tensor inner = Waves(5, 7);
  const std::string frame = Frame(MakeWebp(inner), 4, 2, 7, 5);
  for (const auto& [width, height] :
       std::vector<std::pair<uint32_t, uint32_t>>{{11, 7}, {12, 7}, {40, 30}}) {
    const std::string file = Animation(frame, width, height);
    std::vector<std::string> warnings;
    const auto plain = DecodeImage(Context{}, Exact(file), {.warnings = &warnings});
    ASSERT_TRUE(plain.ok()) << plain.status();
    ASSERT_EQ(plain->shape, (Shape{height, width, 3}));
    EXPECT_THAT(warnings, ElementsAre("its transparency was left out"));
    const auto whole = ReadPicture(Context{}, Exact(file));
    ASSERT_TRUE(whole.ok()) << whole.status();
    ASSERT_EQ(whole->samples.shape, (Shape{height, width, 4}));
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t x = 0; x < width; ++x) {
        const bool within = x >= 4 && x < 11 && y >= 2 && y < 7;
        for (int64_t c = 0; c < 4; ++c) {
          const int expected =
              !within ? 0 : (c == 3 ? 255 : inner.data[((y - 2) * 7 + x - 4) * 3 + c]);
          EXPECT_EQ(whole->samples.data[(y * width + x) * 4 + c], expected);
          if (c == 3) continue;
          EXPECT_EQ(plain->data[(y * width + x) * 3 + c], expected);
        }
      }
    }
  }
  // Beyond it, of another size than the pixels, without any, and none.
  for (const std::string& file :
       {Animation(frame, 10, 7), Animation(frame, 11, 6),
        Animation(Frame(MakeWebp(inner), 0, 0, 8, 5), 30, 20),
        Animation("ANMF" + Le<uint32_t>(16) + std::string(16, '\0'), 30, 20),
        Animation("ANMF" + Le<uint32_t>(4) + std::string(4, '\0'), 30, 20), Animation("", 30, 20),
        Extended(MakeWebp(Waves(8, 8)), 2, 8, 8, "")}) {
    EXPECT_THAT(Decode(file), HasReason("CORRUPT_IMAGE"));
  }
  // A canvas beyond the limits is refused by the header.
  EXPECT_THAT(Decode(Animation(frame, 60000, 60000)), HasReason("LIMIT_EXCEEDED"));
}

TEST(WebpTest, SaysWhatIsNotKept) {
  const auto chunk = [](const std::string& name) { return name + Le<uint32_t>(4) + "abcd"; };
  const auto warnings = [&](const std::string& chunks) {
    const auto picture =
        ReadPicture(Context{}, Exact(Extended(MakeWebp(Waves(6, 8)), 0, 8, 6, chunks)));
    return picture.ok() ? picture->warnings : std::vector<std::string>{"none"};
  };
  EXPECT_THAT(warnings(""), IsEmpty());
  for (const auto& [name, said] :
       std::vector<std::pair<std::string, std::string>>{{"EXIF", "EXIF"},
                                                        {"ICCP", "the colour profile"},
                                                        {"XMP ", "XMP"},
                                                        {"META", "chunk META"},
                                                        {"abc ", "chunk 'abc '"},
                                                        {"a\nb\x80", "chunk 0x610A6280"}}) {
    EXPECT_THAT(warnings(chunk(name)), ElementsAre("not kept: " + said));
  }
  EXPECT_THAT(warnings(chunk("META") + chunk("EXIF") + chunk("META") + chunk("META2").substr(0, 4) +
                       Le<uint32_t>(0)),
              ElementsAre("not kept: chunk META, EXIF"));
}

TEST(WebpTest, WhatIsLossyIsKnown) {
  const Tensor t = Waves(20, 30);
  const std::string exact = MakeWebp(t), lossy = MakeWebp(t, 80.0f);
  EXPECT_FALSE(IsLossy(Context{}, Exact(exact)));
  EXPECT_TRUE(IsLossy(Context{}, Exact(lossy)));
  EXPECT_FALSE(IsLossy(Context{}, Exact(Extended(exact, 0, 30, 20, ""))));
  EXPECT_TRUE(IsLossy(Context{}, Exact(Extended(lossy, 0, 30, 20, ""))));
  EXPECT_FALSE(IsLossy(Context{}, Exact(Animation(Frame(exact, 0, 0, 30, 20), 30, 20))));
  EXPECT_TRUE(IsLossy(Context{}, Exact(Animation(Frame(lossy, 0, 0, 30, 20), 30, 20))));
  for (size_t length = 0; length < 16; ++length) IsLossy(Context{}, Exact(lossy.substr(0, length)));
  EXPECT_TRUE(IsLossy(Context{}, Exact(MakeJpeg(t))));
  EXPECT_FALSE(IsLossy(Context{}, Exact("P5 1 1 255\nx")));
}

TEST(WebpTest, TrailerIsAWarning) {
  const Tensor t = Waves(20, 30);
  for (const auto& [trailer, count] :
       std::vector<std::pair<std::string, size_t>>{{"", 0}, {"trailer", 1}}) {
    std::vector<std::string> warnings;
    const auto picture =
        DecodeImage(Context{}, Exact(MakeWebp(t) + trailer), {.warnings = &warnings});
    ASSERT_TRUE(picture.ok()) << picture.status();
    EXPECT_TRUE(Same(*picture, t));
    ASSERT_EQ(warnings.size(), count);
    if (count > 0) {
      EXPECT_THAT(warnings, ElementsAre(HasSubstr("7 bytes behind")));
    }
  }
}

TEST(WebpTest, DamagedFilesAreErrorsOrWhole) {
  Limits limits;
  limits.max_output_bytes = 1 << 20;
  Context context;
  context.limits = &limits;
  const Tensor t = Waves(33, 47);
  for (const std::optional<float> quality : {std::optional<float>(), std::optional<float>(80.0f)}) {
    for (const bool animated : {false, true}) {
      const std::string still = MakeWebp(t, quality);
      const std::string file = animated ? Animation(Frame(still, 0, 0, 47, 33), 47, 33) : still;
      const auto whole = Decode(file);
      ASSERT_TRUE(whole.ok()) << whole.status();
      for (size_t length = 0; length < file.size(); ++length) {
        const auto picture = Decode(file.substr(0, length));
        if (picture.ok()) {
          EXPECT_TRUE(Same(*picture, *whole)) << length << " of " << file.size();
        } else {
          EXPECT_THAT(picture, HasReason("CORRUPT_IMAGE"));
        }
      }
      for (size_t i = 0; i < file.size(); ++i) {
        std::string changed = file;
        changed[i] = static_cast<char>(changed[i] ^ 0x41);
        const auto picture = Decode(changed, context);
        if (picture.ok()) {
          EXPECT_LE(picture->data.size(), limits.max_output_bytes);
        } else {
          EXPECT_NE(Reason(picture.status()), "");
        }
      }
    }
  }
}

TEST(WebpTest, Limits) {
  const std::string file = MakeWebp(Waves(20, 30));
  for (const uint64_t most : {599u, 600u}) {
    Limits limits;
    limits.max_image_pixels = most;
    Context context;
    context.limits = &limits;
    EXPECT_EQ(Decode(file, context).ok(), most == 600);
    limits.max_image_pixels = 1 << 20;
    limits.max_output_bytes = 3 * most;
    EXPECT_EQ(Decode(file, context).ok(), most == 600);
  }
}

// libwebp's own encoder makes some thousand squares at most; a file that is cut within its head
// tells nothing.
TEST(WebpTest, PrefixGroupsAreTold) {
  const std::string file = MakeWebp(Waves(500, 700));
  ASSERT_EQ(file.substr(12, 4), "VP8L");
  const auto groups = [&](size_t length) {
    return internal::WebpPrefixGroups({}, Bytes(file).subspan(25, length), 700, 500);
  };
  ASSERT_TRUE(groups(file.size()).has_value());
  EXPECT_GE(*groups(file.size()), 1u);
  EXPECT_LE(*groups(file.size()), 4000u);
  EXPECT_EQ(groups(0), std::nullopt);
  EXPECT_EQ(groups(3), std::nullopt);
  // A palette, and pixels without any transform at all.
  Tensor flat = Tensor::Zeros(DType::kUint8, {64, 64, 3});
  for (size_t i = 0; i < flat.data.size(); ++i) flat.data[i] = static_cast<uint8_t>(i / 3 % 64 / 8);
  const std::string small = MakeWebp(flat);
  EXPECT_TRUE(internal::WebpPrefixGroups({}, Bytes(small).subspan(25), 64, 64).has_value());
}

TEST(WebpTest, MemoryIsReserved) {
  for (const std::optional<float> quality : {std::optional<float>(), std::optional<float>(80.0f)}) {
    Account account;
    Context context;
    context.memory = &account;
    ASSERT_TRUE(Decode(MakeWebp(Waves(500, 700), quality), context).ok());
    const uint64_t pixels = 500 * 700;
    EXPECT_GT(account.most, (quality.has_value() ? 3 : 7) * pixels);
    EXPECT_LT(account.most, 90u << 20);
  }
}

TEST(WebpTest, Polls) {
  constexpr int kHeight = 1500, kWidth = 2000;
  for (const std::optional<float> quality : {std::optional<float>(), std::optional<float>(80.0f)}) {
    const std::string file = MakeWebp(Waves(kHeight, kWidth), quality);
    ExpectPolls("read WebP", uint64_t{3} * kHeight * kWidth, uint64_t{4} << 20,
                [&](const Context& context) { return Decode(file, context).status(); });
  }
}

}  // namespace
}  // namespace trine::image::testing
