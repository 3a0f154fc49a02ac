#include "core/base/float16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

namespace trine {
namespace {

// The half nearest to `value`, ties to even, by looking at every finite half.
uint16_t NearestHalfBySearch(float value) {
  const double magnitude = std::abs(static_cast<double>(value));
  // 65504 is the largest half; what would round to the next step, 65536, overflows.
  uint16_t best = 0x7C00;
  if (magnitude < 65520.0) {
    double best_distance = std::numeric_limits<double>::infinity();
    for (uint16_t bits = 0; bits < 0x7C00; ++bits) {
      const double distance = std::abs(Float16ToFloat(bits) - magnitude);
      if (distance < best_distance || (distance == best_distance && bits % 2 == 0)) {
        best_distance = distance;
        best = bits;
      }
    }
  }
  return static_cast<uint16_t>(best | (std::signbit(value) ? 0x8000 : 0));
}

TEST(Float16, KnownValues) {
  EXPECT_EQ(Float16ToFloat(0x3C00), 1.0f);
  EXPECT_EQ(Float16ToFloat(0xC000), -2.0f);
  EXPECT_EQ(Float16ToFloat(0x7BFF), 65504.0f);
  EXPECT_EQ(Float16ToFloat(0x0001), std::ldexp(1.0f, -24));
  EXPECT_EQ(Float16ToFloat(0x0400), std::ldexp(1.0f, -14));
  EXPECT_TRUE(std::isinf(Float16ToFloat(0xFC00)));
  EXPECT_TRUE(std::isnan(Float16ToFloat(0x7E01)));
}

TEST(Float16, EveryHalfComesBack) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = Float16ToFloat(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(Float16ToFloat(FloatToFloat16(value))));
    } else {
      ASSERT_EQ(FloatToFloat16(value), bits);
    }
  }
}

TEST(Float16, RoundsToNearestEven) {
  const float values[] = {0.1f,       1.0f / 3,     2049.0f,      2051.0f, 65519.9f,
                          65520.0f,   1e-8f,        2.98e-8f,     6e-5f,   6.1e-5f,
                          -7.7f,      1e30f,        0.0f,         -0.0f,   0x1p-25f,
                          0x1.8p-24f, 0x1.ffcp-15f, 0x1.ffep-15f, 1234.56f};
  for (const float value : values) {
    EXPECT_EQ(FloatToFloat16(value), NearestHalfBySearch(value)) << value;
  }
}

TEST(BFloat16, RoundsToNearestEven) {
  EXPECT_EQ(FloatToBFloat16(1.0f), 0x3F80);
  EXPECT_EQ(FloatToBFloat16(std::bit_cast<float>(0x3F808000u)), 0x3F80);  // tie, even below
  EXPECT_EQ(FloatToBFloat16(std::bit_cast<float>(0x3F818000u)), 0x3F82);  // tie, even above
  EXPECT_EQ(FloatToBFloat16(std::bit_cast<float>(0x3F808001u)), 0x3F81);
  EXPECT_EQ(FloatToBFloat16(std::numeric_limits<float>::max()), 0x7F80);
  EXPECT_TRUE(std::isnan(BFloat16ToFloat(FloatToBFloat16(std::bit_cast<float>(0x7F800001u)))));
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = BFloat16ToFloat(static_cast<uint16_t>(bits));
    if (!std::isnan(value)) {
      ASSERT_EQ(FloatToBFloat16(value), bits);
    }
  }
}

}  // namespace
}  // namespace trine
