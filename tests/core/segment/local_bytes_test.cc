// The vector loops of 8-bit pictures against the plain ones, which a mask of ones asks for, on
// every instruction set that this machine has.
#include <algorithm>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "core/runtime/thread_pool.h"
#include "core/segment/local/kernels/byte_windows.h"
#include "core/segment/local/local_threshold.h"
#include "gtest/gtest.h"
#include "tests/core/each_target.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

struct Size {
  int height, width;
};
// Around the ends of vectors, of words and of what is taken by vectors; one row; one column.
std::vector<Size> Sizes() {
  std::vector<Size> sizes = {{1, 1}, {1, 500}, {300, 1}, {40, 15}, {40, 16}, {33, 17}, {2, 2000}};
  for (const int width : {31, 32, 33, 62, 63, 64, 65, 66, 67, 127, 128, 129, 255, 257})
    sizes.push_back({19 + width % 7, width});
  return sizes;
}

template <typename T>
Grid<T> Picture(std::mt19937& random, Size size, int kind) {
  constexpr int kTop = std::numeric_limits<T>::max();
  if (kind == 0) return RandomGrid<T>(random, size.height, size.width, 0, kTop);
  // Few values, so that pixels equal their thresholds.
  if (kind == 1) return RandomGrid<T>(random, size.height, size.width, 100, 103);
  if (kind == 2) return Grid<T>(size.height, size.width, kTop);
  Grid<T> grid(size.height, size.width);  // black and white halves
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x)
      grid.at(y, x) = (x * 2 < size.width) != (y % 9 < 4) ? kTop : 0;
  }
  return grid;
}

template <typename T>
void ExpectAsPlain(const Grid<T>& gray, const LocalThresholdStep& step, bool invert) {
  const Mask all(gray.height, gray.width, 1);
  const auto fast = RunSteps(gray, {step}, Profile::kExact, invert);
  const auto plain = RunSteps(gray, {step}, Profile::kExact, invert, &all);
  ASSERT_TRUE(fast.ok() && plain.ok()) << fast.status() << plain.status();
  ASSERT_TRUE(fast->mask->data == plain->mask->data)
      << gray.height << " x " << gray.width << ", window " << step.window << "\n"
      << Draw(GridOf<uint8_t>(*fast->mask)) << "\n"
      << Draw(GridOf<uint8_t>(*plain->mask));
}

TEST(LocalBytes, MasksAreThoseOfPlainLoops) {
  const std::vector<int64_t> targets = TargetsHere(ByteWindowTargets());
  ASSERT_FALSE(targets.empty());
  for (const int64_t target : targets) {
    const OnlyTarget only(target);
    std::mt19937 random(101);
    int kind = 0;
    for (const Size size : Sizes()) {
      for (const int64_t window : {3, 5, 11, 25, 51, 127, 147, 255, 257, 2047}) {
        const auto gray = Picture<uint8_t>(random, size, kind++ % 4);
        const bool invert = random() % 2 != 0;
        for (const double offset : {0.0, 1.0 / 3, -2.0, 300.0, -256.0, 1e300})
          ExpectAsPlain(gray, {LocalMethod::kMean, window, offset, {}, {}, {}}, invert);
        if (window > 257) continue;
        const auto longer = Picture<uint16_t>(random, size, kind % 4);
        for (const double offset : {0.0, 1.0 / 3, -70000.0, 65535.0, -1e300})
          ExpectAsPlain(longer, {LocalMethod::kMean, window, offset, {}, {}, {}}, invert);
        for (const double k : {0.2, -0.4, 0.0}) {
          ExpectAsPlain(gray, {LocalMethod::kSauvola, window, 0, k, {}, {}}, invert);
          ExpectAsPlain(gray, {LocalMethod::kSauvola, window, 0, k, 20.0, {}}, invert);
        }
      }
    }
  }
}

TEST(LocalBytes, WhatIsTaken) {
  const auto taken = [](const auto& gray, int64_t window, double k, double r) {
    const segment::Picture picture = PictureOf(gray);
    return std::pair(TakesByteMean(picture, window), TakesByteSauvola(picture, window, k, r));
  };
  const Grid<uint8_t> gray(3, 16);
  EXPECT_EQ(taken(gray, 255, 0.2, 128), std::pair(true, true));
  EXPECT_EQ(taken(gray, 257, 0.2, 128), std::pair(true, false));
  EXPECT_EQ(taken(gray, 2049, 0.2, 128), std::pair(false, false));
  EXPECT_EQ(taken(gray, 3, 1e300, 1e-300), std::pair(true, false));
  EXPECT_EQ(taken(Grid<uint8_t>(3, 15), 3, 0.2, 128), std::pair(false, false));
  EXPECT_EQ(taken(Grid<uint16_t>(3, 16), 147, 0.2, 128), std::pair(true, false));
  EXPECT_EQ(taken(Grid<uint16_t>(3, 16), 149, 0.2, 128), std::pair(false, false));
}

// Bands are cut by the picture, not by the threads, and each starts its own sums.
TEST(LocalBytes, MasksDoNotDependOnThreads) {
  std::mt19937 random(102);
  const auto gray = RandomGrid<uint8_t>(random, 700, 1003, 0, 255);
  const Unaligned<uint8_t> picture(gray);
  Inputs inputs;
  inputs.gray = picture.view();
  for (const LocalMethod method : {LocalMethod::kMean, LocalMethod::kSauvola}) {
    Options options;
    options.steps = {LocalThresholdStep{method, 25, 0, {}, {}, {}}};
    const auto plain = Segment(Context(), inputs, options);
    ASSERT_TRUE(plain.ok());
    for (const int threads : {2, 5}) {
      ThreadPool pool(threads);
      Context context;
      context.pool = &pool;
      const auto shared = Segment(context, inputs, options);
      ASSERT_TRUE(shared.ok());
      EXPECT_TRUE(shared->mask->data == plain->mask->data) << threads;
    }
  }
}

// They count the mask's pixels while they write it.
TEST(LocalBytes, ForegroundIsThatOfTheMask) {
  std::mt19937 random(103);
  const auto gray = RandomGrid<uint8_t>(random, 340, 603, 0, 255);
  const Unaligned<uint8_t> picture(gray);
  Inputs inputs;
  inputs.gray = picture.view();
  ThreadPool pool(3);
  for (const auto& [method, window] :
       std::vector<std::pair<LocalMethod, int64_t>>{{LocalMethod::kMean, 11},
                                                    {LocalMethod::kMean, 51},
                                                    {LocalMethod::kSauvola, 25},
                                                    {LocalMethod::kGaussian, 11},
                                                    {LocalMethod::kGaussian, 51},
                                                    {LocalMethod::kNiblack, 15}}) {
    for (const bool invert : {false, true}) {
      Options options;
      options.invert = invert;
      options.steps = {LocalThresholdStep{method, window, 0, {}, {}, {}}};
      Context context;
      context.pool = invert ? &pool : nullptr;
      const auto result = Segment(context, inputs, options);
      ASSERT_TRUE(result.ok()) << result.status();
      const auto& mask = result->mask->data;
      const auto set = std::count(mask.begin(), mask.end(), uint8_t{255});
      EXPECT_EQ(result->foreground_fraction,
                static_cast<double>(set) / static_cast<double>(mask.size()))
          << static_cast<int>(method) << " " << window << " " << invert;
    }
  }
}

}  // namespace
}  // namespace trine::segment
