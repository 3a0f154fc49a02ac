// The stages of DOCUMENT that are steps, edges, masked_threshold and keep_overlap, against their
// definitions.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/runtime/thread_pool.h"
#include "core/segment/segment.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/filter_support.h"
#include "tests/oracle/segment_steps_oracle.h"

namespace trine::segment {
namespace {

constexpr std::pair<int, int> kSides[] = {{1, 1}, {1, 2}, {2, 1},   {1, 40},  {40, 1}, {2, 2},
                                          {3, 3}, {5, 9}, {16, 17}, {23, 40}, {61, 90}};

// The mask of steps that make one, the same on one thread and on several.
template <typename T>
Mask MaskAfter(const Grid<T>& gray, std::vector<Step> steps, const Mask* inside = nullptr,
               bool invert = false, const Labels* markers = nullptr) {
  const Unaligned<T> pixels(gray);
  Inputs inputs;
  inputs.gray = pixels.view();
  if (inside != nullptr) inputs.mask = TensorView{DType::kUint8, inputs.gray.shape, inside->cells};
  if (markers != nullptr) {
    inputs.markers = TensorView{DType::kInt32, inputs.gray.shape,
                                ByteView(reinterpret_cast<const uint8_t*>(markers->cells.data()),
                                         markers->cells.size() * sizeof(int32_t))};
  }
  const Options options{Profile::kExact, invert, std::move(steps)};
  static auto* const pool = new ThreadPool(3);
  Context shared;
  shared.pool = pool;
  const auto alone = Segment(Context(), inputs, options);
  const auto threads = Segment(shared, inputs, options);
  EXPECT_TRUE(alone.ok()) << alone.status();
  if (!alone.ok() || !threads.ok()) return Mask(gray.height, gray.width);
  EXPECT_EQ(alone->mask->data, threads->mask->data);
  return GridOf<uint8_t>(*alone->mask);
}

// Steps and slopes with noise: what edges have. Floats of few bits, of which sums are exact.
template <typename T>
Grid<T> Blocks(std::mt19937& random, int height, int width) {
  const double scale = sizeof(T) == 1 ? 1 : std::is_integral_v<T> ? 257 : 0x1p-6;
  const uint32_t noise = 1 + random() % 40;
  Grid<T> grid(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double value = (x / 7 + y / 5) % 3 * 80 + random() % noise;
      grid.at(y, x) = static_cast<T>(value * scale);
    }
  }
  return grid;
}

void ExpectSame(const Mask& got, const Mask& right, const std::string& what) {
  EXPECT_TRUE(got.cells == right.cells) << what << "\n" << Draw(got) << "\n" << Draw(right);
}

template <typename T>
class Edges : public testing::Test {};
using PixelTypes = testing::Types<uint8_t, uint16_t, float, double>;
TYPED_TEST_SUITE(Edges, PixelTypes);

TYPED_TEST(Edges, FollowTheirDefinition) {
  std::mt19937 random(50);
  const double scale = sizeof(TypeParam) == 1 ? 1 : std::is_integral_v<TypeParam> ? 257 : 0x1p-6;
  for (const auto& [height, width] : kSides) {
    for (const auto& [low, high] :
         {std::pair{0.0, 0.0}, {50.0, 150.0}, {200.0, 200.0}, {0.0, 900.0}}) {
      const auto gray = Blocks<TypeParam>(random, height, width);
      const Mask all(height, width, 1), some = RandomMask(random, height, width, 0.97);
      const EdgesStep step{low * scale, high * scale};
      const std::string size = std::to_string(height) + " x " + std::to_string(width);
      ExpectSame(MaskAfter(gray, {step}),
                 oracle::CannyEdges(RealsOf(gray), all, *step.low, *step.high), size);
      ExpectSame(MaskAfter(gray, {step}, &some),
                 oracle::CannyEdges(RealsOf(gray), some, *step.low, *step.high), size + " masked");
    }
  }
}

// Half of the high threshold, and that from the lengths of the picture.
TYPED_TEST(Edges, ThresholdsOfThePictureItself) {
  std::mt19937 random(51);
  for (int i = 0; i < 10; ++i) {
    const auto gray = Blocks<TypeParam>(random, 40, 50);
    const Reals reals = RealsOf(gray);
    const auto [least, most] = std::minmax_element(reals.cells.begin(), reals.cells.end());
    const double unit = sizeof(TypeParam) == 1          ? 1
                        : std::is_integral_v<TypeParam> ? 257
                                                        : (*most - *least) / 255;
    std::vector<uint64_t> lengths(256);
    const Mask all(40, 50, 1);
    for (const double square : oracle::SobelSquares(reals, all).cells)
      ++lengths[static_cast<size_t>(std::min(255.0, std::sqrt(square) / (4 * unit)))];
    const double high = 5.6 * unit * static_cast<double>(oracle::OtsuPlateau(lengths).first);
    ExpectSame(MaskAfter(gray, {EdgesStep{}}), oracle::CannyEdges(reals, all, high / 2, high),
               "from the picture");
    ExpectSame(MaskAfter(gray, {EdgesStep{{}, 2 * high}}),
               oracle::CannyEdges(reals, all, high, 2 * high), "half");
    ExpectSame(MaskAfter(gray, {EdgesStep{high / 8, {}}}),
               oracle::CannyEdges(reals, all, high / 8, high), "low alone");
  }
}

TEST(EdgesStep, IntegersThatAreStoredOtherwise) {
  std::mt19937 random(52);
  const auto bytes = Blocks<uint8_t>(random, 30, 40);
  const Mask edges = MaskAfter(bytes, {EdgesStep{40.0, 100.0}});
  Grid<int8_t> signed_bytes(30, 40);
  Grid<int16_t> words(30, 40);
  Grid<int64_t> wide(30, 40);
  for (size_t i = 0; i < bytes.cells.size(); ++i) {
    signed_bytes.cells[i] = static_cast<int8_t>(int{bytes.cells[i]} - 128);
    words.cells[i] = static_cast<int16_t>(int{bytes.cells[i]} - 300);
    wide.cells[i] = int64_t{10000000} * bytes.cells[i] - 5;
  }
  ExpectSame(MaskAfter(signed_bytes, {EdgesStep{40.0, 100.0}}), edges, "int8");
  ExpectSame(MaskAfter(words, {EdgesStep{40.0, 100.0}}), edges, "int16");
  ExpectSame(MaskAfter(wide, {EdgesStep{4e8, 1e9}}), edges, "int64");
}

TEST(EdgesStep, Refusals) {
  const Grid<uint8_t> gray(4, 4, 1);
  const auto refused = [&](const EdgesStep& step, Profile profile = Profile::kExact) {
    return RunSteps(gray, {step}, profile).status();
  };
  EXPECT_EQ(FieldOf(refused({-1.0, 2.0})), "steps[0].edges.low");
  EXPECT_EQ(FieldOf(refused({3.0, 2.0})), "steps[0].edges.low");
  EXPECT_EQ(FieldOf(refused({{}, std::nan("")})), "steps[0].edges.high");
  EXPECT_TRUE(refused({2.0, 2.0}).ok());
  EXPECT_TRUE(refused({}, Profile::kOpencv).ok());
  EXPECT_TRUE(refused({3.0, std::numeric_limits<double>::max()}).ok());
  EXPECT_EQ(refused({}, Profile::kSkimage).code(), absl::StatusCode::kUnimplemented);
  const Grid<uint16_t> words(4, 4, 1);
  EXPECT_EQ(FieldOf(RunSteps(words, {EdgesStep{}}, Profile::kOpencv).status()), "gray.dtype");
}

// The marks are those above 100, or with `invert` those at or below.
template <typename T>
void ExpectLikeTheMarked() {
  std::mt19937 random(53);
  for (const auto& [height, width] : kSides) {
    for (const int window : {3, 15, 101}) {
      if (window == 101 && height * width > 1000) continue;
      for (const double k : {0.5, 0.0, -0.75, 3.0}) {
        const auto gray = Blocks<T>(random, height, width);
        const Reals reals = RealsOf(gray);
        const double part = sizeof(T) == 1 ? 170 : 43690;
        const Mask all(height, width, 1), some = RandomMask(random, height, width, 0.8);
        for (const Mask* inside : {&all, &some}) {
          for (const bool dark : {false, true}) {
            if (kSanitized && dark == (window == 15)) continue;
            Mask marked(height, width);
            for (size_t i = 0; i < marked.cells.size(); ++i)
              marked.cells[i] = inside->cells[i] != 0 && (reals.cells[i] > part) != dark ? 255 : 0;
            for (const int least : {0, 1, 9, 20}) {
              if (least > window * window) continue;
              const Mask got =
                  MaskAfter(gray, {ThresholdStep{{part}}, MaskedThresholdStep{window, k, least}},
                            inside == &all ? nullptr : inside, dark);
              const oracle::LikeRule rule{window, least == 0 ? (window + 1) / 2 : least, k, dark};
              ExpectSame(got, oracle::LikeTheMarked(reals, *inside, marked, rule),
                         std::to_string(window) + " k " + std::to_string(k));
            }
          }
        }
      }
    }
  }
}
TEST(MaskedThreshold, FollowsItsDefinition) { ExpectLikeTheMarked<uint8_t>(); }
TEST(MaskedThreshold, FollowsItsDefinitionOf16Bits) { ExpectLikeTheMarked<uint16_t>(); }

// Windows of 255 x 255 of the highest values: the largest sums that there are.
TEST(MaskedThreshold, TheLargestSums) {
  Grid<uint16_t> gray(260, 260, 65535);
  for (int y = 0; y < 130; ++y) {
    for (int x = 0; x < 260; ++x) gray.at(y, x) = x % 2 == 0 ? 1 : 65535;
  }
  const Reals reals = RealsOf(gray);
  const Mask all(260, 260, 255);
  const oracle::LikeRule rule{255, 1, 1};
  const Mask got = MaskAfter(gray, {ThresholdStep{{0}}, MaskedThresholdStep{255, 1, 1}});
  for (const int y : {0, 64, 127, 129, 259}) {
    for (const int x : {0, 1, 127, 128, 132, 259})
      EXPECT_EQ(got.at(y, x) != 0, oracle::IsLikeTheMarked(reals, all, y, x, rule))
          << y << " " << x;
  }
  Grid<uint16_t> flat(260, 260, 65535);
  const Mask same = MaskAfter(flat, {ThresholdStep{{0}}, MaskedThresholdStep{255, 0, 65025}});
  for (int y = 0; y < 260; ++y) {
    for (int x = 0; x < 260; ++x)
      ASSERT_EQ(same.at(y, x) != 0, y >= 127 && y < 133 && x >= 127 && x < 133) << y << " " << x;
  }
}

TEST(MaskedThreshold, Refusals) {
  const Grid<uint8_t> gray(4, 4, 1);
  const auto refused = [&](const MaskedThresholdStep& step, Profile profile = Profile::kExact) {
    return RunSteps(gray, {OtsuStep{}, step}, profile).status();
  };
  for (const int64_t window : {1, 4, 257})
    EXPECT_EQ(FieldOf(refused({window})), "steps[1].masked_threshold.window") << window;
  EXPECT_EQ(FieldOf(refused({3, 101.0})), "steps[1].masked_threshold.k");
  EXPECT_EQ(FieldOf(refused({3, 0, -1})), "steps[1].masked_threshold.least");
  EXPECT_TRUE(refused({255, 100, 65025}).ok());
  EXPECT_EQ(FieldOf(refused({255, 100, std::numeric_limits<int64_t>::max()})),
            "steps[1].masked_threshold.least");
  EXPECT_EQ(refused({}, Profile::kOpencv).code(), absl::StatusCode::kUnimplemented);
  const Grid<float> floats(4, 4, 1);
  EXPECT_EQ(FieldOf(RunSteps(floats, {OtsuStep{}, MaskedThresholdStep{}}).status()), "gray.dtype");
  EXPECT_EQ(FieldOf(RunSteps(gray, {MaskedThresholdStep{}}).status()), "steps[0]");
}

TEST(KeepOverlap, FollowsItsDefinition) {
  std::mt19937 random(54);
  for (const auto& [height, width] : kSides) {
    for (const double share : {0.0, 0.2, 0.5, 1.0}) {
      for (const bool eight : {false, true}) {
        const auto gray = RandomGrid<uint16_t>(random, height, width, 0, 20);
        const Connectivity connectivity = eight ? Connectivity::k8 : Connectivity::k4;
        const Mask some = RandomMask(random, height, width, 0.9);
        Labels markers(height, width);
        for (int32_t& label : markers.cells) label = random() % 4 == 0 ? 7 : 0;
        for (const bool dark : {false, true}) {
          Mask mask(height, width), strong(height, width), marked(height, width);
          for (size_t i = 0; i < mask.cells.size(); ++i) {
            const auto lies = [&](int value) { return (gray.cells[i] > value) != dark; };
            mask.cells[i] = some.cells[i] != 0 && lies(dark ? 9 : 10) ? 255 : 0;
            strong.cells[i] = lies(dark ? 5 : 14) ? 255 : 0;
            marked.cells[i] = markers.cells[i] != 0 ? 255 : 0;
          }
          const ThresholdStep first{{dark ? 9.0 : 10.0}};
          const KeepOverlapStep with_gray{OverlapWith::kGray, dark ? 5.0 : 14.0, share,
                                          connectivity};
          ExpectSame(MaskAfter(gray, {first, with_gray}, &some, dark, &markers),
                     oracle::KeptByOverlap(mask, strong, share, eight), "gray");
          const KeepOverlapStep with_markers{OverlapWith::kAuto, {}, share, connectivity};
          ExpectSame(MaskAfter(gray, {first, with_markers}, &some, dark, &markers),
                     oracle::KeptByOverlap(mask, marked, share, eight), "markers");
        }
      }
    }
  }
}

// The threshold that a step found: of several the one of the fewest pixels.
TEST(KeepOverlap, TakesTheThresholdOfAStepBefore) {
  std::mt19937 random(55);
  const auto gray = RandomGrid<uint8_t>(random, 40, 60, 0, 255);
  for (const bool dark : {false, true}) {
    const Mask all = MaskAfter(gray, {ThresholdStep{{90, 230}}, EdgesStep{0.0, 0.0}});
    const KeepOverlapStep given{OverlapWith::kGray, dark ? 20.0 : 230.0, 0.3};
    const Mask right =
        MaskAfter(gray, {ThresholdStep{{20, 230}}, EdgesStep{0.0, 0.0}, given}, nullptr, dark);
    KeepOverlapStep found = given;
    found.threshold.reset();
    found.other = OverlapWith::kAuto;
    ExpectSame(
        MaskAfter(gray, {ThresholdStep{{20, 230}}, EdgesStep{0.0, 0.0}, found}, nullptr, dark),
        right, "found");
    EXPECT_NE(right.cells, all.cells);
  }
}

TEST(KeepOverlap, Refusals) {
  const Grid<uint8_t> gray(4, 4, 1);
  const Labels markers(4, 4);
  const auto refused = [&](const KeepOverlapStep& step, bool marked, const Step& first) {
    return RunSteps(gray, {first, step}, Profile::kExact, false, nullptr,
                    marked ? &markers : nullptr)
        .status();
  };
  const std::string name = "steps[1].keep_overlap.";
  const Step otsu = OtsuStep{}, edges = EdgesStep{};
  EXPECT_EQ(FieldOf(refused({OverlapWith::kMarkers}, false, otsu)), name + "other");
  EXPECT_EQ(FieldOf(refused({OverlapWith::kAuto, 3.0}, true, otsu)), name + "threshold");
  EXPECT_EQ(FieldOf(refused({}, false, edges)), name + "threshold");
  EXPECT_EQ(FieldOf(refused({OverlapWith::kGray, 3.0, 1.5}, false, otsu)), name + "share");
  EXPECT_EQ(FieldOf(refused({OverlapWith::kGray, std::nan("")}, false, otsu)), name + "threshold");
  EXPECT_TRUE(refused({}, true, edges).ok());
  EXPECT_TRUE(refused({}, false, otsu).ok());
  EXPECT_TRUE(refused({OverlapWith::kGray}, true, otsu).ok());
  // Thresholds of all methods are none for the picture.
  EXPECT_EQ(FieldOf(RunSteps(gray, {EdgesStep{}, AllThresholdsStep{}, KeepOverlapStep{}}).status()),
            "steps[2].keep_overlap.threshold");
  EXPECT_EQ(FieldOf(RunSteps(gray, {KeepOverlapStep{}}).status()), "steps[0]");
}

// As watershed takes them; what is outside the mask does not matter.
TEST(KeepOverlap, MarkersAreLabels) {
  const Grid<uint8_t> gray(2, 3, 1);
  const Unaligned<uint8_t> picture(gray);
  Mask inside(2, 3, 1);
  const auto run = [&](int64_t label, Profile profile = Profile::kExact) {
    Grid<int64_t> markers(2, 3);
    markers.at(1, 2) = label;
    const Unaligned<int64_t> given(markers);
    Inputs inputs;
    inputs.gray = picture.view();
    inputs.mask = TensorView{DType::kUint8, {2, 3}, inside.cells};
    inputs.markers = given.view();
    return RunSteps(inputs, {profile, false, {OtsuStep{}, KeepOverlapStep{}}}).status();
  };
  constexpr int64_t kHighest = std::numeric_limits<int32_t>::max();
  EXPECT_TRUE(run(0).ok());
  EXPECT_TRUE(run(kHighest).ok());
  EXPECT_EQ(FieldOf(run(kHighest + 1)), "markers[1][2]");
  EXPECT_EQ(FieldOf(run(-1)), "markers[1][2]");
  EXPECT_EQ(FieldOf(run(-kHighest - 2, Profile::kSkimage)), "markers[1][2]");
  EXPECT_TRUE(run(-1, Profile::kSkimage).ok());
  inside.at(1, 2) = 0;
  EXPECT_TRUE(run(-1).ok());
}

TEST(MaskedThreshold, AsksForNoMoreThanTheWindowHolds) {
  const Grid<uint8_t> gray(9, 9, 1);
  const auto refused = [&](int64_t window, int64_t least) {
    MaskedThresholdStep step;
    step.window = window;
    step.least = least;
    return FieldOf(RunSteps(gray, {OtsuStep{}, step}).status());
  };
  EXPECT_EQ(refused(3, 9), "");
  EXPECT_EQ(refused(3, 10), "steps[1].masked_threshold.least");
  EXPECT_EQ(refused(0, 225), "");
  EXPECT_EQ(refused(0, 226), "steps[1].masked_threshold.least");
}

TEST(KeepOverlap, MarkersAreUsed) {
  const Grid<uint8_t> gray(4, 4, 1);
  const Labels markers(4, 4);
  for (const auto& [other, told] : {std::pair{OverlapWith::kAuto, 0u}, {OverlapWith::kGray, 1u}}) {
    const auto result = RunSteps(gray, {OtsuStep{}, KeepOverlapStep{other}}, Profile::kExact, false,
                                 nullptr, &markers);
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->warnings.size(), told);
  }
}

// A page by its pieces: the paper off, edges, what is like them, what is dark by a fifth.
TEST(DocumentSteps, MakeAPageOfInk) {
  Grid<uint8_t> page(120, 160);
  Mask ink(120, 160);
  std::mt19937 random(56);
  for (int y = 0; y < 120; ++y) {
    for (int x = 0; x < 160; ++x) {
      const double paper = 220 - 0.6 * x - (std::hypot(y - 60, x - 40) < 25 ? 40 : 0);
      ink.at(y, x) = y % 30 > 6 && y % 30 < 26 && x % 16 > 4 && x % 16 < 9 ? 255 : 0;
      const double value = paper * (ink.at(y, x) != 0 ? 0.4 : 1) + random() % 5;
      page.at(y, x) = static_cast<uint8_t>(value);
    }
  }
  BackgroundStep paper{BackgroundMethod::kClosing, 6};
  paper.remove = BackgroundRemoval::kDivide;
  const Mask got = MaskAfter(page,
                             {paper, OtsuStep{}, EdgesStep{}, MaskedThresholdStep{},
                              KeepOverlapStep{OverlapWith::kAuto, {}, 0.2}},
                             nullptr, /*invert=*/true);
  int wrong = 0, right = 0;
  for (size_t i = 0; i < got.cells.size(); ++i) {
    wrong += got.cells[i] != ink.cells[i] ? 1 : 0;
    right += ink.cells[i] != 0 ? 1 : 0;
  }
  EXPECT_LT(wrong, right / 10);
}

}  // namespace
}  // namespace trine::segment
