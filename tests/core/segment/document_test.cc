// DOCUMENT against its definitions, and against pages that are made here with their ink.
#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "core/runtime/thread_pool.h"
#include "core/segment/segment.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

template <typename T>
Mask Ink(const Grid<T>& page, const Mask* inside = nullptr, bool invert = false) {
  const absl::StatusOr<Result> result =
      RunSteps<T>(page, {DocumentStep{}}, Profile::kExact, invert, inside);
  EXPECT_TRUE(result.ok()) << result.status();
  return GridOf<uint8_t>(*result->mask);
}

void ExpectSame(const Mask& got, const Mask& right, const std::string& what) {
  ASSERT_EQ(got.height, right.height) << what;
  ASSERT_EQ(got.width, right.width) << what;
  EXPECT_TRUE(got.cells == right.cells) << what << "\n" << Draw(got) << "\n" << Draw(right);
}

// A page with its ink: slanted strokes of `width` pixels, blurred, on paper that darkens to the
// right and has a stain. Where `bleed` is above 0 the right half has strokes of the other side in
// place of its own, paler and blurred more, which are no ink.
struct Made {
  Mask page, ink;
};

double DistanceToStroke(double y, double x, double pitch) {
  // Strokes of 24 pixels length that lean by a third.
  const double row = std::floor(y / 40), in_row = y - 40 * row;
  const double along = x + in_row / 3 + 7 * row;
  const double across = std::fabs(along - pitch * std::floor(along / pitch) - pitch / 2) * 0.95;
  const double beyond = std::max({0.0, 8 - in_row, in_row - 32});
  return std::hypot(across, beyond);
}

Made MakePage(int height, int width, double stroke, double bleed, uint32_t seed) {
  std::mt19937 random(seed);
  Made made{Mask(height, width), Mask(height, width)};
  // How much of a stroke is there, over a border of `blur` pixels.
  const auto cover = [](double distance, double half, double blur) {
    return std::clamp((half - distance) / blur + 0.5, 0.0, 1.0);
  };
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double distance = DistanceToStroke(y, x, 17);
      const double other = DistanceToStroke(y + 20, 1000.5 - x, 23);
      double paper = 215 - 60.0 * x / width;
      if (std::hypot(y - 0.6 * height, x - 0.3 * width) < 0.25 * height) paper -= 35;
      const bool is_back = bleed > 0 && 2 * x > width;
      const double front = is_back ? 0 : 0.75 * cover(distance, stroke / 2, 1.5);
      const double back = is_back ? bleed * cover(other, stroke / 2 + 1, 5) : 0;
      const double noise = static_cast<double>(random() % 9) - 4;
      const double value = paper * (1 - front) * (1 - back) + noise;
      made.page.at(y, x) = static_cast<uint8_t>(std::clamp(std::floor(value + 0.5), 0.0, 255.0));
      made.ink.at(y, x) = !is_back && distance <= stroke / 2 ? 255 : 0;
    }
  }
  return made;
}

double FMeasure(const Mask& mask, const Mask& ink) {
  int64_t both = 0, all = 0;
  for (size_t i = 0; i < mask.cells.size(); ++i) {
    both += mask.cells[i] != 0 && ink.cells[i] != 0 ? 1 : 0;
    all += (mask.cells[i] != 0 ? 1 : 0) + (ink.cells[i] != 0 ? 1 : 0);
  }
  return all == 0 ? 100 : 200.0 * static_cast<double>(both) / static_cast<double>(all);
}

Mask All(int height, int width) { return {height, width, 255}; }

TEST(Document, FollowsItsDefinitions) {
  std::mt19937 random(18);
  for (const auto& [height, width] : {std::pair{1, 1},
                                      {1, 2},
                                      {2, 1},
                                      {1, 40},
                                      {40, 1},
                                      {3, 3},
                                      {4, 4},
                                      {5, 9},
                                      {16, 17},
                                      {23, 40}}) {
    for (const uint32_t high : {1u, 40u, 255u}) {
      const auto gray = RandomGrid<uint8_t>(random, height, width, 0, high);
      ExpectSame(Ink(gray), oracle::DocumentInk(gray, All(height, width)),
                 std::to_string(height) + " x " + std::to_string(width));
      const Mask inside = RandomMask(random, height, width, 0.9);
      ExpectSame(Ink(gray, &inside), oracle::DocumentInk(gray, inside), "with a mask");
    }
  }
  for (const double stroke : {1.5, 3.0, 6.0}) {
    const Made made = MakePage(90, 131, stroke, 0.3, 5);
    ExpectSame(Ink(made.page), oracle::DocumentInk(made.page, All(90, 131)), "a page");
    Mask inside = All(90, 131);
    for (int y = 20; y < 60; ++y) {
      for (int x = 0; x < 50; ++x) inside.at(y, x) = 0;
    }
    ExpectSame(Ink(made.page, &inside), oracle::DocumentInk(made.page, inside), "a part");
  }
}

// Strokes that are not found at twice their size.
TEST(Document, FollowsItsDefinitionsOnBroadStrokes) {
  Mask page(120, 150, 200);
  for (int y = 0; y < 120; ++y) {
    for (int x = 0; x < 150; ++x) {
      if (x % 50 >= 10 && x % 50 < 10 + 21) page.at(y, x) = static_cast<uint8_t>(40 + (x * y) % 7);
    }
  }
  const Mask got = Ink(page);
  ExpectSame(got, oracle::DocumentInk(page, All(120, 150)), "strokes of 21 pixels");
  EXPECT_NE(got.at(60, 20), 0);
  EXPECT_EQ(got.at(60, 40), 0);
}

TEST(Document, FindsInkOnStainedPaper) {
  const Made made = MakePage(240, 330, 4, 0, 7);
  EXPECT_GT(FMeasure(Ink(made.page), made.ink), 90);
}

TEST(Document, LeavesOutWritingOfTheOtherSide) {
  for (const double bleed : {0.3, 0.5}) {
    const Made made = MakePage(240, 330, 4, bleed, 7);
    EXPECT_GT(FMeasure(Ink(made.page), made.ink), 88) << bleed;
  }
}

TEST(Document, DoesNotDependOnHowThePageIsHeld) {
  const Made made = MakePage(200, 260, 4, 0.2, 3);
  const Mask ink = Ink(made.page);
  const double f = FMeasure(ink, made.ink);
  Mask negative = made.page;
  for (uint8_t& value : negative.cells) value = static_cast<uint8_t>(255 - value);
  ExpectSame(Ink(negative), ink, "inverted");
  ExpectSame(Ink(made.page, nullptr, /*invert=*/true), ink, "with invert");
  Mask turned(260, 200), turned_ink(260, 200), half(100, 130), half_ink(100, 130);
  for (int y = 0; y < 200; ++y) {
    for (int x = 0; x < 260; ++x) {
      turned.at(x, 199 - y) = made.page.at(y, x);
      turned_ink.at(x, 199 - y) = made.ink.at(y, x);
    }
  }
  EXPECT_NEAR(FMeasure(Ink(turned), turned_ink), f, 1);
  for (int y = 0; y < 100; ++y) {
    for (int x = 0; x < 130; ++x) {
      int sum = 2, set = 0;
      for (int i = 0; i < 4; ++i) {
        sum += made.page.at(2 * y + i / 2, 2 * x + i % 2);
        set += made.ink.at(2 * y + i / 2, 2 * x + i % 2) != 0 ? 1 : 0;
      }
      half.at(y, x) = static_cast<uint8_t>(sum / 4);
      half_ink.at(y, x) = set >= 2 ? 255 : 0;
    }
  }
  EXPECT_GT(FMeasure(Ink(half), half_ink), f - 8);  // the ink itself is known to a pixel only
}

TEST(Document, PagesWithoutInk) {
  for (const int value : {0, 1, 128, 255}) {
    for (const auto& [height, width] : {std::pair{1, 1}, {1, 300}, {300, 1}, {40, 60}}) {
      const Mask page(height, width, static_cast<uint8_t>(value));
      ExpectSame(Ink(page), Mask(height, width), "constant");
    }
  }
  const Made made = MakePage(60, 60, 4, 0, 1);
  const Mask nothing(60, 60);
  ExpectSame(Ink(made.page, &nothing), nothing, "nothing inside");
}

TEST(Document, OtherTypesAreStretched) {
  const Made made = MakePage(80, 100, 4, 0, 2);
  // From 0 to 255, so that stretching changes nothing.
  Mask page = made.page;
  page.at(0, 0) = 0;
  page.at(0, 1) = 255;
  const Mask ink = Ink(page);
  Grid<uint16_t> wide(80, 100);
  Grid<int16_t> with_sign(80, 100);
  Grid<float> real(80, 100);
  Grid<int64_t> whole(80, 100);
  for (size_t i = 0; i < page.cells.size(); ++i) {
    wide.cells[i] = static_cast<uint16_t>(257 * page.cells[i]);
    with_sign.cells[i] = static_cast<int16_t>(100 * page.cells[i] - 9000);
    real.cells[i] = static_cast<float>(page.cells[i]) / 16 - 3;
    whole.cells[i] = int64_t{1000000} * page.cells[i];
  }
  ExpectSame(Ink(wide), ink, "uint16");
  ExpectSame(Ink(with_sign), ink, "int16");
  ExpectSame(Ink(real), ink, "float32");
  ExpectSame(Ink(whole), ink, "int64");
}

TEST(Document, DoesNotDependOnThreads) {
  const Made made = MakePage(300, 700, 3, 0.2, 9);
  const Unaligned<uint8_t> gray(made.page);
  Inputs inputs;
  inputs.gray = gray.view();
  const Options options{.steps = {DocumentStep{}}};
  ThreadPool pool(5);
  Context context;
  const absl::StatusOr<Result> alone = Segment(context, inputs, options);
  context.pool = &pool;
  const absl::StatusOr<Result> shared = Segment(context, inputs, options);
  ASSERT_TRUE(alone.ok() && shared.ok());
  EXPECT_TRUE(alone->mask->data == shared->mask->data);
}

}  // namespace
}  // namespace trine::segment
