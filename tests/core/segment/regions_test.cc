// Components, holes, distance and measurements.
#include <cmath>
#include <limits>

#include "core/segment/regions/distance.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

using testing::ElementsAre;

TEST(Components, NumbersInRasterOrder) {
  const Mask mask = Drawn({"#..#.", "..##.", "#....", "##.#.", "....#"});
  const auto eight = RunSteps(mask, {MaskStep(), ComponentsStep{Connectivity::k8}});
  ASSERT_TRUE(eight.ok());
  EXPECT_THAT(GridOf<int32_t>(*eight->labels).cells, ElementsAre(1, 0, 0, 2, 0,  //
                                                                 0, 0, 2, 2, 0,  //
                                                                 3, 0, 0, 0, 0,  //
                                                                 3, 3, 0, 4, 0,  //
                                                                 0, 0, 0, 0, 4));
  EXPECT_EQ(eight->label_count, 4);
  const auto four = RunSteps(mask, {MaskStep(), ComponentsStep{Connectivity::k4}});
  EXPECT_EQ(four->label_count, 5);
  EXPECT_EQ(GridOf<int32_t>(*four->labels).at(4, 4), 5);
}

TEST(Components, AgreeWithFloods) {
  std::mt19937 random(20);
  for (int i = 0; i < 300; ++i) {
    const Mask mask = RandomMask(random, 1 + static_cast<int>(random() % 30),
                                 1 + static_cast<int>(random() % 30), 0.2 + 0.1 * (i % 7));
    for (const bool eight : {false, true}) {
      const auto connectivity = eight ? Connectivity::k8 : Connectivity::k4;
      const auto result = RunSteps(mask, {MaskStep(), ComponentsStep{connectivity}});
      ASSERT_TRUE(result.ok());
      EXPECT_EQ(GridOf<int32_t>(*result->labels).cells, oracle::Components(mask, eight).cells);
    }
  }
}

TEST(Components, MinAreaRemovesFromMaskAndLabels) {
  const Mask mask = Drawn({"##..#", "##...", "....#", ".#..#", "....#"});
  const auto result =
      RunSteps(mask, {MaskStep(), ComponentsStep{Connectivity::k8, 3}, MeasureStep{}});
  EXPECT_EQ(Draw(GridOf<uint8_t>(*result->mask)), "##...\n##...\n....#\n....#\n....#\n");
  EXPECT_EQ(result->label_count, 2);
  ASSERT_EQ(result->regions.size(), 2u);
  EXPECT_EQ(result->regions[1].area, 3);
}

TEST(Components, SpiralsAndCombsMergeLate) {
  // Labels that meet only at the bottom: chains of unions in the worst order.
  Mask comb(40, 81);
  for (int y = 0; y < 40; ++y)
    for (int x = 0; x < 81; x += 2) comb.at(y, x) = 255;
  for (int x = 0; x < 81; ++x) comb.at(39, x) = 255;
  const auto result = RunSteps(comb, {MaskStep(), ComponentsStep{Connectivity::k4}, MeasureStep{}});
  EXPECT_EQ(result->label_count, 1);
  EXPECT_EQ(result->regions[0].area, 40 * 41 + 40);
}

TEST(Components, MoreThanTheLimitAreRefused) {
  Limits limits;
  limits.max_regions = 12;
  Mask mask(5, 10);
  for (int i = 0; i < 13; ++i) mask.at(2 * (i / 5), 2 * (i % 5)) = 255;
  Context context;
  context.limits = &limits;
  Inputs inputs;
  inputs.gray = {DType::kUint8, {5, 10}, mask.cells};
  const auto refused =
      Segment(context, inputs, {Profile::kExact, false, {MaskStep(), ComponentsStep{}}});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FieldOf(refused.status()), "steps[1]");
  limits.max_regions = 13;
  EXPECT_TRUE(
      Segment(context, inputs, {Profile::kExact, false, {MaskStep(), ComponentsStep{}}}).ok());
}

TEST(FillHoles, FillsWhatTheBackgroundCannotReach) {
  const Mask mask =
      Drawn({"######.", "#....#.", "#.##.#.", "#....#.", "######.", "..#.#..", "...#..."});
  // The lowest hole is open by its corners only: closed for 4 neighbours, open for 8.
  const auto four = RunSteps(mask, {MaskStep(), FillHolesStep{Connectivity::k4}});
  EXPECT_EQ(Draw(GridOf<uint8_t>(*four->mask)),
            "######.\n######.\n######.\n######.\n######.\n..###..\n...#...\n");
  const auto eight = RunSteps(mask, {MaskStep(), FillHolesStep{Connectivity::k8}});
  EXPECT_EQ(Draw(GridOf<uint8_t>(*eight->mask)),
            "######.\n######.\n######.\n######.\n######.\n..#.#..\n...#...\n");
  const auto small = RunSteps(mask, {MaskStep(), FillHolesStep{Connectivity::k4, 1}});
  EXPECT_EQ(Draw(GridOf<uint8_t>(*small->mask)),
            "######.\n#....#.\n#.##.#.\n#....#.\n######.\n..###..\n...#...\n");
}

TEST(FillHoles, AgreesWithFloods) {
  std::mt19937 random(21);
  for (int i = 0; i < 300; ++i) {
    const Mask mask = RandomMask(random, 1 + static_cast<int>(random() % 25),
                                 1 + static_cast<int>(random() % 25), 0.4 + 0.1 * (i % 5));
    const int max_area = i % 4;
    for (const bool eight : {false, true}) {
      const auto result = RunSteps(
          mask, {MaskStep(), FillHolesStep{eight ? Connectivity::k8 : Connectivity::k4, max_area}});
      ASSERT_TRUE(result.ok());
      EXPECT_EQ(Draw(GridOf<uint8_t>(*result->mask)),
                Draw(oracle::FillHoles(mask, eight, max_area)));
    }
  }
}

TEST(FillHoles, PixelsOutsideStayEmpty) {
  const Mask mask = Drawn({"#####", "#...#", "#####"});
  Mask inside(3, 5, 1);
  inside.at(1, 2) = 0;
  const auto result = RunSteps(mask, {MaskStep(), FillHolesStep{Connectivity::k4, 2}},
                               Profile::kExact, false, &inside);
  EXPECT_EQ(Draw(GridOf<uint8_t>(*result->mask)), "#####\n##.##\n#####\n");
}

TEST(Distance, AgreesWithEveryPair) {
  std::mt19937 random(22);
  for (int i = 0; i < 150; ++i) {
    const int h = 1 + static_cast<int>(random() % 24), w = 1 + static_cast<int>(random() % 24);
    const Mask mask = RandomMask(random, h, w, i % 3 == 0 ? 0.99 : 0.5 + 0.1 * (i % 5));
    const auto result = RunSteps(mask, {MaskStep(), DistanceStep{}});
    ASSERT_TRUE(result.ok());
    const auto got = GridOf<float>(*result->distance);
    const auto want = oracle::SquaredDistance(mask);
    for (size_t k = 0; k < got.cells.size(); ++k) {
      const float expected = want.cells[k] < 0 ? std::numeric_limits<float>::infinity()
                                               : std::sqrt(static_cast<float>(want.cells[k]));
      ASSERT_EQ(got.cells[k], expected);
    }
  }
}

TEST(Distance, LongLinesAreExact) {
  for (const bool tall : {false, true}) {
    Mask mask(tall ? 70000 : 1, tall ? 1 : 70000, 255);
    mask.cells[100] = 0;
    const auto result = RunSteps(mask, {MaskStep(), DistanceStep{}});
    const auto got = GridOf<float>(*result->distance);
    for (const size_t i : {0u, 100u, 101u, 50000u, 69999u})
      EXPECT_EQ(got.cells[i], std::fabs(static_cast<float>(i) - 100));
  }
}

TEST(Distance, RootsAreRoundedOnce) {
  EXPECT_EQ(RoundedSqrt(0), 0.0f);
  EXPECT_EQ(RoundedSqrt(2), std::sqrt(2.0f));
  std::mt19937_64 random(23);
  for (int i = 0; i < 200000; ++i) {
    // Squares of half-way points between floats, and their neighbours: rounding twice fails here.
    const uint64_t half_way = ((uint64_t{1} << 24) | (random() & 0xFFFFFF)) | 1;
    const int shift = static_cast<int>(random() % 6);
    const uint64_t root = half_way << shift;
    for (const int64_t nudge : {-1, 0, 1}) {
      const uint64_t squared = root * root + static_cast<uint64_t>(nudge);
      const float got = RoundedSqrt(squared);
      // |got - sqrt(n)| <= |other - sqrt(n)| for both neighbours, in exact integers.
      const long double exact = sqrtl(static_cast<long double>(squared));
      const float up = std::nextafter(got, 1e30f), down = std::nextafter(got, 0.0f);
      const long double error = fabsl(exact - static_cast<long double>(got));
      ASSERT_LE(error, fabsl(exact - static_cast<long double>(up))) << squared;
      ASSERT_LE(error, fabsl(exact - static_cast<long double>(down))) << squared;
      const uint64_t even = (half_way / 2) % 2 == 0 ? half_way - 1 : half_way + 1;
      const uint64_t want = nudge == 0 ? even : nudge > 0 ? half_way + 1 : half_way - 1;
      ASSERT_EQ(got, static_cast<float>(want << shift)) << squared;
    }
  }
}

}  // namespace
}  // namespace trine::segment
