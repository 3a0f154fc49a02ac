// Runs of a mask, their kernels and their components.
#include "core/segment/regions/runs/runs.h"

#include <algorithm>
#include <random>

#include "core/segment/regions/runs/run_kernels.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/each_target.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

using testing::ElementsAre;

// Bytes with long and short runs.
std::vector<uint8_t> Bytes(size_t count, std::mt19937& random) {
  std::vector<uint8_t> out(count);
  uint8_t value = 0;
  for (uint8_t& byte : out) {
    if (random() % 3 == 0) value = random() % 2 == 0 ? 0 : static_cast<uint8_t>(random());
    if (random() % 50 == 0) value = 255;
    byte = value;
  }
  return out;
}

TEST(RunKernels, BitsAndEdgesOnEveryTarget) {
  std::mt19937 random(1);
  for (const int64_t target : TargetsHere(RunKernelTargets())) {
    const OnlyTarget only(target);
    for (const size_t count : {1, 2, 31, 63, 64, 65, 127, 128, 129, 200, 1000, 4096}) {
      for (int trial = 0; trial < 8; ++trial) {
        const std::vector<uint8_t> bytes = Bytes(count + 1, random);
        const uint8_t* const at = bytes.data() + 1;  // at an odd address
        const bool set = trial % 2 == 0;
        const uint64_t before = trial / 2 % 2;
        std::vector<uint64_t> words((count + 63) / 64, 77);
        const uint64_t starts = BitsOf(at, count, set, before, words.data());
        uint64_t expected_starts = 0;
        std::vector<int32_t> expected;
        bool last = before != 0;
        for (size_t i = 0; i < words.size() * 64; ++i) {
          const bool bit = i < count && (at[i] != 0) == set;
          ASSERT_EQ(words[i / 64] >> (i % 64) & 1, bit ? 1 : 0)
              << target << ' ' << count << ' ' << i;
          expected_starts += bit && !last ? 1 : 0;
          if (bit != last) expected.push_back(static_cast<int32_t>(i) + 640);
          last = bit;
        }
        EXPECT_EQ(starts, expected_starts);
        std::vector<int32_t> edges(expected.size() + 1, -7);
        EXPECT_EQ(EdgesOf(words.data(), words.size(), 640, before, edges.data()), expected.size());
        expected.push_back(-7);
        EXPECT_EQ(edges, expected);
      }
    }
  }
}

TEST(RunKernels, PaintsAndCopiesOnEveryTarget) {
  std::mt19937 random(2);
  for (const int64_t target : TargetsHere(RunKernelTargets())) {
    const OnlyTarget only(target);
    for (int trial = 0; trial < 200; ++trial) {
      std::vector<int32_t> edges, values;
      int32_t column = 0;
      while (column < 500) {
        for (int i = 0; i < 2; ++i) edges.push_back(column += 1 + random() % (trial % 4 * 30 + 2));
        values.push_back(static_cast<int32_t>(random()));
      }
      const int32_t begin = 1 + static_cast<int32_t>(random() % 200);
      const int32_t end = begin + static_cast<int32_t>(random() % 200);
      size_t first = 0, after = 0;
      while (edges[2 * first + 1] <= begin) ++first;
      for (after = first; after < values.size() && edges[2 * after] < end; ++after) {
      }
      std::vector<int32_t> out(static_cast<size_t>(end - begin) + kPaintSpare, -1);
      PaintRuns(edges.data() + 2 * first, values.data() + first, after - first, begin, end,
                out.data());
      for (int32_t x = begin; x < end; ++x) {
        int32_t expected = 0;
        for (size_t r = 0; r < values.size(); ++r)
          if (edges[2 * r] <= x && x < edges[2 * r + 1]) expected = values[r];
        ASSERT_EQ(out[static_cast<size_t>(x - begin)], expected) << target << ' ' << x;
      }
      // At every place within a vector, and no value more.
      const size_t count = static_cast<size_t>(end - begin);
      std::vector<uint8_t> memory((count + 40) * sizeof(int32_t), 9);
      const size_t offset = random() % 64;
      CopyStreamed(out.data(), count, reinterpret_cast<int32_t*>(memory.data() + offset));
      EXPECT_EQ(std::memcmp(memory.data() + offset, out.data(), count * sizeof(int32_t)), 0);
      for (size_t i = 0; i < memory.size(); ++i) {
        if (i < offset || i >= offset + count * sizeof(int32_t)) {
          EXPECT_EQ(memory[i], 9);
        }
      }
    }
  }
}

Runs RunsOf(const Mask& mask, bool set = true) {
  return *Runs::Of(Context(), mask.cells.data(), set, mask.height, mask.width);
}

TEST(Runs, OfRowsThatEndWithAndWithoutOne) {
  const Mask mask = Drawn({"##.#", "....", "####", ".##."});
  const Runs runs = RunsOf(mask);
  ASSERT_EQ(runs.count(), 4);
  EXPECT_THAT(std::vector<int32_t>(runs.edges(), runs.edges() + 8),
              ElementsAre(0, 2, 3, 4, 0, 4, 1, 3));
  EXPECT_EQ(runs.First(1), 2);
  EXPECT_EQ(runs.First(2), 2);
  EXPECT_EQ(runs.First(4), 4);
  EXPECT_EQ(RunsOf(mask, false).count(), 4);
}

// Widths about a word, rows that are longer than what is worked on between two polls, and rows of
// which several make a band: with one thread and with three.
TEST(Runs, AgreeWithPixels) {
  std::mt19937 random(3);
  ThreadPool pool(3);
  Context threads;
  threads.pool = &pool;
  for (const int width : {1, 2, 63, 64, 65, 127, 128, 129, 131072, 131073, 140000}) {
    for (const int height : {1, 2, 5}) {
      Mask mask(height, width);
      mask.cells = Bytes(mask.cells.size(), random);
      if (width == 128) std::fill(mask.cells.begin(), mask.cells.end(), uint8_t{1});
      for (const Context& context : {Context(), threads}) {
        const auto runs = Runs::Of(context, mask.cells.data(), true, height, width);
        ASSERT_TRUE(runs.ok());
        Mask painted(height, width);
        ASSERT_TRUE(FillRuns(
                        context, *runs, 1, [](int64_t) { return true; }, painted.cells.data())
                        .ok());
        for (size_t i = 0; i < mask.cells.size(); ++i)
          ASSERT_EQ(painted.cells[i] != 0, mask.cells[i] != 0) << width << ' ' << i;
        for (int64_t y = 0; y < height; ++y) {
          for (int64_t r = runs->First(y); r + 1 < runs->First(y + 1); ++r)
            EXPECT_LT(runs->End(r), runs->Begin(r + 1));
        }
        std::vector<int32_t> values(static_cast<size_t>(runs->count()));
        for (size_t r = 0; r < values.size(); ++r) values[r] = static_cast<int32_t>(r) + 1;
        Labels labels(height, width);
        ASSERT_TRUE(PaintLabels(context, *runs, values.data(), labels.cells.data()).ok());
        int32_t met = 0;
        for (int y = 0; y < height; ++y) {
          for (int x = 0; x < width; ++x) {
            const bool set = mask.at(y, x) != 0;
            if (set && (x == 0 || mask.at(y, x - 1) == 0)) ++met;
            ASSERT_EQ(labels.at(y, x), set ? met : 0) << width << ' ' << y << ' ' << x;
          }
        }
      }
    }
  }
}

// Bands of rows are joined along their seams; numbers are in raster order whatever the threads.
TEST(Runs, ComponentsOfManyBandsAgreeWithFloods) {
  std::mt19937 random(4);
  ThreadPool pool(3);
  Context threads;
  threads.pool = &pool;
  const int width = 1 << 12, height = 100;  // a band has 32 rows
  for (const double density : {0.3, 0.5, 0.6, 0.95}) {
    const Mask mask = RandomMask(random, height, width, density);
    for (const bool eight : {false, true}) {
      const Labels expected = oracle::Components(mask, eight);
      for (const Context& context : {Context(), threads}) {
        const auto runs = Runs::Of(context, mask.cells.data(), true, height, width);
        const auto components =
            FindComponents(context, *runs, eight ? Connectivity::k8 : Connectivity::k4);
        ASSERT_TRUE(components.ok());
        Labels labels(height, width);
        ASSERT_TRUE(
            PaintLabels(context, *runs, components->number.data(), labels.cells.data()).ok());
        EXPECT_EQ(labels.cells, expected.cells) << density << ' ' << eight;
        EXPECT_EQ(components->count,
                  *std::max_element(expected.cells.begin(), expected.cells.end()));
        const auto areas = AreasOf(context, *runs, *components);
        ASSERT_TRUE(areas.ok());
        ASSERT_EQ(areas->size(), static_cast<size_t>(components->count) + 1);
        std::vector<int32_t> counted(areas->size());
        for (const int32_t label : expected.cells)
          if (label != 0) ++counted[static_cast<size_t>(label)];
        EXPECT_EQ(std::vector<int32_t>(areas->begin(), areas->end()), counted);
      }
    }
  }
}

}  // namespace
}  // namespace trine::segment
