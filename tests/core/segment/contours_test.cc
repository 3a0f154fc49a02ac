
#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

ContourList ContoursOf(const Mask& mask) {
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
  const auto contours = ContoursOf(Drawn({"....", ".##.", ".##.", "...."}));
  ASSERT_EQ(contours.size(), 1u);
  EXPECT_EQ(Text(contours[0]), "outer 1,1 2,1 2,2 1,2");
  EXPECT_EQ(contours[0].parent, -1);
}

TEST(Contours, PointsLinesAndBorders) {
  const auto contours = ContoursOf(Drawn({"#..##", "....."}));
  ASSERT_EQ(contours.size(), 2u);
  EXPECT_EQ(Text(contours[0]), "outer 0,3 0,4");  // found last
  EXPECT_EQ(Text(contours[1]), "outer 0,0");
  EXPECT_EQ(contours[0].next, 1);
  EXPECT_EQ(contours[1].previous, 0);
}

TEST(Contours, HierarchyOfNestedRings) {
  const auto contours = ContoursOf(
      Drawn({"#######", "#.....#", "#.###.#", "#.#.#.#", "#.###.#", "#.....#", "#######"}));
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
    const auto contours = ContoursOf(mask);
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

TEST(Contours, DeepNestingNeedsNoStack) {
  Mask mask(801, 801);
  for (int y = 0; y < 801; ++y) {
    for (int x = 0; x < 801; ++x)
      mask.at(y, x) = std::min({y, x, 800 - y, 800 - x}) % 2 == 0 ? 255 : 0;
  }
  const auto contours = ContoursOf(mask);
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
