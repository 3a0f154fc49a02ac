// Local thresholds and Otsu as libraries define them, against their formulas written out.
#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

using Real = long double;

// Index of a border: the edge repeated (replicate), mirrored with the edge duplicated (reflect), or
// without (reflect101).
int Replicated(int i, int n) { return std::clamp(i, 0, n - 1); }
int Reflected(int i, int n) {
  while (i < 0 || i >= n) i = i < 0 ? -1 - i : 2 * n - 1 - i;
  return i;
}
int Reflected101(int i, int n) {
  if (n == 1) return 0;
  while (i < 0 || i >= n) i = i < 0 ? -i : 2 * n - 2 - i;
  return i;
}

std::vector<Real> Kernel(int radius, Real sigma) {
  std::vector<Real> weights;
  Real sum = 0;
  for (int d = -radius; d <= radius; ++d) {
    weights.push_back(expl(-static_cast<Real>(d) * d / (2 * sigma * sigma)));
    sum += weights.back();
  }
  for (Real& weight : weights) weight /= sum;
  return weights;
}

// Weighted means down the columns, then along the rows; what is between is kept as F.
template <typename F, typename T>
Grid<F> Filtered(const Grid<T>& gray, const std::vector<Real>& kernel, int (*border)(int, int)) {
  const int radius = static_cast<int>(kernel.size()) / 2;
  Grid<F> columns(gray.height, gray.width), out(gray.height, gray.width);
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x) {
      Real sum = 0;
      for (int d = -radius; d <= radius; ++d)
        sum += kernel[static_cast<size_t>(d + radius)] *
               static_cast<Real>(gray.at(border(y + d, gray.height), x));
      columns.at(y, x) = static_cast<F>(sum);
    }
  }
  for (int y = 0; y < gray.height; ++y) {
    for (int x = 0; x < gray.width; ++x) {
      Real sum = 0;
      for (int d = -radius; d <= radius; ++d)
        sum += kernel[static_cast<size_t>(d + radius)] *
               static_cast<Real>(columns.at(y, border(x + d, gray.width)));
      out.at(y, x) = static_cast<F>(sum);
    }
  }
  return out;
}

template <typename T>
std::string MaskOf(const Grid<T>& gray, const LocalThresholdStep& step, Profile profile,
                   bool invert = false) {
  const auto result = RunSteps(gray, {step}, profile, invert);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? Draw(GridOf<uint8_t>(*result->mask)) : "";
}

template <typename T>
Grid<T> Noise(std::mt19937& random, int height, int width, double scale) {
  Grid<T> grid(height, width);
  for (T& cell : grid.cells) {
    const double value = static_cast<double>(random() % 100000) / 100000 * scale;
    cell = static_cast<T>(std::is_signed_v<T> ? value - scale / 2 : value);
  }
  return grid;
}

// adaptiveThreshold(ADAPTIVE_THRESH_GAUSSIAN_C): the mean rounded to the nearest, ties to even.
// Small windows have weights of their own.
TEST(Opencv, Gaussians) {
  std::mt19937 random(81);
  for (const int window : {7, 9, 11, 15, 31, 51}) {
    const auto gray = RandomGrid<uint8_t>(random, 40, 37, 0, 255);
    const Real sigma = 0.3L * ((window - 1) * 0.5L - 1) + 0.8L;
    std::vector<Real> kernel = Kernel(window / 2, sigma);
    if (window == 7) kernel = {2, 7, 14, 18, 14, 7, 2};
    if (window == 9) kernel = {4, 13, 30, 51, 60, 51, 30, 13, 4};
    for (Real& weight : kernel) weight /= window == 7 ? 64 : window == 9 ? 256 : 1;
    const Grid<Real> means = Filtered<Real>(gray, kernel, Replicated);
    for (const double offset : {0.0, 4.0, -2.5}) {
      for (const bool invert : {false, true}) {
        Mask expected(40, 37);
        for (size_t i = 0; i < expected.cells.size(); ++i) {
          const int difference = gray.cells[i] - static_cast<int>(nearbyintl(means.cells[i]));
          const int bound = -static_cast<int>(invert ? std::floor(offset) : std::ceil(offset));
          expected.cells[i] = (difference > bound) != invert ? 255 : 0;
        }
        const LocalThresholdStep step{LocalMethod::kGaussian, window, offset, {}, {}, {}};
        EXPECT_EQ(MaskOf(gray, step, Profile::kOpencv, invert), Draw(expected)) << window;
      }
    }
  }
}

TEST(Opencv, MeansOfAnyWindow) {
  std::mt19937 random(82);
  for (const int window : {3, 129, 301}) {
    const auto gray = RandomGrid<uint8_t>(random, 20, 23, 0, 255);
    const std::vector<Real> box(static_cast<size_t>(window), Real{1} / window);
    const Grid<Real> means = Filtered<Real>(gray, box, Replicated);
    Mask expected(20, 23);
    for (size_t i = 0; i < expected.cells.size(); ++i)
      expected.cells[i] = gray.cells[i] - static_cast<int>(roundl(means.cells[i])) > -3 ? 255 : 0;
    EXPECT_EQ(MaskOf(gray, {LocalMethod::kMean, window, 2.5, {}, {}, {}}, Profile::kOpencv),
              Draw(expected));
  }
}

// threshold_local: of integers in float64, of float32 in float32.
template <typename T>
void ExpectThresholdLocal(double scale) {
  using F = std::conditional_t<std::is_same_v<T, float>, float, double>;
  std::mt19937 random(83);
  const auto gray = Noise<T>(random, 33, 29, scale);
  const auto check = [&](const LocalThresholdStep& step, const std::vector<Real>& kernel) {
    const Grid<F> means = Filtered<F>(gray, kernel, Reflected);
    Mask expected(33, 29);
    for (size_t i = 0; i < expected.cells.size(); ++i) {
      const F threshold = means.cells[i] - static_cast<F>(step.offset);
      expected.cells[i] = static_cast<F>(gray.cells[i]) > threshold ? 255 : 0;
    }
    EXPECT_EQ(MaskOf(gray, step, Profile::kSkimage), Draw(expected));
  };
  for (const int window : {3, 11, 35}) {
    const double sigma = (window - 1) / 6.0;
    // scipy's gaussian_filter ends at 4 sigma, not at the window.
    const int radius = static_cast<int>(4 * sigma + 0.5);
    check({LocalMethod::kGaussian, window, scale / 50, {}, {}, {}}, Kernel(radius, sigma));
    check({LocalMethod::kGaussian, window, 0, {}, {}, 2.25}, Kernel(9, 2.25L));
    const std::vector<Real> box(static_cast<size_t>(window), Real{1} / window);
    // No mean of integers lies a quarter from one.
    const double offset = scale / 30 + 0.25;
    check({LocalMethod::kMean, window, offset, {}, {}, {}}, box);
  }
}

TEST(Skimage, ThresholdLocal) {
  ExpectThresholdLocal<uint8_t>(255);
  ExpectThresholdLocal<uint16_t>(65535);
  ExpectThresholdLocal<int16_t>(3000);
  ExpectThresholdLocal<int32_t>(1e9);
  ExpectThresholdLocal<float>(1);
  ExpectThresholdLocal<double>(1e6);
}

// threshold_sauvola: means of the values and of their squares, then the formula, all in F.
template <typename T>
void ExpectThresholdSauvola(double scale, double r) {
  using F = std::conditional_t<std::is_same_v<T, float>, float, double>;
  std::mt19937 random(84);
  const auto gray = Noise<T>(random, 27, 31, scale);
  for (const int window : {3, 15, 25}) {
    Mask expected(27, 31);
    for (int y = 0; y < 27; ++y) {
      for (int x = 0; x < 31; ++x) {
        Real sum = 0, squares = 0;
        for (int v = y - window / 2; v <= y + window / 2; ++v) {
          for (int u = x - window / 2; u <= x + window / 2; ++u) {
            const F value = static_cast<F>(gray.at(Reflected101(v, 27), Reflected101(u, 31)));
            sum += value;
            squares += static_cast<F>(value * value);
          }
        }
        const F n = static_cast<F>(window * window);
        const F m = static_cast<F>(sum) / n, g2 = static_cast<F>(squares) / n;
        const F s = std::sqrt(std::max(g2 - m * m, F{0}));
        const F threshold = m * (F{1} + F(0.3) * ((s / F(r)) - F{1}));
        expected.at(y, x) = static_cast<F>(gray.at(y, x)) > threshold ? 255 : 0;
      }
    }
    const LocalThresholdStep step{LocalMethod::kSauvola, window, 0, 0.3, {}, {}};
    EXPECT_EQ(MaskOf(gray, step, Profile::kSkimage), Draw(expected)) << window;
  }
}

TEST(Skimage, ThresholdSauvola) {
  ExpectThresholdSauvola<uint8_t>(255, 127.5);
  ExpectThresholdSauvola<int16_t>(3000, 32767.5);
  ExpectThresholdSauvola<float>(1.5, 1);
  ExpectThresholdSauvola<double>(1.5, 1);
}

// The Auto Threshold plugin's Otsu over the histogram from minimum to maximum.
int ImagejByHand(const std::vector<int>& data) {
  double s = 0, n = 0;
  for (size_t k = 0; k < data.size(); ++k) {
    s += static_cast<double>(k) * data[k];
    n += data[k];
  }
  double sk = 0, n1 = data[0], best = 0;
  int star = 0;
  for (size_t k = 1; k + 1 < data.size(); ++k) {
    sk += static_cast<double>(k) * data[k];
    n1 += data[k];
    const double denominator = n1 * (n - n1);
    const double numerator = n1 / n * s - sk;
    const double variance = denominator == 0 ? 0 : numerator * numerator / denominator;
    if (variance < best) continue;
    best = variance;
    star = static_cast<int>(k);
  }
  return star;
}

TEST(Imagej, OtsuOfSixteenBits) {
  std::mt19937 random(85);
  for (int i = 0; i < 200; ++i) {
    const int low = static_cast<int>(random() % 60000);
    const int span = 1 + static_cast<int>(random() % (i % 2 == 0 ? 8 : 5000));
    Grid<uint16_t> gray(5, 9);
    for (uint16_t& cell : gray.cells)
      cell = static_cast<uint16_t>(low + static_cast<int>(random() % static_cast<uint32_t>(span)));
    const auto [least, most] = std::minmax_element(gray.cells.begin(), gray.cells.end());
    std::vector<int> data(static_cast<size_t>(*most - *least) + 1, 0);
    for (const uint16_t cell : gray.cells) ++data[static_cast<size_t>(cell - *least)];
    const auto result = RunSteps(gray, {OtsuStep{}}, Profile::kImagej);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->threshold->thresholds[0], *least + ImagejByHand(data));
  }
}

}  // namespace
}  // namespace trine::segment
