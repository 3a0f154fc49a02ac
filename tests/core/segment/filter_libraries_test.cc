// What the filters of other libraries' profiles are by their rules; the libraries' own answers are
// in tests/golden/segment.
#include "core/segment/filter/libraries/libraries.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "core/segment/filter/background/least_kernels.h"
#include "core/segment/filter/smooth/row_kernels.h"
#include "core/segment/filter/window.h"
#include "gmock/gmock.h"
#include "tests/core/segment/filter_support.h"

namespace trine::segment {
namespace {

using testing::ElementsAre;

std::string Refused(const absl::StatusOr<Result>& result) { return FieldOf(result.status()); }

constexpr std::pair<int, int> kSides[] = {{1, 1}, {1, 70}, {70, 1}, {2, 3}, {40, 33}, {31, 129}};

// dcb|abcd|cba, a pixel at a time.
int Mirrored(int i, int n) {
  if (n == 1) return 0;
  while (i < 0 || i >= n) i = i < 0 ? -i : 2 * (n - 1) - i;
  return i;
}

template <typename T>
Grid<T> RandomPicture(std::mt19937& random, int height, int width) {
  if constexpr (std::is_integral_v<T>) {
    return RandomGrid<T>(random, height, width, 0, std::numeric_limits<T>::max());
  } else {
    Grid<T> grid(height, width);
    for (T& cell : grid.cells)
      cell = static_cast<T>(static_cast<int>(random() % 4001) - 2000) / T{64};
    return grid;
  }
}

template <typename T>
double MirroredMean(const Grid<T>& grid, int y, int x, int radius) {
  double sum = 0;
  for (int dy = -radius; dy <= radius; ++dy) {
    for (int dx = -radius; dx <= radius; ++dx)
      sum +=
          static_cast<double>(grid.at(Mirrored(y + dy, grid.height), Mirrored(x + dx, grid.width)));
  }
  return sum / ((2 * radius + 1) * (2 * radius + 1));
}

template <typename T>
class Opencv : public testing::Test {};
using PixelTypes = testing::Types<uint8_t, uint16_t, float, double>;
TYPED_TEST_SUITE(Opencv, PixelTypes);

TYPED_TEST(Opencv, MeanIsThatOfTheMirroredWindow) {
  std::mt19937 random(50);
  FewerSanitized fewer(3);
  for (const auto& [height, width] : kSides) {
    for (const int radius : {1, 2, 7, 8, 30}) {
      if (fewer.Skips()) continue;
      const auto grid = RandomPicture<TypeParam>(random, height, width);
      const auto got = Filtered(grid, nullptr, 1,
                                [&](const Context& context, const Picture& gray, uint8_t* out) {
                                  return SmoothOpencvMean(context, gray, radius, out);
                                });
      // A half, and what its float32 rounds; squares of bytes from 17 on are rounded rightly.
      const bool integers = std::is_integral_v<TypeParam>;
      double error = integers ? 0.5 + 1.0 / 64 : 1e-5;
      if (sizeof(TypeParam) == 1 && radius >= 8) error = 0.5;
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x)
          ASSERT_NEAR(static_cast<double>(got.at(y, x)), MirroredMean(grid, y, x, radius), error)
              << height << " x " << width << " radius " << radius;
      }
    }
  }
}

// OpenCV's weights of distance 0, 1, ... in parts of 2^bits.
struct Weights {
  double sigma;
  std::vector<uint64_t> weights;
};

template <typename T>
void ExpectGaussian(const std::vector<Weights>& all, int bits) {
  std::mt19937 random(51);
  for (const auto& [height, width] : kSides) {
    for (const Weights& w : all) {
      const auto grid = RandomPicture<T>(random, height, width);
      const auto got = Filtered(grid, nullptr, 1,
                                [&](const Context& context, const Picture& gray, uint8_t* out) {
                                  return SmoothOpencvGaussian(context, gray, w.sigma, out);
                                });
      const int radius = static_cast<int>(w.weights.size()) - 1;
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          uint64_t sum = 0;
          for (int dy = -radius; dy <= radius; ++dy) {
            for (int dx = -radius; dx <= radius; ++dx)
              sum += w.weights[static_cast<size_t>(std::abs(dy))] *
                     w.weights[static_cast<size_t>(std::abs(dx))] *
                     grid.at(Mirrored(y + dy, height), Mirrored(x + dx, width));
          }
          const uint64_t one = uint64_t{1} << (2 * bits);
          ASSERT_EQ(got.at(y, x), (sum + one / 2) / one)
              << height << " x " << width << " sigma " << w.sigma;
        }
      }
    }
  }
}
TEST(OpencvGaussian, IsOneRoundingOfItsWeights) {
  ExpectGaussian<uint8_t>({{0.01, {256}},
                           {0.7, {146, 53, 2}},
                           {1, {102, 62, 14, 1}},
                           {2.5, {40, 38, 30, 20, 11, 6, 2, 1, 0}}},
                          8);
  ExpectGaussian<uint16_t>({{0.01, {65536}},
                            {0.7, {37346, 13461, 630, 4}},
                            {1, {26146, 15857, 3539, 290, 9}},
                            {2.5, {10458, 9654, 7595, 5090, 2908, 1415, 587, 208, 62, 16, 4}}},
                           16);
}

// Weights of the widest one are 0 or 1 of 256, and constant pictures stay.
TEST(OpencvGaussian, OfTheLargestSigma) {
  const auto smoothed = [](const auto& grid) {
    return Filtered(grid, nullptr, 1,
                    [&](const Context& context, const Picture& gray, uint8_t* out) {
                      return SmoothOpencvGaussian(context, gray, 1000, out);
                    });
  };
  EXPECT_EQ(smoothed(Grid<uint8_t>(3, 40, 255)).cells, Grid<uint8_t>(3, 40, 255).cells);
  EXPECT_EQ(smoothed(Grid<uint16_t>(3, 40, 65535)).cells, Grid<uint16_t>(3, 40, 65535).cells);
}

template <typename T>
class Imagej : public testing::Test {};
using ImagejTypes = testing::Types<uint8_t, uint16_t, float>;
TYPED_TEST_SUITE(Imagej, ImagejTypes);

TYPED_TEST(Imagej, GaussianIsNearTheTrueOne) {
  std::mt19937 random(52);
  const bool integers = std::is_integral_v<TypeParam>;
  const double top = sizeof(TypeParam) == 1 ? 255 : integers ? 65535 : 62.5;
  FewerSanitized fewer(3);
  for (const auto& [height, width] : kSides) {
    for (const double sigma : {0.3, 1.0, 4.3, 8.5, 8.6, 25.0}) {
      if (fewer.Skips()) continue;
      const auto grid = RandomPicture<TypeParam>(random, height, width);
      const Mask all(height, width, 1);
      const Reals exact = oracle::WeightedMeans(RealsOf(grid), all, oracle::TrueGaussian(sigma));
      const auto got = Filtered(grid, nullptr, 1,
                                [&](const Context& context, const Picture& gray, uint8_t* out) {
                                  return SmoothImagejGaussian(context, gray, sigma, out);
                                });
      EXPECT_LE(MostDifference(RealsOf(got), exact), 0.004 * top + (integers ? 0.5 : 0))
          << height << " x " << width << " sigma " << sigma;
    }
  }
}

// By definition: means of three by three, and the highest of the balls, of which only a square
// without their rim counts, that are under them. Balls to a radius of 10 see the whole picture.
template <typename T>
Reals UnderBall(const Grid<T>& grid, double sign, int radius) {
  const int height = grid.height, width = grid.width;
  const int reach = radius - radius * 24 / 100;
  const auto ball = [&](int dy, int dx) {
    return std::sqrt(std::max(0.0, static_cast<double>(radius * radius - dy * dy - dx * dx)));
  };
  Reals means(height, width), out(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double sum = 0;
      for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx)
          sum += static_cast<double>(
              grid.at(std::clamp(y + dy, 0, height - 1), std::clamp(x + dx, 0, width - 1)));
      }
      means.at(y, x) = sign * sum / 9;
      out.at(y, x) = -1e9;
    }
  }
  const auto over = [&](int y, int x, const auto& visit) {
    for (int v = std::max(0, y - reach); v <= std::min(height - 1, y + reach); ++v) {
      for (int u = std::max(0, x - reach); u <= std::min(width - 1, x + reach); ++u)
        visit(v, u, ball(v - y, u - x));
    }
  };
  for (int y = -reach; y < height + reach; ++y) {
    for (int x = -reach; x < width + reach; ++x) {
      double centre = 1e9;
      over(y, x,
           [&](int v, int u, double rise) { centre = std::min(centre, means.at(v, u) - rise); });
      over(y, x, [&](int v, int u, double rise) {
        out.at(v, u) = std::max(out.at(v, u), centre + rise);
      });
    }
  }
  for (double& cell : out.cells) cell *= sign;
  return out;
}

TYPED_TEST(Imagej, SmallBallsAreUnderThePicture) {
  std::mt19937 random(53);
  constexpr bool kIntegers = std::is_integral_v<TypeParam>;
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 30}, {30, 1}, {23, 31}}) {
    for (const int radius : {1, 3, 10}) {
      for (const bool light : {false, true}) {
        auto grid = RandomPicture<TypeParam>(random, height, width);
        for (auto& cell : grid.cells) {
          if (random() % 4 != 0) cell = static_cast<TypeParam>(cell / 8 + 40);
        }
        const auto got = Filtered(grid, nullptr, LeastKernelTargets(),
                                  [&](const Context& context, const Picture& gray, uint8_t* out) {
                                    return RemoveImagejBall(context, gray, radius, light, out);
                                  });
        const Reals under = UnderBall(grid, light ? -1 : 1, radius);
        const double top =
            kIntegers ? static_cast<double>(std::numeric_limits<TypeParam>::max()) : 0;
        for (size_t i = 0; i < grid.cells.size(); ++i) {
          double want = static_cast<double>(grid.cells[i]) - under.cells[i] + (light ? top : 0);
          if (kIntegers) want = std::clamp(want, 0.0, top);
          ASSERT_NEAR(static_cast<double>(got.cells[i]), want, kIntegers ? 0.52 : 1e-4)
              << height << " x " << width << " radius " << radius << " light " << light;
        }
      }
    }
  }
}

// Shrunk pictures: threads and instruction sets, one row, the least widths; under a plain there is
// no difference.
TEST(ImagejBall, LargeOnes) {
  std::mt19937 random(54);
  for (const auto& [height, width, radius] : {std::tuple{40, 33, 11}, {1, 5, 50}, {9, 9, 500}}) {
    const auto run = [radius = radius](const auto& grid) {
      return Filtered(grid, nullptr, LeastKernelTargets(),
                      [&](const Context& context, const Picture& gray, uint8_t* out) {
                        return RemoveImagejBall(context, gray, radius, false, out);
                      });
    };
    run(RandomPicture<uint16_t>(random, height, width));
    if (height > 1) {  // the library sees 0 beside a shrunk picture of one row
      EXPECT_EQ(run(Grid<uint8_t>(height, width, 200)).cells,
                Grid<uint8_t>(height, width, 0).cells);
    }
  }
}

// Cut at 4 sigma, rounded, and beyond the border its pixels.
template <typename T>
void ExpectSkimageGaussian(double error) {
  std::mt19937 random(55);
  for (const auto& [height, width] : kSides) {
    for (const double sigma : {0.1, 0.13, 1.1, 6.0, 20.0}) {
      const auto grid = RandomPicture<T>(random, height, width);
      std::vector<double> weights;
      for (int d = 0; d <= static_cast<int>(4 * sigma + 0.5); ++d)
        weights.push_back(std::exp(-d * d / (2 * sigma * sigma)));
      const Mask all(height, width, 1);
      const Reals exact = oracle::WeightedMeans(RealsOf(grid), all, weights);
      const auto got = Filtered(grid, nullptr, RowKernelTargets(),
                                [&](const Context& context, const Picture& gray, uint8_t* out) {
                                  return SmoothSkimageGaussian(context, gray, sigma, out);
                                });
      EXPECT_LE(MostDifference(RealsOf(got), exact), error)
          << height << " x " << width << " sigma " << sigma;
    }
  }
}
TEST(SkimageGaussian, IsThatOfItsWeights) {
  ExpectSkimageGaussian<float>(4e-6);  // of values to 31
  ExpectSkimageGaussian<double>(1e-13);
}

// Integers become floats from 0 to 1, and later steps see these, one after the other.
template <typename T>
void ExpectThoseOfFloats() {
  std::mt19937 random(56);
  const auto grid = RandomPicture<T>(random, 37, 53);
  Grid<double> floats(37, 53);
  for (size_t i = 0; i < grid.cells.size(); ++i)
    floats.cells[i] = grid.cells[i] * (1.0 / std::numeric_limits<T>::max());
  const SmoothStep gaussian{SmoothMethod::kGaussian, 1.3};
  LocalThresholdStep local;
  local.window = 7;
  for (const std::vector<Step>& steps : std::vector<std::vector<Step>>{
           {gaussian, OtsuStep{}},
           {gaussian, ThresholdStep{{0.4}}},
           {gaussian, SmoothStep{SmoothMethod::kMedian, {}, 1}, local},
           {gaussian, gaussian, AutoThresholdStep{AutoMethod::kLi}},
           {gaussian, EqualizeStep{2}, MultiOtsuStep{3}},
           {BackgroundStep{BackgroundMethod::kClosing, 5}, gaussian, ThresholdStep{{0.1}}}}) {
    // The steps before the Gaussian see integers.
    if (steps[0].spec().name != "smooth") {
      EXPECT_TRUE(RunSteps(grid, steps, Profile::kSkimage).ok());
      continue;
    }
    Options options{Profile::kSkimage, false, steps};
    options.histogram = true;
    const Unaligned<T> given(grid);
    const Unaligned<double> as_floats(floats);
    Inputs inputs, want;
    inputs.gray = given.view();
    want.gray = as_floats.view();
    const auto result = RunSteps(inputs, options);
    const auto expected = RunSteps(want, options);
    ASSERT_TRUE(result.ok() && expected.ok()) << result.status() << expected.status();
    EXPECT_EQ(result->mask->data, expected->mask->data);
    EXPECT_EQ(result->threshold.has_value(), expected->threshold.has_value());
    if (result->threshold && expected->threshold) {
      EXPECT_EQ(result->threshold->thresholds, expected->threshold->thresholds);
    }
    ASSERT_TRUE(result->histogram && expected->histogram);
    EXPECT_EQ(result->histogram->counts, expected->histogram->counts);
    EXPECT_EQ(result->histogram->low, expected->histogram->low);
  }
}
TEST(SkimageGaussian, OfIntegersIsThatOfFloats) {
  ExpectThoseOfFloats<uint8_t>();
  ExpectThoseOfFloats<uint16_t>();
}

// What checks the picture's type sees the one that the step before it leaves.
TEST(SkimageGaussian, LaterStepsAreCheckedForFloats) {
  const Grid<uint16_t> grid(9, 9, 300);
  const SmoothStep gaussian;
  EXPECT_EQ(Refused(RunSteps(grid, {SmoothStep{SmoothMethod::kMean}}, Profile::kSkimage)), "");
  EXPECT_EQ(Refused(RunSteps(grid, {gaussian, SmoothStep{SmoothMethod::kMean}}, Profile::kSkimage)),
            "gray.dtype");
  EXPECT_EQ(Refused(RunSteps(grid, {gaussian, StretchStep{}}, Profile::kSkimage)), "gray.dtype");
  EXPECT_EQ(Refused(RunSteps(grid, {gaussian, EqualizeStep{}}, Profile::kSkimage)), "");
  // Memory is that of float64: the picture before and after, and the working memory.
  const Context context;
  const Options alone{Profile::kExact, false, {gaussian}};
  const Options turned{Profile::kSkimage, false, {gaussian, gaussian}};
  EXPECT_GE(MemoryOf(context, 100, 100, DType::kUint8, turned).maps, 2u * 8 * 100 * 100);
  EXPECT_LT(MemoryOf(context, 100, 100, DType::kUint8, alone).maps, 2u * 8 * 100 * 100);
}

template <typename T>
Grid<T> EqualizedAsSkimage(const Grid<T>& grid, int64_t tiles, double clip_limit) {
  return Filtered(grid, nullptr, 1, [&](const Context& context, const Picture& gray, uint8_t* out) {
    return EqualizeSkimage(context, gray, tiles, clip_limit, out);
  });
}

// One region whose every gray has as many pixels changes little; a clipped one less than another.
TEST(SkimageEqualize, KeepsOrderWithinARegionAndFillsTheRange) {
  Grid<float> ramp(16, 64);
  for (size_t i = 0; i < ramp.cells.size(); ++i) ramp.cells[i] = static_cast<float>(i) / 2048;
  const Grid<float> even = EqualizedAsSkimage(ramp, 1, 0);
  EXPECT_EQ(even.cells.front(), 0);
  EXPECT_EQ(even.cells.back(), 1);
  for (size_t i = 0; i < ramp.cells.size(); ++i)
    EXPECT_NEAR(even.cells[i], 2 * ramp.cells[i], 0.01) << i;
  // Dark pixels that are many are parted further, the less the lower the limit is.
  Grid<double> dark(16, 64);
  for (size_t i = 0; i < dark.cells.size(); ++i)
    dark.cells[i] = i < 900 ? static_cast<double>(i) / 9000 : static_cast<double>(i - 900) / 124;
  const auto middle = [&](double clip_limit) {
    return EqualizedAsSkimage(dark, 1, clip_limit).cells[450];
  };
  EXPECT_GT(middle(0), 0.4);
  EXPECT_LT(middle(2), 0.4);
  EXPECT_GT(middle(2), middle(0.01));
}

TEST(SkimageEqualize, ThinAndConstantPictures) {
  EXPECT_EQ(EqualizedAsSkimage(Grid<float>(1, 1, 0.5f), 8, 2).cells, std::vector<float>{1});
  EXPECT_EQ(EqualizedAsSkimage(Grid<float>(3, 40, -1), 32, 2).cells, std::vector<float>(120, 1.0f));
}

TEST(SkimageEqualize, Refusals) {
  const auto refused = [](const auto& grid) {
    return Refused(RunSteps(grid, {EqualizeStep{}}, Profile::kSkimage));
  };
  EXPECT_EQ(refused(Grid<float>(4, 4, 1)), "");
  EXPECT_EQ(refused(Grid<double>(4, 4, -1)), "");
  EXPECT_EQ(refused(Grid<float>(4, 4, 1.0001f)), "gray");
  EXPECT_EQ(refused(Grid<double>(4, 4, -1.0001)), "gray");
  EXPECT_EQ(refused(Grid<uint8_t>(4, 4, 255)), "");
  EXPECT_EQ(refused(Grid<uint16_t>(4, 4, 65535)), "");
  EXPECT_EQ(refused(Grid<int32_t>(4, 4, 1)), "gray.dtype");
}

std::vector<int64_t> HalvesOf(const Window& window) {
  std::vector<int64_t> out;
  for (int64_t dy = 0; dy <= window.radius(); ++dy) out.push_back(window.Half(dy));
  return out;
}
TEST(Windows, Halves) {
  EXPECT_THAT(HalvesOf(Window::Disk(3)), ElementsAre(3, 2, 2, 0));
  EXPECT_THAT(HalvesOf(Window::Disk(5)), ElementsAre(5, 4, 4, 4, 3, 0));
  EXPECT_THAT(HalvesOf(Window::OpencvDisk(0)), ElementsAre(0));
  EXPECT_THAT(HalvesOf(Window::OpencvDisk(1)), ElementsAre(1, 0));
  EXPECT_THAT(HalvesOf(Window::OpencvDisk(3)), ElementsAre(3, 3, 2, 0));
  EXPECT_THAT(HalvesOf(Window::OpencvDisk(5)), ElementsAre(5, 5, 5, 4, 3, 0));
  EXPECT_THAT(HalvesOf(Window::OpencvDisk(10)), ElementsAre(10, 10, 10, 10, 9, 9, 8, 7, 6, 4, 0));
  EXPECT_THAT(HalvesOf(Window::ImagejDisk(1)), ElementsAre(1, 1));
  EXPECT_THAT(HalvesOf(Window::ImagejDisk(5)), ElementsAre(5, 5, 4, 4, 3, 1));
}

TEST(OpencvFilters, Refusals) {
  const auto refused = [](const auto& grid, const Step& step, const Mask* inside = nullptr) {
    return Refused(RunSteps(grid, {step}, Profile::kOpencv, false, inside));
  };
  const auto smooth = [](SmoothMethod method, int64_t radius) {
    return SmoothStep{method, {}, radius};
  };
  const Grid<uint8_t> bytes(4, 4, 1);
  const Grid<uint16_t> words(4, 4, 1);
  const Grid<float> floats(4, 4, 1);
  const Grid<double> doubles(4, 4, 1);
  const Grid<int16_t> other(4, 4, 1);
  const Step gaussian = SmoothStep{SmoothMethod::kGaussian, 1.0, 0};
  EXPECT_EQ(refused(bytes, gaussian), "");
  EXPECT_EQ(refused(words, gaussian), "");
  EXPECT_EQ(refused(floats, gaussian), "gray.dtype");
  EXPECT_EQ(refused(other, gaussian), "gray.dtype");
  EXPECT_EQ(refused(bytes, smooth(SmoothMethod::kMedian, 127)), "");
  EXPECT_EQ(refused(bytes, smooth(SmoothMethod::kMedian, 128)), "steps[0].smooth.radius");
  EXPECT_EQ(refused(words, smooth(SmoothMethod::kMedian, 2)), "");
  EXPECT_EQ(refused(words, smooth(SmoothMethod::kMedian, 0)), "");
  EXPECT_EQ(refused(words, smooth(SmoothMethod::kMedian, 3)), "steps[0].smooth.radius");
  EXPECT_EQ(refused(floats, smooth(SmoothMethod::kMedian, 2)), "");
  EXPECT_EQ(refused(doubles, smooth(SmoothMethod::kMedian, 1)), "gray.dtype");
  EXPECT_EQ(refused(bytes, smooth(SmoothMethod::kMean, 4096)), "");
  EXPECT_EQ(refused(words, smooth(SmoothMethod::kMean, 90)), "");
  EXPECT_EQ(refused(words, smooth(SmoothMethod::kMean, 91)), "steps[0].smooth.radius");
  EXPECT_EQ(refused(doubles, smooth(SmoothMethod::kMean, 1)), "");
  EXPECT_EQ(refused(bytes, smooth(SmoothMethod::kBinomial, 1)), "profile");
  const auto background = [](BackgroundMethod method) { return BackgroundStep{method, 2}; };
  EXPECT_EQ(refused(doubles, background(BackgroundMethod::kTopHat)), "");
  EXPECT_EQ(refused(floats, background(BackgroundMethod::kClosing)), "");
  EXPECT_EQ(refused(other, background(BackgroundMethod::kClosing)), "gray.dtype");
  EXPECT_EQ(refused(bytes, background(BackgroundMethod::kRollingBall)), "profile");
  EXPECT_EQ(refused(bytes, BackgroundStep{BackgroundMethod::kPolynomial}), "profile");
  EXPECT_EQ(refused(bytes, BackgroundStep{BackgroundMethod::kClosing, 2, 0, false,
                                          BackgroundRemoval::kDivide}),
            "profile");
  const Mask inside(4, 4, 1);
  EXPECT_EQ(refused(bytes, gaussian, &inside), "mask");
  // Which profiles and types there are is told.
  const auto told = RunSteps(bytes, {smooth(SmoothMethod::kMedian, 1)}, Profile::kMatlab);
  EXPECT_THAT(std::string(told.status().message()),
              testing::HasSubstr("median has the profiles exact, opencv, skimage and imagej only"));
}

TEST(ImagejFilters, Refusals) {
  const auto refused = [](const auto& grid, const Step& step, const Mask* inside = nullptr) {
    return Refused(RunSteps(grid, {step}, Profile::kImagej, false, inside));
  };
  const Grid<uint8_t> bytes(4, 9, 1);
  const Grid<float> floats(4, 9, 1);
  const Grid<double> doubles(4, 9, 1);
  const Step gaussian = SmoothStep{SmoothMethod::kGaussian, 1.0, 0};
  EXPECT_EQ(refused(bytes, gaussian), "");
  EXPECT_EQ(refused(floats, gaussian), "");
  EXPECT_EQ(refused(doubles, gaussian), "gray.dtype");
  EXPECT_EQ(refused(Grid<float>(4, 9, 0x1p120f), gaussian), "");
  EXPECT_EQ(refused(Grid<float>(4, 9, -3e38f), gaussian), "gray");
  const auto background = [](BackgroundMethod method, int64_t radius) {
    return BackgroundStep{method, radius};
  };
  EXPECT_EQ(refused(floats, background(BackgroundMethod::kTopHat, 2)), "");
  EXPECT_EQ(refused(doubles, background(BackgroundMethod::kClosing, 2)), "gray.dtype");
  EXPECT_EQ(refused(bytes, BackgroundStep{BackgroundMethod::kPolynomial}), "profile");
  // Pictures that are shrunk to one column.
  const auto ball = [&](int width, int64_t radius) {
    return refused(Grid<uint8_t>(4, width, 1), background(BackgroundMethod::kRollingBall, radius));
  };
  EXPECT_EQ(ball(1, 10), "");
  EXPECT_EQ(ball(2, 11), "gray.shape");
  EXPECT_EQ(ball(3, 30), "");
  EXPECT_EQ(ball(4, 31), "gray.shape");
  EXPECT_EQ(ball(4, 0), "gray.shape");  // 50
  EXPECT_EQ(ball(5, 100), "");
  EXPECT_EQ(ball(8, 101), "gray.shape");
  EXPECT_EQ(ball(9, 500), "");
  EXPECT_EQ(refused(bytes, StretchStep{1, 99}), "");
  EXPECT_EQ(refused(bytes, StretchStep{1, 98}), "steps[0].stretch.high");
  EXPECT_EQ(refused(floats, StretchStep{1, 99}), "gray.dtype");
  const Mask inside(4, 9, 1);
  EXPECT_EQ(refused(bytes, StretchStep{1, 99}, &inside), "mask");
}

}  // namespace
}  // namespace trine::segment
