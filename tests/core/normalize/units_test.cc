// The parts: conversions, window sums, tiles.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <set>

#include "core/base/float16.h"
#include "core/normalize/convert.h"
#include "core/normalize/geometry.h"
#include "core/normalize/rows/power.h"
#include "core/normalize/rows/window_sum.h"
#include "tests/core/normalize/support.h"

namespace trine::normalize {
namespace {

std::vector<uint16_t> AllHalves() {
  std::vector<uint16_t> halves(65536);
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(i);
  return halves;
}

TEST(Convert, LoadsEvery16BitPatternAsTheReferenceDoes) {
  const std::vector<uint16_t> bits = AllHalves();
  const auto* bytes = reinterpret_cast<const uint8_t*>(bits.data());
  std::vector<float> half(bits.size()), brain(bits.size());
  std::vector<double> wide(bits.size());
  GetLoad<float>(DType::kFloat16)(bytes, bits.size(), half.data());
  GetLoad<float>(DType::kBfloat16)(bytes, bits.size(), brain.data());
  GetLoad<double>(DType::kFloat16)(bytes, bits.size(), wide.data());
  for (size_t i = 0; i < bits.size(); ++i) {
    ASSERT_EQ(std::bit_cast<uint32_t>(half[i]), std::bit_cast<uint32_t>(Float16ToFloat(bits[i])));
    ASSERT_EQ(std::bit_cast<uint32_t>(brain[i]), std::bit_cast<uint32_t>(BFloat16ToFloat(bits[i])));
    if (!std::isnan(half[i])) {
      ASSERT_EQ(wide[i], half[i]);
    }
  }
}

// All floats whose upper 16 bits and lower 16 bits take every and the interesting values.
TEST(Convert, StoresFloatsAsTheReferenceDoes) {
  std::vector<float> values;
  for (uint32_t high = 0; high < 65536; ++high)
    for (const uint32_t low : {0x0000u, 0x0001u, 0x0FFFu, 0x1000u, 0x1001u, 0x2FFFu, 0x3000u,
                               0x7FFFu, 0x8000u, 0x8001u, 0xEFFFu, 0xF000u, 0xFFFFu})
      values.push_back(std::bit_cast<float>(high << 16 | low));
  std::vector<uint16_t> half(values.size()), brain(values.size());
  GetStore<float>(DType::kFloat16)(values.data(), values.size(),
                                   reinterpret_cast<uint8_t*>(half.data()));
  GetStore<float>(DType::kBfloat16)(values.data(), values.size(),
                                    reinterpret_cast<uint8_t*>(brain.data()));
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(half[i], FloatToFloat16(values[i])) << values[i];
    ASSERT_EQ(brain[i], FloatToBFloat16(values[i])) << values[i];
  }
}

// A double just beside the middle of two halves rounds towards its own side, although the nearest
// float is the middle itself.
TEST(Convert, StoresDoublesWithOneRounding) {
  const double middle = 1 + 0x1p-11;  // of 1 and 1 + 2^-10
  const double brain_middle = 1 + 0x1p-8;
  const double values[] = {
      middle, std::nextafter(middle, 2), std::nextafter(middle, 0), 1e300, -1e300, 0.0};
  uint16_t half[6];
  GetStore<double>(DType::kFloat16)(values, 6, reinterpret_cast<uint8_t*>(half));
  EXPECT_EQ(half[0], 0x3C00);
  EXPECT_EQ(half[1], 0x3C01);
  EXPECT_EQ(half[2], 0x3C00);
  EXPECT_EQ(half[3], 0x7C00);
  EXPECT_EQ(half[4], 0xFC00);
  EXPECT_EQ(half[5], 0x0000);
  const double brains[] = {brain_middle, std::nextafter(brain_middle, 2),
                           std::nextafter(brain_middle + 0x1p-7, 0), brain_middle + 0x1p-7};
  uint16_t brain[4];
  GetStore<double>(DType::kBfloat16)(brains, 4, reinterpret_cast<uint8_t*>(brain));
  EXPECT_EQ(brain[0], 0x3F80);
  EXPECT_EQ(brain[1], 0x3F81);
  EXPECT_EQ(brain[2], 0x3F81);
  EXPECT_EQ(brain[3], 0x3F82);
}

// The order that window_sum.h states, written as a recursion.
float Ordered(const float* q, size_t stride, size_t n) {
  if (n == 1) return *q;
  const size_t large = std::bit_floor(n);
  if (n == large) return Ordered(q, stride, n / 2) + Ordered(q + n / 2 * stride, stride, n / 2);
  return Ordered(q, stride, n - large) + Ordered(q + (n - large) * stride, stride, large);
}

TEST(WindowSum, AddsInTheStatedOrder) {
  Random random(1);
  for (size_t n = 1; n <= 70; ++n)
    for (const size_t stride : {1, 3, 16}) {
      const size_t count = 150;
      const size_t length = count + (n - 1) * stride;
      std::vector<float> q(length), out(count), a(length), b(length);
      for (float& value : q) value = static_cast<float>(random.Uniform(0, 1));
      ASSERT_TRUE(
          SlidingSum(CancelToken(), q.data(), count, stride, n, out.data(), a.data(), b.data()));
      for (size_t i = 0; i < count; ++i)
        ASSERT_EQ(out[i], Ordered(&q[i], stride, n)) << "n=" << n << " stride=" << stride;
    }
}

TEST(WindowSum, SpansParts) {
  const size_t count = 3 * kPollElements + 5;
  for (const size_t n : {3, 100}) {
    std::vector<float> q(count + n - 1), out(count), a(q.size()), b(q.size());
    for (size_t i = 0; i < q.size(); ++i) q[i] = static_cast<float>(i % 7);
    ASSERT_TRUE(SlidingSum(CancelToken(), q.data(), count, 1, n, out.data(), a.data(), b.data()));
    for (size_t i = 0; i < count; ++i) ASSERT_EQ(out[i], Ordered(&q[i], 1, n));
  }
}

TEST(WindowSum, StopsWhenTold) {
  CancelSource source;
  source.Cancel();
  const size_t count = 3 * kPollElements;
  std::vector<float> q(count + 99), out(count), a(q.size()), b(q.size());
  for (const size_t n : {3, 100})
    EXPECT_FALSE(SlidingSum(source.token(), q.data(), count, 1, n, out.data(), a.data(), b.data()));
}

// Tiles cover every element once, for every mode, layout and window.
TEST(Tiles, CoverTheTensorOnce) {
  for (const Shape& shape :
       {Shape{3, 17}, Shape{1, 40000}, Shape{2, 2200, 3, 9}, Shape{1, 2, 300, 250},
        Shape{1, 2, 30, 61, 60}, Shape{900, 3, 2, 2}, Shape{1, 1, 70000}, Shape{1, 33, 70, 70}})
    for (const Mode mode : {Mode::kAcrossChannels, Mode::kWithinChannel})
      for (const Layout layout : {Layout::kChannelsFirst, Layout::kChannelsLast})
        for (const int64_t n : {1, 5, 31, 4001}) {
          if (mode == Mode::kWithinChannel && shape.size() == 2) continue;
          LrnOptions options;
          options.mode = mode;
          options.layout = layout;
          options.size = n;
          const Geometry g = MakeGeometry(MustResolve(options, shape), shape);
          const int64_t elements = g.outer * g.axis[0] * g.axis[1] * g.axis[2] * g.inner;
          ASSERT_EQ(static_cast<size_t>(elements), Count(shape));
          const Tiling tiling(g);
          std::vector<uint8_t> hits(Count(shape));
          for (size_t i = 0; i < tiling.tiles(); ++i) {
            const Box box = tiling.tile(i);
            for (int64_t o = box.outer.begin; o < box.outer.end; ++o)
              for (int64_t d = box.axis[0].begin; d < box.axis[0].end; ++d)
                for (int64_t h = box.axis[1].begin; h < box.axis[1].end; ++h)
                  for (int64_t w = box.axis[2].begin; w < box.axis[2].end; ++w)
                    for (int64_t p = box.inner.begin; p < box.inner.end; ++p)
                      ++hits[static_cast<size_t>(
                          (((o * g.axis[0] + d) * g.axis[1] + h) * g.axis[2] + w) * g.inner + p)];
          }
          ASSERT_EQ(std::set<uint8_t>(hits.begin(), hits.end()), std::set<uint8_t>{1})
              << ShapeToString(shape) << " n=" << n;
        }
}

// What a window beyond the tensor costs is bounded by the tensor.
TEST(Tiles, WindowsAreClippedToTheTensor) {
  LrnOptions options;
  options.size = 65535;
  const Geometry g = MakeGeometry(MustResolve(options, {2, 7, 3, 4}), Shape{2, 7, 3, 4});
  EXPECT_EQ(g.window.lo[2], 6);
  EXPECT_EQ(g.window.hi[2], 6);
  EXPECT_EQ(g.taps(), 13);
}

// Parameters with which float32 cannot keep the bound are computed in double.
TEST(Precision, FloatOnlyWhereItSuffices) {
  Resolved resolved;
  EXPECT_TRUE(FloatSuffices(resolved, 5));
  EXPECT_TRUE(FloatSufficesForGradient(resolved, 5));
  resolved.k = -1;
  EXPECT_FALSE(FloatSuffices(resolved, 5));
  resolved = {};
  resolved.a = -1e-4;
  EXPECT_FALSE(FloatSuffices(resolved, 5));
  resolved.a = 1e300;
  EXPECT_FALSE(FloatSuffices(resolved, 5));
  resolved = {};
  resolved.beta = 3;
  EXPECT_FALSE(FloatSuffices(resolved, 5));
  resolved = {};
  resolved.k = 0;
  EXPECT_TRUE(FloatSuffices(resolved, 5));
  EXPECT_FALSE(FloatSufficesForGradient(resolved, 5));
}

}  // namespace
}  // namespace trine::normalize
