
#include <cmath>
#include <limits>

#include "core/segment/regions/markers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

using testing::ElementsAre;

WatershedStep Given(Connectivity connectivity = Connectivity::k4, bool lines = false) {
  return {MarkerSource::kGiven, Relief::kGray, connectivity, 1.0, lines};
}

Labels FloodOf(const Grid<uint8_t>& gray, const Labels& markers, const WatershedStep& step) {
  const auto result = RunSteps(gray, {step}, Profile::kExact, false, nullptr, &markers);
  EXPECT_TRUE(result.ok()) << result.status();
  return GridOf<int32_t>(*result->labels);
}

template <typename T>
Grid<double> Doubles(const Grid<T>& grid) {
  Grid<double> out(grid.height, grid.width);
  for (size_t i = 0; i < out.cells.size(); ++i) out.cells[i] = static_cast<double>(grid.cells[i]);
  return out;
}

TEST(Watershed, MeetsOnTheRidge) {
  Grid<uint8_t> gray(1, 9);
  gray.cells = {0, 2, 4, 9, 6, 3, 1, 2, 3};
  Labels markers(1, 9);
  markers.at(0, 0) = 7;
  markers.at(0, 6) = 3;
  // The ridge belongs to the side from which it was reached first: from level 4, before 6.
  EXPECT_THAT(FloodOf(gray, markers, Given()).cells, ElementsAre(7, 7, 7, 7, 3, 3, 3, 3, 3));
  EXPECT_THAT(FloodOf(gray, markers, Given(Connectivity::k4, true)).cells,
              ElementsAre(7, 7, 7, 0, 3, 3, 3, 3, 3));
}

TEST(Watershed, AFlatPictureIsSharedByAge) {
  const Grid<uint8_t> gray(3, 6, 5);
  Labels markers(3, 6);
  markers.at(1, 0) = 1;
  markers.at(1, 5) = 2;
  const Labels labels = FloodOf(gray, markers, Given());
  EXPECT_THAT(labels.cells, ElementsAre(1, 1, 1, 2, 2, 2,  //
                                        1, 1, 1, 2, 2, 2,  //
                                        1, 1, 1, 2, 2, 2));
}

TEST(Watershed, LinesSeparateAdjacentMarkersAndKeepTheRest) {
  const Grid<uint8_t> gray(2, 4, 9);
  Labels markers(2, 4);
  markers.cells = {1, 1, 2, 2, 1, 1, 2, 2};
  EXPECT_THAT(FloodOf(gray, markers, Given(Connectivity::k4, true)).cells,
              ElementsAre(1, 1, 0, 2, 1, 1, 0, 2));
}

TEST(Watershed, AgreesWithItsDefinition) {
  std::mt19937 random(30);
  for (int i = 0; i < 250; ++i) {
    const int h = 1 + static_cast<int>(random() % 16), w = 1 + static_cast<int>(random() % 16);
    const auto gray = RandomGrid<uint8_t>(random, h, w, 0, i % 2 == 0 ? 4 : 255);
    Labels markers(h, w);
    for (int m = 1; m <= 5; ++m) markers.cells[random() % markers.cells.size()] = m * 1000;
    const Mask inside = RandomMask(random, h, w, i % 3 == 0 ? 1.0 : 0.8);
    for (const bool eight : {false, true}) {
      for (const bool lines : {false, true}) {
        const auto connectivity = eight ? Connectivity::k8 : Connectivity::k4;
        const auto result =
            RunSteps(gray, {Given(connectivity, lines)}, Profile::kExact, false, &inside, &markers);
        ASSERT_TRUE(result.ok());
        const Labels want = oracle::Watershed(Doubles(gray), markers, inside, eight, lines);
        EXPECT_EQ(GridOf<int32_t>(*result->labels).cells, want.cells);
        EXPECT_EQ(result->label_count, *std::max_element(want.cells.begin(), want.cells.end()));
        const Mask mask = GridOf<uint8_t>(*result->mask);
        for (size_t k = 0; k < mask.cells.size(); ++k)
          EXPECT_EQ(mask.cells[k], want.cells[k] > 0 ? 255 : 0);
      }
    }
  }
}

TEST(Watershed, WordsAndFloatsFloodAlike) {
  std::mt19937 random(31);
  for (int i = 0; i < 40; ++i) {
    const auto words = RandomGrid<uint16_t>(random, 14, 15, 0, 65535);
    Grid<float> floats(14, 15);
    for (size_t k = 0; k < floats.cells.size(); ++k)
      floats.cells[k] = static_cast<float>(words.cells[k]) / 7.0f - 1000.0f;
    Labels markers(14, 15);
    for (int m = 1; m <= 6; ++m) markers.cells[random() % markers.cells.size()] = m;
    const auto a = RunSteps(words, {Given()}, Profile::kExact, false, nullptr, &markers);
    const auto b = RunSteps(floats, {Given()}, Profile::kExact, false, nullptr, &markers);
    ASSERT_TRUE(a.ok() && b.ok());
    EXPECT_EQ(a->labels->data, b->labels->data);
    EXPECT_EQ(GridOf<int32_t>(*a->labels).cells,
              oracle::Watershed(Doubles(words), markers, Mask(14, 15, 1), false, false).cells);
  }
}

TEST(Watershed, DistanceMarkersAgreeWithTheirDefinition) {
  std::mt19937 random(32);
  for (int i = 0; i < 120; ++i) {
    const int h = 3 + static_cast<int>(random() % 18), w = 3 + static_cast<int>(random() % 18);
    const Mask mask = RandomMask(random, h, w, 0.85 + 0.03 * (i % 5));
    for (const bool eight : {false, true}) {
      for (const double height : {0.0, 0.25, 1.0}) {
        WatershedStep step;
        step.connectivity = eight ? Connectivity::k8 : Connectivity::k4;
        step.marker_height = height;
        const auto result = RunSteps(mask, {MaskStep(), DistanceStep{}, step});
        ASSERT_TRUE(result.ok());
        const Grid<double> distance = Doubles(GridOf<float>(*result->distance));
        EXPECT_EQ(result->label_count, oracle::CountMaxima(distance, mask, eight, height));
        // Every pixel of the mask is in some basin: each part of it has a marker.
        EXPECT_EQ(Draw(GridOf<uint8_t>(*result->mask)), Draw(mask));
        // And the basins are those of the definition from the same markers.
        Labels markers(h, w);
        std::vector<float> floats = GridOf<float>(*result->distance).cells;
        ASSERT_TRUE(DistanceMarkers(Context{}, floats.data(), mask.cells.data(), h, w,
                                    step.connectivity, height, "", markers.cells.data())
                        .ok());
        Grid<double> relief = distance;
        for (double& cell : relief.cells) cell = -cell;
        EXPECT_EQ(GridOf<int32_t>(*result->labels).cells,
                  oracle::Watershed(relief, markers, mask, eight, false).cells);
      }
    }
  }
}

TEST(Watershed, MarkersAreNumberedInRasterOrder) {
  std::mt19937 random(33);
  const Mask mask = RandomMask(random, 60, 60, 0.9);
  Mask all = mask;
  const auto distance = RunSteps(mask, {MaskStep(), DistanceStep{}});
  const auto floats = GridOf<float>(*distance->distance);
  Labels markers(60, 60);
  ASSERT_TRUE(DistanceMarkers(Context{}, floats.cells.data(), all.cells.data(), 60, 60,
                              Connectivity::k8, 0, "", markers.cells.data())
                  .ok());
  int32_t highest = 0;
  for (const int32_t label : markers.cells) {
    EXPECT_LE(label, highest + 1);
    highest = std::max(highest, label);
  }
  EXPECT_GT(highest, 10);
}

// Discs in a row that overlap a little: components see one, the watershed each.
TEST(Watershed, SeparatesTouchingDiscs) {
  for (const int discs : {2, 3, 7}) {
    for (const Connectivity connectivity : {Connectivity::k4, Connectivity::k8}) {
      Grid<uint8_t> gray(50, 36 * discs + 20, 20);
      for (int d = 0; d < discs; ++d) {
        for (int y = 0; y < gray.height; ++y) {
          for (int x = 0; x < gray.width; ++x) {
            const int dy = y - 25, dx = x - (27 + 36 * d);
            if (dy * dy + dx * dx <= 20 * 20) gray.at(y, x) = 200;
          }
        }
      }
      const auto together = RunSteps(gray, {OtsuStep{}, ComponentsStep{}});
      EXPECT_EQ(together->label_count, 1);
      WatershedStep step;
      step.connectivity = connectivity;
      const auto result =
          RunSteps(gray, {OtsuStep{}, FillHolesStep{}, DistanceStep{}, step, MeasureStep{}});
      ASSERT_TRUE(result.ok());
      EXPECT_EQ(result->label_count, discs);
      ASSERT_EQ(result->regions.size(), static_cast<size_t>(discs));
      for (int d = 0; d < discs; ++d) {
        EXPECT_NEAR(result->regions[static_cast<size_t>(d)].centroid_x, 27 + 36 * d, 1.0);
        EXPECT_NEAR(static_cast<double>(result->regions[static_cast<size_t>(d)].area), 1220, 40);
      }
      step.lines = true;
      const auto lined = RunSteps(gray, {OtsuStep{}, DistanceStep{}, step, ComponentsStep{}});
      EXPECT_EQ(lined->label_count, discs) << "lines must part the discs for components too";
    }
  }
}

TEST(Watershed, GivenMarkersOutsideTheRegionAreDropped) {
  const Mask mask = Drawn({"##.##"});
  Labels markers(1, 5);
  markers.cells = {4, 0, 9, 0, 2};
  const auto result =
      RunSteps(mask, {MaskStep(), Given()}, Profile::kExact, false, nullptr, &markers);
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(GridOf<int32_t>(*result->labels).cells, ElementsAre(4, 4, 0, 2, 2));
  EXPECT_EQ(result->label_count, 4);
}

TEST(Watershed, LabelsBelowZeroAreSkimagesAlone) {
  Grid<uint8_t> gray(1, 7);
  gray.cells = {1, 2, 3, 9, 3, 2, 1};
  Labels markers(1, 7);
  markers.cells = {-3, 0, 0, 0, 0, 4, std::numeric_limits<int32_t>::min()};
  const auto run = [&](Profile profile, bool lines, const Mask* inside = nullptr) {
    return RunSteps(gray, {Given(Connectivity::k4, lines), MeasureStep{}}, profile, false, inside,
                    &markers);
  };
  for (const Profile profile : {Profile::kExact, Profile::kOpencv, Profile::kMatlab}) {
    const auto refused = run(profile, false);
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(FieldOf(refused.status()), "markers[0][0]");
    EXPECT_THAT(std::string(refused.status().message()), testing::HasSubstr("is -3; 0 to 2147"));
  }
  constexpr int32_t kLowest = std::numeric_limits<int32_t>::min();
  const auto kept = run(Profile::kSkimage, false);
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_THAT(GridOf<int32_t>(*kept->labels).cells, ElementsAre(-3, -3, -3, 4, 4, 4, kLowest));
  EXPECT_EQ(kept->label_count, 4);
  EXPECT_EQ(kept->lowest_label, kLowest);
  EXPECT_EQ(kept->foreground_fraction, 1);
  ASSERT_EQ(kept->regions.size(), 3u);
  EXPECT_EQ(kept->regions[0].label, kLowest);
  EXPECT_EQ(kept->regions[1].label, -3);
  EXPECT_EQ(kept->regions[1].area, 3);
  EXPECT_EQ(kept->regions[1].mean_intensity, 2);
  const auto lined = run(Profile::kSkimage, true);
  EXPECT_THAT(GridOf<int32_t>(*lined->labels).cells, ElementsAre(-3, -3, -3, 0, 4, 4, kLowest));
  // What lies outside the mask does not count.
  Mask inside(1, 7, 1);
  inside.at(0, 0) = inside.at(0, 6) = 0;
  EXPECT_TRUE(run(Profile::kExact, false, &inside).ok());
}

TEST(Watershed, SmallRegionsGoAndTheOthersAreNumberedAnew) {
  Grid<uint8_t> gray(2, 8, 0);
  Labels markers(2, 8);
  markers.cells = {9, 9, 9, 5, 5, 7, 7, 7,  //
                   9, 9, 9, 5, 3, 3, 3, 3};
  const auto run = [&](int64_t min_area) {
    WatershedStep step = Given();
    step.min_area = min_area;
    return RunSteps(gray, {step, MeasureStep{}}, Profile::kExact, false, nullptr, &markers);
  };
  const auto all = run(0);
  EXPECT_EQ(GridOf<int32_t>(*all->labels).cells, markers.cells);
  const auto anew = run(1);
  EXPECT_THAT(GridOf<int32_t>(*anew->labels).cells, ElementsAre(1, 1, 1, 2, 2, 3, 3, 3,  //
                                                                1, 1, 1, 2, 4, 4, 4, 4));
  const auto large = run(4);
  EXPECT_THAT(GridOf<int32_t>(*large->labels).cells, ElementsAre(1, 1, 1, 0, 0, 0, 0, 0,  //
                                                                 1, 1, 1, 0, 2, 2, 2, 2));
  EXPECT_EQ(Draw(GridOf<uint8_t>(*large->mask)), "###.....\n###.####\n");
  EXPECT_EQ(large->label_count, 2);
  ASSERT_EQ(large->regions.size(), 2u);
  EXPECT_EQ(large->regions[1].area, 4);
  EXPECT_EQ(run(7)->label_count, 0);
  EXPECT_EQ(run(7)->foreground_fraction, 0);
}

TEST(Watershed, MoreRegionsThanTheLimitAreNotNumberedAnew) {
  Limits limits;
  limits.max_regions = 2;
  Context context;
  context.limits = &limits;
  const Grid<uint8_t> gray(1, 3, 0);
  const std::vector<uint8_t> markers = {1, 2, 3};
  Inputs inputs;
  inputs.gray = {DType::kUint8, {1, 3}, gray.cells};
  inputs.markers = TensorView{DType::kUint8, {1, 3}, markers};
  WatershedStep step = Given();
  step.min_area = 1;
  const auto result = Segment(context, inputs, {Profile::kExact, false, {step}});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FieldOf(result.status()), "steps[0]");
}

TEST(Watershed, MarkersOfEveryIntegerType) {
  const Grid<uint8_t> gray(1, 3, 0);
  const auto labels = [&](const TensorView& markers) {
    Inputs inputs;
    inputs.gray = {DType::kUint8, {1, 3}, gray.cells};
    inputs.markers = markers;
    const auto result = RunSteps(inputs, {Profile::kExact, false, {Given()}});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? GridOf<int32_t>(*result->labels).cells : std::vector<int32_t>();
  };
  const auto of = [&](auto type) {
    using T = decltype(type);
    Grid<T> markers(1, 3);
    markers.cells = {T{5}, T{0}, T{1}};
    return labels(Unaligned<T>(markers).view());
  };
  const auto expected = ElementsAre(5, 5, 1);
  EXPECT_THAT(of(uint8_t{}), expected);
  EXPECT_THAT(of(uint16_t{}), expected);
  EXPECT_THAT(of(uint32_t{}), expected);
  EXPECT_THAT(of(uint64_t{}), expected);
  EXPECT_THAT(of(int8_t{}), expected);
  EXPECT_THAT(of(int16_t{}), expected);
  EXPECT_THAT(of(int32_t{}), expected);
  EXPECT_THAT(of(int64_t{}), expected);
  Inputs inputs;
  inputs.gray = {DType::kUint8, {1, 3}, gray.cells};
  Grid<uint64_t> huge(1, 3);
  huge.cells = {1, uint64_t{1} << 63, 0};
  const Unaligned<uint64_t> markers(huge);
  inputs.markers = markers.view();
  const auto refused = RunSteps(inputs, {Profile::kExact, false, {Given()}});
  EXPECT_EQ(FieldOf(refused.status()), "markers[0][1]");
  EXPECT_THAT(std::string(refused.status().message()),
              testing::HasSubstr("is 9223372036854775808; "));
}

TEST(Watershed, WhatNoStepReadsIsSaid) {
  const Grid<uint8_t> gray(2, 3, 1);
  const Labels markers(2, 3, 1);
  const auto warnings = [&](std::vector<Step> steps, bool invert = false) {
    const auto result =
        RunSteps(gray, std::move(steps), Profile::kExact, invert, nullptr, &markers);
    EXPECT_TRUE(result.ok()) << result.status();
    return result->warnings;
  };
  EXPECT_THAT(warnings({Given()}), testing::SizeIs(1));  // of marker_height
  WatershedStep plain = Given();
  plain.marker_height.reset();
  EXPECT_THAT(warnings({plain}), testing::IsEmpty());
  EXPECT_THAT(warnings({OtsuStep{}}),
              ElementsAre(testing::HasSubstr("the markers have no effect")));
  EXPECT_THAT(warnings({plain}, true), ElementsAre(testing::HasSubstr("invert has no effect")));
  EXPECT_THAT(warnings({OtsuStep{}, plain}, true), testing::IsEmpty());
}

TEST(Watershed, WithoutMarkersNothingIsFlooded) {
  const Grid<uint8_t> gray(3, 3, 1);
  const Labels markers(3, 3);
  const auto result = RunSteps(gray, {Given()}, Profile::kExact, false, nullptr, &markers);
  EXPECT_EQ(result->label_count, 0);
  EXPECT_EQ(result->foreground_fraction, 0);
  // An empty mask with markers from the distance: no region, no markers.
  const auto empty = RunSteps(gray, {ThresholdStep{{9}}, DistanceStep{}, WatershedStep{}});
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_EQ(empty->label_count, 0);
  // A full one: one plateau at infinity.
  const auto full = RunSteps(gray, {ThresholdStep{{0}}, DistanceStep{}, WatershedStep{}});
  EXPECT_EQ(full->label_count, 1);
  EXPECT_EQ(full->foreground_fraction, 1);
}

TEST(Watershed, WrongMarkers) {
  const Grid<uint8_t> gray(2, 3, 1);
  const auto absent = RunSteps(gray, {Given()});
  EXPECT_EQ(absent.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(absent.status()), "steps[0].watershed.markers");

  Inputs inputs;
  inputs.gray = {DType::kUint8, {2, 3}, gray.cells};
  std::vector<uint32_t> large = {1, 2, 3, 4, 0x80000000u, 6};
  const ByteView bytes(reinterpret_cast<const uint8_t*>(large.data()), 24);
  inputs.markers = TensorView{DType::kUint32, {2, 3}, bytes};
  EXPECT_EQ(FieldOf(RunSteps(inputs, {Profile::kExact, false, {Given()}}).status()),
            "markers[1][1]");
  large[4] = 0x7FFFFFFFu;
  EXPECT_TRUE(RunSteps(inputs, {Profile::kExact, false, {Given()}}).ok());
  inputs.markers->shape = {3, 2};
  EXPECT_EQ(FieldOf(RunSteps(inputs, {Profile::kExact, false, {Given()}}).status()),
            "markers.shape");
  inputs.markers->shape = {2, 3};
  inputs.markers->dtype = DType::kFloat32;
  EXPECT_EQ(FieldOf(RunSteps(inputs, {Profile::kExact, false, {Given()}}).status()),
            "markers.dtype");
}

TEST(Watershed, MoreMarkersThanTheLimit) {
  Limits limits;
  limits.max_regions = 3;
  Context context;
  context.limits = &limits;
  const Mask mask = Drawn({"#.#.#.#"});
  Inputs inputs;
  inputs.gray = {DType::kUint8, {1, 7}, mask.cells};
  const auto result = Segment(
      context, inputs, {Profile::kExact, false, {MaskStep(), DistanceStep{}, WatershedStep{}}});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FieldOf(result.status()), "steps[2]");
}

}  // namespace
}  // namespace trine::segment
