#include "core/segment/threshold/multi_otsu.h"

#include <cmath>
#include <set>

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

TEST(MultiOtsu, ManyEndsOfAClass) {
  // More than are tried one by one: they are halved.
  std::mt19937 random(8);
  for (int i = 0; i < 60; ++i) {
    const int classes = i % 10 == 0 ? 4 : 3;
    std::vector<uint64_t> counts((classes == 4 ? 24 : 40) + random() % 16);
    const uint32_t top = std::vector<uint32_t>{1, 3, 1000000}[random() % 3];
    for (uint64_t& count : counts) count = 1 + random() % top;
    if (i % 3 == 0) std::fill(counts.begin(), counts.end(), 7);
    EXPECT_EQ(Cuts(counts, classes), oracle::MultiOtsuThresholds(counts, classes))
        << testing::PrintToString(counts) << " " << classes;
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

// The same by trying every cut of every suffix.
std::vector<int> QuadraticCuts(const std::vector<uint64_t>& counts, int classes) {
  const size_t levels = counts.size();
  std::vector<double> weight(levels + 1, 0), sum(levels + 1, 0), best(levels + 1), next(levels + 1);
  for (size_t i = 0; i < levels; ++i) {
    weight[i + 1] = weight[i] + static_cast<double>(counts[i]);
    sum[i + 1] = sum[i] + static_cast<double>(counts[i] * i);
  }
  const auto term = [&](size_t begin, size_t end) {
    const double s = sum[end] - sum[begin];
    return s * s / (weight[end] - weight[begin]);
  };
  std::vector<std::vector<size_t>> ends(static_cast<size_t>(classes) + 1,
                                        std::vector<size_t>(levels, levels));
  for (size_t begin = 0; begin < levels; ++begin) best[begin] = term(begin, levels);
  for (size_t parts = 2; parts <= static_cast<size_t>(classes); ++parts) {
    for (size_t begin = 0; begin + parts <= levels; ++begin) {
      next[begin] = -1;
      for (size_t end = begin + 1; end + parts <= levels + 1; ++end) {
        const double value = term(begin, end) + best[end];
        if (value <= next[begin]) continue;
        next[begin] = value;
        ends[parts][begin] = end;
      }
    }
    std::swap(best, next);
  }
  std::vector<int> cuts;
  size_t begin = 0;
  for (size_t parts = static_cast<size_t>(classes); parts > 1; --parts) {
    begin = ends[parts][begin];
    cuts.push_back(static_cast<int>(begin) - 1);
  }
  return cuts;
}

// From 4096 levels on cells of them say where to search.
TEST(MultiOtsu, ManyLevels) {
  std::mt19937 random(11);
  const std::vector<size_t> sizes = {4095, 4096, 4160, 5003};
  for (size_t i = 0; i < 12; ++i) {
    std::vector<uint64_t> counts(sizes[i % sizes.size()]);
    const double bumps = 1 + static_cast<double>(i % 3);
    for (size_t level = 0; level < counts.size(); ++level) {
      const double at = static_cast<double>(level) / static_cast<double>(counts.size());
      counts[level] = 1 + random() % 4;
      if (i % 4 < 2) counts[level] += static_cast<uint64_t>(99 + 99 * std::sin(6.283 * bumps * at));
      if (i % 5 == 4 && random() % 1000 == 0) counts[level] += 100000;
    }
    const int classes = 2 + static_cast<int>(i % 5);
    const std::vector<int> want = QuadraticCuts(counts, classes);
    EXPECT_EQ(Cuts(counts, classes), want) << i;
    if (i % 3 != 0) continue;
    Levels levels = LevelsOfCounts(counts);
    levels.offset.clear();  // by wide sums
    const auto wide = BestPartition(Context{}, levels, classes);
    EXPECT_EQ(std::vector<int>(wide->begin(), wide->end()), want) << i;
  }
}

TEST(MultiOtsu, EqualOptimaOfManyLevels) {
  // As many levels in each class as in any, or one more: where they cannot be alike those with one
  // more come last.
  for (const int levels : {4095, 4096, 4097, 6001, 20003}) {
    for (const int classes : {2, 3, 5, 7, 16}) {
      std::vector<int> want;
      int end = 0;
      for (int i = 0; i + 1 < classes; ++i) {
        end += levels / classes + (i >= classes - levels % classes ? 1 : 0);
        want.push_back(end - 1);
      }
      EXPECT_EQ(Cuts(std::vector<uint64_t>(static_cast<size_t>(levels), 5), classes), want)
          << levels << " " << classes;
    }
  }
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

template <typename T>
void ExpectRationalCuts(const std::vector<double>& values, const std::vector<uint64_t>& counts,
                        int classes) {
  Grid<T> gray(1, 0);
  for (size_t i = 0; i < values.size(); ++i) {
    for (uint64_t n = 0; n < counts[i]; ++n) gray.cells.push_back(static_cast<T>(values[i]));
  }
  gray.width = static_cast<int>(gray.cells.size());
  const auto result = RunSteps(gray, {MultiOtsuStep{classes}});
  ASSERT_TRUE(result.ok()) << result.status();
  std::vector<double> want;
  for (const size_t cut : oracle::MultiOtsuCuts(values, counts, classes))
    want.push_back(values[cut]);
  EXPECT_EQ(result->threshold->thresholds, want)
      << testing::PrintToString(values) << testing::PrintToString(counts);
  if (classes == 2) {
    const auto otsu = RunSteps(gray, {OtsuStep{}});
    EXPECT_EQ(otsu->threshold->thresholds, want);
  }
}

TEST(MultiOtsu, AFillValueDoesNotDrownTheRest) {
  const std::vector<uint64_t> twice = {2, 2, 2, 2, 2, 2, 1};
  for (const double fill : {1e20, 3.4028234663852886e38}) {
    std::vector<double> values;
    for (const float v : {.1f, .2f, .3f, .7f, .8f, .9f}) values.push_back(double{v});
    values.push_back(double{static_cast<float>(fill)});
    ExpectRationalCuts<float>(values, twice, 3);
  }
  // Two kinds of pixels, and a class of its own for the fill: what parts the rest is its Otsu.
  std::mt19937 random(9);
  std::normal_distribution<float> dark(.25f, .08f), bright(.7f, .09f);
  Grid<float> rest(60, 64);
  for (float& cell : rest.cells) cell = (random() & 1) != 0 ? dark(random) : bright(random);
  const double otsu = RunSteps(rest, {OtsuStep{}})->threshold->thresholds[0];
  EXPECT_NEAR(otsu, .47, .03);
  for (const float fill : {9.96921e36f, -3.4028235e38f}) {
    Grid<float> gray(64, 64, fill);
    std::copy(rest.cells.begin(), rest.cells.end(), gray.cells.begin() + 2 * 64);
    const auto thresholds = RunSteps(gray, {MultiOtsuStep{3}})->threshold->thresholds;
    EXPECT_EQ(thresholds[fill > 0 ? 0 : 1], otsu);
  }
}

TEST(MultiOtsu, WildValuesAgreeWithEnumerationInRationals) {
  std::mt19937 random(10);
  for (int i = 0; i < 300; ++i) {
    const int classes = 2 + static_cast<int>(random() % 4);
    std::set<double> values;
    const bool mirrored = random() % 3 == 0;  // exact ties
    while (values.size() < static_cast<size_t>(classes) + 1 + random() % 5) {
      const int exponent = static_cast<int>(random() % 200) - 100;
      const double value = std::ldexp(static_cast<double>(random() % 64) - 31.5, exponent);
      values.insert(value);
      if (mirrored) values.insert(-value);
    }
    const uint64_t most = mirrored ? 1 : 3;
    std::vector<uint64_t> counts(values.size());
    for (uint64_t& count : counts) count = 1 + random() % most;
    ExpectRationalCuts<float>({values.begin(), values.end()}, counts, classes);
    std::vector<double> wide;
    for (const double value : values)
      wide.push_back(value * (std::fabs(value) < 1 ? 0x1p-250 : 0x1p290));
    ExpectRationalCuts<double>(wide, counts, classes);
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
