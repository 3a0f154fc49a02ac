// Masks from pictures of any type.
#include "core/segment/mask_values.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/runtime/thread_pool.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trine::segment {
namespace {

using testing::ElementsAre;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <typename T>
Tensor Of(DType dtype, const Shape& shape, const std::vector<T>& values) {
  Tensor out = Tensor::Zeros(dtype, shape);
  for (size_t i = 0; i < values.size(); ++i) StoreLE(&out.data[i * sizeof(T)], values[i]);
  return out;
}

std::vector<int> Cells(const absl::StatusOr<Tensor>& mask) {
  EXPECT_TRUE(mask.ok()) << mask.status();
  EXPECT_EQ(mask->dtype, DType::kUint8);
  EXPECT_EQ(mask->shape.size(), 2u);
  return {mask->data.begin(), mask->data.end()};
}

TEST(MaskValuesTest, CountsWhatIsNeither0NorTheLargest) {
  const auto count = [](Shape shape, const std::vector<uint8_t>& values) {
    const Tensor tensor{
        DType::kUint8, std::move(shape), {values.data(), values.data() + values.size()}};
    return *CountBetween({}, tensor.view());
  };
  EXPECT_EQ(count({1, 4}, {0, 0, 0, 0}), 0u);
  EXPECT_EQ(count({1, 4}, {0, 255, 255, 0}), 0u);
  EXPECT_EQ(count({1, 4}, {0, 254, 255, 1}), 2u);
  EXPECT_EQ(count({2, 2}, {0, 254, 254, 1}), 1u);
  // A pixel counts once.
  EXPECT_EQ(count({1, 2, 3}, {0, 255, 0, 3, 4, 255}), 1u);
  EXPECT_EQ(LossyWarning(0, kTakenAsInside), "");
  EXPECT_EQ(LossyWarning(1, kTakenAsInside),
            "its file is lossy: 1 pixel is neither 0 nor the largest value, and was taken as "
            "inside, as all but 0 are; a mask wants a lossless file, such as PNG");
}

TEST(MaskValues, WhatIsNotZeroIsInside) {
  const auto mask = [](const Tensor& tensor) { return Cells(MaskOfNonZeros({}, tensor.view())); };
  EXPECT_THAT(mask(Of<float>(DType::kFloat32, {2, 2}, {0.5f, -0.0f, -1, 0})),
              ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(mask(Of<int64_t>(DType::kInt64, {1, 3}, {int64_t{1} << 40, 0, -1})),
              ElementsAre(1, 0, 1));
  // Any of a pixel's channels; no pixel is taken for the next one's.
  EXPECT_THAT(mask(Of<uint16_t>(DType::kUint16, {1, 3, 2}, {0, 256, 0, 0, 7, 0})),
              ElementsAre(1, 0, 1));
}

TEST(MaskValues, WhatIsAboveHalfOfTheLargestIsForeground) {
  const auto mask = [](const Tensor& tensor, bool invert = false) {
    return Cells(MaskOfBright({}, tensor.view(), invert));
  };
  EXPECT_THAT(mask(Of<uint8_t>(DType::kUint8, {1, 4}, {0, 100, 101, 200})),
              ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(mask(Of<uint8_t>(DType::kUint8, {1, 4}, {0, 100, 101, 200}), true),
              ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(mask(Of<float>(DType::kFloat32, {1, 3}, {-8, 0, 0})), ElementsAre(0, 0, 0));
  EXPECT_THAT(mask(Of<uint8_t>(DType::kUint8, {1, 2}, {0, 0})), ElementsAre(0, 0));
}

// The first of several that are not finite, whatever the number of threads.
TEST(MaskValues, RefuseWhatIsNotFinite) {
  constexpr int64_t kWidth = 500, kHeight = 700;
  ThreadPool pool(4);
  for (const double value : {kNaN, kInfinity, -kInfinity}) {
    Tensor tensor = Tensor::Zeros(DType::kFloat64, {kHeight, kWidth});
    for (const size_t at : {123 * kWidth + 45, 600 * kWidth, kHeight * kWidth - 1})
      StoreLE(&tensor.data[at * sizeof(double)], value);
    for (const int threads : {1, 4}) {
      Context context;
      context.pool = &pool;
      context.max_threads = threads;
      for (const absl::Status& status : {MaskOfNonZeros(context, tensor.view()).status(),
                                         MaskOfBright(context, tensor.view(), false).status()}) {
        ASSERT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
        const std::optional<ErrorDetail> detail = GetErrorDetail(status);
        EXPECT_EQ(detail->field, "mask[123][45]");
        EXPECT_EQ(detail->limit, "a mask's values must be finite");
      }
    }
  }
  const Tensor colour = Of<float>(DType::kFloat32, {2, 1, 2}, {1, 1, 1, std::nanf("")});
  EXPECT_EQ(GetErrorDetail(MaskOfNonZeros({}, colour.view()).status())->field, "mask[1][0]");
  const Tensor half = Of<uint16_t>(DType::kFloat16, {1, 2}, {0x3C00, 0x7E00});
  EXPECT_EQ(GetErrorDetail(MaskOfNonZeros({}, half.view()).status())->field, "mask[0][1]");
}

}  // namespace
}  // namespace trine::segment
