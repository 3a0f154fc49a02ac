// Numbers whose squares, bases or powers leave the range of the type that is computed in: every
// magnitude that a dtype holds, against the oracle; what else must not change by them; and what is
// said of bases without a power.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/normalize/kernels/row_kernels.h"
#include "core/normalize/range.h"
#include "core/runtime/thread_pool.h"
#include "tests/core/each_target.h"
#include "tests/core/normalize/support.h"
#include "tests/core/sanitized.h"

namespace trine::normalize {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Mode kModes[] = {Mode::kAcrossChannels, Mode::kWithinChannel};
constexpr Layout kLayouts[] = {Layout::kChannelsFirst, Layout::kChannelsLast};
// Whose numbers' squares are not all numbers of the type that they are computed in.
constexpr DType kWideDTypes[] = {DType::kBfloat16, DType::kFloat32, DType::kFloat64};

struct Span {
  double least;
  double most;
};

// What a dtype holds, from its smallest denormals on.
Span SpanOf(DType dtype) {
  if (dtype == DType::kFloat64) return {1e-322, 1.7e308};
  return {dtype == DType::kFloat32 ? 1e-44 : 1e-39, 3.3e38};
}

// |x| from all of them: in most windows none but the largest counts, in others all do.
std::vector<double> EveryMagnitude(DType dtype, size_t count, uint64_t seed) {
  const Span span = SpanOf(dtype);
  Random random(seed);
  std::vector<double> values(count);
  double centre = 1;
  for (double& value : values) {
    // Runs of neighbours have one magnitude.
    if (random.Bits() % 6 == 0) centre = random.Decades(1, span.least, span.most)[0];
    value = std::clamp(centre * random.Uniform(0.25, 1), -span.most, span.most);
  }
  return values;
}

double ForwardBound(DType dtype, const Resolved& resolved) {
  const double bound = 4 + std::log2(static_cast<double>(resolved.size));
  if (dtype == DType::kBfloat16) return 0.5 + bound * 0x1p-15;
  return dtype == DType::kFloat64 ? bound * std::max(1.0, std::fabs(resolved.beta)) : bound;
}

std::string What(const Resolved& r, DType dtype, const Shape& shape) {
  return absl::StrCat(std::string(DTypeName(dtype)), " ", ShapeToString(shape), " n ", r.size,
                      " a ", r.a, " beta ", r.beta, " k ", r.k, " mode ", static_cast<int>(r.mode),
                      " layout ", static_cast<int>(r.layout));
}

void ExpectForward(const LrnOptions& options, DType dtype, const Shape& shape,
                   const std::vector<double>& values) {
  const Resolved resolved = MustResolve(options, shape);
  const Tensor in = MakeTensor(dtype, shape, values);
  const std::vector<double> got = Values(RunLrn(resolved, in));
  const std::vector<double> x = Values(in);
  const std::vector<double> want = oracle::LrnForward(ToOracle(resolved), shape, x);
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_LE(UlpDistance(dtype, got[i], want[i]), ForwardBound(dtype, resolved))
        << What(resolved, dtype, shape) << ": element " << i << ", x " << x[i] << ", is " << got[i]
        << ", not " << want[i];
}

double LargestNumber(DType dtype) {
  return dtype == DType::kFloat64 ? std::numeric_limits<double>::max() : 0x1.FEp127;
}

void ExpectGradient(const LrnOptions& options, DType dtype, const Shape& shape,
                    const std::vector<double>& x, const std::vector<double>& dy) {
  const Resolved resolved = MustResolve(options, shape);
  const Tensor in = MakeTensor(dtype, shape, x);
  const Tensor out_gradient = MakeTensor(dtype, shape, dy);
  const std::vector<double> got = Values(RunGradient(resolved, in, out_gradient));
  const std::vector<double> g = Values(out_gradient);
  const oracle::LrnGradients want = oracle::LrnGradient(ToOracle(resolved), shape, Values(in), g);
  double largest = 0;
  for (const double value : g) largest = std::max(largest, std::fabs(value));
  const bool wide = dtype == DType::kFloat64;
  const int axes = resolved.mode == Mode::kWithinChannel ? static_cast<int>(shape.size()) - 2 : 1;
  const double taps = std::min(std::pow(static_cast<double>(resolved.size), axes),
                               static_cast<double>(Count(shape)));
  const double log = std::log2(static_cast<double>(resolved.size));
  const double beta = std::fabs(resolved.beta);
  const double factor = wide ? (8 + 2 * log * axes) * (1 + beta) * 0x1p-52
                             : (8 + log) * std::max(1.0, beta) * 0x1p-23;
  const double lost = taps * (1 + largest) * (wide ? 0x1p-1061 : 0x1p-136);
  for (size_t i = 0; i < got.size(); ++i) {
    double bound = factor * want.magnitude[i] + lost;
    if (dtype == DType::kBfloat16) bound += std::max(0x1p-8 * std::fabs(want.dx[i]), 0x1p-133);
    // What rounds to infinity, or does by its error.
    if (std::isinf(got[i]) && std::fabs(want.dx[i]) + bound >= LargestNumber(dtype)) continue;
    ASSERT_LE(std::fabs(got[i] - want.dx[i]), bound)
        << What(resolved, dtype, shape) << ": element " << i << ", x " << x[i] << ", dy " << dy[i]
        << ", is " << got[i] << ", not " << want.dx[i];
  }
}

class Extremes : public ::testing::TestWithParam<DType> {};

TEST_P(Extremes, ForwardOfEveryMagnitude) {
  const Shape shape{1, 37, 2, 17};
  const std::vector<double> values = EveryMagnitude(GetParam(), Count(shape), 1);
  FewerSanitized fewer(3);
  for (const Mode mode : kModes)
    for (const Layout layout : kLayouts)
      for (const int64_t n : {1, 4, 5, 33})
        for (const double beta : {0.5, 0.75, 1.0, 0.6, 2.0})
          for (const double alpha : {1e-30, 1e-4, 1e5})
            for (const double bias : {0.0, 1e-45, 1.0, 1e25}) {
              if (fewer.Skips()) continue;
              LrnOptions options = OnnxOptions(n, alpha, beta, bias);
              options.mode = mode;
              options.layout = layout;
              ExpectForward(options, GetParam(), shape, values);
            }
}

TEST_P(Extremes, GradientOfEveryMagnitude) {
  const Shape shape{2, 21, 3, 17};
  Random random(2);
  const std::vector<double> values = EveryMagnitude(GetParam(), Count(shape), 3);
  FewerSanitized fewer(3);
  for (const Mode mode : kModes)
    for (const Layout layout : kLayouts)
      for (const int64_t n : {1, 4, 5, 33})
        for (const double beta : {0.5, 0.75, 0.6, 2.0})
          for (const double alpha : {1e-30, 1e-4, 1.0})
            for (const double bias : {0.0, 1e-3, 1.0, 1e25}) {
              if (fewer.Skips()) continue;
              LrnOptions options = OnnxOptions(n, alpha, beta, bias);
              options.mode = mode;
              options.layout = layout;
              ExpectGradient(options, GetParam(), shape, values, random.Bells(Count(shape)));
            }
}

// Gradients of the output as small and as large as those of the input.
TEST_P(Extremes, GradientOfEveryMagnitudeOfBoth) {
  const Shape shape{3, 21, 2, 17};
  for (const double beta : {0.5, 0.75, 0.6})
    for (const double alpha : {1e-4, 1.0})
      for (const double bias : {1e-3, 1.0}) {
        const std::vector<double> x = EveryMagnitude(GetParam(), Count(shape), 4);
        const std::vector<double> dy = EveryMagnitude(GetParam(), Count(shape), 5);
        ExpectGradient(OnnxOptions(5, alpha, beta, bias), GetParam(), shape, x, dy);
      }
}

// Tensors that are one tile, several, and too narrow or too deep for sweeps.
TEST_P(Extremes, EveryWayOfComputing) {
  Random random(6);
  for (const Shape& shape : {Shape{3, 7}, Shape{1, 3000, 1, 5}, Shape{1, 1, 300, 250},
                             Shape{2, 70, 20, 21}, Shape{1, 1, 20, 21, 23}})
    for (const Mode mode : kModes)
      for (const Layout layout : kLayouts) {
        if (mode == Mode::kWithinChannel && shape.size() == 2) continue;
        LrnOptions options = OnnxOptions(5, 1, 0.75, 1);
        options.mode = mode;
        options.layout = layout;
        const std::vector<double> values = EveryMagnitude(GetParam(), Count(shape), 7);
        ExpectForward(options, GetParam(), shape, values);
        if (Count(shape) < 70000)
          ExpectGradient(options, GetParam(), shape, values, random.Bells(Count(shape)));
      }
}

// Layout, threads and memory change no bit; in place a copy is needed that nobody sees.
TEST_P(Extremes, NothingElseChangesABit) {
  ThreadPool pool(8);
  Context context;
  context.pool = &pool;
  for (const Shape& shape : {Shape{2, 96, 19, 19}, Shape{40, 5, 7}, Shape{1, 2, 300, 250}})
    for (const Mode mode : kModes)
      for (const double bias : {0.0, 0.5}) {
        LrnOptions options = OnnxOptions(5, 2, 0.75, bias);
        options.mode = mode;
        const Tensor in =
            MakeTensor(GetParam(), shape, EveryMagnitude(GetParam(), Count(shape), 8));
        const Tensor dy =
            MakeTensor(GetParam(), shape, EveryMagnitude(GetParam(), Count(shape), 9));
        const Resolved first = MustResolve(options, shape);
        const Tensor y = RunLrn(first, in);
        const Tensor dx = RunGradient(first, in, dy);
        EXPECT_EQ(RunLrn(first, in, context).data, y.data);
        EXPECT_EQ(RunGradient(first, in, dy, context).data, dx.data);
        options.layout = Layout::kChannelsLast;
        const Tensor turned = ToChannelsLast(in);
        const Resolved last = MustResolve(options, turned.shape);
        EXPECT_EQ(ToChannelsFirst(RunLrn(last, turned)).data, y.data);
        EXPECT_EQ(ToChannelsFirst(RunGradient(last, turned, ToChannelsLast(dy))).data, dx.data);
        for (const Context& how : {Context(), context}) {
          Tensor both = in;
          ASSERT_TRUE(Lrn(how, first, both.view(), both.mutable_view()).ok());
          EXPECT_EQ(both.data, y.data);
          both = in;
          ASSERT_TRUE(LrnGradient(how, first, both.view(), dy.view(), both.mutable_view()).ok());
          EXPECT_EQ(both.data, dx.data);
          both = dy;
          ASSERT_TRUE(LrnGradient(how, first, in.view(), both.view(), both.mutable_view()).ok());
          EXPECT_EQ(both.data, dx.data);
        }
      }
}

INSTANTIATE_TEST_SUITE_P(DTypes, Extremes, ::testing::ValuesIn(kWideDTypes),
                         [](const auto& test) { return std::string(DTypeName(test.param)); });

// On every instruction set of this machine.
class ExtremesOnTarget : public ::testing::TestWithParam<int64_t> {
 private:
  OnlyTarget only_{GetParam()};
};

TEST_P(ExtremesOnTarget, IsTheOracle) {
  const Shape shape{1, 40, 3, 37};
  Random random(11);
  for (const DType dtype : kWideDTypes)
    for (const double beta : {0.5, 0.75, 1.0, 0.6})
      for (const double bias : {0.0, 1.0}) {
        const LrnOptions options = OnnxOptions(5, 1, beta, bias);
        const std::vector<double> x = EveryMagnitude(dtype, Count(shape), 12);
        ExpectForward(options, dtype, shape, x);
        ExpectGradient(options, dtype, shape, x, random.Bells(Count(shape)));
      }
}

TEST_P(ExtremesOnTarget, LargestMagnitude) {
  for (const DType dtype : kFloatDTypes) {
    const auto largest = [&](const std::vector<double>& values) {
      const Tensor tensor = MakeTensor(dtype, {static_cast<int64_t>(values.size())}, values);
      return *LargestMagnitude({}, dtype, tensor.data);
    };
    EXPECT_EQ(largest({}), 0);
    EXPECT_EQ(largest({0, -0.0}), 0);
    EXPECT_EQ(largest({1, -2.5, 0.5}), 2.5);
    EXPECT_EQ(largest({1, kInf, -3}), kInf);
    EXPECT_EQ(largest({kNan, 1}), kInf);
    // Wherever it is, in vectors and after them.
    for (size_t count = 1; count < 140; ++count)
      for (const size_t at : {size_t{0}, count / 2, count - 1}) {
        std::vector<double> values(count, -0.5);
        values[at] = -8;
        EXPECT_EQ(largest(values), 8) << count << " " << at;
      }
  }
}

INSTANTIATE_TEST_SUITE_P(AllTargets, ExtremesOnTarget,
                         ::testing::ValuesIn(TargetsHere(RowKernelTargets())),
                         [](const testing::TestParamInfo<int64_t>& target) {
                           return std::string(hwy::TargetName(target.param));
                         });

TEST(Examples, SquaresBeyondTheType) {
  const auto run = [](DType dtype, double alpha, double beta, double bias, double x) {
    const Shape shape{1, 1};
    return Values(RunLrn(MustResolve(OnnxOptions(1, alpha, beta, bias), shape),
                         MakeTensor(dtype, shape, {x})))[0];
  };
  // x (1 + x^2)^-1/2
  EXPECT_EQ(run(DType::kFloat32, 1, 0.5, 1, 0x1p100), 1);
  EXPECT_EQ(run(DType::kFloat32, 1, 0.5, 1, -0x1p127), -1);
  EXPECT_EQ(run(DType::kFloat32, 1, 0.5, 0, 0x1p-149), 1);
  EXPECT_EQ(run(DType::kFloat64, 1, 0.5, 1, 0x1p1000), 1);
  EXPECT_EQ(run(DType::kFloat64, 1, 0.5, 0, 0x1p-1074), 1);
  // x^(1 - 2 beta)
  EXPECT_EQ(run(DType::kFloat32, 1, 0.75, 0, 0x1p120), 0x1p-60);
  EXPECT_EQ(run(DType::kFloat32, 1, 0.75, 0, 0x1p-120), 0x1p60);
  EXPECT_EQ(run(DType::kFloat64, 1, 2, 1, 0x1p330), 0x1p-990);
  EXPECT_EQ(run(DType::kFloat64, 1, 2, 0, 0x1p-330), 0x1p990);
  EXPECT_EQ(run(DType::kFloat64, 0x1p-800, 2, 1, 0x1p800), 0x1p-800);
}

TEST(Examples, InfinityAndNanAreWhatTheyWere) {
  for (const DType dtype : kFloatDTypes)
    for (const double bias : {0.0, 1.0}) {
      const Shape shape{1, 7};
      const Resolved resolved = MustResolve(OnnxOptions(3, 3, 0.75, bias), shape);
      const Tensor in = MakeTensor(dtype, shape, {1, kInf, 1, 1, 1, kNan, 1});
      const std::vector<double> y = Values(RunLrn(resolved, in));
      EXPECT_EQ(y[0], 0);
      EXPECT_TRUE(std::isnan(y[1]));
      EXPECT_EQ(y[2], 0);
      EXPECT_GT(y[3], 0.2);
      for (const size_t i : {4, 5, 6}) EXPECT_TRUE(std::isnan(y[i]));
    }
}

bool NoPower(const LrnOptions& options, DType dtype, const std::vector<double>& x) {
  const Shape shape{1, static_cast<int64_t>(x.size())};
  const Resolved resolved = MustResolve(options, shape);
  const Tensor in = MakeTensor(dtype, shape, x);
  Tensor out = Tensor::Zeros(dtype, shape);
  LrnReport forward{true}, gradient{true};
  EXPECT_TRUE(Lrn({}, resolved, in.view(), out.mutable_view(), &forward).ok());
  const std::vector<double> y = Values(out);
  const bool nan = std::any_of(y.begin(), y.end(), [](double v) { return !std::isfinite(v); });
  EXPECT_TRUE(nan || !forward.no_power);
  EXPECT_TRUE(LrnGradient({}, resolved, in.view(), in.view(), out.mutable_view(), &gradient).ok());
  EXPECT_EQ(forward.no_power, gradient.no_power);
  return forward.no_power;
}

TEST(Report, SaysThatABaseHasNoPower) {
  for (const DType dtype : kFloatDTypes)
    for (const bool narrow : {false, true}) {  // the general way, or a sweep
      const std::vector<double> ones(narrow ? 3 : 40, 1);
      const std::vector<double> zeros(ones.size(), 0);
      std::vector<double> nans = ones;
      nans[1] = kNan;
      EXPECT_FALSE(NoPower(OnnxOptions(3, 1, 0.75, 1), dtype, ones));
      EXPECT_FALSE(NoPower(OnnxOptions(3, 1, 0.75, 1), dtype, nans));  // the input's own
      EXPECT_FALSE(NoPower(OnnxOptions(3, 1, 0.75, 1), dtype, zeros));
      EXPECT_TRUE(NoPower(OnnxOptions(3, 1, 0.75, 0), dtype, zeros));
      EXPECT_TRUE(NoPower(OnnxOptions(3, 1, 0.75, -4), dtype, ones));
      EXPECT_TRUE(NoPower(OnnxOptions(3, -30, 0.6, 1), dtype, ones));
      EXPECT_FALSE(NoPower(OnnxOptions(3, -30, 2, 1), dtype, ones));  // a square
      EXPECT_FALSE(NoPower(OnnxOptions(3, 1, 0, -4), dtype, ones));
      EXPECT_FALSE(NoPower(OnnxOptions(3, 0, 0.75, 1), dtype, ones));
    }
}

// Whether the forward pass, and whether the gradient, says that something overflows; which it does
// where a result is infinite, inputs being finite and bases above 0.
struct Overflows {
  bool forward = false, gradient = false;
};
Overflows OverflowsOf(const LrnOptions& options, const Tensor& x, const Tensor& dy) {
  const Resolved resolved = MustResolve(options, x.shape);
  const auto infinite = [](const Tensor& t) {
    const std::vector<double> values = Values(t);
    return std::any_of(values.begin(), values.end(), [](double v) { return std::isinf(v); });
  };
  Overflows said;
  for (const bool in_place : {false, true}) {
    Tensor y = in_place ? x : Tensor::Zeros(x.dtype, x.shape);
    Tensor dx = in_place ? dy : Tensor::Zeros(x.dtype, x.shape);
    LrnReport forward{true, true}, gradient{true, true};
    const TensorView from = in_place ? y.view() : x.view();
    EXPECT_TRUE(Lrn({}, resolved, from, y.mutable_view(), &forward).ok());
    const TensorView from_dy = in_place ? dx.view() : dy.view();
    EXPECT_TRUE(LrnGradient({}, resolved, x.view(), from_dy, dx.mutable_view(), &gradient).ok());
    EXPECT_FALSE(forward.no_power || gradient.no_power);
    EXPECT_EQ(forward.overflow, infinite(y));
    EXPECT_EQ(gradient.overflow, infinite(dx));
    EXPECT_TRUE(MayOverflow(resolved, x.dtype) || !forward.overflow);
    said = {forward.overflow, gradient.overflow};
  }
  return said;
}

double LargestOf(DType dtype) {
  return dtype == DType::kFloat16    ? 65504
         : dtype == DType::kBfloat16 ? 0x1.FEp127
         : dtype == DType::kFloat32  ? std::numeric_limits<float>::max()
                                     : std::numeric_limits<double>::max();
}

TEST(Report, SaysThatResultsOverflow) {
  for (const int64_t target : TargetsHere(RowKernelTargets())) {
    const OnlyTarget only(target);
    for (const DType dtype : kFloatDTypes) {
      const double largest = LargestOf(dtype);
      // The general way and sweeps: down columns, along rows, with other windows.
      for (const auto& [shape, size] : {std::pair{Shape{1, 3}, 3},
                                        {Shape{2, 40}, 3},
                                        {Shape{1, 9, 67}, 5},
                                        {Shape{1, 9, 67}, 7}}) {
        SCOPED_TRACE(ShapeToString(shape));
        const auto filled = [&, dims = shape](double value, double other) {
          size_t count = 1;
          for (const int64_t dim : dims) count *= static_cast<size_t>(dim);
          std::vector<double> values(count, other);
          values[count / 2] = value;
          return MakeTensor(dtype, dims, values);
        };
        const Tensor ones = filled(1, 1);
        for (const double beta : {1.0, 0.75, 0.5, 0.6}) {
          SCOPED_TRACE(beta);
          // y is x 2^(2 beta), as long as x^2 does not count.
          const LrnOptions grows = OnnxOptions(size, 0, beta, 0.25);
          const double factor = std::pow(4, beta);
          EXPECT_FALSE(OverflowsOf(grows, ones, ones).forward);
          EXPECT_FALSE(OverflowsOf(grows, filled(largest / factor * 0.98, 1), ones).forward);
          EXPECT_TRUE(OverflowsOf(grows, filled(largest / factor * 1.02, 1), ones).forward);
          EXPECT_TRUE(OverflowsOf(grows, filled(-largest, 1), ones).forward);
          EXPECT_FALSE(OverflowsOf(grows, ones, filled(largest / factor * 0.98, 1)).gradient);
          EXPECT_TRUE(OverflowsOf(grows, ones, filled(largest / factor * 1.02, 1)).gradient);
          // A base that squares count in, of a power below 0.
          const LrnOptions powers = OnnxOptions(size, 1, -beta, 1);
          EXPECT_FALSE(OverflowsOf(powers, ones, ones).forward);
          EXPECT_TRUE(OverflowsOf(powers, filled(largest, 1), ones).forward);
          // What never grows.
          const LrnOptions shrinks = OnnxOptions(size, 1e-4, beta, 1);
          EXPECT_FALSE(OverflowsOf(shrinks, filled(largest, 1), ones).forward);
        }
        // An input that is infinite itself is no overflow.
        const Tensor infinite = filled(std::numeric_limits<double>::infinity(), 0);
        const Resolved resolved = MustResolve(OnnxOptions(size, 1, -1, 1), shape);
        Tensor y = Tensor::Zeros(dtype, shape);
        LrnReport report;
        ASSERT_TRUE(Lrn({}, resolved, infinite.view(), y.mutable_view(), &report).ok());
        EXPECT_FALSE(report.overflow);
      }
    }
  }
}

}  // namespace
}  // namespace trine::normalize
