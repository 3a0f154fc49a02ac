// The forward pass against the oracle: every dtype, mode, layout, rank, window and power, within
// 4 + log2(n) units in the last place.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "tests/core/normalize/support.h"

namespace trine::normalize {
namespace {

constexpr int64_t kSizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 31, 32, 33, 64, 65535};

// float32: the promised bound. float64, which has no wider type to compute in: as many units of its
// own, and |beta| times as many where |beta| multiplies the error of s. The 16-bit types compute in
// float32 and round once: half a unit and what a few float32 units are in theirs.
double Bound(DType dtype, int64_t n, double beta) {
  const double bound = 4 + std::log2(static_cast<double>(n));
  if (dtype == DType::kFloat64) return bound * std::max(1.0, std::fabs(beta));
  if (dtype == DType::kFloat16) return 0.5 + bound * 0x1p-12;
  if (dtype == DType::kBfloat16) return 0.5 + bound * 0x1p-15;
  return bound;
}

void ExpectAccurate(const LrnOptions& options, DType dtype, const Shape& shape,
                    const std::vector<double>& values) {
  const Resolved resolved = MustResolve(options, shape);
  const Tensor in = MakeTensor(dtype, shape, values);
  const std::vector<double> want = oracle::LrnForward(ToOracle(resolved), shape, Values(in));
  EXPECT_LE(MaxUlp(RunLrn(resolved, in), want), Bound(dtype, resolved.size, resolved.beta))
      << DTypeName(dtype) << " " << ShapeToString(shape) << " n=" << resolved.size
      << " lo=" << resolved.lo << " hi=" << resolved.hi << " a=" << resolved.a
      << " beta=" << resolved.beta << " k=" << resolved.k
      << " mode=" << static_cast<int>(resolved.mode)
      << " layout=" << static_cast<int>(resolved.layout);
}

class Accuracy : public ::testing::TestWithParam<std::tuple<DType, Mode, Layout>> {
 protected:
  DType dtype() const { return std::get<0>(GetParam()); }
  void Apply(LrnOptions& options) const {
    options.mode = std::get<1>(GetParam());
    options.layout = std::get<2>(GetParam());
  }
};

TEST_P(Accuracy, EverySizeEveryEvenWindow) {
  Random random(1);
  for (const int64_t n : kSizes)
    for (const EvenWindow even :
         {EvenWindow::kLow, EvenWindow::kHigh, EvenWindow::kTruncate, EvenWindow::kWiden}) {
      if (n % 2 != 0 && even != EvenWindow::kLow) continue;
      LrnOptions options = OnnxOptions(n, 1.7, 0.75, 1);
      options.even_window = even;
      Apply(options);
      const Shape shape =
          options.mode == Mode::kAcrossChannels ? Shape{2, 40, 3, 5} : Shape{2, 3, 13, 11};
      ExpectAccurate(options, dtype(), shape, random.Bells(Count(shape)));
    }
}

TEST_P(Accuracy, EveryRank) {
  Random random(2);
  for (const Shape& shape : {Shape{3, 17}, Shape{2, 9, 14}, Shape{2, 7, 6, 5}, Shape{2, 5, 4, 6, 3},
                             Shape{1, 1, 1, 1, 1}, Shape{1, 8, 1, 9}, Shape{3, 1, 9, 1}})
    for (const int64_t n : {1, 3, 4, 5, 15, 99}) {
      LrnOptions options = OnnxOptions(n, 2, 0.75, 1.5);
      Apply(options);
      if (options.mode == Mode::kWithinChannel && shape.size() == 2) continue;
      ExpectAccurate(options, dtype(), shape, random.Bells(Count(shape)));
    }
}

TEST_P(Accuracy, EveryPower) {
  Random random(3);
  const Shape shape{2, 11, 4, 6};
  for (const double beta : {0.0, 0.25, 0.5, 0.6, 0.75, 0.9, 1.0, 1.5, 2.0, 5.0, -0.5, -1.0})
    for (const double bias : {0.0, 1e-5, 1.0, 14.2})
      for (const double alpha : {0.0, 1e-9, 1e-4, 1.0, 30.0}) {
        if (alpha == 0 && bias == 0) continue;  // 0^-beta times x: infinite
        LrnOptions options = OnnxOptions(5, alpha, beta, bias);
        Apply(options);
        ExpectAccurate(options, dtype(), shape, random.Bells(Count(shape)));
      }
}

TEST_P(Accuracy, SpikesAmongSmallValues) {
  Random random(4);
  for (const int64_t n : {3, 5, 9, 33}) {
    LrnOptions options = OnnxOptions(n, 1, 0.75, 1e-5);
    Apply(options);
    const Shape shape{1, 70, 4, 9};
    std::vector<double> values = random.Bells(Count(shape), 1e-2);
    for (size_t i = 0; i < values.size(); i += 97) values[i] = 1e4;
    ExpectAccurate(options, dtype(), shape, values);
  }
}

TEST_P(Accuracy, LargeAndSmallMagnitudes) {
  Random random(5);
  const bool half = dtype() == DType::kFloat16;
  const double low = half ? 1e-7 : 1e-15;
  const double high = half ? 6e4 : 1e15;
  for (const int64_t n : {1, 5, 33})
    for (const double alpha : {1e-12, 1e-4, 1.0, 1e6})
      for (const double bias : {0.0, 1e-20, 1.0}) {
        LrnOptions options = OnnxOptions(n, alpha, 0.75, bias);
        Apply(options);
        const Shape shape{2, 37, 3, 7};
        ExpectAccurate(options, dtype(), shape, random.Decades(Count(shape), low, high));
      }
}

TEST_P(Accuracy, Subnormals) {
  Random random(6);
  const double tiny = dtype() == DType::kFloat16   ? 0x1p-24
                      : dtype() == DType::kFloat64 ? 0x1p-1074
                                                   : 0x1p-133;
  LrnOptions options = OnnxOptions(5, 1, 0.75, 2);
  Apply(options);
  const Shape shape{1, 9, 3, 5};
  std::vector<double> values(Count(shape));
  for (double& value : values) value = tiny * std::floor(random.Uniform(-100, 100));
  ExpectAccurate(options, dtype(), shape, values);
}

TEST_P(Accuracy, Rectified) {
  Random random(7);
  LrnOptions options = OnnxOptions(5, 3, 0.75, 1);
  options.activation = Activation::kRelu;
  Apply(options);
  const Shape shape{2, 9, 4, 5};
  ExpectAccurate(options, dtype(), shape, random.Bells(Count(shape)));
}

std::string ParamName(const ::testing::TestParamInfo<Accuracy::ParamType>& info) {
  const auto [dtype, mode, layout] = info.param;
  return std::string(DTypeName(dtype)) + (mode == Mode::kAcrossChannels ? "Across" : "Within") +
         (layout == Layout::kChannelsFirst ? "First" : "Last");
}

INSTANTIATE_TEST_SUITE_P(
    All, Accuracy,
    ::testing::Combine(::testing::ValuesIn(kFloatDTypes),
                       ::testing::Values(Mode::kAcrossChannels, Mode::kWithinChannel),
                       ::testing::Values(Layout::kChannelsFirst, Layout::kChannelsLast)),
    ParamName);

// Cuts into tiles: channels, rows, columns and depth beyond a tile's size.
TEST(LrnAccuracy, MoreThanOneTile) {
  Random random(8);
  for (const DType dtype : {DType::kFloat32, DType::kFloat64})
    for (const Mode mode : {Mode::kAcrossChannels, Mode::kWithinChannel})
      for (const Layout layout : {Layout::kChannelsFirst, Layout::kChannelsLast})
        for (const Shape& shape : {Shape{1, 3000, 1, 5}, Shape{1, 1, 300, 250},
                                   Shape{2, 70, 20, 21}, Shape{1, 1, 40, 41, 43}}) {
          LrnOptions options = OnnxOptions(4, 3, 0.75, 1);
          options.mode = mode;
          options.layout = layout;
          ExpectAccurate(options, dtype, shape, random.Bells(Count(shape)));
        }
}

// The bound's hard case: no bias to hide behind, factors that are no floats, a window of one.
TEST(LrnAccuracy, ManyValuesWithoutBias) {
  Random random(9);
  const Shape shape{64, 1, 2048};
  for (const double beta : {0.5, 0.75, 1.0})
    for (const double alpha : {0.1, 1.0 / 3, 0.7}) {
      LrnOptions options = OnnxOptions(1, alpha, beta, 0);
      ExpectAccurate(options, DType::kFloat32, shape, random.Decades(Count(shape), 1e-2, 1e2));
    }
}

TEST(LrnAccuracy, LongWindowsOverManyChannels) {
  Random random(10);
  for (const int64_t n : {100, 255, 1001, 5000}) {
    const Shape shape{1, 6000};
    std::vector<double> values(Count(shape));
    for (double& value : values) value = random.Uniform(0.1, 0.2);
    ExpectAccurate(OnnxOptions(n, static_cast<double>(n), 0.75, 0), DType::kFloat32, shape, values);
  }
}

}  // namespace
}  // namespace trine::normalize
