// Pictures and bilevel rows through the registry: what they are comes back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/image/image.h"
#include "tests/server/services/coding/coding_examples.h"
#include "tests/server/services/coding/coding_fixture.h"
#include "trine/v1/coding.pb.h"

namespace trine::server {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

TEST_F(CodingServiceTest, KeepsPictures) {
  v1::EncodeRequest request;
  std::vector<uint8_t> pixels(6 * 5 * 3);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 3);
  *request.mutable_image()->mutable_tensor() = MakeTensor(v1::DATA_TYPE_UINT8, {6, 5, 3}, pixels);
  const std::string coded = Encode(request).coded();
  v1::DecodeResponse decoded = DecodeBytes(coded);
  EXPECT_EQ(decoded.content().image().dtype(), v1::DATA_TYPE_UINT8);
  EXPECT_THAT(decoded.content().image().shape(), ElementsAre(6, 5, 3));
  EXPECT_EQ(decoded.data(), request.image().tensor().data());

  // From a file the pixels are coded: the same stream.
  const Tensor picture{DType::kUint8, {6, 5, 3}, {pixels.data(), pixels.data() + pixels.size()}};
  request.mutable_image()->set_encoded(
      image::EncodeImage({}, image::Format::kPng, picture.view()).value());
  EXPECT_EQ(Encode(request).coded(), coded);
}

// A file of that picture, as its writer writes it.
std::string FileOf(image::Format format, DType dtype, const Shape& shape, const PictureForm& form,
                   const std::string& samples) {
  return image::WritePicture({}, format, {dtype, shape, AsBytes(samples), form}).value();
}

TEST_F(CodingServiceTest, KeepsWhatPicturesInFilesAre) {
  struct Case {
    image::Format format;
    DType dtype;
    Shape shape;
    PictureForm form;
    std::string samples;
  };
  using enum PictureColor;
  const std::vector<Case> cases = {
      {image::Format::kPng, DType::kUint8, {2, 3, 4}, {kRgba, 8, 0, ""}, SomeText(24)},
      {image::Format::kPng,
       DType::kUint8,
       {2, 3},
       {kPalette, 2, 4, "abcdefgh"},
       std::string("\0\1\0\1\1\0", 6)},
      {image::Format::kPng, DType::kUint16, {1, 2}, {kGray, 16, 2, "xy"}, "abcd"},
      {image::Format::kTiff, DType::kUint16, {3, 1, 2}, {kGray, 16, 0, ""}, SomeText(12)},
      {image::Format::kTiff,
       DType::kUint8,
       {2, 1, 2, 4},
       {kRgbPremultiplied, 8, 0, ""},
       SomeText(16)},
  };
  for (const Case& c : cases) {
    v1::EncodeRequest request;
    request.mutable_image()->set_encoded(FileOf(c.format, c.dtype, c.shape, c.form, c.samples));
    const v1::EncodeResponse coded = Encode(request);
    EXPECT_THAT(coded.warnings(), IsEmpty());
    const v1::DecodeResponse decoded = DecodeBytes(coded.coded());
    const v1::PictureContent& picture = decoded.content().picture();
    EXPECT_EQ(picture.dtype(), static_cast<int>(c.dtype));
    EXPECT_THAT(picture.shape(), ElementsAreArray(c.shape));
    EXPECT_EQ(picture.color(), static_cast<int>(c.form.color));
    EXPECT_EQ(picture.bit_depth(), c.form.bit_depth);
    EXPECT_EQ(picture.entry_bytes(), c.form.entry_bytes);
    EXPECT_EQ(decoded.data(), c.samples);
    // The same samples with the same form, described, are the same stream.
    v1::EncodeRequest described;
    described.set_data(c.samples);
    *described.mutable_picture() = picture;
    EXPECT_EQ(Encode(described).coded(), coded.coded());
  }
  EXPECT_EQ(cases[1].form.entries(), 2u);
}

TEST_F(CodingServiceTest, KeepsPagesOrTheOneThatIsAskedFor) {
  v1::EncodeRequest request;
  request.mutable_image()->set_encoded(
      FileOf(image::Format::kTiff, DType::kUint8, {3, 1, 2}, {}, "abcdef"));
  EXPECT_EQ(DecodeBytes(Encode(request).coded()).data(), "abcdef");
  request.mutable_image()->set_page(1);
  const v1::DecodeResponse one = DecodeBytes(Encode(request).coded());
  EXPECT_EQ(one.data(), "cd");
  EXPECT_THAT(one.content().image().shape(), ElementsAre(1, 2));
}

TEST_F(CodingServiceTest, SaysWhatOfAPictureIsNotKept) {
  v1::EncodeRequest request;
  request.mutable_image()->set_encoded("P5 1 1 255\nxyz");
  EXPECT_THAT(Encode(request).warnings(), ElementsAre("not kept: 2 bytes after the picture"));
}

TEST_F(CodingServiceTest, PacksBilevelPictures) {
  v1::EncodeRequest request;
  request.mutable_image()->set_encoded("P4 9 2\n\xAA\x80\x55\x7F");
  const v1::DecodeResponse decoded = DecodeBytes(Encode(request).coded());
  EXPECT_EQ(decoded.content().bits().height(), 2);
  EXPECT_EQ(decoded.content().bits().width(), 9);
  EXPECT_EQ(decoded.data(), std::string("\x55\0\xAA\x80", 4));
}

TEST_F(CodingServiceTest, KeepsBits) {
  v1::EncodeRequest request;
  request.set_data(SomeText(3 * 11));
  request.mutable_bits()->set_height(11);
  request.mutable_bits()->set_width(19);
  const v1::DecodeResponse decoded = DecodeBytes(Encode(request).coded());
  EXPECT_EQ(decoded.content().bits().height(), 11);
  EXPECT_EQ(decoded.content().bits().width(), 19);
  EXPECT_EQ(decoded.data(), request.data());
  request.clear_data();
  request.set_data("");
  request.mutable_bits()->set_height(0);
  EXPECT_EQ(DecodeBytes(Encode(request).coded()).content().bits().width(), 19);
}

}  // namespace
}  // namespace trine::server
