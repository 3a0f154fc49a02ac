// What must not change a bit of the result: layout, threads, the cut into tiles, alignment, and
// whether input and output are one memory. And where NaN and infinity may go.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/runtime/thread_pool.h"
#include "tests/core/normalize/support.h"
#include "tests/core/sanitized.h"

namespace trine::normalize {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Mode kModes[] = {Mode::kAcrossChannels, Mode::kWithinChannel};

// More than one tile in every way of cutting: many channels, wide planes, deep volumes, batches.
const Shape kShapes[] = {{3, 17},         {40, 5, 7},       {2, 9, 14, 3},      {2, 96, 19, 19},
                         {1, 2200, 3, 3}, {1, 2, 300, 250}, {1, 3, 20, 61, 60}, {2, 70, 20, 21},
                         {1, 70000},      {1, 18, 90, 90},  {7, 3, 4, 4}};
constexpr int64_t kSizes[] = {1, 4, 5, 40, 300};

LrnOptions Options(int64_t n, Mode mode, double beta = 0.75) {
  LrnOptions options;
  options.preset = Preset::kPytorch;
  options.size = n;
  options.mode = mode;
  options.alpha = 2;
  options.beta = beta;
  options.bias = 0.5;
  return options;
}

bool Fits(Mode mode, const Shape& shape) {
  return mode == Mode::kAcrossChannels || shape.size() > 2;
}

// Some NaN and infinities among ordinary numbers.
Tensor Inputs(DType dtype, const Shape& shape, uint64_t seed, bool special) {
  Random random(seed);
  std::vector<double> values = random.Bells(Count(shape), 3);
  if (special)
    for (size_t i = 0; i < values.size(); i += 1 + random.Bits() % 400)
      values[i] = i % 3 == 0 ? kNan : (i % 3 == 1 ? kInf : -kNan);
  return MakeTensor(dtype, shape, values);
}

class Invariance : public ::testing::TestWithParam<DType> {};

TEST_P(Invariance, Layouts) {
  FewerSanitized fewer(3);
  for (const Shape& shape : kShapes)
    for (const Mode mode : kModes)
      for (const int64_t n : kSizes) {
        if (!Fits(mode, shape)) continue;
        for (const bool special : {false, true}) {
          if ((special != (n % 4 == 0) && n != 5) || fewer.Skips()) continue;
          LrnOptions options = Options(n, mode);
          const Resolved first = MustResolve(options, shape);
          options.layout = Layout::kChannelsLast;
          const Resolved last = MustResolve(options, shape);
          const Tensor in = Inputs(GetParam(), shape, 1, special);
          const Tensor dy = Inputs(GetParam(), shape, 2, special);
          const Tensor in_last = ToChannelsLast(in);
          ASSERT_EQ(ToChannelsFirst(RunLrn(last, in_last)).data, RunLrn(first, in).data)
              << ShapeToString(shape) << " n=" << n << " mode " << static_cast<int>(mode);
          if (n == 5 || n == 40) {
            ASSERT_EQ(ToChannelsFirst(RunGradient(last, in_last, ToChannelsLast(dy))).data,
                      RunGradient(first, in, dy).data)
                << ShapeToString(shape) << " n=" << n << " mode " << static_cast<int>(mode);
          }
        }
      }
}

// One call, and what it gives on one thread.
struct Calculation {
  Resolved resolved;
  Tensor in;
  Tensor dy;
  Tensor result;
  Tensor gradient;
};

// Calls check(calculation) for every shape, mode and layout.
template <typename Check>
void ForEachCalculation(DType dtype, bool special, Check check) {
  for (const Shape& shape : kShapes)
    for (const Mode mode : kModes)
      for (const Layout layout : {Layout::kChannelsFirst, Layout::kChannelsLast}) {
        if (!Fits(mode, shape)) continue;
        LrnOptions options = Options(5, mode);
        options.layout = layout;
        const Resolved resolved = MustResolve(options, shape);
        const Tensor in = Inputs(dtype, shape, 3, special);
        const Tensor dy = Inputs(dtype, shape, 4, false);
        check(Calculation{resolved, in, dy, RunLrn(resolved, in), RunGradient(resolved, in, dy)});
        if (::testing::Test::HasFatalFailure()) return;
      }
}

TEST_P(Invariance, Threads) {
  ThreadPool pool(8);
  ForEachCalculation(GetParam(), true, [&](const Calculation& c) {
    for (const int threads : {1, 2, 8}) {
      Context context;
      context.pool = &pool;
      context.max_threads = threads;
      ASSERT_EQ(RunLrn(c.resolved, c.in, context).data, c.result.data) << threads << " threads";
      ASSERT_EQ(RunGradient(c.resolved, c.in, c.dy, context).data, c.gradient.data)
          << threads << " threads";
    }
  });
}

TEST_P(Invariance, InPlace) {
  ThreadPool pool(8);
  Context context;
  context.pool = &pool;
  ForEachCalculation(GetParam(), false, [&](const Calculation& c) {
    Tensor both = c.in;
    ASSERT_TRUE(Lrn(context, c.resolved, both.view(), both.mutable_view()).ok());
    ASSERT_EQ(both.data, c.result.data) << ShapeToString(c.in.shape);
    both = c.in;
    ASSERT_TRUE(
        LrnGradient(context, c.resolved, both.view(), c.dy.view(), both.mutable_view()).ok());
    ASSERT_EQ(both.data, c.gradient.data) << ShapeToString(c.in.shape);
    both = c.dy;
    ASSERT_TRUE(
        LrnGradient(context, c.resolved, c.in.view(), both.view(), both.mutable_view()).ok());
    ASSERT_EQ(both.data, c.gradient.data) << ShapeToString(c.in.shape);
  });
}

TEST_P(Invariance, UnalignedPayloads) {
  const Shape shape{2, 9, 7, 5};
  const Resolved resolved = MustResolve(Options(5, Mode::kAcrossChannels), shape);
  const Tensor in = Inputs(GetParam(), shape, 7, false);
  const Tensor dy = Inputs(GetParam(), shape, 8, false);
  const size_t bytes = in.data.size();
  const Tensor want = RunLrn(resolved, in);
  const Tensor want_gradient = RunGradient(resolved, in, dy);
  for (const size_t offset : {1, 2, 3, 5, 7}) {
    std::vector<uint8_t> x(offset + bytes), g(offset + bytes), y(offset + bytes);
    std::memcpy(x.data() + offset, in.data.data(), bytes);
    std::memcpy(g.data() + offset, dy.data.data(), bytes);
    const TensorView x_view{in.dtype, shape, ByteView(x).subspan(offset)};
    const TensorView g_view{in.dtype, shape, ByteView(g).subspan(offset)};
    const MutableTensorView y_view{in.dtype, shape, absl::MakeSpan(y).subspan(offset)};
    ASSERT_TRUE(Lrn({}, resolved, x_view, y_view).ok());
    EXPECT_EQ(std::memcmp(y.data() + offset, want.data.data(), bytes), 0);
    ASSERT_TRUE(LrnGradient({}, resolved, x_view, g_view, y_view).ok());
    EXPECT_EQ(std::memcmp(y.data() + offset, want_gradient.data.data(), bytes), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(DTypes, Invariance, ::testing::ValuesIn(kFloatDTypes),
                         [](const auto& test) { return std::string(DTypeName(test.param)); });

TEST(Picture, HwcIsNhwcOfOne) {
  for (const Mode mode : kModes) {
    LrnOptions options = Options(5, mode);
    options.layout = Layout::kHwc;
    const Shape hwc{9, 8, 7};
    const Shape nhwc{1, 9, 8, 7};
    const Resolved picture = MustResolve(options, hwc);
    options.layout = Layout::kChannelsLast;
    const Resolved batch = MustResolve(options, nhwc);
    Tensor in = Inputs(DType::kFloat32, hwc, 9, false);
    Tensor in_batch = in;
    in_batch.shape = nhwc;
    EXPECT_EQ(RunLrn(picture, in).data, RunLrn(batch, in_batch).data);
    EXPECT_EQ(RunGradient(picture, in, in).data, RunGradient(batch, in_batch, in_batch).data);
  }
}

// A window that is larger than the tensor sees all of it; how much larger does not matter, because
// alpha is not divided here.
TEST(Windows, LargerThanTheTensor) {
  for (const Mode mode : kModes) {
    const Shape shape{2, 6, 5, 6};
    LrnOptions options = Options(11, mode);
    options.alpha_scaling = AlphaScaling::kSum;
    const Tensor in = Inputs(DType::kFloat32, shape, 10, false);
    const Tensor want = RunLrn(MustResolve(options, shape), in);
    for (const int64_t n : {13, 101, 65535}) {
      options.size = n;
      EXPECT_EQ(RunLrn(MustResolve(options, shape), in).data, want.data);
    }
  }
}

// One special value: exactly the outputs whose window holds it change.
TEST(SpecialValues, StayInsideTheirWindows) {
  for (const double special : {kNan, kInf, -kInf, 1e25})
    for (const Mode mode : kModes)
      for (const int64_t n : {1, 2, 3, 4, 5, 20, 33}) {
        const Shape shape{2, 60, 8, 7};
        const Resolved resolved = MustResolve(Options(n, mode), shape);
        Random random(11);
        std::vector<double> values = random.Bells(Count(shape));
        const std::vector<double> clean =
            Values(RunLrn(resolved, MakeTensor(DType::kFloat32, shape, values)));
        const int64_t at[4] = {1, 31, 3, 2};
        values[static_cast<size_t>(((at[0] * 60 + at[1]) * 8 + at[2]) * 7 + at[3])] = special;
        const std::vector<double> got =
            Values(RunLrn(resolved, MakeTensor(DType::kFloat32, shape, values)));
        const auto sees = [&](int64_t centre, int64_t tap) {
          return tap >= centre - resolved.lo && tap <= centre + resolved.hi;
        };
        size_t i = 0;
        for (int64_t b = 0; b < 2; ++b)
          for (int64_t c = 0; c < 60; ++c)
            for (int64_t h = 0; h < 8; ++h)
              for (int64_t w = 0; w < 7; ++w, ++i) {
                const bool inside =
                    b == at[0] && (mode == Mode::kAcrossChannels
                                       ? sees(c, at[1]) && h == at[2] && w == at[3]
                                       : c == at[1] && sees(h, at[2]) && sees(w, at[3]));
                const bool centre = c == at[1] && h == at[2] && w == at[3];
                if (!inside) {
                  ASSERT_EQ(got[i], clean[i]) << "n=" << n << " element " << i;
                } else if (std::isnan(special)) {
                  ASSERT_TRUE(std::isnan(got[i]));
                } else if (!centre || std::isfinite(special)) {
                  // Divided by infinity, or nearly so where the square of 1e25 does not overflow.
                  ASSERT_LE(std::fabs(got[i]), 1e-10);
                } else {
                  ASSERT_TRUE(std::isnan(got[i]));  // infinity / infinity
                }
              }
      }
}

TEST(SpecialValues, ReluKeepsNanAndDropsNegativeInfinity) {
  const Shape shape{1, 6};
  LrnOptions options = Options(1, Mode::kAcrossChannels);
  options.activation = Activation::kRelu;
  const Resolved resolved = MustResolve(options, shape);
  const Tensor in = MakeTensor(DType::kFloat32, shape, {kNan, -kInf, -2, -0.0, 0, 1});
  const std::vector<double> y = Values(RunLrn(resolved, in));
  EXPECT_TRUE(std::isnan(y[0]));
  for (const size_t i : {1, 2, 3, 4}) {
    EXPECT_EQ(y[i], 0);
    EXPECT_FALSE(std::signbit(y[i]));
  }
  EXPECT_GT(y[5], 0);
  const Tensor dy = MakeTensor(DType::kFloat32, shape, {1, 1, 1, 1, 1, 1});
  const std::vector<double> dx = Values(RunGradient(resolved, in, dy));
  EXPECT_TRUE(std::isnan(dx[0]));
  for (const size_t i : {1, 2, 3, 4}) EXPECT_EQ(dx[i], 0);
  EXPECT_NE(dx[5], 0);
}

TEST(Calls, EmptyTensors) {
  for (const Shape& shape : {Shape{0, 1, 2}, Shape{2, 0, 3}, Shape{1, 4, 0, 5}})
    for (const Mode mode : kModes)
      for (const Layout layout : {Layout::kChannelsFirst, Layout::kChannelsLast}) {
        LrnOptions options = Options(5, mode);
        options.layout = layout;
        const Resolved resolved = MustResolve(options, shape);
        const Tensor in = Tensor::Zeros(DType::kFloat32, shape);
        EXPECT_TRUE(RunLrn(resolved, in).data.empty());
        EXPECT_TRUE(RunGradient(resolved, in, in).data.empty());
      }
}

void ExpectField(const absl::Status& status, std::string_view field) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  const std::optional<ErrorDetail> detail = GetErrorDetail(status);
  ASSERT_TRUE(detail.has_value()) << status;
  EXPECT_EQ(detail->field, field);
}

TEST(Calls, RefuseWhatDoesNotFit) {
  const Shape shape{2, 3, 4};
  const Resolved resolved = MustResolve(Options(3, Mode::kAcrossChannels), shape);
  Tensor in = Tensor::Zeros(DType::kFloat32, shape);
  Tensor out = in;
  for (const DType dtype : {DType::kUint8, DType::kInt64, DType::kBool}) {
    Tensor other = Tensor::Zeros(dtype, shape);
    ExpectField(Lrn({}, resolved, other.view(), other.mutable_view()), "tensor.dtype");
  }
  TensorView cut = in.view();
  cut.data.remove_suffix(1);
  ExpectField(Lrn({}, resolved, cut, out.mutable_view()), "tensor.data");
  Tensor flat = Tensor::Zeros(DType::kFloat32, {24});
  ExpectField(Lrn({}, resolved, flat.view(), flat.mutable_view()), "tensor.shape");
  Tensor other = Tensor::Zeros(DType::kFloat32, {2, 4, 3});
  ExpectField(Lrn({}, resolved, in.view(), other.mutable_view()), "output.shape");
  ExpectField(LrnGradient({}, resolved, in.view(), other.view(), out.mutable_view()),
              "output_gradient.shape");
  ExpectField(LrnGradient({}, resolved, in.view(), in.view(), other.mutable_view()),
              "input_gradient.shape");
  other = Tensor::Zeros(DType::kFloat64, shape);
  ExpectField(LrnGradient({}, resolved, in.view(), other.view(), out.mutable_view()),
              "output_gradient.dtype");
}

TEST(Calls, RespectTheLimitOfElements) {
  Limits limits;
  limits.max_elements = 23;
  Context context;
  context.limits = &limits;
  const Shape shape{2, 3, 4};
  const Resolved resolved = MustResolve(Options(3, Mode::kAcrossChannels), shape);
  Tensor in = Tensor::Zeros(DType::kFloat32, shape);
  EXPECT_EQ(Lrn(context, resolved, in.view(), in.mutable_view()).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(Cancellation, BeforeTheStart) {
  for (const Shape& shape : {Shape{1, 4, 2}, Shape{1, 1 << 22}, Shape{1, 1, 2000, 2000}})
    for (const Mode mode : kModes) {
      if (!Fits(mode, shape)) continue;
      CancelSource source;
      source.Cancel();
      Context context;
      context.cancel = source.token();
      const Resolved resolved = MustResolve(Options(65535, mode), shape);
      Tensor in = MakeTensor(DType::kFloat32, shape, std::vector<double>(Count(shape), 1));
      Tensor out = Tensor::Zeros(DType::kFloat32, shape);
      EXPECT_EQ(Lrn(context, resolved, in.view(), out.mutable_view()).code(),
                absl::StatusCode::kCancelled);
      EXPECT_EQ(LrnGradient(context, resolved, in.view(), in.view(), out.mutable_view()).code(),
                absl::StatusCode::kCancelled);
      EXPECT_EQ(out.data, Tensor::Zeros(DType::kFloat32, shape).data);
    }
}

// The work would take much longer than the time until it is told to stop, and is one tile: the
// answer is CANCELLED only if the tile itself polls.
TEST(Cancellation, InTheMiddle) {
  const Shape shape{1, 1, 1600, 1600};
  LrnOptions options = Options(65535, Mode::kWithinChannel, 0.6);
  const Resolved resolved = MustResolve(options, shape);
  Tensor in = MakeTensor(DType::kFloat32, shape, std::vector<double>(Count(shape), 1));
  Tensor out = Tensor::Zeros(DType::kFloat32, shape);
  for (const bool gradient : {false, true}) {
    CancelSource source;
    Context context;
    context.cancel = source.token();
    source.SetDeadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
    const absl::Status status =
        gradient ? LrnGradient(context, resolved, in.view(), in.view(), out.mutable_view())
                 : Lrn(context, resolved, in.view(), out.mutable_view());
    EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
    EXPECT_EQ(GetErrorDetail(status)->reason, "DEADLINE");
  }
}

}  // namespace
}  // namespace trine::normalize
