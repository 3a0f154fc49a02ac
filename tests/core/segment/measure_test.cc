// Measurements of regions.
#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <random>
#include <tuple>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

TEST(Measure, SumsAreExact) {
  Grid<uint16_t> gray(3, 4);
  gray.cells = {100, 200, 0, 0, 0, 300, 0, 65535, 0, 0, 0, 65534};
  const auto result = RunSteps(gray, {ThresholdStep{{50}}, ComponentsStep{}, MeasureStep{}});
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->regions.size(), 2u);
  const Region& a = result->regions[0];
  EXPECT_EQ(a.label, 1);
  EXPECT_EQ(a.area, 3);
  EXPECT_EQ(std::make_tuple(a.min_y, a.min_x, a.max_y, a.max_x), std::make_tuple(0, 0, 2, 2));
  EXPECT_EQ(a.centroid_y, 1.0 / 3);
  EXPECT_EQ(a.centroid_x, 2.0 / 3);
  EXPECT_EQ(a.mean_intensity, 200);
  const Region& b = result->regions[1];
  EXPECT_EQ(std::make_tuple(b.min_y, b.min_x, b.max_y, b.max_x), std::make_tuple(1, 3, 3, 4));
  EXPECT_EQ(b.centroid_y, 1.5);
  EXPECT_EQ(b.mean_intensity, 65534.5);
}

// The regions of basins flooded over the gray values from given markers.
template <typename T>
auto MeasureFlooded(const Grid<T>& gray, Labels& markers) {
  WatershedStep flood;
  flood.markers = MarkerSource::kGiven;
  flood.relief = Relief::kGray;
  return RunSteps(gray, {flood, MeasureStep{}}, Profile::kExact, false, nullptr, &markers);
}

TEST(Measure, SparseGivenLabelsAndFloats) {
  Grid<float> gray(1, 6);
  gray.cells = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f};
  Labels markers(1, 6);
  markers.cells = {2147483647, 0, 0, 0, 0, 5};
  const auto result = MeasureFlooded(gray, markers);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->label_count, 2147483647);
  ASSERT_EQ(result->regions.size(), 2u);
  EXPECT_EQ(result->regions[0].label, 5);
  EXPECT_EQ(result->regions[1].label, 2147483647);
  EXPECT_EQ(result->regions[0].area + result->regions[1].area, 6);
  EXPECT_EQ(result->regions[1].mean_intensity, (double{0.1f} + 0.2f + 0.3f + 0.4f + 0.5f) / 5);
}

TEST(Measure, ManyLabelsInAnyOrderComeSorted) {
  // 20000 given labels, more than one piece of the merge sort, in a scrambled order.
  const Grid<uint8_t> gray(100, 200, 7);
  Labels markers(100, 200);
  for (size_t i = 0; i < markers.cells.size(); ++i)
    markers.cells[i] = static_cast<int32_t>(1 + (i * 7919) % 20000);
  const auto result = MeasureFlooded(gray, markers);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->regions.size(), 20000u);
  for (size_t i = 0; i < result->regions.size(); ++i) {
    const Region& region = result->regions[i];
    ASSERT_EQ(region.label, static_cast<int64_t>(i) + 1);
    ASSERT_EQ(region.area, 1);
    ASSERT_EQ(markers.at(static_cast<int>(region.min_y), static_cast<int>(region.min_x)),
              region.label);
  }
}

// What scikit-image 0.26's regionprops_table gives of this picture (connectivity 2).
TEST(Measure, ShapesAsScikitImage) {
  Grid<uint8_t> gray(6, 8);
  gray.cells = {9, 0, 0, 7, 7, 0, 3, 3, 9, 9, 0, 7, 0, 0, 3, 3, 0, 9, 9, 0, 0, 0, 0, 0,
                0, 0, 9, 9, 0, 5, 6, 7, 0, 0, 0, 0, 0, 5, 6, 7, 4, 0, 4, 0, 0, 5, 6, 8};
  const auto result = RunSteps(gray, {ThresholdStep{{0}}, ComponentsStep{}, MeasureStep{}});
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->regions.size(), 5u);
  const double tiny = 1e-12;
  const Region& first = result->regions[0];
  EXPECT_NEAR(first.std_intensity, 0.9165151389911681, tiny);
  EXPECT_NEAR(first.orientation, 1.508618829521516, tiny);
  EXPECT_NEAR(first.axis_major_length, 5.202872641068903, tiny);
  EXPECT_NEAR(first.axis_minor_length, 4.396602811355228, tiny);
  EXPECT_NEAR(first.eccentricity, 0.5347130218214876, tiny);
  EXPECT_EQ(first.extent, 0.5);
  EXPECT_NEAR(first.equivalent_diameter, 3.5682482323055424, tiny);
  EXPECT_EQ(std::make_tuple(first.min_intensity, first.max_intensity), std::make_tuple(7, 9));
  EXPECT_TRUE(first.touches_border);
  const Region& square = result->regions[2];
  EXPECT_NEAR(square.orientation, -std::numbers::pi / 4, tiny);
  EXPECT_NEAR(square.axis_major_length, 3.265986323710904, tiny);
  EXPECT_NEAR(square.axis_minor_length, 3.265986323710904, tiny);
  EXPECT_EQ(square.eccentricity, 0);
  EXPECT_NEAR(square.std_intensity, 0.9938079899999066, tiny);
  const Region& pixel = result->regions[3];
  EXPECT_EQ(pixel.axis_major_length, 0);
  EXPECT_EQ(pixel.orientation, -std::numbers::pi / 4);
  EXPECT_EQ(pixel.std_intensity, 0);
}

// Two passes over the pixels of a label, in long double.
template <typename T>
Region Direct(const Grid<T>& gray, const Labels& labels, int32_t label) {
  std::vector<std::tuple<int, int, long double>> pixels;
  for (int y = 0; y < gray.height; ++y)
    for (int x = 0; x < gray.width; ++x)
      if (labels.at(y, x) == label) pixels.emplace_back(y, x, gray.at(y, x));
  long double n = static_cast<long double>(pixels.size()), my = 0, mx = 0, mv = 0;
  for (const auto& [y, x, v] : pixels) {
    my += y / n;
    mx += x / n;
    mv += v / n;
  }
  long double yy = 0, xx = 0, yx = 0, vv = 0;
  Region out;
  out.min_intensity = out.max_intensity = static_cast<double>(std::get<2>(pixels[0]));
  for (const auto& [y, x, v] : pixels) {
    yy += (y - my) * (y - my) / n;
    xx += (x - mx) * (x - mx) / n;
    yx += (y - my) * (x - mx) / n;
    vv += (v - mv) * (v - mv) / n;
    out.min_intensity = std::min(out.min_intensity, static_cast<double>(v));
    out.max_intensity = std::max(out.max_intensity, static_cast<double>(v));
    out.touches_border |= y == 0 || x == 0 || y + 1 == gray.height || x + 1 == gray.width;
  }
  out.area = static_cast<int64_t>(pixels.size());
  out.centroid_y = static_cast<double>(my);
  out.centroid_x = static_cast<double>(mx);
  out.mean_intensity = static_cast<double>(mv);
  out.moment_yy = static_cast<double>(yy);
  out.moment_xx = static_cast<double>(xx);
  out.moment_yx = static_cast<double>(yx);
  out.std_intensity = static_cast<double>(std::sqrt(vv));
  return out;
}

template <typename T>
void CheckDirect(std::mt19937& random, uint32_t most) {
  for (int trial = 0; trial < 20; ++trial) {
    const int height = 1 + static_cast<int>(random() % 40),
              width = 1 + static_cast<int>(random() % 90);
    auto gray = RandomGrid<T>(random, height, width, 1, most);
    const Mask holes = RandomMask(random, height, width, 0.6);
    for (size_t i = 0; i < gray.cells.size(); ++i)
      if (holes.cells[i] == 0) gray.cells[i] = 0;
    const auto result = RunSteps(gray, {ThresholdStep{{0}}, ComponentsStep{}, MeasureStep{}});
    ASSERT_TRUE(result.ok()) << result.status();
    const Labels labels = GridOf<int32_t>(*result->labels);
    ASSERT_EQ(result->regions.size(), static_cast<size_t>(result->label_count));
    for (const Region& got : result->regions) {
      const Region want = Direct(gray, labels, static_cast<int32_t>(got.label));
      const double tiny = 1e-10 * most;
      EXPECT_EQ(got.area, want.area);
      EXPECT_NEAR(got.centroid_y, want.centroid_y, 1e-12);
      EXPECT_NEAR(got.centroid_x, want.centroid_x, 1e-12);
      EXPECT_NEAR(got.moment_yy, want.moment_yy, 1e-10);
      EXPECT_NEAR(got.moment_xx, want.moment_xx, 1e-10);
      EXPECT_NEAR(got.moment_yx, want.moment_yx, 1e-10);
      EXPECT_NEAR(got.mean_intensity, want.mean_intensity, tiny);
      EXPECT_NEAR(got.std_intensity, want.std_intensity, tiny);
      EXPECT_EQ(got.min_intensity, want.min_intensity);
      EXPECT_EQ(got.max_intensity, want.max_intensity);
      EXPECT_EQ(got.touches_border, want.touches_border);
      // The ellipse has the moments: its axes squared are 16 times their eigenvalues.
      const double major = got.axis_major_length * got.axis_major_length / 16;
      const double minor = got.axis_minor_length * got.axis_minor_length / 16;
      EXPECT_NEAR(major + minor, want.moment_yy + want.moment_xx, 1e-9);
      EXPECT_NEAR((major - minor) * std::sin(2 * got.orientation) / 2, want.moment_yx,
                  std::abs(want.moment_yx) < 1e-12 ? major : 1e-9);
    }
  }
}

TEST(Measure, AgreesWithTwoPassesOverThePixels) {
  std::mt19937 random(8);
  CheckDirect<uint8_t>(random, 255);
  CheckDirect<uint16_t>(random, 65535);
  CheckDirect<float>(random, 1000000);
}

// Integers that are kept less an offset: deviations do not know it, extremes do.
TEST(Measure, WideIntegersAreInTheirOwnValues) {
  Grid<int32_t> gray(1, 4);
  gray.cells = {-1000000, -999998, -999999, -1000000};
  const auto result = RunSteps(gray, {ThresholdStep{{-2000000}}, ComponentsStep{}, MeasureStep{}});
  ASSERT_TRUE(result.ok()) << result.status();
  const Region& region = result->regions[0];
  EXPECT_EQ(region.min_intensity, -1000000);
  EXPECT_EQ(region.max_intensity, -999998);
  EXPECT_EQ(region.mean_intensity, -999999.25);
  EXPECT_NEAR(region.std_intensity, std::sqrt(0.6875), 1e-15);
}

// A long way from the origin no digit is lost; runs of more than what is summed at once.
TEST(Measure, LongRowsFarFromTheOrigin) {
  const int width = 400000;
  Mask mask(2, width);
  std::fill(mask.cells.begin() + width + 100000, mask.cells.end(), uint8_t{255});
  const auto result = RunSteps(mask, {MaskStep(), ComponentsStep{}, MeasureStep{}});
  ASSERT_TRUE(result.ok()) << result.status();
  const Region& region = result->regions[0];
  const double n = 300000;
  EXPECT_EQ(region.area, 300000);
  EXPECT_EQ(region.centroid_x, 100000 + (n - 1) / 2);
  EXPECT_EQ(region.moment_xx, (n * n - 1) / 12);
  EXPECT_EQ(region.moment_yy, 0);
  EXPECT_EQ(region.axis_minor_length, 0);
  EXPECT_EQ(region.eccentricity, 1);
  EXPECT_EQ(region.std_intensity, 0);
  EXPECT_EQ(region.mean_intensity, 255);
}

// What scikit-image 0.26's regionprops_table gives of this picture (connectivity 2).
TEST(Measure, OutlinesAndHullsAsScikitImage) {
  const Mask mask = Drawn({"###...##.", "#.#...##.", "###......", "........#", "...##...#",
                           "..####.##", "...##....", "#........", ".#.......", "..#......"});
  const auto result = RunSteps(mask, {MaskStep(), ComponentsStep{}, MeasureStep{.shape = true}});
  ASSERT_TRUE(result.ok()) << result.status();
  const std::vector<double> perimeters = {8, 4, 3.2071067811865475, 7.65685424949238,
                                          1.4142135623730951};
  const std::vector<double> croftons = {12.947509714417135, 6.473754857208568, 7.814513387875811,
                                        9.940670081940505, 6.933830449463873};
  const std::vector<int64_t> eulers = {0, 1, 1, 1, 1}, convex = {9, 4, 5, 8, 3};
  const std::vector<double> ferets = {3.605551275463989, 2.23606797749979, 3.1622776601683795, 4,
                                      3.605551275463989};
  ASSERT_EQ(result->regions.size(), perimeters.size());
  for (size_t i = 0; i < perimeters.size(); ++i) {
    ASSERT_TRUE(result->regions[i].shape.has_value());
    const RegionShape& shape = *result->regions[i].shape;
    EXPECT_NEAR(shape.perimeter, perimeters[i], 1e-12) << i;
    EXPECT_NEAR(shape.perimeter_crofton, croftons[i], 1e-12) << i;
    EXPECT_EQ(shape.euler_number, eulers[i]) << i;
    EXPECT_EQ(shape.area_convex, convex[i]) << i;
    EXPECT_NEAR(shape.feret_max, ferets[i], 1e-12) << i;
  }
  EXPECT_NEAR(result->regions[0].shape->circularity, 8 * 4 * std::numbers::pi / 64, 1e-12);
}

// Pixels whose centre no line through two corners of diamonds parts from all of these, and the
// largest distance of two corners of the diamonds of such pixels: all of each.
TEST(Measure, HullsAgreeWithAllLines) {
  std::mt19937 random(10);
  for (int trial = 0; trial < 60; ++trial) {
    const int height = 1 + static_cast<int>(random() % 9),
              width = 1 + static_cast<int>(random() % 9);
    Mask mask = RandomMask(random, height, width, 0.1 + 0.2 * (trial % 4));
    mask.at(0, 0) = 255;
    Labels one(height, width);
    using Point2 = std::pair<int, int>;  // in half pixels
    const auto corners_of = [](int y, int x, std::vector<Point2>* out) {
      for (const auto& [dy, dx] : {Point2{-1, 0}, {1, 0}, {0, -1}, {0, 1}})
        out->emplace_back(2 * y + dy, 2 * x + dx);
    };
    std::vector<Point2> corners;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        if (mask.at(y, x) == 0) continue;
        one.at(y, x) = 3;
        corners_of(y, x, &corners);
      }
    }
    const auto side = [](const Point2& a, const Point2& b, const Point2& p) {
      return (b.first - a.first) * (p.second - a.second) -
             (b.second - a.second) * (p.first - a.first);
    };
    int64_t area = 0;
    std::vector<Point2> outline;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        bool is_inside = true;
        for (const Point2& a : corners) {
          for (const Point2& b : corners) {
            if (a == b || side(a, b, {2 * y, 2 * x}) >= 0) continue;
            is_inside &= std::any_of(corners.begin(), corners.end(),
                                     [&](const Point2& c) { return side(a, b, c) < 0; });
          }
        }
        if (!is_inside) continue;
        ++area;
        corners_of(y, x, &outline);
      }
    }
    int largest = 0;
    for (const Point2& a : outline) {
      for (const Point2& b : outline) {
        const int dy = a.first - b.first, dx = a.second - b.second;
        largest = std::max(largest, dy * dy + dx * dx);
      }
    }
    WatershedStep given{MarkerSource::kGiven};
    given.relief = Relief::kGray;
    const auto result = RunSteps(mask, {MaskStep(), given, MeasureStep{.shape = true}},
                                 Profile::kExact, false, nullptr, &one);
    ASSERT_TRUE(result.ok()) << result.status();
    ASSERT_EQ(result->regions.size(), 1u);
    const RegionShape& shape = *result->regions[0].shape;
    EXPECT_EQ(shape.area_convex, area) << Draw(mask);
    EXPECT_EQ(shape.feret_max, std::sqrt(largest) / 2) << Draw(mask);
    EXPECT_EQ(shape.solidity, static_cast<double>(result->regions[0].area) / area);
  }
}

// Turned and mirrored a region has the same shape.
TEST(Measure, ShapesDoNotDependOnTheirDirection) {
  std::mt19937 random(11);
  for (int trial = 0; trial < 20; ++trial) {
    const Mask mask = RandomMask(random, 20, 30, 0.7);
    Mask turned(30, 20);
    for (int y = 0; y < 20; ++y)
      for (int x = 0; x < 30; ++x) turned.at(29 - x, y) = mask.at(y, x);
    std::vector<std::vector<double>> shapes[2];
    for (const int i : {0, 1}) {
      const auto result = RunSteps(i == 0 ? mask : turned,
                                   {MaskStep(), ComponentsStep{}, MeasureStep{.shape = true}});
      ASSERT_TRUE(result.ok());
      for (const Region& region : result->regions) {
        const RegionShape& s = *region.shape;
        shapes[i].push_back({static_cast<double>(region.area), s.perimeter,
                             static_cast<double>(s.euler_number),
                             static_cast<double>(s.area_convex), s.feret_max});
      }
      std::sort(shapes[i].begin(), shapes[i].end());
    }
    EXPECT_EQ(shapes[0], shapes[1]);
  }
}

// Labels that nobody asked for are not made, and what is measured is the same.
TEST(Measure, WithoutTheLabelMap) {
  std::mt19937 random(9);
  const Mask mask = RandomMask(random, 50, 70, 0.5);
  Options options{Profile::kExact, false, {MaskStep(), ComponentsStep{}, MeasureStep{}}};
  Inputs inputs;
  inputs.gray = {DType::kUint8, {50, 70}, mask.cells};
  const auto with = RunSteps(inputs, options);
  options.labels = false;
  const auto without = RunSteps(inputs, options);
  ASSERT_TRUE(with.ok() && without.ok());
  EXPECT_TRUE(with->labels.has_value());
  EXPECT_FALSE(without->labels.has_value());
  EXPECT_EQ(with->label_count, without->label_count);
  ASSERT_EQ(with->regions.size(), without->regions.size());
  for (size_t i = 0; i < with->regions.size(); ++i) {
    EXPECT_EQ(with->regions[i].label, without->regions[i].label);
    EXPECT_EQ(with->regions[i].moment_yx, without->regions[i].moment_yx);
  }
}

}  // namespace
}  // namespace trine::segment
