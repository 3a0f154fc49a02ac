#include "core/segment/threshold/gray_histogram.h"

#include <cmath>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

using testing::ElementsAre;

template <typename T>
Histogram Of(const Grid<T>& grid, const Mask* inside = nullptr, int64_t origin = 0) {
  Picture picture = PictureOf(grid);
  picture.origin = origin;
  if (inside != nullptr) picture.inside = inside->cells.data();
  const Context context;
  const auto histogram = HistogramOf(context, picture);
  EXPECT_TRUE(histogram.ok()) << histogram.status();
  return *histogram;
}

template <typename T>
Grid<T> RowOf(const std::vector<T>& values) {
  Grid<T> grid(1, static_cast<int>(values.size()));
  grid.cells = values;
  return grid;
}

TEST(GrayHistogram, FewIntegersHaveABinEach) {
  const Histogram h = Of(RowOf<uint8_t>({7, 9, 9, 10}), nullptr, -128);
  EXPECT_EQ(h.low, -121);
  EXPECT_EQ(h.bin_width, 1);
  EXPECT_THAT(h.counts, ElementsAre(1, 0, 2, 1));
  EXPECT_EQ(Of(RowOf<uint8_t>({0, 255})).counts.size(), 256u);
}

// 256 values are a bin each, 257 two a bin.
TEST(GrayHistogram, ManyIntegersShareBins) {
  const Histogram narrow = Of(RowOf<uint16_t>({1000, 1255}));
  EXPECT_EQ(narrow.bin_width, 1);
  EXPECT_EQ(narrow.counts.size(), 256u);
  const Histogram wide = Of(RowOf<uint16_t>({1000, 1001, 1002, 1256}));
  EXPECT_EQ(wide.low, 1000);
  EXPECT_EQ(wide.bin_width, 2);
  ASSERT_EQ(wide.counts.size(), 129u);
  EXPECT_EQ(wide.counts[0], 2u);
  EXPECT_EQ(wide.counts[1], 1u);
  EXPECT_EQ(wide.counts[128], 1u);
  const Histogram widest = Of(RowOf<uint16_t>({0, 65535}));
  EXPECT_EQ(widest.bin_width, 256);
  EXPECT_EQ(widest.counts.size(), 256u);
}

TEST(GrayHistogram, FloatsAndTheirEnds) {
  const Histogram h = Of(RowOf<float>({-1, 1, 0, 0.9921875f, 0.992f}));
  EXPECT_EQ(h.low, -1);
  EXPECT_EQ(h.bin_width, 2.0 / 256);
  ASSERT_EQ(h.counts.size(), 256u);
  EXPECT_EQ(h.counts[0], 1u);
  EXPECT_EQ(h.counts[128], 1u);
  EXPECT_EQ(h.counts[254], 1u);
  EXPECT_EQ(h.counts[255], 2u);  // the highest value, and the one where the bin starts
  const double most = std::numeric_limits<double>::max();
  const Histogram all = Of(RowOf<double>({-most, 0, most}));
  EXPECT_TRUE(std::isfinite(all.bin_width));
  EXPECT_EQ(all.counts[0] + all.counts[128] + all.counts[255], 3u);
  const Histogram equal = Of(RowOf<float>({3, 3}));
  EXPECT_EQ(equal.bin_width, 0);
  EXPECT_THAT(equal.counts, ElementsAre(2));
}

TEST(GrayHistogram, OutsideDoesNotCount) {
  Mask inside(1, 3);
  inside.cells = {0, 255, 0};
  EXPECT_THAT(Of(RowOf<uint8_t>({1, 5, 9}), &inside).counts, ElementsAre(1));
  EXPECT_THAT(Of(RowOf<float>({NAN, 5, INFINITY}), &inside).counts, ElementsAre(1));
  inside.cells = {0, 0, 0};
  EXPECT_TRUE(Of(RowOf<uint8_t>({1, 5, 9}), &inside).counts.empty());
  EXPECT_TRUE(Of(RowOf<float>({1, 5, 9}), &inside).counts.empty());
}

TEST(GrayHistogram, IsPartOfTheResultWhenAskedFor) {
  const Grid<uint8_t> grid = RowOf<uint8_t>({1, 5});
  const Unaligned<uint8_t> picture(grid);
  Inputs inputs;
  inputs.gray = picture.view();
  Options options;
  options.steps = {OtsuStep{}};
  EXPECT_FALSE(RunSteps(inputs, options)->histogram.has_value());
  options.histogram = true;
  EXPECT_THAT(RunSteps(inputs, options)->histogram->counts, ElementsAre(1, 0, 0, 0, 1));
}

}  // namespace
}  // namespace trine::segment
