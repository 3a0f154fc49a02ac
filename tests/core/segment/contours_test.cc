#include "core/segment/contours/contours.h"

#include <algorithm>
#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

ContourList OfMask(const Mask& mask) {
  auto result = RunSteps(mask, {MaskStep(), ContoursStep{}});
  EXPECT_TRUE(result.ok()) << result.status();
  return std::move(result->contours);
}

std::string Text(const Contour& contour) {
  std::string out = contour.is_hole ? "hole" : "outer";
  for (const Point& p : contour.points)
    out += " " + std::to_string(p.y) + "," + std::to_string(p.x);
  return out;
}

std::set<std::pair<int, int>> PointSet(const Contour& contour) {
  std::set<std::pair<int, int>> out;
  for (const Point& p : contour.points) out.insert({p.y, p.x});
  return out;
}

TEST(Contours, FollowASquareCounterClockwise) {
  const auto contours = OfMask(Drawn({"....", ".##.", ".##.", "...."}));
  ASSERT_EQ(contours.size(), 1u);
  EXPECT_EQ(Text(contours[0]), "outer 1,1 2,1 2,2 1,2");
  EXPECT_EQ(contours[0].parent, -1);
}

TEST(Contours, PointsLinesAndBorders) {
  const auto contours = OfMask(Drawn({"#..##", "....."}));
  ASSERT_EQ(contours.size(), 2u);
  EXPECT_EQ(Text(contours[0]), "outer 0,3 0,4");  // found last
  EXPECT_EQ(Text(contours[1]), "outer 0,0");
  EXPECT_EQ(contours[0].next, 1);
  EXPECT_EQ(contours[1].previous, 0);
}

TEST(Contours, HierarchyOfNestedRings) {
  const auto contours =
      OfMask(Drawn({"#######", "#.....#", "#.###.#", "#.#.#.#", "#.###.#", "#.....#", "#######"}));
  ASSERT_EQ(contours.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(contours[i].is_hole, i % 2 == 1);
    EXPECT_EQ(contours[i].parent, static_cast<int64_t>(i) - 1);
    EXPECT_EQ(contours[i].child, i == 3 ? -1 : static_cast<int64_t>(i) + 1);
    EXPECT_EQ(contours[i].next, -1);
  }
  EXPECT_EQ(Text(contours[3]), "hole 3,2 2,3 3,4 4,3");
}

TEST(Contours, AgreeWithTheDefinitionOfABorder) {
  std::mt19937 random(40);
  for (int i = 0; i < 400; ++i) {
    const Mask mask = RandomMask(random, 1 + static_cast<int>(random() % 22),
                                 1 + static_cast<int>(random() % 22), 0.15 + 0.1 * (i % 9));
    const auto contours = OfMask(mask);
    std::vector<oracle::Border> got;
    for (const Contour& contour : contours) {
      oracle::Border border{contour.is_hole, PointSet(contour), {}};
      if (contour.parent >= 0)
        border.parent = PointSet(contours[static_cast<size_t>(contour.parent)]);
      got.push_back(border);
      // Closed, each step to one of the 8 neighbours.
      for (size_t k = 0; k < contour.points.size(); ++k) {
        const Point a = contour.points[k], b = contour.points[(k + 1) % contour.points.size()];
        EXPECT_LE(std::max(std::abs(a.y - b.y), std::abs(a.x - b.x)), 1);
      }
    }
    std::sort(got.begin(), got.end());
    EXPECT_EQ(got, oracle::Borders(mask)) << Draw(mask);
    for (size_t k = 0; k < contours.size(); ++k) {
      const Contour& c = contours[k];
      const int64_t self = static_cast<int64_t>(k);
      if (c.next >= 0) {
        EXPECT_EQ(contours[static_cast<size_t>(c.next)].previous, self);
        EXPECT_EQ(contours[static_cast<size_t>(c.next)].parent, c.parent);
      }
      if (c.child >= 0) {
        EXPECT_EQ(contours[static_cast<size_t>(c.child)].parent, self);
        EXPECT_EQ(contours[static_cast<size_t>(c.child)].previous, -1);
      }
    }
  }
}

// Each label's borders are those of the mask of its pixels, hierarchy and all.
TEST(Contours, OfLabelsAreThoseOfEachByItself) {
  std::mt19937 random(41);
  for (int trial = 0; trial < 200; ++trial) {
    const int height = 1 + static_cast<int>(random() % 20),
              width = 1 + static_cast<int>(random() % 20);
    const std::vector<int32_t> values = {0, 3, 5, 2147483647};
    Labels labels(height, width);
    for (int32_t& label : labels.cells) label = values[random() % (2 + trial % 3)];
    const auto contours =
        *FindLabelContours(Context(), labels.cells.data(), 2147483647, height, width, "");
    std::map<int32_t, std::vector<oracle::Border>> got;
    for (const Contour& contour : contours) {
      oracle::Border border{contour.is_hole, PointSet(contour), {}};
      if (contour.parent >= 0) {
        const Contour& parent = contours[static_cast<size_t>(contour.parent)];
        EXPECT_EQ(parent.label, contour.label);
        border.parent = PointSet(parent);
      }
      got[contour.label].push_back(border);
    }
    for (const int32_t label : values) {
      if (label == 0) continue;
      Mask own(height, width);
      for (size_t i = 0; i < own.cells.size(); ++i)
        own.cells[i] = labels.cells[i] == label ? 255 : 0;
      std::sort(got[label].begin(), got[label].end());
      EXPECT_EQ(got[label], oracle::Borders(own)) << Draw(own);
    }
  }
}

TEST(Contours, CarryTheLabelsOfTheMask) {
  const Mask mask = Drawn({"##.##", "##.##", ".....", "#####", "#...#", "#.#.#", "#...#", "#####"});
  const auto run = [&](std::vector<Step> steps, const Labels* markers = nullptr) {
    return *RunSteps(mask, std::move(steps), Profile::kExact, false, nullptr, markers);
  };
  const auto labels_of = [](const Result& result) {
    std::vector<int32_t> labels;
    for (const Contour& contour : result.contours) labels.push_back(contour.label);
    std::sort(labels.begin(), labels.end());
    return labels;
  };
  // Of the mask, with its hierarchy: the pixel in the hole has the hole's border as parent.
  const auto apart = run({MaskStep(), ComponentsStep{}, ContoursStep{}});
  EXPECT_THAT(labels_of(apart), testing::ElementsAre(1, 2, 3, 3, 4));
  for (const Contour& contour : apart.contours)
    EXPECT_EQ(contour.parent >= 0, contour.is_hole || contour.label == 4);
  // Without labels, or with those of another mask.
  EXPECT_THAT(labels_of(run({MaskStep(), ContoursStep{}})), testing::ElementsAre(0, 0, 0, 0, 0));
  EXPECT_THAT(labels_of(run({MaskStep(), ComponentsStep{}, FillHolesStep{}, ContoursStep{}})),
              testing::ElementsAre(0, 0, 0));
  // Basins that touch: an outline each.
  Labels markers(8, 5);
  markers.at(3, 0) = 9;
  markers.at(7, 4) = 7;
  WatershedStep flood{MarkerSource::kGiven};
  flood.relief = Relief::kGray;
  EXPECT_THAT(labels_of(run({MaskStep(), flood, ContoursStep{}}, &markers)),
              testing::ElementsAre(7, 9));
  // Diagonal neighbours are two components of 4 neighbours, and two outlines.
  const auto touching = *RunSteps(Drawn({"#.", ".#"}),
                                  {MaskStep(), ComponentsStep{Connectivity::k4}, ContoursStep{}});
  EXPECT_THAT(labels_of(touching), testing::ElementsAre(1, 2));
  const auto whole = *RunSteps(Drawn({"#.", ".#"}), {MaskStep(), ComponentsStep{Connectivity::k4},
                                                     ContoursStep{ContoursOf::kMask}});
  EXPECT_EQ(whole.contours.size(), 1u);
  EXPECT_EQ(FieldOf(RunSteps(mask, {HysteresisStep{.low = 1, .high = 2},
                                    ContoursStep{ContoursOf::kLabels}})
                        .status()),
            "steps[1]");
}

TEST(Contours, DeepNestingNeedsNoStack) {
  Mask mask(801, 801);
  for (int y = 0; y < 801; ++y) {
    for (int x = 0; x < 801; ++x)
      mask.at(y, x) = std::min({y, x, 800 - y, 800 - x}) % 2 == 0 ? 255 : 0;
  }
  const auto contours = OfMask(mask);
  ASSERT_EQ(contours.size(), 201u + 200u);
  for (size_t i = 1; i < contours.size(); ++i)
    EXPECT_EQ(contours[i].parent, static_cast<int64_t>(i) - 1);
}

TEST(Contours, LimitsOfNumberAndOfPoints) {
  Limits limits;
  Context context;
  context.limits = &limits;
  const Mask mask = Drawn({"#.#.#", ".....", "#####"});
  Inputs inputs;
  inputs.gray = {DType::kUint8, {3, 5}, mask.cells};
  // The mask comes from Otsu: a ThresholdStep's label map would meet max_output_bytes first.
  const Options options{Profile::kExact, false, {OtsuStep{}, ContoursStep{}}};
  limits.max_regions = 3;
  auto result = Segment(context, inputs, options);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FieldOf(result.status()), "steps[1]");
  limits.max_regions = 4;
  EXPECT_TRUE(Segment(context, inputs, options).ok());
  limits.max_output_bytes = 7 * sizeof(Point);  // the line alone has 8 border steps
  result = Segment(context, inputs, options);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FieldOf(result.status()), "steps[1]");
}

}  // namespace
}  // namespace trine::segment
