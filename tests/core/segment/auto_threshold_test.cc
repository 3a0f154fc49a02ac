// Thresholds from the histogram: each of EXACT's definitions against a slow reference, published
// values, pictures without a threshold. What the libraries answer is in golden_test.cc.
#include "core/segment/threshold/auto_threshold.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <random>
#include <sstream>

#include "core/segment/threshold/auto/logarithm.h"
#include "core/segment/threshold/auto/methods.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

using testing::HasSubstr;

// A picture of one row with so many pixels of each value.
template <typename T>
Grid<T> PictureOf(const std::vector<uint64_t>& counts, int low = 0) {
  Grid<T> gray(1, 0);
  for (size_t v = 0; v < counts.size(); ++v)
    gray.cells.insert(gray.cells.end(), counts[v], static_cast<T>(low + static_cast<int>(v)));
  gray.width = static_cast<int>(gray.cells.size());
  return gray;
}

template <typename T>
absl::StatusOr<double> ThresholdOf(const Grid<T>& gray, AutoMethod method,
                                   Profile profile = Profile::kExact,
                                   std::optional<double> fraction = std::nullopt) {
  const auto result = RunSteps(gray, {AutoThresholdStep{method, fraction}}, profile);
  if (!result.ok()) return result.status();
  return result->threshold->thresholds[0];
}

std::vector<AutoMethod> AllMethods() {
  std::vector<AutoMethod> out;
  for (const AutoMethodRow& row : AutoMethods()) out.push_back(row.method);
  return out;
}

std::map<std::string, std::vector<uint64_t>> PublishedHistograms() {
  std::ifstream in(std::string(TRINE_GOLDEN_DIR) + "/histograms.txt");
  std::map<std::string, std::vector<uint64_t>> out;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    for (uint64_t count = 0; words >> count;) out[name].push_back(count);
  }
  return out;
}

TEST(AutoThreshold, TableIsInTheOrderOfTheNumbers) {
  int number = 0;
  for (const AutoMethodRow& row : AutoMethods()) {
    EXPECT_EQ(static_cast<int>(row.method), ++number);
    EXPECT_EQ(NamesOf(AutoMethod{})[static_cast<size_t>(number) - 1], row.name);
  }
  EXPECT_EQ(number, 12);
}

TEST(AutoThreshold, LogarithmsAreThoseOfLongDouble) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const double value = std::ldexp(1.0 + static_cast<double>(random() >> 11) * 0x1p-53,
                                    static_cast<int>(random() % 200) - 100);
    const DoubleDouble log = Log(DoubleDouble(value));
    const long double want = std::log(static_cast<long double>(value));
    EXPECT_NEAR(static_cast<double>(static_cast<long double>(log.hi) - want + log.lo), 0,
                0x1p-62 * std::fabs(log.hi));
    EXPECT_NEAR(LogToDouble(value), log.hi, 0x1p-52 * std::fabs(log.hi));
    const DoubleDouble root = SquareRoot(DoubleDouble(value));
    EXPECT_LE(std::fabs((root * root - DoubleDouble(value)).value()), 0x1p-100 * value);
  }
  // log a + log b = log ab, to 100 bits.
  for (const double a : {3.0, 10.0, 65535.0, 1073741823.0, 0.75}) {
    const DoubleDouble sum = Log(DoubleDouble(a)) + Log(DoubleDouble(7.0));
    const DoubleDouble product = Log(DoubleDouble::TwoProduct(a, 7.0));
    EXPECT_LE(std::fabs((sum - product).value()), 0x1p-98 * std::fabs(sum.hi)) << a;
  }
  EXPECT_EQ(LogToDouble(1), 0);
  EXPECT_EQ(LogToDouble(0), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(LogToDouble(-1)));
}

// The criterion of the classes {v <= t} and {v > t}, to be as large as it can be, as the papers
// have it; NaN where the method does not allow t.
double Criterion(AutoMethod method, const std::vector<uint64_t>& counts, size_t t) {
  const double total =
      static_cast<double>(std::accumulate(counts.begin(), counts.end(), uint64_t{0}));
  int64_t sums[2] = {0, 0}, weights[2] = {0, 0};
  double out = 0, squares[2] = {0, 0}, shares[2] = {0, 0}, means[2] = {0, 0}, variances[2] = {0, 0};
  for (size_t v = 0; v < counts.size(); ++v) {
    const double p = static_cast<double>(counts[v]) / total;
    const int c = v <= t ? 0 : 1;
    shares[c] += p;
    squares[c] += p * p;
    sums[c] += static_cast<int64_t>(counts[v] * v);
    weights[c] += static_cast<int64_t>(counts[v]);
  }
  for (int c = 0; c < 2; ++c)
    means[c] = static_cast<double>(sums[c]) / static_cast<double>(weights[c]);
  for (size_t v = 0; v < counts.size(); ++v) {
    const int c = v <= t ? 0 : 1;
    const double p = static_cast<double>(counts[v]) / total;
    variances[c] += p * std::pow(static_cast<double>(v) - means[c], 2) / shares[c];
    if (method == AutoMethod::kMaxEntropy && p > 0) out -= p / shares[c] * std::log(p / shares[c]);
    if (method == AutoMethod::kHuang && p > 0) {
      const double away = std::fabs(static_cast<double>(
          static_cast<int64_t>(v) - (2 * sums[c] + weights[c]) / (2 * weights[c])));
      const double mu = 1 / (1 + away / static_cast<double>(counts.size() - 1));
      if (mu < 1) out += p * (mu * std::log(mu) + (1 - mu) * std::log(1 - mu));
    }
  }
  for (int c = 0; c < 2; ++c) {
    if (method == AutoMethod::kLi && means[c] > 0) out += shares[c] * means[c] * std::log(means[c]);
    if (method == AutoMethod::kYen) out += 2 * std::log(shares[c]) - std::log(squares[c]);
    if (method == AutoMethod::kMinError)
      out -= shares[c] * std::log(variances[c]) - 2 * shares[c] * std::log(shares[c]);
  }
  if (method == AutoMethod::kMinError && !(variances[0] > 1e-9 && variances[1] > 1e-9))
    return std::numeric_limits<double>::quiet_NaN();
  return out;
}

TEST(AutoThreshold, OptimaAreTheFirstOfTheBest) {
  std::mt19937 random(2);
  for (int i = 0; i < 400; ++i) {
    std::vector<uint64_t> counts(3 + random() % 60);
    const uint32_t most = std::vector<uint32_t>{2, 9, 200}[random() % 3];
    for (uint64_t& count : counts) count = random() % 3 == 0 ? 0 : random() % (most + 1);
    counts.front() = 1 + random() % 5;
    counts.back() = 1 + random() % 5;
    const Grid<uint8_t> gray = PictureOf<uint8_t>(counts, static_cast<int>(random() % 100));
    const double low = gray.cells.front();
    for (const AutoMethod method : {AutoMethod::kLi, AutoMethod::kYen, AutoMethod::kMaxEntropy,
                                    AutoMethod::kMinError, AutoMethod::kHuang}) {
      double best = -std::numeric_limits<double>::infinity();
      for (size_t t = 0; t + 1 < counts.size(); ++t) {
        const double value = Criterion(method, counts, t);
        if (value > best) best = value;
      }
      const auto found = ThresholdOf(gray, method);
      if (std::isinf(best)) {
        EXPECT_EQ(found.status().code(), absl::StatusCode::kInvalidArgument);
        continue;
      }
      ASSERT_TRUE(found.ok()) << found.status();
      const size_t t = static_cast<size_t>(*found - low);
      EXPECT_GT(counts[t], 0u);
      EXPECT_NEAR(Criterion(method, counts, t), best, 1e-8) << static_cast<int>(method);
      for (size_t before = 0; before < t; ++before) {
        const double value = Criterion(method, counts, before);
        EXPECT_FALSE(counts[before] > 0 && value >= best - 1e-14)
            << static_cast<int>(method) << " " << before << " before " << t;
      }
    }
  }
}

TEST(AutoThreshold, EqualOptimaGiveTheLowest) {
  // The same read backwards: two cuts are equal, whatever the logarithms round to.
  std::mt19937 random(3);
  for (int i = 0; i < 200; ++i) {
    std::vector<uint64_t> counts(2 + random() % 20);
    for (uint64_t& count : counts) count = 1 + random() % 30;
    const std::vector<uint64_t> half = counts;
    counts.insert(counts.end(), half.rbegin(), half.rend());
    const Grid<uint8_t> gray = PictureOf<uint8_t>(counts);
    for (const AutoMethod method :
         {AutoMethod::kYen, AutoMethod::kMaxEntropy, AutoMethod::kMinError}) {
      const auto found = ThresholdOf(gray, method);
      ASSERT_TRUE(found.ok()) << found.status();
      EXPECT_LE(*found, static_cast<double>(half.size()) - 1) << static_cast<int>(method);
    }
  }
}

TEST(AutoThreshold, MeansMomentsAndSharesAsTheirRulesSay) {
  std::mt19937 random(4);
  for (int i = 0; i < 300; ++i) {
    std::vector<uint64_t> counts(2 + random() % 50);
    for (uint64_t& count : counts) count = random() % 3 == 0 ? 0 : random() % 40;
    counts.front() = counts.back() = 1 + random() % 20;
    const Grid<uint8_t> gray = PictureOf<uint8_t>(counts);
    const double n = static_cast<double>(gray.width);
    long double m1 = 0, m2 = 0, m3 = 0;
    for (const uint8_t v : gray.cells) m1 += v;
    m1 /= n;
    for (const uint8_t v : gray.cells) {
      m2 += (v - m1) * (v - m1) / n;
      m3 += (v - m1) * (v - m1) * (v - m1) / n;
    }
    const auto share_up_to = [&](double t) {
      return static_cast<double>(std::count_if(gray.cells.begin(), gray.cells.end(),
                                               [t](uint8_t v) { return v <= t; })) /
             n;
    };
    EXPECT_NEAR(*ThresholdOf(gray, AutoMethod::kGlobalMean), static_cast<double>(m1), 1e-12);

    const long double skew = m3 / std::pow(m2, 1.5L);
    const double p = static_cast<double>((1 + skew / std::sqrt(skew * skew + 4)) / 2);
    const double moments = *ThresholdOf(gray, AutoMethod::kMoments);
    EXPECT_GE(share_up_to(moments), p - 1e-12);
    EXPECT_LT(share_up_to(moments - 1), p + 1e-12);

    const double isodata = *ThresholdOf(gray, AutoMethod::kIsodata);
    double sums[2] = {0, 0}, weights[2] = {0, 0};
    for (const uint8_t v : gray.cells) {
      sums[v <= isodata ? 0 : 1] += v;
      ++weights[v <= isodata ? 0 : 1];
    }
    const double middle = (sums[0] / weights[0] + sums[1] / weights[1]) / 2;
    EXPECT_LE(isodata, middle + 1e-12);
    const size_t next =
        static_cast<size_t>(std::find_if(counts.begin() + static_cast<int64_t>(isodata) + 1,
                                         counts.end(), [](uint64_t count) { return count > 0; }) -
                            counts.begin());
    EXPECT_LT(middle, static_cast<double>(next) + 1e-12);

    const double fraction = static_cast<double>(random() % 101) / 100;
    const double percentile =
        *ThresholdOf(gray, AutoMethod::kPercentile, Profile::kExact, fraction);
    for (size_t t = 0; t < counts.size(); ++t) {
      EXPECT_LE(std::fabs(share_up_to(percentile) - fraction),
                std::fabs(share_up_to(static_cast<double>(t)) - fraction) + 1e-12);
    }
  }
}

TEST(AutoThreshold, PublishedValues) {
  const auto of = PublishedHistograms();
  ASSERT_EQ(of.size(), 5u);
  const auto find = [&](const char* name, AutoMethod method, Profile profile, bool inverted) {
    std::vector<uint64_t> counts = of.at(name);
    if (inverted) std::reverse(counts.begin(), counts.end());
    const auto found = ThresholdOf(PictureOf<uint8_t>(counts), method, profile);
    EXPECT_TRUE(found.ok()) << name << found.status();
    return found.value_or(-1);
  };
  for (const Profile profile : {Profile::kExact, Profile::kSkimage}) {
    const auto within = [&](const char* name, AutoMethod method, double low, double high,
                            bool inverted = false) {
      const double found = find(name, method, profile, inverted);
      EXPECT_GE(found, low) << name << static_cast<int>(method);
      EXPECT_LE(found, high) << name << static_cast<int>(method);
    };
    // The iteration's local minima; EXACT's lowest of all are near, or another one.
    const bool exact = profile == Profile::kExact;
    within("camera", AutoMethod::kLi, 78, 79);
    within("coins", AutoMethod::kLi, exact ? 93 : 94, 95);
    within("cell", AutoMethod::kLi, exact ? 111 : 67, exact ? 111 : 68);
    within("camera", AutoMethod::kYen, 146, 146);
    within("coins", AutoMethod::kYen, 110, 110);
    within("camera", AutoMethod::kIsodata, 102, 103);
    within("camera", AutoMethod::kMinimum, 85, 85);
    within("astronaut", AutoMethod::kMinimum, 114, 114);
    within("text", AutoMethod::kTriangle, 104, 104);
    within("text", AutoMethod::kTriangle, 151, 151, true);
    within("coins", AutoMethod::kTriangle, 80, 80);
    within("coins", AutoMethod::kTriangle, 175, 175, true);
  }
}

TEST(AutoThreshold, EveryDtypeAndShift) {
  std::mt19937 random(5);
  for (int i = 0; i < 30; ++i) {
    std::vector<uint64_t> counts(200);
    for (uint64_t& count : counts) count = random() % 20;
    counts.front() = counts.back() = 3;
    const Grid<uint8_t> bytes = PictureOf<uint8_t>(counts);
    Grid<uint16_t> words(1, bytes.width);
    Grid<int16_t> below(1, bytes.width);
    Grid<float> floats(1, bytes.width);
    for (size_t k = 0; k < bytes.cells.size(); ++k) {
      words.cells[k] = static_cast<uint16_t>(bytes.cells[k] + 40000);
      below.cells[k] = static_cast<int16_t>(bytes.cells[k] - 150);
      floats.cells[k] = static_cast<float>(bytes.cells[k]) / 1024 - 5;
    }
    for (const AutoMethod method : AllMethods()) {
      const auto want = ThresholdOf(bytes, method);
      if (!want.ok()) continue;
      EXPECT_NEAR(*ThresholdOf(words, method), *want + 40000, 1e-9);
      EXPECT_NEAR(*ThresholdOf(below, method), *want - 150, 1e-9);
      const auto of_floats = ThresholdOf(floats, method);
      const bool levels = method == AutoMethod::kLi || method == AutoMethod::kPercentile ||
                          method == AutoMethod::kGlobalMean;
      if (levels) {
        EXPECT_NEAR(*of_floats, *want / 1024 - 5, 1e-9);
      }
    }
  }
}

TEST(AutoThreshold, ConstantPicturesAndOnePixel) {
  for (const int width : {1, 7}) {
    const Grid<uint8_t> gray(1, width, 77);
    const Grid<float> floats(1, width, 0.25f);
    for (const AutoMethod method : AllMethods()) {
      EXPECT_EQ(*ThresholdOf(gray, method), 77);
      EXPECT_EQ(*ThresholdOf(floats, method), 0.25);
      const auto result = RunSteps(gray, {AutoThresholdStep{method, std::nullopt}});
      EXPECT_EQ(result->foreground_fraction, 0);
      EXPECT_EQ(result->threshold->separability, 0);
    }
  }
}

TEST(AutoThreshold, TwoValues) {
  Grid<uint16_t> gray(1, 10, 5);
  for (int x = 6; x < 10; ++x) gray.at(0, x) = 60000;
  for (const AutoMethod method : AllMethods()) {
    const auto found = ThresholdOf(gray, method);
    if (method == AutoMethod::kMinError) {
      EXPECT_THAT(found.status().message(), HasSubstr("two values or more on both sides"));
      EXPECT_EQ(FieldOf(found.status()), "steps[0].auto_threshold.method");
      continue;
    }
    ASSERT_TRUE(found.ok()) << static_cast<int>(method) << found.status();
    EXPECT_GE(*found, 5);
    EXPECT_LT(*found, 60000) << static_cast<int>(method);
  }
  // One peak has no valley.
  const auto found = ThresholdOf(PictureOf<uint8_t>({1, 2, 5, 9, 4, 2, 1}), AutoMethod::kMinimum);
  EXPECT_THAT(found.status().message(), HasSubstr("one peak"));
}

// All bins smoothed by the definition in each round; nullopt where no two peaks come of it.
std::optional<double> ValleyOfAllBins(const std::vector<uint16_t>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  std::vector<double> bins(static_cast<size_t>(*high - *low) + 1, 0.0);
  for (const uint16_t value : values) bins[static_cast<size_t>(value - *low)] += 1;
  for (int round = 0; round <= 10000; ++round) {
    std::vector<size_t> peaks;
    bool rising = true;
    for (size_t i = 0; i < bins.size(); ++i) {
      const bool falls = i + 1 == bins.size() || bins[i + 1] < bins[i];
      if (rising && falls) peaks.push_back(i);
      rising = falls ? false : rising || bins[i + 1] > bins[i];
    }
    if (peaks.size() < 2) return std::nullopt;
    if (peaks.size() == 2) {
      const auto first = bins.begin() + static_cast<int64_t>(peaks[0]);
      const auto lowest =
          std::min_element(first, bins.begin() + static_cast<int64_t>(peaks[1]) + 1);
      const int64_t valley = *low + (lowest - bins.begin());
      uint16_t found = *low;  // the highest value of a pixel up to it
      for (const uint16_t value : values) {
        if (value <= valley) found = std::max(found, value);
      }
      return found;
    }
    std::vector<double> next(bins.size());
    for (size_t i = 0; i < bins.size(); ++i) {
      const double before = bins[i - (i > 0 ? 1 : 0)];
      next[i] = ((before + bins[std::min(i + 1, bins.size() - 1)]) + bins[i]) / 3;
    }
    bins = next;
  }
  return std::nullopt;
}

// Runs of counts that grow, meet, reach the ends, and counts that become too small for a number.
TEST(AutoThreshold, TheValleyOfFewValuesIsThatOfAllBins) {
  std::mt19937 random(77);
  std::vector<std::vector<uint16_t>> pictures = {
      {0, 60, 1500}, {0, 1440, 1500}, {7, 8}, {7, 9, 11}, {7, 9, 11, 13}, {1, 3000, 65535 - 7}};
  for (int k = 0; k < 40; ++k) {
    std::vector<uint16_t> values;
    const uint32_t span = k % 2 == 0 ? 40 : 300;
    for (uint32_t n = 3 + random() % 12; n > 0; --n)
      values.insert(values.end(), 1 + random() % 3, static_cast<uint16_t>(random() % span));
    pictures.push_back(values);
  }
  int found_some = 0;
  for (const std::vector<uint16_t>& values : pictures) {
    if (kSanitized && values.back() > 60000) continue;
    Grid<uint16_t> gray(1, static_cast<int>(values.size()));
    std::copy(values.begin(), values.end(), gray.cells.begin());
    const auto got = ThresholdOf(gray, AutoMethod::kMinimum);
    const std::optional<double> right = ValleyOfAllBins(values);
    ASSERT_EQ(got.ok(), right.has_value()) << testing::PrintToString(values) << got.status();
    if (!right.has_value()) continue;
    EXPECT_EQ(*got, *right) << testing::PrintToString(values);
    ++found_some;
  }
  EXPECT_GT(found_some, 10);
}

TEST(AutoThreshold, NoPixelsInside) {
  const Grid<float> gray(2, 3, 1.0f);
  const Mask nothing(2, 3, 0);
  for (const Step& step : std::vector<Step>{AutoThresholdStep{}, AllThresholdsStep{}}) {
    const auto result = RunSteps(gray, {step}, Profile::kExact, false, &nothing);
    EXPECT_EQ(FieldOf(result.status()), "mask");
  }
}

TEST(AutoThreshold, FillValuesDoNotStopIt) {
  std::mt19937 random(6);
  Grid<float> gray(8, 40);
  for (float& cell : gray.cells) cell = static_cast<float>(random() % 1000) / 999;
  gray.at(3, 3) = 3.4028235e38f;
  gray.at(4, 3) = -3.4028235e38f;
  for (const AutoMethod method : AllMethods()) {
    const auto found = ThresholdOf(gray, method);
    EXPECT_TRUE(found.ok() || found.status().code() == absl::StatusCode::kInvalidArgument)
        << static_cast<int>(method) << found.status();
    EXPECT_TRUE(std::isfinite(found.value_or(0)));
  }
}

TEST(AutoThreshold, WhatIsNotOffered) {
  std::mt19937 random(7);
  const auto bytes = RandomGrid<uint8_t>(random, 9, 9, 0, 255);
  const auto words = RandomGrid<uint16_t>(random, 9, 9, 0, 65535);
  for (const AutoMethod method : AllMethods()) {
    const bool of_skimage = static_cast<int>(method) <= 6;
    const auto skimage = ThresholdOf(bytes, method, Profile::kSkimage);
    EXPECT_EQ(absl::IsUnimplemented(skimage.status()), !of_skimage) << skimage.status();
    EXPECT_TRUE(absl::IsUnimplemented(ThresholdOf(words, method, Profile::kImagej).status()));
    EXPECT_FALSE(absl::IsUnimplemented(ThresholdOf(bytes, method, Profile::kImagej).status()));
    for (const Profile profile : {Profile::kOpencv, Profile::kMatlab}) {
      const bool has = profile == Profile::kOpencv && method == AutoMethod::kTriangle;
      if (has) {
        EXPECT_TRUE(ThresholdOf(bytes, method, profile).ok());
      }
      const auto refused =
          has ? ThresholdOf(words, method, profile) : ThresholdOf(bytes, method, profile);
      EXPECT_TRUE(absl::IsUnimplemented(refused.status()));
      EXPECT_THAT(refused.status().message(),
                  HasSubstr(std::string(AutoMethods()[static_cast<size_t>(method) - 1].name)));
    }
  }
  const auto wrong = ThresholdOf(bytes, AutoMethod::kLi, Profile::kExact, 0.5);
  EXPECT_EQ(FieldOf(wrong.status()), "steps[0].auto_threshold.fraction");
  const auto far = ThresholdOf(bytes, AutoMethod::kPercentile, Profile::kExact, 1.5);
  EXPECT_EQ(FieldOf(far.status()), "steps[0].auto_threshold.fraction");
}

TEST(AllThresholds, AreThoseOfTheMethods) {
  std::mt19937 random(8);
  const auto gray = RandomGrid<uint8_t>(random, 30, 31, 3, 240);
  for (const Profile profile :
       {Profile::kExact, Profile::kOpencv, Profile::kSkimage, Profile::kImagej, Profile::kMatlab}) {
    const auto all = RunSteps(gray, {AllThresholdsStep{}}, profile);
    ASSERT_TRUE(all.ok()) << all.status();
    EXPECT_FALSE(all->mask.has_value());
    EXPECT_FALSE(all->threshold.has_value());
    const std::vector<MethodThreshold>& found = all->method_thresholds;
    ASSERT_EQ(found.size(), 13u);
    EXPECT_EQ(found[0].name, "otsu");
    EXPECT_EQ(*found[0].threshold, RunSteps(gray, {OtsuStep{}}, profile)->threshold->thresholds[0]);
    for (const AutoMethodRow& row : AutoMethods()) {
      const MethodThreshold& here = found[static_cast<size_t>(row.method)];
      const auto alone = ThresholdOf(gray, row.method, profile);
      EXPECT_EQ(here.name, row.name);
      ASSERT_EQ(here.threshold.has_value(), alone.ok()) << row.name;
      if (alone.ok()) {
        EXPECT_EQ(*here.threshold, *alone) << row.name;
        EXPECT_EQ(here.none, "");
      } else {
        EXPECT_NE(here.none, "") << row.name;
      }
    }
  }
}

}  // namespace
}  // namespace trine::segment
