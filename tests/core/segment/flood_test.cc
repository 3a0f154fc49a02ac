// The ways to flood against each other, on pictures that are too large for the definition.
#include "core/segment/regions/flood/floods.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/segment/regions/flood/chunk_queues.h"
#include "core/segment/regions/flood/tiles.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

template <typename T>
Picture PictureOf(const Grid<T>& grid, DType dtype) {
  Picture out;
  out.height = grid.height;
  out.width = grid.width;
  out.dtype = dtype;
  out.data = reinterpret_cast<const uint8_t*>(grid.cells.data());
  return out;
}

// Both floods of the picture from the markers.
template <typename T>
void ExpectEqualFloods(const Grid<T>& gray, DType dtype, const Mask& region, Labels markers) {
  const Picture picture = PictureOf(gray, dtype);
  for (size_t i = 0; i < markers.cells.size(); ++i)
    markers.cells[i] = region.cells[i] != 0 ? markers.cells[i] : 0;
  for (const Connectivity connectivity : {Connectivity::k4, Connectivity::k8}) {
    for (const bool lines : {false, true}) {
      const FloodInput input{region.cells.data(), gray.height, gray.width, connectivity, lines};
      const auto flood = [&](auto run) {
        Labels labels = markers;
        auto relief = FloodRelief::OfGray(Context{}, picture, region.cells.data());
        EXPECT_TRUE(relief.ok());
        EXPECT_TRUE(run(Context{}, input, &*relief, labels.cells.data()).ok());
        return labels.cells;
      };
      ASSERT_EQ(flood(FloodTiles), flood(FloodPixels))
          << gray.height << " x " << gray.width << (lines ? " with lines" : "");
    }
  }
}

Labels RandomMarkers(std::mt19937& random, int height, int width, size_t count, int32_t highest) {
  Labels out(height, width);
  for (size_t i = 0; i < count; ++i) {
    out.cells[random() % out.cells.size()] =
        1 + static_cast<int32_t>(random() % static_cast<uint32_t>(highest));
  }
  return out;
}

TEST(Flood, TilesAndPixelsAgree) {
  std::mt19937 random(50);
  const std::vector<std::pair<int, int>> sizes = {{1, 1},  {1, 700}, {700, 1}, {2, 6},    {3, 7},
                                                  {6, 14}, {7, 15},  {5, 13},  {300, 401}};
  for (const auto& [h, w] : sizes) {
    for (const int most : {1, 3, 255}) {
      const auto bytes = RandomGrid<uint8_t>(random, h, w, 0, most);
      const Mask all(h, w, 1);
      const Mask some = RandomMask(random, h, w, 0.8);
      const size_t count = 1 + bytes.cells.size() / 50;
      ExpectEqualFloods(bytes, DType::kUint8, all, RandomMarkers(random, h, w, count, 9));
      ExpectEqualFloods(bytes, DType::kUint8, some, RandomMarkers(random, h, w, 1, 9));
      // Every pixel a marker, most of them.
      ExpectEqualFloods(bytes, DType::kUint8, some,
                        RandomMarkers(random, h, w, 3 * bytes.cells.size(), 300));
    }
    const auto words = RandomGrid<uint16_t>(random, h, w, 0, 65535);
    ExpectEqualFloods(words, DType::kUint16, Mask(h, w, 1), RandomMarkers(random, h, w, 5, 9));
  }
}

// The last label whose states are 16 bits, and the first that takes 32; the highest of all.
TEST(Flood, LabelsAroundTheWidthOfAState) {
  std::mt19937 random(51);
  const auto bytes = RandomGrid<uint8_t>(random, 60, 70, 0, 255);
  const auto words = RandomGrid<uint16_t>(random, 60, 70, 0, 65535);
  for (const int32_t highest :
       {65535 - 256 - 1, 65535 - 256, 65535 - 256 + 1, std::numeric_limits<int32_t>::max()}) {
    Labels markers = RandomMarkers(random, 60, 70, 20, highest);
    markers.at(30, 30) = highest;
    ExpectEqualFloods(bytes, DType::kUint8, Mask(60, 70, 1), markers);
    ExpectEqualFloods(words, DType::kUint16, Mask(60, 70, 1), markers);
  }
}

TEST(Flood, TilesAreForPicturesThatFillThem) {
  const auto fits = [](int64_t height, int64_t width, int64_t levels) {
    return FitsTiles({nullptr, height, width, Connectivity::k4, false}, levels);
  };
  EXPECT_TRUE(fits(1, 1, 256));
  EXPECT_TRUE(fits(3000, 4000, 256));
  EXPECT_TRUE(fits(3000, 4000, 65536));
  EXPECT_TRUE(fits(32768, 32768, 65536));
  EXPECT_FALSE(fits(1, 1 << 30, 256));
  EXPECT_FALSE(fits(1 << 30, 1, 256));
  EXPECT_FALSE(fits(3000, 4000, 12000000));
}

TEST(Flood, NeighborsInTiles) {
  const Tiles tiles(9, 21);
  const Tiles::Steps steps = tiles.NeighborSteps();
  for (int64_t y = 1; y <= 9; ++y) {
    for (int64_t x = 1; x <= 21; ++x) {
      const int64_t index = tiles.IndexOf(y, x);
      for (size_t k = 0; k < kNeighbors.size(); ++k) {
        EXPECT_EQ(index + steps[static_cast<size_t>(index % Tiles::kPixels)][k],
                  tiles.IndexOf(y + kNeighbors[k].dy, x + kNeighbors[k].dx));
      }
    }
  }
  EXPECT_EQ(tiles.IndexOf(tiles.rows() - 1, tiles.across() * Tiles::kWidth - 1), tiles.size() - 1);
}

// Against plain queues: levels are emptied from the lowest, with pushes to it and above between.
TEST(Flood, ChunkQueuesServeInOrder) {
  std::mt19937 random(52);
  for (const uint32_t chunk : {16u, 32u, 1024u}) {
    constexpr int64_t kLevels = 7, kMost = 4000;
    ChunkQueues queues(kLevels, kMost, chunk);
    std::vector<std::vector<uint32_t>> want(kLevels);
    uint32_t next = 0;
    int64_t waiting = 0;
    const auto push = [&](size_t level) {
      if (waiting == kMost) return;
      ++waiting;
      queues.Push(level, next);
      want[level].push_back(next++);
    };
    for (int64_t i = 0; i < kMost; ++i) push(random() % kLevels);
    for (size_t level = 0; level < kLevels; ++level) {
      size_t taken = 0;
      while (!queues.Empty(level)) {
        const auto front = queues.Front(level);
        ASSERT_LE(taken + front.size(), want[level].size());
        ASSERT_TRUE(std::equal(front.begin(), front.end(), want[level].data() + taken));
        const size_t count = 1 + random() % front.size();
        queues.Take(level, count);
        taken += count;
        waiting -= static_cast<int64_t>(count);
        // As many again at first, so that chunks are used again; fewer later, so that it ends.
        for (size_t k = 0; k < count && next < 20 * kMost; ++k)
          push(level + random() % (kLevels - level));
      }
      ASSERT_EQ(taken, want[level].size());
    }
  }
}

TEST(Flood, ChunksShrinkWithTheLevels) {
  EXPECT_EQ(ChunkQueues::ChunkSize(256, 1), 1024u);
  EXPECT_EQ(ChunkQueues::ChunkSize(65536, 12000000), 128u);
  EXPECT_EQ(ChunkQueues::ChunkSize(65537, 0), 0u);
  EXPECT_EQ(ChunkQueues::ChunkSize(65536, 0), 16u);
  EXPECT_EQ(ChunkQueues::ChunkSize(int64_t{1} << 30, int64_t{1} << 30), 0u);
}

// What scikit-image 0.26.0 answered, for pictures where its heap or its lines matter. A case is a
// line of connectivity, lines, height and width, and for each row the gray values ('#': not in the
// mask), the markers and the labels ('.': 0).
TEST(Flood, SkimageAnswersAlike) {
  std::ifstream in(std::string(TRINE_GOLDEN_DIR) + "/scikit-image-0.26.0-watershed.txt");
  ASSERT_TRUE(in.good());
  const auto label = [](char letter) {
    constexpr std::string_view kLetters =
        ".123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    return static_cast<int32_t>(kLetters.find(letter));
  };
  int cases = 0;
  int connectivity = 0, lines = 0, height = 0, width = 0;
  for (; in >> connectivity >> lines >> height >> width; ++cases) {
    Grid<uint8_t> gray(height, width);
    Mask mask(height, width, 1);
    Labels markers(height, width), want(height, width);
    for (int y = 0; y < height; ++y) {
      std::string values, marked, labelled;
      ASSERT_TRUE(in >> values >> marked >> labelled);
      for (int x = 0; x < width; ++x) {
        const size_t at = static_cast<size_t>(x);
        mask.at(y, x) = values[at] != '#' ? 1 : 0;
        gray.at(y, x) = values[at] != '#' ? static_cast<uint8_t>(values[at] - '0') : 0;
        // Negative labels are labels there as well.
        markers.at(y, x) = -label(marked[at]);
        want.at(y, x) = -label(labelled[at]);
      }
    }
    Grid<uint16_t> words(height, width);
    Grid<float> floats(height, width);
    for (size_t i = 0; i < gray.cells.size(); ++i) {
      words.cells[i] = static_cast<uint16_t>(gray.cells[i] * 7000);
      floats.cells[i] = static_cast<float>(gray.cells[i]) / 7.0f - 1.0f;
    }
    WatershedStep step;
    step.markers = MarkerSource::kGiven;
    step.relief = Relief::kGray;
    step.marker_height.reset();
    step.connectivity = connectivity == 4 ? Connectivity::k4 : Connectivity::k8;
    step.lines = lines != 0;
    const auto run = [&](const auto& picture) {
      const auto result = RunSteps(picture, {step}, Profile::kSkimage, false, &mask, &markers);
      EXPECT_TRUE(result.ok()) << result.status();
      return GridOf<int32_t>(*result->labels).cells;
    };
    EXPECT_EQ(run(gray), want.cells) << "case " << cases;
    EXPECT_EQ(run(words), want.cells) << "case " << cases;
    EXPECT_EQ(run(floats), want.cells) << "case " << cases;
  }
  EXPECT_EQ(cases, 18);
}

// Distances are levelled by their squares where these are integers, and by rank elsewhere.
TEST(Flood, LevelsOfDistances) {
  const auto levels = [](std::vector<float> distance, std::vector<uint8_t> region) {
    const int64_t n = static_cast<int64_t>(distance.size());
    const auto relief = FloodRelief::OfDistance(Context{}, distance.data(), region.data(), n);
    EXPECT_TRUE(relief.ok());
    std::vector<uint32_t> out(distance.size());
    relief->Read(0, n, out.data());
    for (size_t i = 0; i < out.size(); ++i) {
      if (region[i] == 0) out[i] = 99;
      EXPECT_TRUE(region[i] == 0 || out[i] < relief->count());
    }
    return out;
  };
  using Levels = std::vector<uint32_t>;
  const float root2 = std::sqrt(2.0f), infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(levels({root2, 1, 0, 2}, {1, 1, 1, 1}), Levels({2, 3, 4, 0}));
  EXPECT_EQ(levels({root2, 1, 0, 9, infinity}, {1, 1, 1, 0, 0}), Levels({0, 1, 2, 99, 99}));
  EXPECT_EQ(levels({root2, 1, 0, infinity}, {1, 1, 1, 1}), Levels({1, 2, 3, 0}));
  EXPECT_EQ(levels({1.5f, 1, 0, 2}, {1, 1, 1, 1}), Levels({1, 2, 3, 0}));
  // Every square has its root, up to the greatest.
  for (int32_t square = 0; square <= kMostSquare; ++square)
    ASSERT_EQ(SquareOf(std::sqrt(static_cast<float>(square))), square);
  const std::vector<uint8_t> one = {1};
  for (const int32_t square : {0, 1, 2, kMostSquare - 1, kMostSquare, kMostSquare + 1}) {
    const float distance = std::sqrt(static_cast<float>(square));
    EXPECT_EQ(*GreatestSquare(Context{}, &distance, one.data(), 1),
              square <= kMostSquare ? square : -1);
  }
}

}  // namespace
}  // namespace trine::segment
