#include "core/base/long_array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace trine {
namespace {

// Lengths in bytes on both sides of where an array has a mapping of its own.
constexpr size_t kLengths[] = {1,
                               4096,
                               internal::kMappedBytes - 8,
                               internal::kMappedBytes,
                               internal::kMappedBytes + 8,
                               3 * internal::kMappedBytes + 24};

TEST(LongArray, IsZerosAlsoInMemoryThatWasUsed) {
  for (const size_t bytes : kLengths) {
    for (int i = 0; i < 6; ++i) {
      auto array =
          i % 2 == 0 ? LongArray<uint8_t>::Zeros(bytes) : LongArray<uint8_t>::SparseZeros(bytes);
      ASSERT_EQ(array.size(), bytes);
      ASSERT_EQ(std::count(array.begin(), array.end(), 0), static_cast<int64_t>(bytes));
      std::fill(array.begin(), array.end(), uint8_t{255});
    }
  }
}

TEST(LongArray, OneTouchOfSparseZerosTakesASmallPage) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  for (const size_t bytes : {internal::kMappedBytes, 3 * internal::kMappedBytes}) {
    auto array = LongArray<uint8_t>::SparseZeros(bytes);
    const auto touched = [&] {
      std::vector<unsigned char> pages(bytes / page);
      EXPECT_EQ(mincore(array.data(), bytes, pages.data()), 0);
      return std::count_if(pages.begin(), pages.end(),
                           [](unsigned char state) { return (state & 1) != 0; });
    };
    if (touched() != 0) GTEST_SKIP() << "this system does not tell";
    array[bytes / 2] = 1;
    EXPECT_EQ(touched(), 1);
  }
}

TEST(LongArray, IsAligned) {
  for (const size_t bytes : kLengths) {
    const auto array = LongArray<uint8_t>::ForOverwrite(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(array.data()) % alignof(std::max_align_t), 0u);
  }
}

TEST(LongArray, IsAValue) {
  for (const size_t bytes : kLengths) {
    auto array = LongArray<uint64_t>::Zeros((bytes + 7) / 8);
    array[array.size() - 1] = 5;
    LongArray<uint64_t> copy = array;
    EXPECT_EQ(copy, array);
    EXPECT_NE(copy.data(), array.data());
    copy[0] = 6;
    EXPECT_NE(copy, array);
    const uint64_t* const at = copy.data();
    const LongArray<uint64_t> moved = std::move(copy);
    EXPECT_EQ(moved.data(), at);
    EXPECT_TRUE(copy.empty());  // NOLINT(bugprone-use-after-move): is documented
    array = moved;
    EXPECT_EQ(array, moved);
  }
}

TEST(LongArray, HoldsWhatIsListed) {
  const LongArray<int32_t> listed{3, 1, 2};
  EXPECT_THAT(listed, testing::ElementsAre(3, 1, 2));
}

TEST(LongArray, EmptyAndTruncated) {
  EXPECT_TRUE(LongArray<int32_t>().empty());
  EXPECT_TRUE(LongArray<int32_t>::Zeros(0).empty());
  auto array = LongArray<int32_t>::Zeros(internal::kMappedBytes);
  array[2] = 3;
  array.Truncate(3);
  EXPECT_EQ(array.size(), 3u);
  const LongArray<int32_t> copy = array;
  EXPECT_EQ(copy.end()[-1], 3);
}

TEST(LongArray, CountsTheHugePagesThatAreTouched) {
  constexpr size_t kMiB = size_t{1} << 20;
  EXPECT_EQ(TouchedMemory(0, 64 * kMiB), 0u);
  EXPECT_EQ(TouchedMemory(1, 64 * kMiB), 2 * kMiB);
  EXPECT_EQ(TouchedMemory(3 * kMiB, 64 * kMiB), 4 * kMiB);
  EXPECT_EQ(TouchedMemory(4 * kMiB, 64 * kMiB), 4 * kMiB);
  EXPECT_EQ(TouchedMemory(5 * kMiB, 5 * kMiB + 1), 5 * kMiB + 1);
  EXPECT_EQ(TouchedMemory(3 * kMiB, 3 * kMiB), 3 * kMiB);  // too short for huge pages
}

TEST(LongArray, ReservesForWhatGrows) {
  std::string text = "x";
  ReserveLong(3 * internal::kMappedBytes, &text);
  const char* const at = text.data();
  text.resize(3 * internal::kMappedBytes);
  EXPECT_EQ(text.data(), at);
  EXPECT_EQ(text[0], 'x');
}

}  // namespace
}  // namespace trine
