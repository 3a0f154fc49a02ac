#include "core/segment/threshold/multi_otsu.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

using testing::ElementsAre;

std::vector<int> Cuts(const std::vector<uint64_t>& counts, int classes) {
  const Levels levels = LevelsOfCounts(counts);
  std::vector<int> out;
  const auto cuts = BestPartition(Context{}, levels, classes);
  for (const size_t cut : *cuts) out.push_back(static_cast<int>(levels.values[cut]));
  return out;
}

TEST(MultiOtsu, WeighsTheFirstBinRightly) {
  EXPECT_THAT(Cuts({77, 8, 11, 7, 4, 2}, 2), ElementsAre(1));
  EXPECT_THAT(Cuts({77, 5, 12, 4, 10, 2}, 3), ElementsAre(0, 2));
}

TEST(MultiOtsu, AgreesWithEnumerationInRationals) {
  std::mt19937 random(5);
  for (int i = 0; i < 400; ++i) {
    const int classes = 2 + static_cast<int>(random() % 5);
    std::vector<uint64_t> counts(static_cast<size_t>(classes) + 1 + random() % 7);
    const uint32_t top = std::vector<uint32_t>{1, 3, 100, 1000000}[random() % 4];
    for (uint64_t& count : counts) count = random() % (top + 1);
    const auto used = std::count_if(counts.begin(), counts.end(), [](uint64_t c) { return c > 0; });
    if (used < classes) continue;
    EXPECT_EQ(Cuts(counts, classes), oracle::MultiOtsuThresholds(counts, classes))
        << testing::PrintToString(counts) << " " << classes;
  }
}

TEST(MultiOtsu, EqualOptimaGiveTheSmallestTuple) {
  // Flat and symmetric histograms tie often; only exact sums see it.
  for (int bins = 3; bins <= 11; ++bins) {
    for (int classes = 2; classes <= std::min(bins, 6); ++classes) {
      const std::vector<uint64_t> flat(static_cast<size_t>(bins), 333331);
      EXPECT_EQ(Cuts(flat, classes), oracle::MultiOtsuThresholds(flat, classes));
      std::vector<uint64_t> symmetric(static_cast<size_t>(bins));
      for (size_t i = 0; i < symmetric.size(); ++i)
        symmetric[i] = 1 + 7 * std::min(i, symmetric.size() - 1 - i);
      EXPECT_EQ(Cuts(symmetric, classes), oracle::MultiOtsuThresholds(symmetric, classes));
    }
  }
}

TEST(MultiOtsu, TwoClassesAreOtsu) {
  std::mt19937 random(6);
  for (int i = 0; i < 50; ++i) {
    std::vector<uint64_t> counts(300);
    for (uint64_t& count : counts) count = random() % 50;
    counts.front() = counts.back() = 1;
    EXPECT_THAT(Cuts(counts, 2), ElementsAre(oracle::OtsuPlateau(counts).first));
  }
}

TEST(MultiOtsu, SixteenClassesOfAFullHistogramOfSixteenBits) {
  // Every class of a flat histogram of 65536 bins gets 4096: all classes equal, exactly.
  const std::vector<uint64_t> flat(65536, (uint64_t{1} << 30) / 65536);
  std::vector<int> want;
  for (int i = 1; i < 16; ++i) want.push_back(4096 * i - 1);
  EXPECT_EQ(Cuts(flat, 16), want);
  const std::vector<uint64_t> small(48, 7);
  EXPECT_EQ(Cuts(small, 16).size(), 15u);
}

TEST(MultiOtsu, AsManyClassesAsValues) {
  std::vector<uint64_t> counts(40, 0);
  for (const size_t v : {0, 3, 9, 20, 39}) counts[v] = 5;
  EXPECT_THAT(Cuts(counts, 5), ElementsAre(0, 3, 9, 20));
}

TEST(MultiOtsu, FloatsAgreeWithIntegers) {
  std::mt19937 random(7);
  for (int i = 0; i < 40; ++i) {
    const auto ints = RandomGrid<uint8_t>(random, 11, 17, 0, 200);
    Grid<float> scaled(ints.height, ints.width), wild(ints.height, ints.width);
    for (size_t k = 0; k < ints.cells.size(); ++k) {
      scaled.cells[k] = static_cast<float>(ints.cells[k]) * 0.125f;
      // Multiples of 1/3 have no common unit: the arithmetic is double-double.
      wild.cells[k] = (static_cast<float>(ints.cells[k]) + 1e-9f) / 3.0f;
    }
    for (const int classes : {2, 3, 5}) {
      const auto a = RunSteps(ints, {MultiOtsuStep{classes}}),
                 b = RunSteps(scaled, {MultiOtsuStep{classes}}),
                 c = RunSteps(wild, {MultiOtsuStep{classes}});
      ASSERT_TRUE(a.ok() && b.ok() && c.ok()) << c.status();
      EXPECT_EQ(a->labels->data, b->labels->data);
      EXPECT_EQ(a->labels->data, c->labels->data);
    }
  }
}

TEST(MultiOtsu, SetsLabelsMaskAndClasses) {
  Grid<uint8_t> gray(2, 4);
  gray.cells = {1, 2, 100, 101, 200, 201, 202, 3};
  const auto result = RunSteps(gray, {MultiOtsuStep{3}});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->threshold->thresholds, ElementsAre(3, 101));
  EXPECT_THAT(GridOf<int32_t>(*result->labels).cells, ElementsAre(0, 0, 1, 1, 2, 2, 2, 0));
  EXPECT_EQ(Draw(GridOf<uint8_t>(*result->mask)), "..##\n###.\n");
  EXPECT_EQ(result->label_count, 2);
  EXPECT_EQ(result->threshold->classes[2].mean, 201);
  const auto inverted = RunSteps(gray, {MultiOtsuStep{3}}, Profile::kExact, true);
  EXPECT_EQ(Draw(GridOf<uint8_t>(*inverted->mask)), "##..\n...#\n");
  EXPECT_EQ(inverted->labels->data, result->labels->data);
}

TEST(MultiOtsu, ClassesOutOfRange) {
  const Grid<uint8_t> gray(2, 2, 3);
  for (const int classes : {-1, 0, 1, 17, 1000000}) {
    const auto result = RunSteps(gray, {OtsuStep{}, MultiOtsuStep{classes}});
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(FieldOf(result.status()), "steps[1].multi_otsu.classes");
  }
}

TEST(MultiOtsu, FewerValuesThanClasses) {
  Grid<uint8_t> gray(1, 4);
  gray.cells = {1, 2, 1, 2};
  for (const Profile profile : {Profile::kExact, Profile::kSkimage}) {
    const auto result = RunSteps(gray, {MultiOtsuStep{3}}, profile);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(FieldOf(result.status()), "steps[0].multi_otsu.classes");
  }
  EXPECT_TRUE(RunSteps(gray, {MultiOtsuStep{2}}).ok());
}

TEST(MultiOtsu, SkimageKeepsItsFirstBin) {
  // The counterexamples of the first test, by scikit-image 0.19's own arithmetic.
  EXPECT_THAT(*SkimageMultiOtsu(Context{}, {77, 8, 11, 7, 4, 2}, 2), ElementsAre(2));
  EXPECT_THAT(*SkimageMultiOtsu(Context{}, {5, 0, 7, 0, 9}, 3), ElementsAre(0, 2));
}

TEST(MultiOtsu, ProfilesNotOffered) {
  std::mt19937 random(8);
  const auto gray = RandomGrid<uint8_t>(random, 9, 9, 0, 255);
  for (const Profile profile : {Profile::kOpencv, Profile::kImagej, Profile::kMatlab})
    EXPECT_EQ(RunSteps(gray, {MultiOtsuStep{3}}, profile).status().code(),
              absl::StatusCode::kUnimplemented);
  EXPECT_EQ(FieldOf(RunSteps(gray, {MultiOtsuStep{6}}, Profile::kSkimage).status()),
            "steps[0].multi_otsu.classes");
  Grid<uint16_t> wide(1, 4);
  wide.cells = {0, 256, 3, 4};
  EXPECT_EQ(FieldOf(RunSteps(wide, {MultiOtsuStep{3}}, Profile::kSkimage).status()), "profile");
  EXPECT_TRUE(RunSteps(wide, {MultiOtsuStep{3}}).ok());
}

}  // namespace
}  // namespace trine::segment
