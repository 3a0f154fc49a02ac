// EXIF orientation, by literal pictures, and the parser of the EXIF block.
#include "core/image/orientation.h"
#include "tests/core/image/image_testing.h"

namespace trine::image::internal {
namespace {

using testing::Be;
using testing::Exact;
using testing::Le;
using testing::Noise;
using testing::Same;
using testing::U8;

// The picture
//   1 2 3
//   4 5 6
// as a camera that was turned so stores it (EXIF 2.3, figure of tag 0x0112).
TEST(OrientationTest, LiteralPictures) {
  const Tensor upright = U8({2, 3}, {1, 2, 3, 4, 5, 6});
  const std::vector<Tensor> stored = {
      U8({2, 3}, {1, 2, 3, 4, 5, 6}),  // 1: row 0 is the top, column 0 the left
      U8({2, 3}, {3, 2, 1, 6, 5, 4}),  // 2: top, right
      U8({2, 3}, {6, 5, 4, 3, 2, 1}),  // 3: bottom, right
      U8({2, 3}, {4, 5, 6, 1, 2, 3}),  // 4: bottom, left
      U8({3, 2}, {1, 4, 2, 5, 3, 6}),  // 5: left, top
      U8({3, 2}, {3, 6, 2, 5, 1, 4}),  // 6: right, top
      U8({3, 2}, {6, 3, 5, 2, 4, 1}),  // 7: right, bottom
      U8({3, 2}, {4, 1, 5, 2, 6, 3}),  // 8: left, bottom
  };
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const auto turned =
        ApplyOrientation(Context{}, stored[static_cast<size_t>(orientation - 1)], orientation);
    ASSERT_TRUE(turned.ok()) << turned.status();
    EXPECT_TRUE(Same(*turned, upright)) << orientation;
  }
}

// What undoes each orientation: itself, but for the two quarter turns.
TEST(OrientationTest, UndoneForEveryPixelSize) {
  const int inverse[] = {0, 1, 2, 3, 4, 5, 8, 7, 6};
  for (const DType dtype : {DType::kUint8, DType::kUint16, DType::kFloat32}) {
    for (const Shape& shape : {Shape{1, 1}, Shape{67, 35}, Shape{1, 70}, Shape{67, 35, 3}}) {
      const Tensor picture = Noise(dtype, shape);
      for (int orientation = 1; orientation <= 8; ++orientation) {
        const auto turned = ApplyOrientation(Context{}, picture, orientation);
        ASSERT_TRUE(turned.ok()) << turned.status();
        EXPECT_EQ(turned->shape[0], shape[orientation >= 5 ? 1 : 0]);
        const auto back = ApplyOrientation(Context{}, *turned, inverse[orientation]);
        ASSERT_TRUE(back.ok()) << back.status();
        EXPECT_TRUE(Same(*back, picture)) << orientation;
      }
    }
  }
}

std::string LittleExif(uint16_t tag, uint16_t type, uint32_t count, uint32_t value) {
  return std::string("II*\0\x08\0\0\0", 8) + Le<uint16_t>(2) + std::string(12, '\0') + Le(tag) +
         Le(type) + Le(count) + Le(value);
}

int Parse(const std::string& exif) { return ParseExifOrientation(Exact(exif)); }

TEST(ExifTest, ReadsBothByteOrders) {
  for (uint16_t o = 1; o <= 8; ++o) {
    EXPECT_EQ(Parse(LittleExif(0x0112, 3, 1, o)), o);
    EXPECT_EQ(Parse(LittleExif(0x0112, 4, 1, o)), o);
    const std::string big =
        std::string("MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1", 18) + Be(o) + std::string(2, '\0');
    EXPECT_EQ(Parse(big), o);
  }
}

TEST(ExifTest, BrokenBlocksMeanUpright) {
  EXPECT_EQ(Parse(LittleExif(0x0112, 3, 1, 0)), 1);
  EXPECT_EQ(Parse(LittleExif(0x0112, 3, 1, 9)), 1);
  EXPECT_EQ(Parse(LittleExif(0x0112, 3, 2, 6)), 1);
  EXPECT_EQ(Parse(LittleExif(0x0112, 2, 1, 6)), 1);
  EXPECT_EQ(Parse(LittleExif(0x0113, 3, 1, 6)), 1);
  EXPECT_EQ(Parse(std::string("II*\0\xFF\xFF\xFF\xFF", 8)), 1);
  EXPECT_EQ(Parse(std::string("II*\0\x07\0\0\0\xFF", 9)), 1);
  EXPECT_EQ(Parse(std::string("IM*\0\x08\0\0\0", 8)), 1);
  EXPECT_EQ(Parse(std::string("II+\0\x08\0\0\0", 8)), 1);
  const std::string good = LittleExif(0x0112, 3, 1, 6);
  for (size_t n = 0; n < good.size(); ++n) EXPECT_EQ(Parse(good.substr(0, n)), 1) << n;
  EXPECT_EQ(Parse(good), 6);
}

}  // namespace
}  // namespace trine::image::internal
