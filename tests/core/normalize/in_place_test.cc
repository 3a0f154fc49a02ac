// Calls that overwrite their input: the bits are those of a call with memory of its own, wherever
// in the tensor numbers leave the range of the type that is computed in.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/runtime/thread_pool.h"
#include "tests/core/normalize/support.h"

namespace trine::normalize {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// x alone, forward; then x and the gradient of the output in turn, backward.
void ExpectSameInPlace(const Context& context, const Resolved& resolved, const Tensor& x,
                       const Tensor& dy) {
  Tensor both = x;
  ASSERT_TRUE(Lrn(context, resolved, both.view(), both.mutable_view()).ok());
  ASSERT_EQ(both.data, RunLrn(resolved, x).data);
  const Tensor dx = RunGradient(resolved, x, dy);
  both = x;
  ASSERT_TRUE(LrnGradient(context, resolved, both.view(), dy.view(), both.mutable_view()).ok());
  ASSERT_EQ(both.data, dx.data);
  both = dy;
  ASSERT_TRUE(LrnGradient(context, resolved, x.view(), both.view(), both.mutable_view()).ok());
  ASSERT_EQ(both.data, dx.data);
}

TEST(InPlace, OneNumberThatLeavesTheRangeAnywhere) {
  ThreadPool pool(4);
  Context threads;
  threads.pool = &pool;
  struct Case {
    Shape shape;
    Layout layout;
    Mode mode;
    int64_t size;
  };
  // One strip of several blocks, several strips of which the last is narrow, deep windows; rows
  // with windows in them; planes; and what is not computed in sweeps.
  const std::vector<Case> cases = {
      {{2, 160, 33, 9}, Layout::kChannelsFirst, Mode::kAcrossChannels, 5},
      {{1, 90, 41, 41}, Layout::kChannelsFirst, Mode::kAcrossChannels, 4},
      {{1, 300, 8, 9}, Layout::kChannelsFirst, Mode::kAcrossChannels, 31},
      {{3, 7, 5, 40}, Layout::kChannelsLast, Mode::kAcrossChannels, 5},
      {{1, 60, 70, 64}, Layout::kChannelsLast, Mode::kAcrossChannels, 1},
      {{12, 2, 37, 40}, Layout::kChannelsFirst, Mode::kWithinChannel, 3},
      {{17, 90, 7, 18}, Layout::kChannelsLast, Mode::kWithinChannel, 5},
      {{2, 9, 3, 5}, Layout::kChannelsLast, Mode::kAcrossChannels, 3},
  };
  Random random(20);
  for (const Case& c : cases)
    for (const DType dtype : kFloatDTypes) {
      LrnOptions options = OnnxOptions(c.size, 1e-4, 0.75, 1);
      options.layout = c.layout;
      options.mode = c.mode;
      const Resolved resolved = MustResolve(options, c.shape);
      const size_t count = Count(c.shape);
      const std::vector<double> x = random.Bells(count), dy = random.Bells(count);
      const double large = dtype == DType::kFloat64   ? 0x1p700
                           : dtype == DType::kFloat16 ? 60000
                                                      : 0x1p100;
      const size_t places[] = {0, count / 3, count / 2 + 7, count - 2};
      for (const size_t place : places)
        for (const double special : {large, kInf, kNan}) {
          SCOPED_TRACE(absl::StrCat(std::string(DTypeName(dtype)), " ", ShapeToString(c.shape),
                                    " n ", c.size, " at ", place, ": ", special));
          std::vector<double> changed_x = x, changed_dy = dy;
          changed_x[place] = special;
          const Context& context = place % 2 == 0 ? threads : Context();
          ASSERT_NO_FATAL_FAILURE(ExpectSameInPlace(context, resolved,
                                                    MakeTensor(dtype, c.shape, changed_x),
                                                    MakeTensor(dtype, c.shape, dy)));
          changed_dy[place] = special;
          ASSERT_NO_FATAL_FAILURE(ExpectSameInPlace(context, resolved,
                                                    MakeTensor(dtype, c.shape, x),
                                                    MakeTensor(dtype, c.shape, changed_dy)));
        }
    }
}

// Options of which some leave the range, or a base's powers, with any number.
class InPlaceOf : public ::testing::TestWithParam<DType> {};

TEST_P(InPlaceOf, EveryMagnitude) {
  const DType dtype = GetParam();
  const Shape shape{2, 9, 24};
  Random random(10);
  const double least = dtype == DType::kFloat64 ? 1e-322 : 1e-44;
  const double most = dtype == DType::kFloat64 ? 1.7e308 : 3.3e38;
  for (int i = 0; i < 400; ++i) {
    const double scale = random.Decades(1, least, most)[0];
    const double gradient_scale = random.Decades(1, least, most)[0];
    LrnOptions options = OnnxOptions(3, std::fabs(random.Decades(1, 1e-40, 1e8)[0]),
                                     i % 3 == 0 ? 0.75 : random.Uniform(0, 3),
                                     std::fabs(random.Decades(1, 1e-50, 1e30)[0]));
    if (i % 4 == 0) options = OnnxOptions(3, 1e-4, 0.75, 1);
    std::vector<double> x(Count(shape)), g(Count(shape));
    for (double& value : x) value = scale * random.Uniform(-1, 1);
    for (double& value : g) value = gradient_scale * random.Uniform(-1, 1);
    const Resolved resolved = MustResolve(options, shape);
    SCOPED_TRACE(absl::StrCat(i, ": x ", scale, ", dy ", gradient_scale));
    ASSERT_NO_FATAL_FAILURE(
        ExpectSameInPlace({}, resolved, MakeTensor(dtype, shape, x), MakeTensor(dtype, shape, g)));
  }
}

INSTANTIATE_TEST_SUITE_P(DTypes, InPlaceOf,
                         ::testing::Values(DType::kBfloat16, DType::kFloat32, DType::kFloat64),
                         [](const auto& test) { return std::string(DTypeName(test.param)); });

class Account : public MemoryAccount {
 public:
  explicit Account(uint64_t most) : most_(most) {}
  absl::Status Reserve(uint64_t bytes) override {
    asked_ = std::max(asked_, bytes);
    if (bytes <= most_) return absl::OkStatus();
    return MakeError(absl::StatusCode::kResourceExhausted, {.reason = "MEMORY_LIMIT"}, "full");
  }
  absl::Status ReserveResult(uint64_t bytes) override { return Reserve(bytes); }
  uint64_t asked() const { return asked_; }

 private:
  uint64_t most_;
  uint64_t asked_ = 0;
};

TEST(InPlace, AsksForMemoryBeforeItIsTaken) {
  const Shape shape{1, 64, 128, 128};
  const Resolved resolved = MustResolve(OnnxOptions(5, 1, 0.75, 1), shape);
  const uint64_t bytes = 4 * Count(shape);
  const auto run = [&](Account& account, double special, bool in_place) {
    std::vector<double> values(Count(shape), 1);
    values[77] = special;
    Tensor both = MakeTensor(DType::kFloat32, shape, values);
    const Tensor in = both;
    Context context;
    context.memory = &account;
    return Lrn(context, resolved, in_place ? both.view() : in.view(), both.mutable_view()).code();
  };
  // What is not computed again: ordinary numbers, and NaN, which stay NaN in any type.
  for (const double special : {1.0, kNan}) {
    Account result(bytes);
    EXPECT_EQ(run(result, special, false), absl::StatusCode::kOk);
  }
  Account result(bytes);
  EXPECT_EQ(run(result, 1, true), absl::StatusCode::kOk);
  // What leaves the range keeps a unit of work, a part of the tensor, and its tiles of doubles.
  Account full(bytes + 1000), enough(uint64_t{1} << 30);
  EXPECT_EQ(run(full, 1e30, true), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(run(enough, 1e30, true), absl::StatusCode::kOk);
  EXPECT_GT(enough.asked(), bytes + bytes / 16);
  EXPECT_LT(enough.asked(), 2 * bytes);
  // One that every number leaves keeps all that it computes in.
  const auto all = [&](Account& account) {
    Tensor both = MakeTensor(DType::kFloat32, shape, std::vector<double>(Count(shape), 1e30));
    Context context;
    context.memory = &account;
    return Lrn(context, resolved, both.view(), both.mutable_view()).code();
  };
  Account once(2 * bytes - 1), twice(uint64_t{1} << 30);
  EXPECT_EQ(all(once), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(all(twice), absl::StatusCode::kOk);
  EXPECT_GT(twice.asked(), 2 * bytes);
}

}  // namespace
}  // namespace trine::normalize
