// The gradient: against the oracle, against central differences, and as the transpose of the
// forward pass's Jacobian.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/core/normalize/support.h"

namespace trine::normalize {
namespace {

constexpr Mode kModes[] = {Mode::kAcrossChannels, Mode::kWithinChannel};
constexpr Layout kLayouts[] = {Layout::kChannelsFirst, Layout::kChannelsLast};

double Epsilon(DType dtype) {
  if (dtype == DType::kFloat16) return 0x1p-10;
  if (dtype == DType::kBfloat16) return 0x1p-7;
  return dtype == DType::kFloat32 ? 0x1p-23 : 0x1p-52;
}

LrnOptions Options(int64_t n, double alpha, double beta, double bias, Mode mode, Layout layout) {
  LrnOptions options = OnnxOptions(n, alpha, beta, bias);
  options.mode = mode;
  options.layout = layout;
  return options;
}

// float32 and float64: (8 + log2 n) eps times the sum of the absolute terms. The 16-bit types
// round once what float32 gives: half a unit of the result beside it.
void ExpectAccurate(const LrnOptions& options, DType dtype, const Shape& shape,
                    const std::vector<double>& x, const std::vector<double>& dy) {
  const Resolved resolved = MustResolve(options, shape);
  const Tensor in = MakeTensor(dtype, shape, x);
  const Tensor out_gradient = MakeTensor(dtype, shape, dy);
  const std::vector<double> got = Values(RunGradient(resolved, in, out_gradient));
  const oracle::LrnGradients want =
      oracle::LrnGradient(ToOracle(resolved), shape, Values(in), Values(out_gradient));
  const bool narrow = dtype == DType::kFloat16 || dtype == DType::kBfloat16;
  const double factor = (8 + std::log2(static_cast<double>(resolved.size))) *
                        std::max(1.0, std::fabs(resolved.beta)) *
                        Epsilon(narrow ? DType::kFloat32 : dtype);
  for (size_t i = 0; i < got.size(); ++i) {
    double bound = factor * want.magnitude[i];
    if (narrow) bound += std::max(0.51 * Epsilon(dtype) * std::fabs(want.dx[i]), 0x1p-25);
    ASSERT_LE(std::fabs(got[i] - want.dx[i]), bound)
        << DTypeName(dtype) << " " << ShapeToString(shape) << " n=" << resolved.size
        << " a=" << resolved.a << " beta=" << resolved.beta << " k=" << resolved.k << " mode "
        << static_cast<int>(resolved.mode) << " element " << i << " is " << got[i] << ", not "
        << want.dx[i];
  }
}

TEST(Gradient, EverySizeAndWindow) {
  Random random(1);
  for (const DType dtype : kFloatDTypes)
    for (const Mode mode : kModes)
      for (const Layout layout : kLayouts)
        for (const int64_t n : {1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 64, 65535})
          for (const EvenWindow even :
               {EvenWindow::kLow, EvenWindow::kHigh, EvenWindow::kTruncate, EvenWindow::kWiden}) {
            if (n % 2 != 0 && even != EvenWindow::kLow) continue;
            LrnOptions options = Options(n, 1.5, 0.75, 1, mode, layout);
            options.even_window = even;
            const Shape shape =
                mode == Mode::kAcrossChannels ? Shape{2, 36, 2, 3} : Shape{1, 2, 9, 8};
            ExpectAccurate(options, dtype, shape, random.Bells(Count(shape)),
                           random.Bells(Count(shape)));
          }
}

TEST(Gradient, EveryRankAndPower) {
  Random random(2);
  for (const DType dtype : {DType::kFloat32, DType::kFloat64})
    for (const Shape& shape : {Shape{3, 11}, Shape{2, 5, 7}, Shape{2, 7, 3, 3},
                               Shape{1, 4, 3, 5, 4}, Shape{1, 1, 1, 1, 1}})
      for (const Mode mode : kModes) {
        if (mode == Mode::kWithinChannel && shape.size() == 2) continue;
        for (const Layout layout : kLayouts)
          for (const double beta : {0.0, 0.3, 0.5, 0.75, 1.0, 2.0, -0.5})
            for (const double bias : {0.0, 1e-5, 1.0, 14.2})
              ExpectAccurate(Options(5, 0.7, beta, bias, mode, layout), dtype, shape,
                             random.Bells(Count(shape)), random.Bells(Count(shape)));
      }
}

TEST(Gradient, SpikesAndLargeMagnitudes) {
  Random random(3);
  const Shape shape{1, 50, 3, 4};
  for (const DType dtype : {DType::kFloat32, DType::kFloat64})
    for (const Mode mode : kModes)
      for (const int64_t n : {3, 5, 33})
        for (const double bias : {1e-5, 1e-3, 1.0}) {
          std::vector<double> x = random.Bells(Count(shape), 1e-2);
          for (size_t i = 0; i < x.size(); i += 41) x[i] = 1e4;
          ExpectAccurate(Options(n, 1, 0.75, bias, mode, Layout::kChannelsFirst), dtype, shape, x,
                         random.Bells(Count(shape)));
          ExpectAccurate(Options(n, 1, 0.75, bias, mode, Layout::kChannelsFirst), dtype, shape,
                         random.Decades(Count(shape), 1e-12, 1e12), random.Bells(Count(shape)));
        }
}

// The bound that lrn.h states for float64, in 1500 cases of any parameters.
TEST(Gradient, Float64OfAnyParameters) {
  Random random(9);
  double worst = 0;  // [eps]
  for (int i = 0; i < 1500; ++i) {
    const Mode mode = kModes[i % 2];
    const Shape shape = mode == Mode::kAcrossChannels ? Shape{1, 24, 5} : Shape{1, 2, 9, 8};
    const auto n = static_cast<int64_t>(1 + random.Bits() % 40);
    const double beta = i % 3 == 0 ? 0.75 : random.Uniform(-2, 5);
    const double bias = i % 5 == 0 ? 0 : std::fabs(random.Decades(1, 1e-6, 1e2)[0]);
    const Resolved resolved = MustResolve(Options(n, std::fabs(random.Decades(1, 1e-6, 1e3)[0]),
                                                  beta, bias, mode, Layout::kChannelsFirst),
                                          shape);
    const std::vector<double> x =
        i % 4 == 0 ? random.Decades(Count(shape), 1e-3, 1e3) : random.Bells(Count(shape));
    const std::vector<double> dy = random.Bells(Count(shape));
    const std::vector<double> got = Values(RunGradient(
        resolved, MakeTensor(DType::kFloat64, shape, x), MakeTensor(DType::kFloat64, shape, dy)));
    const oracle::LrnGradients want = oracle::LrnGradient(ToOracle(resolved), shape, x, dy);
    const double taps = std::pow(static_cast<double>(n), mode == Mode::kAcrossChannels ? 1 : 2);
    const double bound = (8 + 2 * std::log2(taps)) * (1 + std::fabs(beta));
    for (size_t j = 0; j < got.size(); ++j) {
      const double error = std::fabs(got[j] - want.dx[j]) / (0x1p-52 * want.magnitude[j]);
      ASSERT_LE(error, bound) << "n " << n << " a " << resolved.a << " beta " << beta << " k "
                              << bias << " element " << j;
      worst = std::max(worst, error);
    }
  }
  // The cases are hard enough to tell: the bound of ordinary parameters is passed.
  EXPECT_GT(worst, 4);
}

TEST(Gradient, Rectified) {
  Random random(4);
  const Shape shape{2, 9, 4, 5};
  for (const DType dtype : kFloatDTypes)
    for (const Mode mode : kModes) {
      LrnOptions options = Options(5, 1, 0.75, 1, mode, Layout::kChannelsFirst);
      options.activation = Activation::kRelu;
      ExpectAccurate(options, dtype, shape, random.Bells(Count(shape)), random.Bells(Count(shape)));
    }
}

TEST(Gradient, MoreThanOneTile) {
  Random random(5);
  for (const Shape& shape : {Shape{1, 2100, 1, 2}, Shape{1, 1, 280, 250}, Shape{1, 1, 40, 41, 43}})
    for (const Mode mode : kModes)
      for (const Layout layout : kLayouts)
        ExpectAccurate(Options(4, 2, 0.75, 1, mode, layout), DType::kFloat32, shape,
                       random.Bells(Count(shape)), random.Bells(Count(shape)));
}

double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Central differences of the kernel itself in float64: for random directions u,
// (LRN(x + h u) - LRN(x - h u)) / 2h = J u, and <J u, v> = <u, J^T v> with J^T v the gradient.
TEST(Gradient, TransposesTheJacobian) {
  Random random(6);
  for (const Mode mode : kModes)
    for (const Layout layout : kLayouts)
      for (const int64_t n : {1, 2, 4, 5, 20})
        for (const double beta : {0.5, 0.6, 0.75, 1.0})
          for (const bool relu : {false, true}) {
            const Shape shape{2, 7, 4, 5};
            LrnOptions options = Options(n, 0.8, beta, 1.2, mode, layout);
            if (relu) options.activation = Activation::kRelu;
            const Resolved resolved = MustResolve(options, shape);
            std::vector<double> x = random.Bells(Count(shape));
            for (double& value : x)  // keep away from the kink
              if (std::fabs(value) < 1e-3) value = 0.5;
            const std::vector<double> u = random.Bells(x.size());
            const std::vector<double> v = random.Bells(x.size());
            const double h = 1e-5;
            std::vector<double> ahead(x), behind(x);
            for (size_t i = 0; i < x.size(); ++i) {
              ahead[i] += h * u[i];
              behind[i] -= h * u[i];
            }
            std::vector<double> ju =
                Values(RunLrn(resolved, MakeTensor(DType::kFloat64, shape, ahead)));
            const std::vector<double> y =
                Values(RunLrn(resolved, MakeTensor(DType::kFloat64, shape, behind)));
            for (size_t i = 0; i < ju.size(); ++i) ju[i] = (ju[i] - y[i]) / (2 * h);
            const std::vector<double> jtv =
                Values(RunGradient(resolved, MakeTensor(DType::kFloat64, shape, x),
                                   MakeTensor(DType::kFloat64, shape, v)));
            EXPECT_NEAR(Dot(ju, v), Dot(u, jtv), 1e-7 * Count(shape)) << "n=" << n;
          }
}

// Element by element, for a tensor small enough to write its Jacobian down.
TEST(Gradient, CentralDifferencesElementByElement) {
  Random random(7);
  const Shape shape{1, 6, 2, 3};
  for (const Mode mode : kModes)
    for (const int64_t n : {2, 3, 4}) {
      const Resolved resolved =
          MustResolve(Options(n, 0.9, 0.75, 1, mode, Layout::kChannelsFirst), shape);
      const std::vector<double> x = random.Bells(Count(shape));
      const std::vector<double> dy = random.Bells(Count(shape));
      const std::vector<double> dx = Values(RunGradient(
          resolved, MakeTensor(DType::kFloat64, shape, x), MakeTensor(DType::kFloat64, shape, dy)));
      for (size_t j = 0; j < x.size(); ++j) {
        const double h = 1e-5;
        std::vector<double> moved = x;
        moved[j] = x[j] + h;
        const double ahead =
            Dot(Values(RunLrn(resolved, MakeTensor(DType::kFloat64, shape, moved))), dy);
        moved[j] = x[j] - h;
        const double behind =
            Dot(Values(RunLrn(resolved, MakeTensor(DType::kFloat64, shape, moved))), dy);
        EXPECT_NEAR(dx[j], (ahead - behind) / (2 * h), 1e-8);
      }
    }
}

// A NaN in x reaches the gradients of everything whose window shares an element with its own, a NaN
// in dy those that its window holds; nothing else changes.
TEST(Gradient, NanStaysInsideItsWindows) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const int64_t n : {1, 3, 4, 5, 20}) {
    const Shape shape{2, 60, 2};
    const Resolved resolved =
        MustResolve(Options(n, 1, 0.75, 1, Mode::kAcrossChannels, Layout::kChannelsFirst), shape);
    Random random(8);
    std::vector<double> x = random.Bells(Count(shape));
    std::vector<double> dy = random.Bells(Count(shape));
    const auto run = [&] {
      return Values(RunGradient(resolved, MakeTensor(DType::kFloat32, shape, x),
                                MakeTensor(DType::kFloat32, shape, dy)));
    };
    const std::vector<double> clean = run();
    const auto expect = [&](const std::vector<double>& got, int64_t below, int64_t above) {
      for (int64_t i = 0; i < 240; ++i) {
        const int64_t c = i / 2 % 60;
        const bool inside = i < 120 && i % 2 == 1 && c >= 30 - below && c <= 30 + above;
        if (inside)
          ASSERT_TRUE(std::isnan(got[static_cast<size_t>(i)])) << "n=" << n << " channel " << c;
        else
          ASSERT_EQ(got[static_cast<size_t>(i)], clean[static_cast<size_t>(i)]);
      }
    };
    const size_t at = 30 * 2 + 1;
    const double dy_at = dy[at];
    dy[at] = nan;
    expect(run(), resolved.lo, resolved.hi);
    dy[at] = dy_at;
    x[at] = nan;
    const int64_t reach = resolved.lo + resolved.hi;
    expect(run(), reach, reach);
  }
}

}  // namespace
}  // namespace trine::normalize
