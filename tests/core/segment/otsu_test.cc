#include "core/segment/threshold/otsu.h"

#include <cmath>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

std::vector<uint64_t> CountsOf(const Grid<uint16_t>& grid) {
  std::vector<uint64_t> counts(65536, 0);
  for (const uint16_t value : grid.cells) ++counts[value];
  return counts;
}

std::pair<double, double> Plateau(const std::vector<uint64_t>& counts) {
  const Levels levels = LevelsOfCounts(counts);
  const OtsuCuts cuts = BestCuts(Context{}, levels).value();
  return {levels.values[cuts.first], levels.values[cuts.last + 1] - 1};
}

TEST(Otsu, AgreesWithRationalArithmetic) {
  std::mt19937 random(1);
  for (int i = 0; i < (kSanitized ? 40 : 150); ++i) {
    const uint32_t top = std::vector<uint32_t>{1, 3, 20, 255, 4000, 65535}[random() % 6];
    Grid<uint16_t> grid =
        RandomGrid<uint16_t>(random, 1 + static_cast<int>(random() % 20), 12, 0, top);
    grid.at(0, 0) = 0;
    grid.at(0, 1) = static_cast<uint16_t>(top);
    const auto want = oracle::OtsuPlateau(CountsOf(grid));
    const auto result = RunSteps(grid, {OtsuStep{}});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->threshold->plateau_low, want.first);
    EXPECT_EQ(result->threshold->plateau_high, want.second);
    EXPECT_THAT(result->threshold->thresholds, testing::ElementsAre(want.first));
  }
}

TEST(Otsu, SymmetricHistogramsTie) {
  // Mirror images of each other: two separate maxima, told apart only by exact arithmetic.
  std::mt19937 random(2);
  for (int i = 0; i < (kSanitized ? 50 : 200); ++i) {
    std::vector<uint64_t> counts(9 + random() % 40);
    for (size_t k = 0; k <= counts.size() / 2; ++k)
      counts[k] = counts[counts.size() - 1 - k] = random() % 1000003;
    counts.front() = counts.back() = 1 + random() % 99991;
    const auto want = oracle::OtsuPlateau(counts);
    EXPECT_EQ(want.first + want.second, static_cast<int>(counts.size()) - 2);
    EXPECT_EQ(Plateau(counts), (std::pair<double, double>(want.first, want.second)));
  }
}

TEST(Otsu, NeighboursThatADoubleCannotTellApart) {
  // Large random counts around symmetric ones move the optimum by less than a double resolves.
  std::mt19937_64 random(3);
  for (int i = 0; i < 100; ++i) {
    std::vector<uint64_t> counts(64);
    for (size_t k = 0; k < 32; ++k) counts[k] = counts[63 - k] = 1 + random() % (uint64_t{1} << 23);
    counts[random() % 64] += 1;
    const auto want = oracle::OtsuPlateau(counts);
    EXPECT_EQ(Plateau(counts), (std::pair<double, double>(want.first, want.second)));
  }
}

TEST(Otsu, ExtremePicturesDoNotOverflow) {
  // 12 megapixels and 2^30 pixels of 16 bits, all weight at the ends and in the middle.
  for (const uint64_t pixels : {uint64_t{12'000'000}, uint64_t{1} << 28, uint64_t{1} << 30}) {
    for (const uint64_t odd : {uint64_t{0}, uint64_t{1}, uint64_t{977}}) {
      std::vector<uint64_t> counts(65536, 0);
      counts[0] = pixels / 2 - odd;
      counts[65535] = pixels / 2 + odd - 4;
      counts[32767] = counts[32768] = 2;
      const auto want = oracle::OtsuPlateau(counts);
      EXPECT_EQ(Plateau(counts), (std::pair<double, double>(want.first, want.second)));
    }
    std::vector<uint64_t> flat(65536, pixels / 65536);
    const auto want = oracle::OtsuPlateau(flat);
    EXPECT_EQ(Plateau(flat), (std::pair<double, double>(want.first, want.second)));
    EXPECT_EQ(want.first, 32767);
  }
}

TEST(Otsu, IntegersOf32BitsDoNotOverflow) {
  // Floats whose steps span 2^32: the widest offsets that are compared in integers. Three levels
  // with the middle one nearer to the top, by one step in 2^32.
  Levels levels;
  levels.values = {0, 1, 2};
  levels.offset = {0, (uint64_t{1} << 31) + 1, 0xFFFFFFFFu};
  levels.counts = {uint64_t{1} << 28, uint64_t{1} << 28, uint64_t{1} << 28};
  levels.total = 3 * (uint64_t{1} << 28);
  EXPECT_EQ(BestCuts(Context{}, levels)->first, 0u);
  EXPECT_EQ(BestCuts(Context{}, levels)->last, 0u);
  levels.offset[1] = (uint64_t{1} << 31) - 2;
  EXPECT_EQ(BestCuts(Context{}, levels)->first, 1u);
}

TEST(Otsu, FloatsAreTheSameProblem) {
  std::mt19937 random(4);
  for (int i = 0; i < (kSanitized ? 20 : 60); ++i) {
    const auto ints = RandomGrid<uint16_t>(random, 9, 13, 3, 3 + 2 + random() % 500);
    for (const float scale : {1.0f, 0.25f, -2.0f, 1.0f / 255.0f}) {
      Grid<float> floats(ints.height, ints.width);
      for (size_t k = 0; k < ints.cells.size(); ++k)
        floats.cells[k] = static_cast<float>(ints.cells[k]) * scale;
      const auto a = RunSteps(ints, {OtsuStep{}}),
                 b = RunSteps(floats, {OtsuStep{}}, Profile::kExact, scale < 0);
      ASSERT_TRUE(a.ok() && b.ok());
      // Scaling by 1/255 rounds: exact ties may then part.
      if (scale == 1.0f / 255.0f && a->threshold->plateau_high > a->threshold->plateau_low)
        continue;
      if (scale < 0) {
        EXPECT_NEAR(a->threshold->separability, b->threshold->separability, 1e-12);
        continue;
      }
      EXPECT_EQ(GridOf<uint8_t>(*a->mask).cells, GridOf<uint8_t>(*b->mask).cells);
      EXPECT_EQ(b->threshold->thresholds[0],
                double{static_cast<float>(a->threshold->thresholds[0]) * scale});
    }
  }
}

TEST(Otsu, FloatPlateauEndsBelowTheNextValue) {
  Grid<float> gray(1, 3);
  gray.cells = {-0.5f, -0.5f, 2.0f};
  const auto result = RunSteps(gray, {OtsuStep{}});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->threshold->plateau_low, -0.5);
  EXPECT_EQ(result->threshold->plateau_high, double{std::nextafter(2.0f, -1.0f)});
  EXPECT_EQ(Draw(GridOf<uint8_t>(*result->mask)), "..#\n");
}

TEST(Otsu, FloatsOfWildRangeUseDoubleDouble) {
  Grid<float> gray(1, 6);
  gray.cells = {1e-30f, 2e-30f, 1e30f, 1.5e30f, 0.0f, -0.0f};
  const auto result = RunSteps(gray, {OtsuStep{}});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->threshold->thresholds[0], double{2e-30f});
  EXPECT_GT(result->threshold->separability, 0.9);
  EXPECT_EQ(Draw(GridOf<uint8_t>(*result->mask)), "..##..\n");
}

struct ProfileCase {
  std::vector<uint8_t> pixels;
  double exact, opencv, skimage, imagej, matlab;
};

TEST(Otsu, ProfilesDifferWhereTheLibrariesDo) {
  const std::vector<ProfileCase> cases = {
      {{0, 255}, 0, 0, 0, 254, 127},  // two values: a plateau of 255 thresholds
      {{7, 7, 7}, 7, 0, 7, 254, 0},   // constant
      {{0, 0, 0}, 0, 0, 0, 254, 0},
      {{255, 255}, 255, 0, 255, 254, 0},
      {{10, 10, 20, 20}, 10, 10, 10, 19, 14.5},
      {{93, 93, 95, 95}, 93, 93, 93, 94, 93.5},
      {{0, 1}, 0, 0, 0, 254, 0},                 // ImageJ never tries 0, and there is nothing else
      {{10, 20, 20, 30}, 10, 10, 10, 29, 19.5},  // two separate maxima
  };
  for (const ProfileCase& c : cases) {
    Grid<uint8_t> gray(1, static_cast<int>(c.pixels.size()));
    gray.cells = c.pixels;
    const auto threshold = [&](Profile profile) {
      return RunSteps(gray, {OtsuStep{}}, profile)->threshold->thresholds[0];
    };
    EXPECT_EQ(threshold(Profile::kExact), c.exact);
    EXPECT_EQ(threshold(Profile::kOpencv), c.opencv);
    EXPECT_EQ(threshold(Profile::kSkimage), c.skimage);
    EXPECT_EQ(threshold(Profile::kImagej), c.imagej);
    EXPECT_EQ(threshold(Profile::kMatlab), c.matlab) << testing::PrintToString(c.pixels);
  }
}

// Of every profile a plateau holds the threshold; of one from bins of several values it is that.
template <typename T>
void ExpectThresholdWithinPlateau(const Grid<T>& gray, Profile profile, bool is_of_bins) {
  const auto result = RunSteps(gray, {OtsuStep{}}, profile);
  ASSERT_TRUE(result.ok()) << result.status();
  const ThresholdResult& told = *result->threshold;
  EXPECT_LE(told.plateau_low, told.thresholds[0]);
  EXPECT_GE(told.plateau_high, told.thresholds[0]);
  if (is_of_bins) {
    EXPECT_EQ(told.plateau_low, told.plateau_high);
  }
}

TEST(Otsu, AThresholdIsOfItsPlateau) {
  std::mt19937 random(11);
  for (int i = 0; i < (kSanitized ? 10 : 40); ++i) {
    const uint32_t highest = 1 + random() % 250;
    const auto bytes = RandomGrid<uint8_t>(random, 4, 3 + i % 5, 0, highest);
    const auto words = RandomGrid<uint16_t>(random, 4, 3 + i % 5, 0, 257 * highest);
    Grid<float> floats(words.height, words.width);
    for (size_t k = 0; k < words.cells.size(); ++k)
      floats.cells[k] = static_cast<float>(words.cells[k]) / 65535;
    for (const Profile profile : {Profile::kExact, Profile::kOpencv, Profile::kSkimage,
                                  Profile::kImagej, Profile::kMatlab}) {
      ExpectThresholdWithinPlateau(bytes, profile, false);
      ExpectThresholdWithinPlateau(words, profile, profile == Profile::kMatlab);
    }
    ExpectThresholdWithinPlateau(floats, Profile::kExact, false);
    ExpectThresholdWithinPlateau(floats, Profile::kSkimage, true);
  }
  // A threshold that the exact criterion does not know.
  for (const Profile profile : {Profile::kOpencv, Profile::kImagej, Profile::kMatlab})
    ExpectThresholdWithinPlateau(Grid<uint8_t>(2, 2, 7), profile, false);
  // A plateau of equal thresholds stays one.
  Grid<uint8_t> two(1, 2);
  two.cells = {10, 20};
  for (const Profile profile :
       {Profile::kOpencv, Profile::kSkimage, Profile::kImagej, Profile::kMatlab}) {
    const auto result = RunSteps(two, {OtsuStep{}}, profile);
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->threshold->plateau_low, 10);
    EXPECT_EQ(result->threshold->plateau_high, 19);
  }
}

TEST(Otsu, MatlabReducesSixteenBitsToAByte) {
  Grid<uint16_t> gray(1, 4);
  gray.cells = {257 * 10, 257 * 10 + 100, 257 * 20, 257 * 20 - 128};
  EXPECT_EQ(RunSteps(gray, {OtsuStep{}}, Profile::kMatlab)->threshold->thresholds[0], 14.5 * 257);
}

TEST(Otsu, ProfilesThatDoNotTakeADtype) {
  const Grid<float> floats(2, 2, 0.5f);
  const Grid<uint16_t> words(2, 2, 9);
  for (const Profile profile : {Profile::kOpencv, Profile::kImagej, Profile::kMatlab}) {
    const auto result = RunSteps(floats, {OtsuStep{}}, profile);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kUnimplemented);
    EXPECT_EQ(FieldOf(result.status()), "profile");
  }
  EXPECT_TRUE(RunSteps(words, {OtsuStep{}}, Profile::kImagej).ok());
  EXPECT_TRUE(RunSteps(words, {OtsuStep{}}, Profile::kOpencv).ok());
}

TEST(Otsu, DescribesItsClasses) {
  Grid<uint8_t> gray(1, 5);
  gray.cells = {10, 12, 200, 210, 220};
  const auto result = RunSteps(gray, {OtsuStep{}});
  const ThresholdResult& t = *result->threshold;
  ASSERT_EQ(t.classes.size(), 2u);
  EXPECT_EQ(t.classes[0].weight, 0.4);
  EXPECT_EQ(t.classes[0].mean, 11);
  EXPECT_EQ(t.classes[1].weight, 0.6);
  EXPECT_EQ(t.classes[1].mean, 210);
  // Between 2 * 3 / 25 * 199^2, total: the mean square less the squared mean.
  const double mean = 652.0 / 5, squares = (100 + 144 + 40000 + 44100 + 48400) / 5.0;
  EXPECT_NEAR(t.separability, 0.24 * 199 * 199 / (squares - mean * mean), 1e-14);
  EXPECT_EQ(result->foreground_fraction, 0.6);
}

TEST(Otsu, ConstantPictureHasNoForeground) {
  const auto result = RunSteps(Grid<uint8_t>(3, 3, 77), {OtsuStep{}});
  EXPECT_EQ(result->threshold->separability, 0);
  EXPECT_EQ(result->threshold->classes[0].weight, 1);
  EXPECT_EQ(result->threshold->classes[1].weight, 0);
  EXPECT_EQ(result->threshold->classes[1].mean, 0);
  EXPECT_EQ(result->foreground_fraction, 0);
}

TEST(Otsu, InvertMarksDarkPixels) {
  Grid<uint8_t> gray(1, 4);
  gray.cells = {1, 2, 100, 101};
  EXPECT_EQ(Draw(GridOf<uint8_t>(*RunSteps(gray, {OtsuStep{}})->mask)), "..##\n");
  EXPECT_EQ(Draw(GridOf<uint8_t>(*RunSteps(gray, {OtsuStep{}}, Profile::kExact, true)->mask)),
            "##..\n");
}

TEST(Otsu, PixelsOutsideTheMaskCountNowhere) {
  Grid<uint8_t> gray(1, 6);
  gray.cells = {10, 10, 20, 20, 250, 251};
  Mask inside(1, 6, 1);
  inside.at(0, 4) = inside.at(0, 5) = 0;
  for (const bool invert : {false, true}) {
    const auto result = RunSteps(gray, {OtsuStep{}}, Profile::kExact, invert, &inside);
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->threshold->plateau_low, 10);
    EXPECT_EQ(result->threshold->plateau_high, 19);
    EXPECT_EQ(Draw(GridOf<uint8_t>(*result->mask)), invert ? "##....\n" : "..##..\n");
    EXPECT_EQ(result->foreground_fraction, 0.5);
  }
  const Mask nothing(1, 6, 0);
  const auto result = RunSteps(gray, {OtsuStep{}}, Profile::kExact, false, &nothing);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(result.status()), "mask");
  // Given thresholds need no pixels.
  for (const bool invert : {false, true}) {
    const auto given =
        RunSteps(gray, {ThresholdStep{{15.0, 100.0}}}, Profile::kExact, invert, &nothing);
    ASSERT_TRUE(given.ok()) << given.status();
    EXPECT_EQ(given->threshold->thresholds, (std::vector<double>{15, 100}));
    EXPECT_EQ(given->threshold->separability, 0);
    ASSERT_EQ(given->threshold->classes.size(), 3u);
    for (const ClassStats& stats : given->threshold->classes) EXPECT_EQ(stats.weight, 0);
    EXPECT_EQ(Draw(GridOf<uint8_t>(*given->mask)), "......\n");
    EXPECT_EQ(given->foreground_fraction, 0);
  }
}

TEST(Otsu, NotFinitePixelsAreNamed) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    Grid<float> gray(4, 5, 1.0f);
    gray.at(2, 3) = bad;
    const auto result = RunSteps(gray, {OtsuStep{}});
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(FieldOf(result.status()), "gray[2][3]");
  }
}

TEST(Otsu, SkimageFloatRangesWithoutBinsAreRefused) {
  Grid<float> gray(1, 2);
  gray.cells = {-3e38f, 3e38f};
  EXPECT_EQ(FieldOf(RunSteps(gray, {OtsuStep{}}, Profile::kSkimage).status()), "gray");
  EXPECT_TRUE(RunSteps(gray, {OtsuStep{}}).ok());
  gray.cells = {0.0f, 1e-45f};
  EXPECT_EQ(FieldOf(RunSteps(gray, {OtsuStep{}}, Profile::kSkimage).status()), "gray");
  EXPECT_TRUE(RunSteps(gray, {OtsuStep{}}).ok());
}

}  // namespace
}  // namespace trine::segment
