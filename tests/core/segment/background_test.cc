#include "core/segment/filter/background/background.h"

#include <limits>

#include "core/runtime/memory_account.h"
#include "core/segment/filter/background/least_kernels.h"
#include "gmock/gmock.h"
#include "tests/core/segment/filter_support.h"

namespace trine::segment {
namespace {

template <typename T>
Grid<T> WithoutBackground(const Grid<T>& grid, const BackgroundStep& step,
                          const Mask* inside = nullptr) {
  const Removal removal{step.light, step.remove == BackgroundRemoval::kDivide,
                        sizeof(T) == 1 ? 255.0 : 65535.0, 0};
  return Filtered(grid, inside, LeastKernelTargets(),
                  [&](const Context& context, const Picture& gray, uint8_t* out) {
                    switch (step.method) {
                      case BackgroundMethod::kTopHat:
                        return RemoveTopHat(context, gray, Window::Disk(step.radius), removal, out);
                      case BackgroundMethod::kRollingBall:
                        return RemoveBall(context, gray, step.radius, removal, out);
                      case BackgroundMethod::kPolynomial:
                        return SubtractPolynomial(context, gray, step.degree, out);
                      case BackgroundMethod::kClosing:
                        break;  // the top hat's
                    }
                    return absl::InternalError("no method");
                  });
}
BackgroundStep TopHat(int64_t radius, bool light = false) {
  return {BackgroundMethod::kTopHat, radius, 0, light};
}
BackgroundStep Ball(int64_t radius, bool light = false) {
  return {BackgroundMethod::kRollingBall, radius, 0, light};
}
BackgroundStep Polynomial(int64_t degree) {
  return {BackgroundMethod::kPolynomial, 0, degree, false};
}
BackgroundStep Divided(BackgroundStep step) {
  step.remove = BackgroundRemoval::kDivide;
  return step;
}

constexpr std::pair<int, int> kSides[] = {{1, 1},  {1, 70},  {70, 1},  {5, 5},
                                          {17, 6}, {33, 64}, {31, 130}};

template <typename T>
Grid<T> RandomPicture(std::mt19937& random, int height, int width) {
  const uint32_t top = sizeof(T) == 1 ? 255 : 65535;
  // A slope, noise and bright spots.
  Grid<T> grid(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double value =
          top / 4.0 + 0.3 * x + (random() % 9) + (random() % 12 == 0 ? top / 3 : 0);
      grid.at(y, x) = static_cast<T>(std::is_integral_v<T> ? value : value / 1000 - 1);
    }
  }
  return grid;
}

// The negative that a light background is worked on with.
template <typename T>
Reals Turned(const Grid<T>& grid, bool light) {
  Reals out = RealsOf(grid);
  const double top = std::is_integral_v<T> ? static_cast<double>(std::numeric_limits<T>::max()) : 0;
  for (double& cell : out.cells) cell = light ? top - cell : cell;
  return out;
}

template <typename T>
class Background : public testing::Test {};
using PixelTypes = testing::Types<uint8_t, uint16_t, float, double>;
TYPED_TEST_SUITE(Background, PixelTypes);

TYPED_TEST(Background, TopHatIsWhatTheOpeningLeaves) {
  std::mt19937 random(30);
  for (const auto& [height, width] : kSides) {
    for (const int radius : {1, 2, 3, 5, 12, 40}) {
      const auto grid = RandomPicture<TypeParam>(random, height, width);
      const Mask all(height, width, 1), some = RandomMask(random, height, width, 0.6);
      for (const Mask* inside : {&all, &some}) {
        for (const bool light : {false, true}) {
          if (kSanitized && light == (radius % 2 == 0)) continue;
          const Reals turned = Turned(grid, light);
          const Reals opened = oracle::DiskOpening(turned, *inside, radius);
          Reals stays = turned;
          for (size_t i = 0; i < stays.cells.size(); ++i) {
            if (inside->cells[i] != 0)
              stays.cells[i] =
                  static_cast<double>(static_cast<TypeParam>(turned.cells[i] - opened.cells[i]));
          }
          const auto got =
              WithoutBackground(grid, TopHat(radius, light), inside == &all ? nullptr : inside);
          EXPECT_EQ(Turned(got, light).cells, stays.cells)
              << height << " x " << width << " radius " << radius << " light " << light;
        }
      }
    }
  }
}

TYPED_TEST(Background, BallIsUnderThePicture) {
  std::mt19937 random(31);
  constexpr bool kIntegers = std::is_integral_v<TypeParam>;
  for (const auto& [height, width] : kSides) {
    for (const int radius : {1, 3, 5, 13, 300}) {  // 3 and 13: whole heights next to others
      if (radius == 300 && height * width > 200) continue;
      const auto grid = RandomPicture<TypeParam>(random, height, width);
      const Mask all(height, width, 1), some = RandomMask(random, height, width, 0.6);
      for (const Mask* inside : {&all, &some}) {
        for (const bool light : {false, true}) {
          if (kSanitized && light == (radius % 2 == 0)) continue;
          const Reals turned = Turned(grid, light);
          const Reals under = oracle::UnderBall(turned, *inside, radius);
          Reals stays = turned;
          for (size_t i = 0; i < stays.cells.size(); ++i) {
            const double background = kIntegers ? std::floor(under.cells[i]) : under.cells[i];
            if (inside->cells[i] != 0) stays.cells[i] = turned.cells[i] - background;
          }
          const Reals got = Turned(
              WithoutBackground(grid, Ball(radius, light), inside == &all ? nullptr : inside),
              light);
          const double slack = kIntegers ? 0 : sizeof(TypeParam) == 4 ? 3e-5 : 1e-12;
          EXPECT_LE(MostDifference(got, stays), slack)
              << height << " x " << width << " radius " << radius << " light " << light;
        }
      }
    }
  }
}

// Of integers the quotient in whole numbers, halves up.
TYPED_TEST(Background, ALightOneIsDividedBy) {
  std::mt19937 random(33);
  constexpr bool kIntegers = std::is_integral_v<TypeParam>;
  const int64_t white = sizeof(TypeParam) == 1 ? 255 : 65535;
  for (const auto& [height, width] : kSides) {
    for (const int radius : {1, 5, 40}) {
      auto grid = RandomPicture<TypeParam>(random, height, width);
      // Floats, some of them below 0, as they are.
      for (TypeParam& cell : grid.cells) cell = kIntegers && random() % 9 == 0 ? 0 : cell;
      const Mask all(height, width, 1), some = RandomMask(random, height, width, 0.6);
      for (const Mask* inside : {&all, &some}) {
        for (const bool ball : {false, true}) {
          if (kSanitized && ball == (radius % 2 == 0)) continue;
          const Reals turned = Turned(grid, true);
          const Reals under = ball ? oracle::UnderBall(turned, *inside, radius)
                                   : oracle::DiskOpening(turned, *inside, radius);
          const auto got =
              WithoutBackground(grid, Divided(ball ? Ball(radius, true) : TopHat(radius, true)),
                                inside == &all ? nullptr : inside);
          for (size_t i = 0; i < grid.cells.size(); ++i) {
            if (inside->cells[i] == 0) {
              ASSERT_EQ(got.cells[i], grid.cells[i]);
            } else if constexpr (kIntegers) {
              const int64_t value = grid.cells[i];
              const int64_t paper = std::numeric_limits<TypeParam>::max() -
                                    static_cast<int64_t>(std::floor(under.cells[i]));
              const int64_t stays = value == 0 ? 0 : (2 * white * value + paper) / (2 * paper);
              ASSERT_EQ(int64_t{got.cells[i]}, stays) << value << " of " << paper;
            } else {
              const double value = static_cast<double>(grid.cells[i]), paper = -under.cells[i];
              ASSERT_NEAR(static_cast<double>(got.cells[i]), value > 0 ? value / paper : 0, 1e-4);
            }
          }
        }
      }
    }
  }
}

TYPED_TEST(Background, PolynomialIsLevelled) {
  for (const auto& [height, width] : {std::pair{40, 60}, {1, 50}, {50, 1}, {1, 1}, {3, 2}}) {
    for (int64_t degree = 1; degree <= 3; ++degree) {
      Grid<TypeParam> grid(height, width);
      double sum = 0;
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          double value = 100 + 0.5 * x - 0.25 * y;
          if (degree >= 2) value += 0.0078125 * x * x - 0.015625 * x * y;
          if (degree >= 3) value -= 0.00006103515625 * x * y * y;
          grid.at(y, x) = static_cast<TypeParam>(value);
          sum += static_cast<double>(grid.at(y, x));
        }
      }
      const double mean = sum / (height * width);
      for (const TypeParam cell : WithoutBackground(grid, Polynomial(degree)).cells)
        EXPECT_NEAR(static_cast<double>(cell), mean, std::is_integral_v<TypeParam> ? 1.01 : 1e-4)
            << height << " x " << width << " degree " << degree;
    }
  }
}

// The rest of least squares is orthogonal to every power, over the pixels inside.
TEST(BackgroundStep, PolynomialHasTheLeastSquares) {
  std::mt19937 random(32);
  const auto grid = RandomPicture<double>(random, 37, 53);
  const Mask all(37, 53, 1), some = RandomMask(random, 37, 53, 0.3);
  for (const Mask* inside : {&all, &some}) {
    for (int degree = 1; degree <= 3; ++degree) {
      const auto got =
          WithoutBackground(grid, Polynomial(degree), inside == &all ? nullptr : inside);
      double sum = 0, count = 0;
      for (size_t i = 0; i < grid.cells.size(); ++i) {
        if (inside->cells[i] == 0) {
          EXPECT_EQ(got.cells[i], grid.cells[i]);
          continue;
        }
        sum += grid.cells[i];
        count += 1;
      }
      for (int i = 0; i <= degree; ++i) {
        for (int j = 0; i + j <= degree; ++j) {
          double product = 0;
          for (int y = 0; y < 37; ++y) {
            for (int x = 0; x < 53; ++x) {
              if (inside->at(y, x) == 0) continue;
              product += (got.at(y, x) - sum / count) * std::pow(x / 26.0 - 1, i) *
                         std::pow(y / 18.0 - 1, j);
            }
          }
          EXPECT_NEAR(product, 0, 1e-9 * count) << i << " " << j;
        }
      }
    }
  }
}

// A point of a ball that is larger than the picture reaches no pixel of it.
TEST(BackgroundStep, ABallTakesMemoryByThePictureAndIsReserved) {
  struct Asked final : MemoryAccount {
    uint64_t most = 0;
    absl::Status Reserve(uint64_t bytes) override {
      most = std::max(most, bytes);
      return absl::OkStatus();
    }
    absl::Status ReserveResult(uint64_t) override { return absl::OkStatus(); }
  };
  const auto asked = [](int side, int64_t radius) {
    const Grid<float> grid(side, side, 1);
    Asked account;
    Context context;
    context.memory = &account;
    std::vector<float> out(grid.cells.size());
    EXPECT_TRUE(
        RemoveBall(context, PictureOf(grid), radius, {}, reinterpret_cast<uint8_t*>(out.data()))
            .ok());
    return account.most;
  };
  EXPECT_LT(asked(8, 500), 40'000u);
  EXPECT_EQ(asked(8, 500), asked(8, 100));
  // Of 100 pixels both, of the ball each point in reach: 8 bytes, on top of the pieces.
  const uint64_t tile = 100 + 2 * 99 + 256;
  EXPECT_GT(asked(100, 500), uint64_t{8} * 199 * 199);
  EXPECT_LT(asked(100, 500), uint64_t{8} * 199 * 199 + 2 * sizeof(float) * tile * tile);
}

// Differences beyond the largest float32 are that, not infinity; float64 is not taken so large.
TEST(BackgroundStep, WhatIsTooLargeIsTheLargest) {
  constexpr float kMost = std::numeric_limits<float>::max();
  Grid<float> grid(8, 8, kMost);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 4; ++x) grid.at(y, x) = -kMost;
  }
  grid.at(2, 2) = kMost;
  grid.at(5, 6) = -kMost;
  for (const bool light : {false, true}) {
    const auto got = WithoutBackground(grid, TopHat(1, light));
    EXPECT_EQ(got.at(2, 2), light ? 0 : kMost);
    EXPECT_EQ(got.at(5, 6), light ? -kMost : 0);
    const auto ball = WithoutBackground(grid, Ball(2, light));
    EXPECT_EQ(ball.at(2, 2), light ? 0 : kMost);
    EXPECT_EQ(ball.at(5, 6), light ? -kMost : 0);
  }
  for (const float cell : WithoutBackground(grid, Divided(TopHat(1, true))).cells)
    EXPECT_TRUE(cell == 0 || cell == 1) << cell;
  // A slope from least to greatest is all surface; of two halves some is left.
  Grid<float> slope(8, 9);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 9; ++x) slope.at(y, x) = static_cast<float>(kMost * ((x - 4) / float{4}));
  }
  for (int64_t degree = 1; degree <= 3; ++degree) {
    for (const float cell : WithoutBackground(slope, Polynomial(degree)).cells)
      EXPECT_LT(std::fabs(cell / kMost), 1e-6);
    const auto got = WithoutBackground(grid, Polynomial(degree));
    for (size_t i = 0; i < got.cells.size(); ++i)
      EXPECT_TRUE(std::isfinite(got.cells[i])) << i << " degree " << degree;
    EXPECT_EQ(got.at(2, 2), kMost);
  }
  const Unaligned<float> picture(grid);
  Inputs inputs;
  inputs.gray = picture.view();
  Options options{Profile::kExact, false, {Ball(2)}};
  options.histogram = true;
  const auto result = RunSteps(inputs, options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(std::isfinite(result->histogram->low));
  EXPECT_TRUE(std::isfinite(result->histogram->bin_width));
}

TEST(BackgroundStep, ClosingIsTheTopHatOfALightBackground) {
  std::mt19937 random(34);
  const auto grid = RandomPicture<uint8_t>(random, 40, 70);
  for (const auto& remove : {BackgroundRemoval::kSubtract, BackgroundRemoval::kDivide}) {
    BackgroundStep top_hat = TopHat(4, true), closing{BackgroundMethod::kClosing, 4};
    top_hat.remove = closing.remove = remove;
    const auto a = RunSteps(grid, {top_hat, ThresholdStep{{200}}});
    const auto b = RunSteps(grid, {closing, ThresholdStep{{200}}});
    ASSERT_TRUE(a.ok() && b.ok());
    EXPECT_EQ(a->mask->data, b->mask->data);
  }
}

TEST(BackgroundStep, ValuesAfterIt) {
  Grid<int16_t> grid(9, 9, -500);
  grid.at(4, 4) = -300;
  const auto otsu = [&](BackgroundStep step, auto picture) {
    const auto result = RunSteps(picture, {step, OtsuStep{}});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? result->threshold->thresholds[0] : -1;
  };
  EXPECT_EQ(otsu(TopHat(2), grid), 0);  // 0 and 200
  grid.at(4, 4) = -700;
  EXPECT_EQ(otsu(TopHat(2, true), grid), 32767 - 200);  // and 32767
  Grid<int32_t> wide(9, 9, 1000000);
  wide.at(4, 4) = 1000300;
  EXPECT_EQ(otsu(TopHat(2), wide), 0);
  wide.at(4, 4) = 999700;
  EXPECT_EQ(otsu(TopHat(2, true), wide), -300);
  wide.at(0, 0) = -5000000;  // kept as float64
  EXPECT_EQ(otsu(Ball(3, true), wide), -6000000);
  Grid<uint8_t> bytes(9, 9, 200);
  bytes.at(4, 4) = 150;
  EXPECT_EQ(otsu(TopHat(2, true), bytes), 205);
}

// Ink of a fifth of the paper stays so in the shadow; numbers below 0 are no brightness.
TEST(BackgroundStep, QuotientsOfOtherTypes) {
  const auto values = [](const auto& picture,
                         BackgroundMethod method = BackgroundMethod::kClosing) {
    BackgroundStep step = Divided({method, 3, 0, method != BackgroundMethod::kClosing});
    const auto result = RunSteps(picture, {step, MultiOtsuStep{3}});
    EXPECT_TRUE(result.ok()) << result.status();
    std::vector<double> means;
    if (!result.ok()) return means;
    for (const ClassStats& one : result->threshold->classes) means.push_back(one.mean);
    return means;
  };
  const auto page = [](auto type, double scale, double low) {
    Grid<decltype(type)> grid(30, 60);
    for (int y = 0; y < 30; ++y) {
      for (int x = 0; x < 60; ++x) {
        const double paper = x < 30 ? 100 : 60;  // a shadow
        const double share = y % 10 != 5 ? 1 : x % 10 == 2 ? low : x % 10 == 6 ? 0.5 : 1;
        grid.at(y, x) = static_cast<decltype(type)>(paper * share * scale);
      }
    }
    return grid;
  };
  for (const auto method : {BackgroundMethod::kClosing, BackgroundMethod::kTopHat}) {
    EXPECT_THAT(values(page(uint8_t{}, 1, 0.2), method), testing::ElementsAre(51, 128, 255));
    EXPECT_THAT(values(page(uint16_t{}, 10, 0.2), method),
                testing::ElementsAre(13107, 32768, 65535));
  }
  EXPECT_THAT(values(page(int8_t{}, 1, -0.2)), testing::ElementsAre(0, 64, 127));
  EXPECT_THAT(values(page(int16_t{}, 10, -0.2)), testing::ElementsAre(0, 16384, 32767));
  EXPECT_THAT(values(page(int32_t{}, 10, -0.2)), testing::ElementsAre(0, 32768, 65535));
  EXPECT_THAT(values(page(int64_t{}, 1e10, -0.2)), testing::ElementsAre(0, 32768, 65535));
  EXPECT_THAT(values(page(uint32_t{}, 1e7, 0.2)), testing::ElementsAre(13107, 32768, 65535));
  EXPECT_THAT(values(page(float{}, 10, -0.2)), testing::ElementsAre(0, 0.5, 1));
  EXPECT_THAT(values(page(double{}, 1e-3, -0.2)), testing::ElementsAre(0, 0.5, 1));
}

TEST(BackgroundStep, Refusals) {
  const Grid<uint8_t> grid(4, 4, 1);
  const auto refused = [&](const BackgroundStep& step, Profile profile = Profile::kExact) {
    return RunSteps(grid, {step}, profile).status();
  };
  EXPECT_EQ(FieldOf(refused(TopHat(501))), "steps[0].background.radius");
  EXPECT_EQ(FieldOf(refused(Ball(-1))), "steps[0].background.radius");
  EXPECT_EQ(FieldOf(refused(Polynomial(4))), "steps[0].background.degree");
  EXPECT_EQ(FieldOf(refused({BackgroundMethod::kPolynomial, 3, 0, false})),
            "steps[0].background.radius");
  EXPECT_EQ(FieldOf(refused({BackgroundMethod::kPolynomial, 0, 0, true})),
            "steps[0].background.light");
  EXPECT_EQ(FieldOf(refused({BackgroundMethod::kTopHat, 0, 2, true})),
            "steps[0].background.degree");
  EXPECT_EQ(refused(TopHat(2), Profile::kMatlab).code(), absl::StatusCode::kUnimplemented);
  const auto field = [&](const auto& picture, const BackgroundStep& step) {
    return FieldOf(RunSteps(picture, {step}, Profile::kSkimage).status());
  };
  const Grid<double> floats(4, 4, 1);
  const Grid<int32_t> wide(4, 4, 1);
  EXPECT_EQ(field(grid, Polynomial(2)), "profile");
  EXPECT_EQ(field(grid, Divided(TopHat(2, true))), "profile");
  EXPECT_EQ(field(grid, Ball(2, true)), "");
  EXPECT_EQ(field(floats, Ball(2)), "");
  EXPECT_EQ(field(floats, Ball(2, true)), "gray.dtype");
  EXPECT_EQ(field(wide, TopHat(2)), "gray.dtype");
  EXPECT_EQ(FieldOf(refused(Divided(TopHat(2)))), "steps[0].background.remove");
  EXPECT_EQ(FieldOf(refused(Divided(Polynomial(2)))), "steps[0].background.remove");
  EXPECT_EQ(FieldOf(refused({BackgroundMethod::kClosing, 0, 0, true})),
            "steps[0].background.light");
  EXPECT_TRUE(refused({}).ok());
  EXPECT_TRUE(refused(Ball(500)).ok());
  EXPECT_TRUE(refused(Divided({BackgroundMethod::kClosing, 500})).ok());
}

}  // namespace
}  // namespace trine::segment
