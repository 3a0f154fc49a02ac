#include "core/base/tensor.h"

#include <gtest/gtest.h>

#include "core/base/checked.h"
#include "core/base/error.h"

namespace trine {
namespace {

TEST(DType, NamesAndSizesAgree) {
  for (int i = kMinDType; i <= kMaxDType; ++i) {
    const DType dtype = static_cast<DType>(i);
    EXPECT_EQ(ParseDType(DTypeName(dtype)), dtype);
    const size_t size = DTypeSize(dtype);
    EXPECT_TRUE(size == 1 || size == 2 || size == 4 || size == 8);
  }
  EXPECT_EQ(DTypeSize(DType::kBfloat16), 2u);
  EXPECT_FALSE(ParseDType("float128").has_value());
}

TEST(CountElements, CountsAndRefuses) {
  Limits limits;
  limits.max_elements = 1000;
  EXPECT_EQ(*CountElements({}, limits, "t.shape"), 1u);
  EXPECT_EQ(*CountElements({10, 100}, limits, "t.shape"), 1000u);
  EXPECT_EQ(*CountElements({INT64_MAX, INT64_MAX, 0}, limits, "t.shape"), 0u);

  const auto above = CountElements({7, 11, 13}, limits, "t.shape");
  EXPECT_EQ(above.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(GetErrorDetail(above.status())->field, "t.shape");

  const auto negative = CountElements({3, -1}, limits, "t.shape");
  EXPECT_EQ(negative.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(GetErrorDetail(negative.status())->field, "t.shape[1]");

  const auto overflow = CountElements({int64_t{1} << 33, int64_t{1} << 33}, limits, "t.shape");
  EXPECT_EQ(overflow.status().code(), absl::StatusCode::kInvalidArgument);

  EXPECT_TRUE(CountElements({1, 1, 1, 1, 1, 1, 1, 1}, limits, "t.shape").ok());
  const auto rank9 = CountElements({1, 1, 1, 1, 1, 1, 1, 1, 1}, limits, "t.shape");
  EXPECT_EQ(rank9.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ValidateTensor, TheDataMustBeExactlyAsLongAsTheShapeSays) {
  const std::vector<uint8_t> data(24);
  const auto check = [&](size_t bytes) {
    return ValidateTensor({DType::kFloat32, {2, 3}, ByteView(data.data(), bytes)}, DefaultLimits(),
                          "tensor");
  };
  EXPECT_TRUE(check(24).ok());
  EXPECT_EQ(GetErrorDetail(check(23))->field, "tensor.data");
  EXPECT_FALSE(check(0).ok());
}

TEST(Checked, StopsAtTheEdge) {
  EXPECT_EQ(CheckedMul(UINT64_MAX, 1), UINT64_MAX);
  EXPECT_FALSE(CheckedMul(UINT64_MAX, 2).has_value());
  EXPECT_EQ(CheckedAdd(UINT64_MAX - 1, 1), UINT64_MAX);
  EXPECT_FALSE(CheckedAdd(UINT64_MAX, 1).has_value());
  EXPECT_EQ(CeilDiv(UINT64_MAX, 2), (uint64_t{1} << 63));
  EXPECT_EQ(CeilDiv(0, 7), 0u);
}

}  // namespace
}  // namespace trine
