// The sweeps over channels on every instruction set of this machine, against the general way.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/normalize/across_kernel.h"
#include "core/normalize/lrn.h"
#include "core/runtime/thread_pool.h"

namespace trine::normalize {
namespace {

// Targets that the sweeps are compiled for and this machine has, each alone.
std::vector<int64_t> Targets() {
  std::vector<int64_t> out;
  for (int64_t left = hwy::SupportedTargets() & SweepTargets(); left != 0; left &= left - 1)
    out.push_back(left & -left);
  return out;
}

// With that target alone, until its end.
class OnlyTarget {
 public:
  explicit OnlyTarget(int64_t target) { hwy::SetSupportedTargetsForTest(target); }
  ~OnlyTarget() { hwy::SetSupportedTargetsForTest(0); }
};

std::vector<float> Values(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> out(count);
  for (float& value : out) value = normal(random);
  // What makes the arithmetic special, each rare enough to leave windows without it.
  const float special[] = {0.0F, -0.0F, 1e-40F, 1e20F, -1e-30F, INFINITY, NAN, -INFINITY};
  for (size_t i = 0; i < std::size(special); ++i) out[(i * 977 + seed * 31) % count] = special[i];
  return out;
}

std::vector<float> Normalized(const LrnOptions& options, const Shape& shape,
                              const std::vector<float>& x, bool in_place = false,
                              size_t misalign = 0) {
  const size_t bytes = x.size() * sizeof(float);
  std::vector<uint8_t> in(bytes + misalign), out(bytes + misalign);
  std::memcpy(in.data() + misalign, x.data(), bytes);
  uint8_t* const to = (in_place ? in : out).data() + misalign;
  ThreadPool pool(2);
  Context context;
  context.pool = &pool;
  const auto resolved = Resolve(options, shape);
  EXPECT_TRUE(resolved.ok()) << resolved.status();
  const absl::Status status =
      Lrn(context, *resolved, {DType::kFloat32, shape, {in.data() + misalign, bytes}},
          {DType::kFloat32, shape, {to, bytes}});
  EXPECT_TRUE(status.ok()) << status;
  std::vector<float> y(x.size());
  std::memcpy(y.data(), to, bytes);
  return y;
}

// The same by slices of a few columns, which no sweep takes.
std::vector<float> ByColumns(const LrnOptions& options, size_t batch, size_t channels, size_t width,
                             const std::vector<float>& x) {
  constexpr size_t kColumns = 8;
  std::vector<float> y(x.size());
  for (size_t n = 0; n < batch; ++n) {
    for (size_t begin = 0; begin < width; begin += kColumns) {
      const size_t now = std::min(kColumns, width - begin);
      std::vector<float> part;
      for (size_t c = 0; c < channels; ++c) {
        const float* row = x.data() + (n * channels + c) * width + begin;
        part.insert(part.end(), row, row + now);
      }
      const auto done =
          Normalized(options, {1, static_cast<int64_t>(channels), static_cast<int64_t>(now)}, part);
      for (size_t c = 0; c < channels; ++c)
        for (size_t i = 0; i < now; ++i)
          y[(n * channels + c) * width + begin + i] = done[c * now + i];
    }
  }
  return y;
}

std::vector<float> Transposed(size_t batch, size_t rows, size_t columns,
                              const std::vector<float>& x) {
  std::vector<float> y(x.size());
  for (size_t n = 0; n < batch; ++n)
    for (size_t r = 0; r < rows; ++r)
      for (size_t c = 0; c < columns; ++c)
        y[(n * columns + c) * rows + r] = x[(n * rows + r) * columns + c];
  return y;
}

void ExpectSameBits(const std::vector<float>& a, const std::vector<float>& b,
                    const std::string& what) {
  ASSERT_EQ(a.size(), b.size());
  if (std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0) return;
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(std::bit_cast<uint32_t>(a[i]), std::bit_cast<uint32_t>(b[i]))
        << what << " at " << i << ": " << a[i] << " and " << b[i];
  }
}

class SweepTest : public testing::TestWithParam<int64_t> {};

TEST_P(SweepTest, IsTheGeneralWayToTheLastBit) {
  const OnlyTarget only(GetParam());
  for (const int64_t size : {1, 2, 3, 5, 6, 8, 15, 16}) {
    for (const double beta : {0.5, 0.75, 1.0}) {
      // C around a vector's length, so that every tail occurs; windows longer than the channels.
      for (const size_t channels : {16, 17, 31, 70}) {
        LrnOptions options;
        options.size = size;
        options.beta = beta;
        options.alpha = 0.3;
        options.bias = size % 2 == 0 ? 0.0 : 1.5;
        options.even_window = EvenWindow::kLow;
        if (beta == 1.0) options.activation = Activation::kRelu;
        constexpr size_t kBatch = 2, kWidth = 37;
        const auto x = Values(kBatch * channels * kWidth, static_cast<uint32_t>(size));
        const std::string what = std::string(hwy::TargetName(GetParam())) + " n " +
                                 std::to_string(size) + " C " + std::to_string(channels);
        const auto want = ByColumns(options, kBatch, channels, kWidth, x);
        const Shape first{kBatch, static_cast<int64_t>(channels), kWidth};
        ExpectSameBits(Normalized(options, first, x), want, what + " channels first");
        ExpectSameBits(Normalized(options, first, x, true, 3), want, what + " in place");
        options.layout = Layout::kChannelsLast;
        const Shape last{kBatch, kWidth, static_cast<int64_t>(channels)};
        const auto turned = Transposed(kBatch, channels, kWidth, x);
        const auto turned_want = Transposed(kBatch, channels, kWidth, want);
        ExpectSameBits(Normalized(options, last, turned), turned_want, what + " channels last");
        ExpectSameBits(Normalized(options, last, turned, true, 1), turned_want, what + " in place");
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllTargets, SweepTest, testing::ValuesIn(Targets()),
                         [](const testing::TestParamInfo<int64_t>& target) {
                           return std::string(hwy::TargetName(target.param));
                         });

}  // namespace
}  // namespace trine::normalize
