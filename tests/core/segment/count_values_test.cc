#include <cstring>
#include <functional>
#include <random>
#include <string>

#include "core/segment/histogram.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

template <typename T>
std::vector<uint64_t> Naive(const std::vector<T>& pixels, const std::vector<uint8_t>& inside) {
  std::vector<uint64_t> counts(size_t{1} << (8 * sizeof(T)), 0);
  for (size_t i = 0; i < pixels.size(); ++i)
    if (inside.empty() || inside[i] != 0) ++counts[pixels[i]];
  return counts;
}

using Values = std::function<uint32_t(size_t i)>;

// What a picture is like decides how it is counted.
std::vector<std::pair<std::string, Values>> Kinds(std::mt19937& random) {
  return {{"constant", [](size_t) { return 0xABABu; }},
          {"zeros", [](size_t) { return 0u; }},
          {"highest", [](size_t) { return 0xFFFFu; }},
          {"noise", [&random](size_t) { return static_cast<uint32_t>(random()); }},
          {"smooth", [&random](size_t i) { return static_cast<uint32_t>(i / 500 + random() % 3); }},
          {"runs", [](size_t i) { return static_cast<uint32_t>(i / 13 * 7919); }},
          {"two", [](size_t i) { return i % 2 == 0 ? 17u : 65000u; }}};
}

// None, all but a few, few, in blocks that begin anywhere, of values other than 255.
std::vector<std::vector<uint8_t>> Insides(size_t count, std::mt19937& random) {
  std::vector<std::vector<uint8_t>> out(5, std::vector<uint8_t>(count, 0));
  out[0].clear();
  for (size_t i = 0; i < count; ++i) {
    out[1][i] = random() % 50 == 0 ? 0 : 255;
    out[2][i] = random() % 50 == 0 ? 128 : 0;
    out[3][i] = (i + 3) % 91 < 40 ? static_cast<uint8_t>(1 + random() % 255) : 0;
  }
  return out;
}

template <typename T>
void CheckCounts(size_t count) {
  std::mt19937 random(static_cast<uint32_t>(count));
  ThreadPool pool(3);
  for (const auto& [kind, value] : Kinds(random)) {
    std::vector<T> pixels(count);
    for (size_t i = 0; i < count; ++i) pixels[i] = static_cast<T>(value(i));
    std::vector<uint8_t> bytes(count * sizeof(T) + 1);
    std::memcpy(bytes.data() + 1, pixels.data(), count * sizeof(T));  // not aligned
    for (const std::vector<uint8_t>& inside : Insides(count, random)) {
      Picture gray{1, static_cast<int64_t>(count), DTypeOf<T>(), bytes.data() + 1,
                   inside.empty() ? nullptr : inside.data()};
      const std::vector<uint64_t> want = Naive(pixels, inside);
      Context context;
      for (ThreadPool* threads : {static_cast<ThreadPool*>(nullptr), &pool}) {
        context.pool = threads;
        const auto got = CountValues(context, gray);
        ASSERT_TRUE(got.ok());
        ASSERT_TRUE(*got == want) << kind << " of " << count;
      }
    }
  }
}

// The shortest picture whose pairs are counted has 2^18 pixels; ranges have 2^17.
TEST(CountValues, AreThoseOfEveryPixel) {
  for (const size_t count :
       {size_t{1}, size_t{3}, size_t{7}, size_t{8}, size_t{9}, size_t{15}, size_t{16}, size_t{17},
        size_t{1021}, (size_t{1} << 18) - 1, (size_t{1} << 18) + 5}) {
    CheckCounts<uint8_t>(count);
    CheckCounts<uint16_t>(count);
  }
}

TEST(CountValues, OfSeveralRanges) {
  CheckCounts<uint8_t>((size_t{1} << 20) + 3);
  CheckCounts<uint16_t>((size_t{1} << 19) + 1);
}

// A counter of a byte is full every 256 pixels.
TEST(CountValues, CarryIsNotLost) {
  for (const size_t count : {255u, 256u, 257u, 511u, 512u, 70000u}) {
    std::vector<uint16_t> pixels(2 * count);
    for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = i % 2 == 0 ? 300 : 301;
    const Picture gray{1, static_cast<int64_t>(pixels.size()), DType::kUint16,
                       reinterpret_cast<const uint8_t*>(pixels.data()), nullptr};
    const auto got = CountValues({}, gray);
    ASSERT_TRUE(got.ok());
    EXPECT_EQ((*got)[300], count);
    EXPECT_EQ((*got)[301], count);
  }
}

}  // namespace
}  // namespace trine::segment
