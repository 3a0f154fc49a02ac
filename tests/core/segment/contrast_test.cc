#include "core/segment/filter/contrast.h"

#include <algorithm>
#include <limits>

#include "gmock/gmock.h"
#include "tests/core/segment/filter_support.h"

namespace trine::segment {
namespace {

template <typename T>
Grid<T> Equalized(const Grid<T>& grid, const EqualizeStep& step, const Mask* inside = nullptr) {
  return Filtered(grid, inside, 0, [&](const Context& context, const Picture& gray, uint8_t* out) {
    return Equalize(context, gray, step, out);
  });
}
template <typename T>
Grid<T> StretchedTo(const Grid<T>& grid, const StretchStep& step, const Mask* inside = nullptr) {
  return Filtered(grid, inside, 0, [&](const Context& context, const Picture& gray, uint8_t* out) {
    return Stretch(context, gray, step, out);
  });
}

template <typename T>
Grid<T> PictureByRule(int height, int width) {
  Grid<T> grid(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      int value = (x * x * 7 + y * 13 + x * y * 3 + (x / 5) * (y / 3) * 101) %
                  (sizeof(T) == 1 ? 256 : 65536);
      if (sizeof(T) == 2) value = (value * 37 + y * 211) % 65536;
      grid.at(y, x) = static_cast<T>(value);
    }
  }
  return grid;
}

template <typename T>
uint64_t Fnv1a(const Grid<T>& grid) {
  uint64_t hash = 0xcbf29ce484222325;
  const auto* bytes = reinterpret_cast<const uint8_t*>(grid.cells.data());
  for (size_t i = 0; i < grid.cells.size() * sizeof(T); ++i)
    hash = (hash ^ bytes[i]) * 0x100000001b3;
  return hash;
}

// What OpenCV 5.0's createCLAHE(clip_limit, (tiles, tiles)) gives.
struct OpencvCase {
  int height, width, tiles;
  double clip_limit;
  uint64_t bytes, words;
};
constexpr OpencvCase kOpencv[] = {
    {1, 1, 1, 0, 0xaf64724c8602eb6eull, 0x0a99c907b6f64763ull},
    {1, 1, 1, 2, 0xaf64724c8602eb6eull, 0x0a99c907b6f64763ull},
    {1, 1, 1, 40.0, 0xaf64724c8602eb6eull, 0x0a99c907b6f64763ull},
    {1, 1, 1, 0.01, 0xaf64724c8602eb6eull, 0x0a99c907b6f64763ull},
    {1, 1, 2, 0, 0xaf64724c8602eb6eull, 0x0a99c907b6f64763ull},
    {1, 1, 2, 2, 0xaf64724c8602eb6eull, 0x0a99c907b6f64763ull},
    {1, 1, 2, 40.0, 0xaf64724c8602eb6eull, 0x0a99c907b6f64763ull},
    {1, 1, 2, 0.01, 0xaf64724c8602eb6eull, 0x0a99c907b6f64763ull},
    {1, 1, 8, 2, 0xaf64724c8602eb6eull, 0x0a99c907b6f64763ull},
    {1, 1, 8, 40.0, 0xaf64724c8602eb6eull, 0x0a99c907b6f64763ull},
    {1, 40, 1, 0, 0xce407b663f694115ull, 0x62b7e3b75e428043ull},
    {1, 40, 1, 2, 0x0bbe8f2725e0cae0ull, 0x62b7e3b75e428043ull},
    {1, 40, 1, 40.0, 0xce407b663f694115ull, 0x62b7e3b75e428043ull},
    {1, 40, 1, 0.01, 0x0bbe8f2725e0cae0ull, 0x62b7e3b75e428043ull},
    {1, 40, 2, 0, 0xd895d787a7a3f05full, 0xeef1584864bff632ull},
    {1, 40, 2, 2, 0x490ff2e55e468f26ull, 0xa099a94561db9831ull},
    {1, 40, 2, 40.0, 0xd895d787a7a3f05full, 0xa099a94561db9831ull},
    {1, 40, 2, 0.01, 0x490ff2e55e468f26ull, 0xa099a94561db9831ull},
    {1, 40, 8, 2, 0x783438136daf5b50ull, 0x16e10503788e5d13ull},
    {1, 40, 8, 40.0, 0x783438136daf5b50ull, 0x16e10503788e5d13ull},
    {40, 1, 1, 0, 0xf7bb8c6cc7d686c9ull, 0xca8c3da0db6cc3e3ull},
    {40, 1, 1, 2, 0xf7bb8c6cc7d686c9ull, 0xca8c3da0db6cc3e3ull},
    {40, 1, 1, 40.0, 0xf7bb8c6cc7d686c9ull, 0xca8c3da0db6cc3e3ull},
    {40, 1, 1, 0.01, 0xf7bb8c6cc7d686c9ull, 0xca8c3da0db6cc3e3ull},
    {40, 1, 2, 0, 0x7b22e0ccadd401aeull, 0x863425f31daa08e2ull},
    {40, 1, 2, 2, 0xfeedce8a4b6b9b9eull, 0x3dd96b48332ba259ull},
    {40, 1, 2, 40.0, 0x7b22e0ccadd401aeull, 0x3dd96b48332ba259ull},
    {40, 1, 2, 0.01, 0xfeedce8a4b6b9b9eull, 0x3dd96b48332ba259ull},
    {40, 1, 8, 2, 0x7945d2ed5744270aull, 0x1a339acd23f511ecull},
    {40, 1, 8, 40.0, 0x7945d2ed5744270aull, 0x1a339acd23f511ecull},
    {16, 24, 1, 0, 0xfabea10cf323d1f0ull, 0x24dd83f90d1d732eull},
    {16, 24, 1, 2, 0xf9fae8103126b52eull, 0x1898fdc16eba0c57ull},
    {16, 24, 1, 40.0, 0xfabea10cf323d1f0ull, 0x1898fdc16eba0c57ull},
    {16, 24, 1, 0.01, 0xfcfae1eabbcb3e5cull, 0x1898fdc16eba0c57ull},
    {16, 24, 2, 0, 0xf099d33be325dc1eull, 0xe08c25b93073526aull},
    {16, 24, 2, 2, 0xefd4efe4249eb0d6ull, 0xe08c25b93073526aull},
    {16, 24, 2, 40.0, 0xf099d33be325dc1eull, 0xe08c25b93073526aull},
    {16, 24, 2, 0.01, 0xefd4efe4249eb0d6ull, 0xe08c25b93073526aull},
    {16, 24, 8, 2, 0xd845a651506e9ad2ull, 0xcf276a1db84be505ull},
    {16, 24, 8, 40.0, 0xd845a651506e9ad2ull, 0xcf276a1db84be505ull},
    {23, 31, 1, 0, 0x6053d668619f4e82ull, 0x4facf00588ade09aull},
    {23, 31, 1, 2, 0x0e903c4fade0ebb6ull, 0x17c9e87a8c21dbd0ull},
    {23, 31, 1, 40.0, 0x6053d668619f4e82ull, 0x17c9e87a8c21dbd0ull},
    {23, 31, 1, 0.01, 0x7ca1a886a9c50980ull, 0x17c9e87a8c21dbd0ull},
    {23, 31, 2, 0, 0x045665a4b2f60d2eull, 0x490ebbec2dc8cf1full},
    {23, 31, 2, 2, 0x7be2a355ddc4bcc8ull, 0x3b665102a2cea1dbull},
    {23, 31, 2, 40.0, 0x045665a4b2f60d2eull, 0x3b665102a2cea1dbull},
    {23, 31, 2, 0.01, 0x7be2a355ddc4bcc8ull, 0x3b665102a2cea1dbull},
    {23, 31, 8, 2, 0xe2872a0d11c96417ull, 0xcb5085c4a6bd647full},
    {23, 31, 8, 40.0, 0xe2872a0d11c96417ull, 0xcb5085c4a6bd647full},
    {64, 64, 1, 0, 0x27ce3cd20a673bd5ull, 0xb2f1b00e703f92deull},
    {64, 64, 1, 2, 0x1f7e32d465c5e6a3ull, 0xe3c64c48ada0231bull},
    {64, 64, 1, 40.0, 0x27ce3cd20a673bd5ull, 0xde2612bec547454eull},
    {64, 64, 1, 0.01, 0x2908985b39eb74bfull, 0xe3c64c48ada0231bull},
    {64, 64, 2, 0, 0x7e35b6b43b8b5d60ull, 0xfc30c99b1c8ac957ull},
    {64, 64, 2, 2, 0xc437b4a714d725d1ull, 0x64fe7eaab2d1d28full},
    {64, 64, 2, 40.0, 0x7e35b6b43b8b5d60ull, 0x64fe7eaab2d1d28full},
    {64, 64, 2, 0.01, 0xc4ba79d535e8e991ull, 0x64fe7eaab2d1d28full},
    {64, 64, 8, 2, 0x3196b9434bb279c1ull, 0x1d3ddebb7545544eull},
    {64, 64, 8, 40.0, 0xfc6f7f8d22622211ull, 0x1d3ddebb7545544eull},
    {65, 130, 1, 0, 0xd01fb76ae52eb491ull, 0x441094ac59740401ull},
    {65, 130, 1, 2, 0x38c6111bf607d77cull, 0xc63eb81171eb769eull},
    {65, 130, 1, 40.0, 0xd01fb76ae52eb491ull, 0x441094ac59740401ull},
    {65, 130, 1, 0.01, 0x1508e6513bb23ad0ull, 0xc63eb81171eb769eull},
    {65, 130, 2, 0, 0x689fc33a96d4e6f7ull, 0x9834b287df4309d1ull},
    {65, 130, 2, 2, 0xe230139d6ab1b752ull, 0x7f2524c6b1a833bdull},
    {65, 130, 2, 40.0, 0x689fc33a96d4e6f7ull, 0x7f2524c6b1a833bdull},
    {65, 130, 2, 0.01, 0x439b8c0df8af1f77ull, 0x7f2524c6b1a833bdull},
    {65, 130, 8, 2, 0x4da0a454ce24b312ull, 0x8693d233c1422d8dull},
    {65, 130, 8, 40.0, 0xf775c34d5a854390ull, 0x8693d233c1422d8dull},
};

TEST(EqualizeStep, IsOpencvs) {
  for (const OpencvCase& c : kOpencv) {
    const EqualizeStep step{c.tiles, c.clip_limit};
    EXPECT_EQ(Fnv1a(Equalized(PictureByRule<uint8_t>(c.height, c.width), step)), c.bytes)
        << c.height << " x " << c.width << ", " << c.tiles << " tiles, clip " << c.clip_limit;
    EXPECT_EQ(Fnv1a(Equalized(PictureByRule<uint16_t>(c.height, c.width), step)), c.words)
        << c.height << " x " << c.width << ", " << c.tiles << " tiles, clip " << c.clip_limit;
  }
}

// Pixels outside change nothing inside, and a tile without any pixel keeps its values.
TEST(EqualizeStep, LeavesOutWhatIsOutside) {
  std::mt19937 random(40);
  auto grid = PictureByRule<uint8_t>(32, 48);
  Mask some = RandomMask(random, 32, 48, 0.5);
  const auto once = Equalized(grid, {2, 3}, &some);
  for (size_t i = 0; i < grid.cells.size(); ++i) {
    if (some.cells[i] == 0) grid.cells[i] = static_cast<uint8_t>(random());
  }
  const auto again = Equalized(grid, {2, 3}, &some);
  for (size_t i = 0; i < grid.cells.size(); ++i)
    EXPECT_EQ(again.cells[i], some.cells[i] != 0 ? once.cells[i] : grid.cells[i]);
  const Mask none(32, 48, 0);
  EXPECT_EQ(Equalized(grid, {2, 3}, &none).cells, grid.cells);
}

TEST(EqualizeStep, Refusals) {
  const Grid<uint8_t> grid(4, 4, 1);
  const auto refused = [&](const EqualizeStep& step, Profile profile = Profile::kExact) {
    return RunSteps(grid, {step}, profile).status();
  };
  EXPECT_EQ(FieldOf(refused({0, 2})), "steps[0].equalize.tiles");
  EXPECT_EQ(FieldOf(refused({33, 2})), "steps[0].equalize.tiles");
  EXPECT_EQ(FieldOf(refused({8, -1})), "steps[0].equalize.clip_limit");
  EXPECT_EQ(FieldOf(refused({8, 65537})), "steps[0].equalize.clip_limit");
  EXPECT_TRUE(refused({}, Profile::kSkimage).ok());
  EXPECT_EQ(FieldOf(refused({}, Profile::kImagej)), "profile");
  EXPECT_TRUE(refused({}, Profile::kOpencv).ok());
  EXPECT_EQ(RunSteps(Grid<float>(4, 4, 1), {EqualizeStep{}}).status().code(),
            absl::StatusCode::kUnimplemented);
  EXPECT_EQ(RunSteps(Grid<int32_t>(4, 4, 1), {EqualizeStep{}}).status().code(),
            absl::StatusCode::kUnimplemented);
}

template <typename T>
class StretchOf : public testing::Test {};
using PixelTypes = testing::Types<uint8_t, uint16_t, float, double>;
TYPED_TEST_SUITE(StretchOf, PixelTypes);

TYPED_TEST(StretchOf, PercentilesBecomeTheEnds) {
  using T = TypeParam;
  constexpr bool kIntegers = std::is_integral_v<T>;
  const double top = kIntegers ? static_cast<double>(std::numeric_limits<T>::max()) : 1;
  std::mt19937 random(41);
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 9}, {20, 31}}) {
    Grid<T> grid(height, width);
    for (T& cell : grid.cells) cell = static_cast<T>(40 + random() % 150);
    const Mask all(height, width, 1), some = RandomMask(random, height, width, 0.5);
    for (const Mask* inside : {&all, &some}) {
      for (const auto& [low, high] :
           {std::pair{0.0, 100.0}, {1.0, 99.0}, {25.0, 50.0}, {0.0, 1e-9}}) {
        std::vector<T> sorted;
        for (size_t i = 0; i < grid.cells.size(); ++i) {
          if (inside->cells[i] != 0) sorted.push_back(grid.cells[i]);
        }
        std::sort(sorted.begin(), sorted.end());
        const auto got = StretchedTo(grid, {low, high}, inside == &all ? nullptr : inside);
        for (size_t i = 0; i < grid.cells.size(); ++i) {
          if (inside->cells[i] == 0) {
            EXPECT_EQ(got.cells[i], grid.cells[i]);
            continue;
          }
          const double last = static_cast<double>(sorted.size() - 1);
          const double from = sorted[static_cast<size_t>(low * last / 100)];
          const double to = sorted[static_cast<size_t>(high * last / 100)];
          const double value = grid.cells[i];
          double want = value > from ? top : 0;
          if (value > from && value < to) want = (value - from) / (to - from) * top;
          if (kIntegers) want = std::floor(want + 0.5);
          EXPECT_NEAR(static_cast<double>(got.cells[i]), want, kIntegers ? 0 : 1e-7)
              << low << " " << high;
        }
      }
    }
  }
}

TEST(StretchStep, ValuesAfterIt) {
  const auto threshold = [](const auto& grid) {
    const auto result = RunSteps(grid, {StretchStep{0, 100}, OtsuStep{}});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? result->threshold->thresholds[0] : -1;
  };
  Grid<int16_t> words(1, 3);
  words.cells = {-3, -2, 7};
  EXPECT_EQ(threshold(words), -32768 + 6554);  // 65535 / 10, rounded
  Grid<int32_t> wide(1, 3);
  wide.cells = {-5000000, -4000000, 5000000};
  EXPECT_EQ(threshold(wide), 6554);
  wide.cells = {5000000, 5000001, 5000010};
  EXPECT_EQ(threshold(wide), 6554);
  Grid<float> floats(1, 3);
  floats.cells = {-3e38f, -2.9e38f, 3e38f};
  EXPECT_NEAR(threshold(floats), 1.0 / 60, 1e-6);
}

TEST(StretchStep, Refusals) {
  const Grid<uint8_t> grid(4, 4, 1);
  const auto refused = [&](const StretchStep& step, Profile profile = Profile::kExact) {
    return RunSteps(grid, {step}, profile).status();
  };
  EXPECT_EQ(FieldOf(refused({5, 5})), "steps[0].stretch.high");
  EXPECT_EQ(FieldOf(refused({-1, 5})), "steps[0].stretch.low");
  EXPECT_EQ(FieldOf(refused({1, 101})), "steps[0].stretch.high");
  EXPECT_EQ(refused({}, Profile::kOpencv).code(), absl::StatusCode::kUnimplemented);
  EXPECT_TRUE(refused({}).ok());
  EXPECT_TRUE(refused({}, Profile::kSkimage).ok());
  const Mask inside(4, 4, 1);
  EXPECT_EQ(FieldOf(RunSteps(grid, {StretchStep{}}, Profile::kSkimage, false, &inside).status()),
            "mask");
  const Grid<float> floats(4, 4, 1);
  EXPECT_EQ(FieldOf(RunSteps(floats, {StretchStep{}}, Profile::kSkimage).status()), "gray.dtype");
}

}  // namespace
}  // namespace trine::segment
