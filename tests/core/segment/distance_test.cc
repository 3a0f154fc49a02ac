// The distance transform where its ways of solving a row change: short and long distances, bands,
// wide rows; on every instruction set, with any number of threads.
#include "core/segment/regions/distance.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "core/segment/regions/distance/distance_kernels.h"
#include "gtest/gtest.h"
#include "tests/core/each_target.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> Distances(const Mask& mask, const Context& context = {}) {
  std::vector<float> out(mask.cells.size(), -1);
  EXPECT_TRUE(DistanceMap(context, mask.cells.data(), mask.height, mask.width, out.data()).ok());
  return out;
}

float Root(int64_t squared) {
  return squared < 0 ? kInfinity : RoundedSqrt(static_cast<uint64_t>(squared));
}

// By columns, and every pair of a row.
std::vector<float> SlowDistances(const Mask& mask) {
  constexpr int64_t kNone = -1;
  Grid<int64_t> columns(mask.height, mask.width, kNone);
  for (int x = 0; x < mask.width; ++x) {
    for (int y = 0; y < mask.height; ++y) {
      for (int up = 0; up < mask.height && columns.at(y, x) < 0; ++up) {
        const bool above = y - up >= 0 && mask.at(y - up, x) == 0;
        const bool below = y + up < mask.height && mask.at(y + up, x) == 0;
        if (above || below) columns.at(y, x) = up;
      }
    }
  }
  std::vector<float> out;
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      int64_t least = kNone;
      for (int i = 0; i < mask.width; ++i) {
        const int64_t column = columns.at(y, i), dx = x - i;
        if (column < 0) continue;
        const int64_t squared = dx * dx + column * column;
        if (least < 0 || squared < least) least = squared;
      }
      out.push_back(Root(least));
    }
  }
  return out;
}

// From each of a few pixels of 0.
std::vector<float> SparseDistances(const Mask& mask,
                                   const std::vector<std::pair<int, int>>& zeros) {
  std::vector<float> out;
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      int64_t least = -1;
      for (const auto& [zero_y, zero_x] : zeros) {
        const int64_t dy = y - zero_y, dx = x - zero_x, squared = dy * dy + dx * dx;
        if (least < 0 || squared < least) least = squared;
      }
      out.push_back(Root(least));
    }
  }
  return out;
}

Mask SetBut(int height, int width, const std::vector<std::pair<int, int>>& zeros) {
  Mask out(height, width, 255);
  for (const auto& [y, x] : zeros) out.at(y, x) = 0;
  return out;
}

void ExpectSame(const std::vector<float>& got, const std::vector<float>& want, int width) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_EQ(got[i], want[i]) << "at " << i / static_cast<size_t>(width) << ", "
                               << i % static_cast<size_t>(width);
}

template <typename Check>
void OnEveryTarget(const Check& check) {
  for (const int64_t target : TargetsHere(DistanceKernelTargets())) {
    SCOPED_TRACE(hwy::TargetName(target));
    const OnlyTarget only(target);
    check();
  }
}

// Whose largest distance is the one that is asked for: along a row, along a column, and across.
TEST(DistanceTransform, LargestDistances) {
  OnEveryTarget([] {
    for (const int most :
         {1, 2, 3, 14, 15, 16, 17, 63, 64, 250, 251, 252, 253, 254, 255, 256, 257, 300, 511, 512}) {
      SCOPED_TRACE(most);
      for (const auto& [height, width] : {std::pair{1, most + 1},
                                          {most + 1, 1},
                                          {2, most + 1},
                                          {most + 1, 3},
                                          {most + 1, 33},
                                          {5, most + 1}}) {
        for (const bool is_first : {true, false}) {
          const std::pair<int, int> zero =
              is_first ? std::pair{0, 0} : std::pair{height - 1, width - 1};
          const Mask mask = SetBut(height, width, {zero});
          ExpectSame(Distances(mask), SparseDistances(mask, {zero}), width);
        }
      }
      // Both sides.
      const Mask mask = SetBut(1, 2 * most + 1, {{0, 0}, {0, 2 * most}});
      ExpectSame(Distances(mask), SparseDistances(mask, {{0, 0}, {0, 2 * most}}), mask.width);
    }
  });
}

// Some rows far and some near, in one band and in several.
TEST(DistanceTransform, NearAndFarRowsMeet) {
  std::mt19937 random(61);
  OnEveryTarget([&] {
    for (const int height : {1, 127, 128, 129, 255, 256, 257, 520}) {
      for (const int width : {1, 31, 64, 257, 600}) {
        SCOPED_TRACE(std::to_string(height) + " x " + std::to_string(width));
        std::vector<std::pair<int, int>> zeros;
        for (int i = 0; i < 3; ++i)
          zeros.emplace_back(random() % static_cast<uint32_t>(height),
                             random() % static_cast<uint32_t>(width));
        const Mask mask = SetBut(height, width, zeros);
        ExpectSame(Distances(mask), SparseDistances(mask, zeros), width);
      }
    }
  });
}

// Shapes whose every column has background, some of it far away.
TEST(DistanceTransform, LargeShapes) {
  const int size = 640;
  Mask mask(size, size, 0);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const int dy = y - 310, dx = x - 300;
      if (dy * dy + dx * dx < 290 * 290 && (dy + 200) * (dy + 200) + dx * dx > 1000)
        mask.at(y, x) = static_cast<uint8_t>(1 + (x + y) % 255);
    }
  }
  const std::vector<float> want = SlowDistances(mask);
  EXPECT_GT(*std::max_element(want.begin(), want.end()), 200.0f);
  OnEveryTarget([&] { ExpectSame(Distances(mask), want, size); });
  // Half a plane: whole rows at distances on both sides of the switch.
  Mask half(400, 70, 255);
  std::fill(half.cells.begin(), half.cells.begin() + 70, uint8_t{0});
  const std::vector<float> want_half = SlowDistances(half);
  OnEveryTarget([&] { ExpectSame(Distances(half), want_half, 70); });
}

TEST(DistanceTransform, RandomMasks) {
  std::mt19937 random(62);
  for (int i = 0; i < 60; ++i) {
    const int height = 1 + static_cast<int>(random() % 300);
    const int width = 1 + static_cast<int>(random() % 150);
    const std::vector<double> densities = {0.5, 0.9, 0.99, 0.999, 0.9999};
    const Mask mask = RandomMask(random, height, width, densities[static_cast<size_t>(i) % 5]);
    const std::vector<float> want = SlowDistances(mask);
    OnEveryTarget([&] { ExpectSame(Distances(mask), want, width); });
  }
}

TEST(DistanceTransform, AllOrNothing) {
  OnEveryTarget([] {
    for (const auto& [height, width] :
         {std::pair{1, 1}, {1, 100}, {100, 1}, {130, 67}, {256, 64}, {3, 70001}}) {
      const size_t pixels = static_cast<size_t>(height) * static_cast<size_t>(width);
      EXPECT_EQ(Distances(Mask(height, width, 255)), std::vector<float>(pixels, kInfinity));
      EXPECT_EQ(Distances(Mask(height, width, 0)), std::vector<float>(pixels, 0.0f));
    }
  });
}

// Columns that 16 bits do not count, and products that 64 bits do not hold.
TEST(DistanceTransform, WideRows) {
  OnEveryTarget([] {
    for (const auto& [height, width] : {std::pair{1, 65535},
                                        {2, 65536},
                                        {3, 65537},
                                        {40, 70001},
                                        {1, (1 << 20) + 1},
                                        {2, (1 << 20) + 77},
                                        {1, (1 << 22) + 5}}) {
      SCOPED_TRACE(width);
      const std::vector<std::pair<int, int>> zeros = {
          {0, 3}, {height - 1, width / 3}, {height / 2, width / 3 + 250}, {0, width - 2}};
      const Mask mask = SetBut(height, width, zeros);
      ExpectSame(Distances(mask), SparseDistances(mask, zeros), width);
    }
  });
}

TEST(DistanceTransform, TallColumns) {
  const int height = 1 << 20;
  for (const int width : {1, 3}) {
    const std::vector<std::pair<int, int>> zeros = {{height / 3, 0}, {height - 200, width - 1}};
    const Mask mask = SetBut(height, width, zeros);
    ExpectSame(Distances(mask), SparseDistances(mask, zeros), width);
  }
}

TEST(DistanceTransform, ThreadsDoNotMatter) {
  std::mt19937 random(63);
  for (const double density : {0.7, 0.9999}) {
    const Mask mask = RandomMask(random, 1100, 700, density);
    const std::vector<float> want = Distances(mask);
    for (const int threads : {2, 8}) {
      ThreadPool pool(threads);
      Context context;
      context.pool = &pool;
      EXPECT_EQ(Distances(mask, context), want);
    }
  }
}

// Nothing is written behind a row, however long its vectors are.
TEST(DistanceKernels, StayWithinTheirRoom) {
  OnEveryTarget([] {
    std::vector<uint16_t> squares(2 * kSquareGuard + 200, kFarSquare);
    for (size_t count = 1; count < 200; ++count) {
      std::fill(squares.begin(), squares.end(), kFarSquare);
      squares[kSquareGuard] = 4;
      std::vector<float> distance(count + 40, -1);
      int64_t effort = 1 << 20;
      ASSERT_EQ(SolveNear(squares.data() + kSquareGuard, count, &effort, distance.data()), count);
      for (size_t i = 0; i < distance.size(); ++i)
        ASSERT_EQ(distance[i], i < count ? Root(static_cast<int64_t>(i * i) + 4) : -1) << count;
      distance.assign(count + 40, -1);
      FillParabola(-7, 11, count, count, distance.data());
      for (size_t i = 0; i < distance.size(); ++i) {
        const int64_t x = static_cast<int64_t>(i) - 7;
        ASSERT_EQ(distance[i], i < count ? Root(x * x + 11) : -1) << count;
      }
    }
  });
}

TEST(DistanceKernels, NearEndsWhereItSays) {
  OnEveryTarget([] {
    std::vector<uint16_t> squares(2 * kSquareGuard + 1000, kFarSquare);
    squares[kSquareGuard] = 0;
    std::vector<float> distance(1000);
    const auto solve = [&](size_t count, int64_t effort = 1 << 20) {
      return SolveNear(squares.data() + kSquareGuard, count, &effort, distance.data());
    };
    EXPECT_EQ(solve(kNearDistance), static_cast<size_t>(kNearDistance));
    // A block that begins with near pixels may have far ones.
    const size_t end = solve(1000);
    EXPECT_LE(end, static_cast<size_t>(kNearDistance));
    EXPECT_GT(end + 128, static_cast<size_t>(kNearDistance));
    // The last of the effort, and more than there is.
    EXPECT_LT(solve(200, 0), 200u);
    EXPECT_GT(solve(200, 0), 0u);
    EXPECT_EQ(solve(1, 0), 1u);
  });
}

}  // namespace
}  // namespace trine::segment
