#include "core/segment/mask_kernels.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "core/base/long_array.h"
#include "gtest/gtest.h"
#include "tests/core/each_target.h"

namespace trine::segment {
namespace {

constexpr uint8_t kUntouched = 77;

template <typename T>
std::vector<T> Pixels(size_t count, std::mt19937& random) {
  const std::vector<T> edges = {std::numeric_limits<T>::lowest(), T{0}, T{1}, T{127}, T{128},
                                std::numeric_limits<T>::max()};
  std::vector<T> out(count);
  for (T& pixel : out)
    pixel = random() % 3 == 0 ? edges[random() % edges.size()] : static_cast<T>(random() % 300);
  if (!std::is_integral_v<T> && count > 2) {
    out[1] = std::numeric_limits<T>::infinity();
    out[2] = std::numeric_limits<T>::quiet_NaN();
  }
  return out;
}

// Lengths about one and several vectors of each width, and beyond the 255 that are counted at once.
std::vector<size_t> Counts() {
  std::vector<size_t> out = {1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 300};
  for (const size_t lanes : {16, 32, 64}) {
    for (const size_t add : {size_t{0}, size_t{1}, lanes - 1}) out.push_back(255 * lanes + add);
    out.push_back(256 * lanes);
  }
  return out;
}

template <typename T>
void CheckMarks() {
  std::mt19937 random(1);
  const std::vector<T> limits = {std::numeric_limits<T>::lowest(), T{0}, T{127}, T{128}, T{200},
                                 std::numeric_limits<T>::max()};
  for (const size_t count : Counts()) {
    const std::vector<T> pixels = Pixels<T>(count, random);
    std::vector<uint8_t> bytes(count * sizeof(T) + 1), inside(count);
    std::memcpy(bytes.data() + 1, pixels.data(), count * sizeof(T));
    for (uint8_t& pixel : inside) pixel = random() % 3 == 0 ? 0 : random() % 2 == 0 ? 1 : 255;
    for (const size_t offset : {size_t{0}, size_t{3}}) {
      for (int flags = 0; flags < 8; ++flags) {
        const T limit = limits[random() % limits.size()];
        const Marking how{.invert = (flags & 1) != 0,
                          .inside = (flags & 2) != 0 ? inside.data() : nullptr,
                          .streamed = (flags & 4) != 0};
        // Vectors fit the address or not.
        LongArray<uint8_t> memory = LongArray<uint8_t>::Zeros(count + offset + 128);
        std::fill(memory.begin(), memory.end(), kUntouched);
        uint8_t* const mask =
            memory.data() + 64 - reinterpret_cast<uintptr_t>(memory.data()) % 64 + offset;
        const uint64_t marked = MarkAbove(bytes.data() + 1, count, limit, how, mask);
        uint64_t want = 0;
        for (size_t i = 0; i < count; ++i) {
          const bool is_marked =
              (pixels[i] > limit) != how.invert && (how.inside == nullptr || inside[i] != 0);
          ASSERT_EQ(mask[i], is_marked ? 255 : 0) << i << " of " << count << ", flags " << flags;
          want += is_marked ? 1 : 0;
        }
        EXPECT_EQ(marked, want) << count;
        EXPECT_EQ(mask[count], kUntouched);
      }
    }
  }
}

template <typename T>
void CheckClasses() {
  std::mt19937 random(2);
  for (const size_t count : Counts()) {
    const std::vector<T> pixels = Pixels<T>(count, random);
    std::vector<uint8_t> bytes(count * sizeof(T) + 1), inside(count);
    std::memcpy(bytes.data() + 1, pixels.data(), count * sizeof(T));
    for (uint8_t& pixel : inside) pixel = random() % 3 == 0 ? 0 : 9;
    std::vector<T> limits;
    for (size_t k = random() % 20; k > 0; --k) limits.push_back(static_cast<T>(random() % 256));
    const auto first = static_cast<uint8_t>(random() % 3);
    for (const bool masked : {false, true}) {
      for (const bool streamed : {false, true}) {
        std::vector<int32_t> labels(count + 1, kUntouched);
        CountBelow(bytes.data() + 1, count, limits, first, masked ? inside.data() : nullptr,
                   streamed, labels.data());
        for (size_t i = 0; i < count; ++i) {
          int32_t want = first;
          for (const T limit : limits) want += pixels[i] > limit ? 1 : 0;
          if (masked && inside[i] == 0) want = 0;
          ASSERT_EQ(labels[i], want) << i << " of " << count;
        }
        EXPECT_EQ(labels[count], kUntouched);
      }
    }
  }
}

TEST(MaskKernels, MarkOnEveryTarget) {
  for (const int64_t target : TargetsHere(MaskKernelTargets())) {
    SCOPED_TRACE(hwy::TargetName(target));
    const OnlyTarget only(target);
    CheckMarks<uint8_t>();
    CheckMarks<uint16_t>();
    CheckMarks<float>();
    CheckMarks<double>();
  }
}

TEST(MaskKernels, CountClassesOnEveryTarget) {
  for (const int64_t target : TargetsHere(MaskKernelTargets())) {
    SCOPED_TRACE(hwy::TargetName(target));
    const OnlyTarget only(target);
    CheckClasses<uint8_t>();
    CheckClasses<uint16_t>();
    CheckClasses<float>();
    CheckClasses<double>();
  }
}

TEST(MaskKernels, CountSetBytesOnEveryTarget) {
  std::mt19937 random(3);
  for (const int64_t target : TargetsHere(MaskKernelTargets())) {
    SCOPED_TRACE(hwy::TargetName(target));
    const OnlyTarget only(target);
    for (const size_t count : Counts()) {
      std::vector<uint8_t> bytes(count + 1);
      uint64_t want = 0;
      for (size_t i = 0; i < count; ++i) {
        bytes[i + 1] = random() % 2 == 0 ? 0 : static_cast<uint8_t>(1 + random() % 255);
        want += bytes[i + 1] != 0 ? 1 : 0;
      }
      EXPECT_EQ(CountSet(bytes.data() + 1, count), want);
    }
  }
}

}  // namespace
}  // namespace trine::segment
