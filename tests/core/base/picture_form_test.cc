// Shapes, sizes and holders of pictures. What is wrong with a form is tested where streams hold
// one (tests/core/coding/hostile).
#include "core/base/picture_form.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/picture_check.h"
#include "core/base/tensor.h"

namespace trine {
namespace {

using enum PictureColor;

TEST(PictureFormTest, RankAndColourTellPagesFromChannels) {
  const auto stack = PictureGridOf(kGray, Shape{3, 4, 5});
  ASSERT_TRUE(stack.has_value());
  EXPECT_TRUE(stack->is_stack);
  EXPECT_EQ(stack->pages, 3u);
  EXPECT_EQ(stack->height, 4u);
  EXPECT_EQ(stack->width, 5u);
  const auto colour = PictureGridOf(kRgb, Shape{4, 5, 3});
  ASSERT_TRUE(colour.has_value());
  EXPECT_FALSE(colour->is_stack);
  EXPECT_EQ(colour->pages, 1u);
  EXPECT_EQ(colour->width, 5u);
  EXPECT_FALSE(PictureGridOf(kRgb, Shape{3, 4, 5}).has_value());
  EXPECT_FALSE(PictureGridOf(kGray, Shape{4, 5, 6, 7}).has_value());
  EXPECT_FALSE(PictureGridOf(kGray, Shape{4, -5}).has_value());
}

TEST(PictureFormTest, Bytes) {
  const PictureForm bit{kGray, 1, 0, ""};
  EXPECT_EQ(PictureBytes(bit, DType::kUint8, Shape{3, 2, 9}), 12u);
  EXPECT_EQ(PictureBytes({kRgb, 1, 0, ""}, DType::kUint8, Shape{2, 3, 3}), 4u);
  EXPECT_EQ(PictureBytes({kRgba, 16, 0, ""}, DType::kUint16, Shape{2, 3, 4}), 48u);
  EXPECT_EQ(PictureBytes(bit, DType::kUint8, Shape{0, INT64_MAX}), 0u);
  constexpr int64_t kSide = int64_t{1} << 40;
  EXPECT_FALSE(PictureBytes(bit, DType::kUint8, Shape{kSide, kSide}).has_value());
}

TEST(PictureFormTest, TheFieldThatDoesNotFitIsNamed) {
  const auto field = [](const PictureForm& form, DType dtype, const Shape& shape) {
    const absl::Status status = CheckPictureForm(form, dtype, shape, "p");
    EXPECT_EQ(status.ok(), PictureProblem(form, dtype, shape).empty());
    return status.ok() ? "" : GetErrorDetail(status)->field + "=" + GetErrorDetail(status)->value;
  };
  constexpr DType k8 = DType::kUint8;
  const Shape plane = {2, 3};
  EXPECT_EQ(field({}, k8, plane), "");
  EXPECT_EQ(field({static_cast<PictureColor>(8), 8, 0, ""}, k8, plane), "p.color=8");
  EXPECT_EQ(field({kGray, 9, 0, ""}, k8, plane), "p.bit_depth=9");
  EXPECT_EQ(field({kPalette, 16, 3, "abc"}, DType::kUint16, plane), "p.dtype=uint16");
  EXPECT_EQ(field({kRgb, 8, 0, ""}, k8, plane), "p.shape=2x3");
  EXPECT_EQ(field({kGray, 8, 0, "xy"}, k8, plane), "p.table=2 bytes long");
  EXPECT_EQ(field({kPalette, 8, 0, ""}, k8, plane), "p.table=");
  EXPECT_EQ(field({kPalette, 8, -1, ""}, k8, plane), "p.entry_bytes=-1");
  EXPECT_EQ(field({kPalette, 8, 3, "abcd"}, k8, plane), "p.table=4 bytes long");
  EXPECT_EQ(field({kPalette, 8, 5, "abcde"}, k8, plane), "p.entry_bytes=5");
  EXPECT_EQ(field({kPalette, 1, 3, "abcabc"}, k8, plane), "");
  EXPECT_EQ(field({kPalette, 1, 3, "abcabcabc"}, k8, plane), "p.table=9 bytes long");
  EXPECT_EQ(field({kGray, 8, 3, "abc"}, k8, plane), "p.entry_bytes=3");
  EXPECT_EQ(field({kGray, 8, 2, "abab"}, k8, plane), "p.table=4 bytes long");
  EXPECT_EQ(field({kGrayAlpha, 8, 2, "ab"}, k8, {2, 3, 2}), "p.table=2 bytes long");
}

TEST(PictureFormTest, Holders) {
  const auto holder = [](const PictureForm& form, DType dtype, const Shape& shape) {
    EXPECT_EQ(PictureProblem(form, dtype, shape), "");
    return PictureHolderOf(form, dtype, shape);
  };
  EXPECT_EQ(holder({}, DType::kUint8, {2, 3}), PictureHolder::kTensor);
  EXPECT_EQ(holder({kRgb, 16, 0, ""}, DType::kUint16, {2, 3, 3}), PictureHolder::kTensor);
  EXPECT_EQ(holder({kGray, 32, 0, ""}, DType::kFloat32, {2, 3}), PictureHolder::kTensor);
  EXPECT_EQ(holder({kGray, 1, 0, ""}, DType::kUint8, {2, 3}), PictureHolder::kBits);
  EXPECT_EQ(holder({kGray, 1, 0, ""}, DType::kUint8, {1, 2, 3}), PictureHolder::kForm);
  EXPECT_EQ(holder({kGray, 4, 0, ""}, DType::kUint8, {2, 3}), PictureHolder::kForm);
  EXPECT_EQ(holder({kGray, 8, 2, "xy"}, DType::kUint8, {2, 3}), PictureHolder::kForm);
  EXPECT_EQ(holder({kRgba, 8, 0, ""}, DType::kUint8, {2, 3, 4}), PictureHolder::kForm);
  EXPECT_EQ(holder({kPalette, 1, 3, "abc"}, DType::kUint8, {2, 3}), PictureHolder::kForm);
}

}  // namespace
}  // namespace trine
