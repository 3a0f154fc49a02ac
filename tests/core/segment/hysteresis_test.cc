#include <cmath>
#include <limits>

#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

TEST(Hysteresis, SmallGrid) {
  Grid<uint8_t> gray(3, 7);
  gray.cells = {1, 2, 3, 2, 1, 2, 1,  //
                1, 1, 1, 1, 2, 1, 1,  //
                2, 1, 1, 1, 1, 1, 9};
  EXPECT_EQ(Draw(GridOf<uint8_t>(*RunSteps(gray, {HysteresisStep{1.5, 2.5}})->mask)),
            ".###.#.\n"
            "....#..\n"
            "......#\n");
  EXPECT_EQ(
      Draw(GridOf<uint8_t>(*RunSteps(gray, {HysteresisStep{1.5, 2.5, Connectivity::k4}})->mask)),
      ".###...\n"
      ".......\n"
      "......#\n");
  // Dark: v <= 1, and v <= 2 where it touches that.
  EXPECT_EQ(
      Draw(GridOf<uint8_t>(*RunSteps(gray, {HysteresisStep{1, 2}}, Profile::kExact, true)->mask)),
      "##.####\n"
      "#######\n"
      "######.\n");
}

TEST(Hysteresis, IsAThresholdWhoseComponentsHoldAStrongPixel) {
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    const int height = 1 + static_cast<int>(random() % 20),
              width = 1 + static_cast<int>(random() % 20);
    const auto gray = RandomGrid<uint16_t>(random, height, width, 0, 20);
    const Mask inside = RandomMask(random, height, width, 0.9);
    const double low = 8 + static_cast<double>(random() % 8),
                 high = low + static_cast<double>(random() % 6);
    const bool eight = i % 2 == 0;
    Mask weak(height, width);
    for (size_t k = 0; k < weak.cells.size(); ++k)
      weak.cells[k] = inside.cells[k] != 0 && gray.cells[k] > low ? 255 : 0;
    const Labels labels = oracle::Components(weak, eight);
    std::vector<bool> strong(weak.cells.size() + 1, false);
    for (size_t k = 0; k < weak.cells.size(); ++k)
      if (weak.cells[k] != 0 && gray.cells[k] > high)
        strong[static_cast<size_t>(labels.cells[k])] = true;
    const auto result =
        RunSteps(gray, {HysteresisStep{low, high, eight ? Connectivity::k8 : Connectivity::k4}},
                 Profile::kExact, false, &inside);
    ASSERT_TRUE(result.ok()) << result.status();
    const Mask mask = GridOf<uint8_t>(*result->mask);
    for (size_t k = 0; k < weak.cells.size(); ++k) {
      const bool want = labels.cells[k] != 0 && strong[static_cast<size_t>(labels.cells[k])];
      ASSERT_EQ(mask.cells[k], want ? 255 : 0) << k;
    }
  }
}

TEST(Hysteresis, ASnakeThroughTheWholePicture) {
  Grid<float> gray(401, 401, 0.0f);
  for (int y = 0; y < 401; y += 2) {
    for (int x = 0; x < 401; ++x) gray.at(y, x) = 0.5f;
    if (y + 1 < 401) gray.at(y + 1, y % 4 == 0 ? 400 : 0) = 0.5f;
  }
  const auto nothing = RunSteps(gray, {HysteresisStep{0.25, 0.75}});
  EXPECT_EQ(nothing->foreground_fraction, 0);
  gray.at(0, 0) = 1;
  const auto all = RunSteps(gray, {HysteresisStep{0.25, 0.75}});
  EXPECT_EQ(all->foreground_fraction, (201.0 * 401 + 200) / (401 * 401));
}

TEST(Hysteresis, BadParameters) {
  const Grid<uint8_t> gray(2, 2, 3);
  const auto field = [&](const HysteresisStep& step, Profile profile = Profile::kExact) {
    return FieldOf(RunSteps(gray, {step}, profile).status());
  };
  EXPECT_EQ(field({std::nullopt, 2.0}), "steps[0].hysteresis.low");
  EXPECT_EQ(field({2.0, std::nullopt}), "steps[0].hysteresis.high");
  EXPECT_EQ(field({3.0, 2.0}), "steps[0].hysteresis.low");
  EXPECT_EQ(field({std::nan(""), 2.0}), "steps[0].hysteresis.low");
  EXPECT_EQ(field({1.0, std::numeric_limits<double>::infinity()}), "steps[0].hysteresis.high");
  EXPECT_EQ(field({2.0, 2.0}), "");
  EXPECT_EQ(field({3.0, 2.0}, Profile::kSkimage), "");
}

}  // namespace
}  // namespace trine::segment
