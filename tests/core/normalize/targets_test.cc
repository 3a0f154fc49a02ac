// The row kernels on every instruction set of this machine: sweeps against the general way to the
// last bit, and both against the oracle.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/normalize/kernels/row_kernels.h"
#include "core/runtime/thread_pool.h"
#include "tests/core/each_target.h"
#include "tests/core/normalize/support.h"
#include "tests/core/sanitized.h"

namespace trine::normalize {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr DType kSweptDTypes[] = {DType::kFloat16, DType::kBfloat16, DType::kFloat32,
                                  DType::kFloat64};

// Targets that the kernels are compiled for and this machine has, each alone.
std::vector<int64_t> Targets() { return TargetsHere(RowKernelTargets()); }

std::vector<double> Inputs(size_t count, uint64_t seed, bool special) {
  Random random(seed);
  std::vector<double> out = random.Bells(count);
  // What makes the arithmetic special, each rare enough to leave windows without it.
  const double specials[] = {0.0, -0.0, 1e-40, 1e20, -1e-30, kInf, kNan, -kInf};
  if (special)
    for (size_t i = 0; i < std::size(specials); ++i)
      out[(i * 977 + seed * 31) % count] = specials[i];
  return out;
}

// Positions [begin, begin + now) of [N, C, width].
Tensor Columns(const Tensor& tensor, int64_t begin, int64_t now) {
  const int64_t rows = tensor.shape[0] * tensor.shape[1];
  const auto element = static_cast<int64_t>(DTypeSize(tensor.dtype));
  Tensor out = Tensor::Zeros(tensor.dtype, {tensor.shape[0], tensor.shape[1], now});
  for (int64_t row = 0; row < rows; ++row)
    std::copy_n(tensor.data.data() + (row * tensor.shape[2] + begin) * element, now * element,
                out.data.data() + row * now * element);
  return out;
}

class SweepTest : public testing::TestWithParam<int64_t> {
 protected:
  static std::string What(const LrnOptions& options, DType dtype, const Shape& shape) {
    return std::string(hwy::TargetName(GetParam())) + " " + std::string(DTypeName(dtype)) + " " +
           ShapeToString(shape) + " n " + std::to_string(*options.size) + " beta " +
           std::to_string(options.beta.value_or(0.75));
  }

 private:
  OnlyTarget only_{GetParam()};
};

// Slices of a few columns go the general way.
TEST_P(SweepTest, IsTheGeneralWayToTheLastBit) {
  constexpr int64_t kColumns = 8;
  FewerSanitized fewer(3);
  for (const DType dtype : kSweptDTypes) {
    for (const int64_t size : {1, 2, 3, 5, 6, 16, 17, 31}) {
      for (const double beta : {0.5, 0.75, 1.0, 0.6}) {
        // C around a vector's length, so that every tail occurs; windows longer than the channels.
        for (const int64_t channels : {16, 23, 70}) {
          if (fewer.Skips()) continue;
          LrnOptions options;
          options.size = size;
          options.beta = beta;
          options.alpha = 0.3;
          options.bias = size % 2 == 0 ? 0.0 : 1.5;
          options.even_window = EvenWindow::kLow;
          if (beta == 1.0) options.activation = Activation::kRelu;
          const Shape shape{2, channels, 37};
          const auto seed = static_cast<uint64_t>(size);
          const Tensor x = MakeTensor(dtype, shape, Inputs(Count(shape), seed, true));
          const Tensor dy = MakeTensor(dtype, shape, Inputs(Count(shape), seed + 1, false));
          const Resolved first = MustResolve(options, shape);
          SCOPED_TRACE(What(options, dtype, shape));
          const Tensor y = RunLrn(first, x);
          const Tensor dx = RunGradient(first, x, dy);
          for (int64_t begin = 0; begin < shape[2]; begin += kColumns) {
            const int64_t now = std::min(kColumns, shape[2] - begin);
            const Tensor part = Columns(x, begin, now);
            const Resolved resolved = MustResolve(options, part.shape);
            ASSERT_EQ(Columns(y, begin, now).data, RunLrn(resolved, part).data);
            ASSERT_EQ(Columns(dx, begin, now).data,
                      RunGradient(resolved, part, Columns(dy, begin, now)).data);
          }
          options.layout = Layout::kChannelsLast;
          const Tensor turned = ToChannelsLast(x);
          const Resolved last = MustResolve(options, turned.shape);
          ASSERT_EQ(ToChannelsFirst(RunLrn(last, turned)).data, y.data);
          ASSERT_EQ(ToChannelsFirst(RunGradient(last, turned, ToChannelsLast(dy))).data, dx.data);
        }
      }
    }
  }
}

// What the oracle makes of a case: asked once, not for each instruction set.
struct Wanted {
  std::vector<double> y;
  oracle::LrnGradients gradients;
};

TEST_P(SweepTest, IsTheOracle) {
  static std::vector<Wanted>& known = *new std::vector<Wanted>();
  size_t number = 0;
  for (const Mode mode : {Mode::kAcrossChannels, Mode::kWithinChannel}) {
    for (const Layout layout : {Layout::kChannelsFirst, Layout::kChannelsLast}) {
      for (const int64_t size : {3, 4, 5, 7, 19}) {
        for (const double beta : {0.5, 0.75, 1.0, 0.6, 0.05}) {
          LrnOptions options;
          options.mode = mode;
          options.layout = layout;
          options.size = size;
          options.beta = beta;
          options.alpha = 2;
          options.bias = 1;
          options.even_window = EvenWindow::kHigh;
          const Shape shape{1, 20, 33, 18};
          const Tensor x = MakeTensor(DType::kFloat32, shape, Inputs(Count(shape), 7, false));
          const Tensor dy = MakeTensor(DType::kFloat32, shape, Inputs(Count(shape), 8, false));
          const Resolved resolved = MustResolve(options, shape);
          SCOPED_TRACE(What(options, DType::kFloat32, shape));
          if (number == known.size()) {
            const oracle::Lrn lrn = ToOracle(resolved);
            known.push_back({oracle::LrnForward(lrn, shape, Values(x)),
                             oracle::LrnGradient(lrn, shape, Values(x), Values(dy))});
          }
          const auto& [y, want] = known[number++];
          const double log = std::log2(static_cast<double>(size));
          EXPECT_LE(MaxUlp(RunLrn(resolved, x), y), 4 + log);
          const std::vector<double> got = Values(RunGradient(resolved, x, dy));
          for (size_t i = 0; i < got.size(); ++i)
            ASSERT_LE(std::fabs(got[i] - want.dx[i]), (8 + log) * 0x1p-23 * want.magnitude[i])
                << "at " << i;
        }
      }
    }
  }
}

// Within channels that lie together: some of them at a time where they are many, also in strips of
// different widths, and in bands.
TEST_P(SweepTest, ManyChannelsLastAreTheSameFirst) {
  for (const DType dtype : kSweptDTypes) {
    for (const int64_t size : {3, 4, 5, 18}) {
      for (const Shape& shape : {Shape{2, 128, 9, 11}, Shape{1, 197, 40, 17}}) {
        LrnOptions options;
        options.mode = Mode::kWithinChannel;
        options.size = size;
        options.alpha = 0.3;
        options.even_window = EvenWindow::kHigh;
        const Tensor x = MakeTensor(dtype, shape, Inputs(Count(shape), 5, true));
        const Tensor dy = MakeTensor(dtype, shape, Inputs(Count(shape), 6, false));
        SCOPED_TRACE(What(options, dtype, shape));
        const Resolved first = MustResolve(options, shape);
        options.layout = Layout::kChannelsLast;
        Tensor turned = ToChannelsLast(x);
        const Resolved last = MustResolve(options, turned.shape);
        const Tensor y = RunLrn(first, x);
        ASSERT_EQ(ToChannelsFirst(RunLrn(last, turned)).data, y.data);
        ASSERT_EQ(ToChannelsFirst(RunGradient(last, turned, ToChannelsLast(dy))).data,
                  RunGradient(first, x, dy).data);
        ASSERT_TRUE(Lrn({}, last, turned.view(), turned.mutable_view()).ok());
        ASSERT_EQ(ToChannelsFirst(turned).data, y.data);
      }
    }
  }
}

// Strips of wide rows, bands of high planes, and results that are written past the caches: each is
// the same as its parts, which are computed in one piece.
TEST_P(SweepTest, LargeOnesAreTheirParts) {
  LrnOptions options;
  options.size = 5;
  options.alpha = 0.5;
  ThreadPool pool(2);
  Context context;
  context.pool = &pool;
  // 18 MiB in strips: no row but the first begins a cache line, then all do. The last in bands.
  for (const Shape& shape : {Shape{1, 40, 120001}, Shape{1, 40, 120000}, Shape{1, 1500, 2200}}) {
    SCOPED_TRACE(ShapeToString(shape));
    const Tensor x = MakeTensor(DType::kFloat32, shape, Inputs(Count(shape), 3, false));
    const Resolved resolved = MustResolve(options, shape);
    const Tensor y = RunLrn(resolved, x, context);
    const Tensor dx = RunGradient(resolved, x, x, context);
    for (const int64_t begin : {int64_t{0}, shape[2] / 2, shape[2] - 1005}) {
      const Tensor part = Columns(x, begin, 1001);
      const Resolved of_part = MustResolve(options, part.shape);
      EXPECT_EQ(Columns(y, begin, 1001).data, RunLrn(of_part, part).data);
      EXPECT_EQ(Columns(dx, begin, 1001).data, RunGradient(of_part, part, part).data);
    }
    // Where no vector of results can lie within a cache line.
    std::vector<uint8_t> odd(x.data.size() + 1);
    const MutableTensorView view{DType::kFloat32, shape, {odd.data() + 1, x.data.size()}};
    ASSERT_TRUE(Lrn(context, resolved, x.view(), view).ok());
    EXPECT_TRUE(std::equal(y.data.begin(), y.data.end(), odd.begin() + 1));
    // In place it goes another way.
    Tensor in_place = x;
    ASSERT_TRUE(Lrn(context, resolved, in_place.view(), in_place.mutable_view()).ok());
    EXPECT_EQ(in_place.data, y.data);
  }
}

INSTANTIATE_TEST_SUITE_P(AllTargets, SweepTest, testing::ValuesIn(Targets()),
                         [](const testing::TestParamInfo<int64_t>& target) {
                           return std::string(hwy::TargetName(target.param));
                         });

}  // namespace
}  // namespace trine::normalize
