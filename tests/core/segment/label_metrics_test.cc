// Label maps against the right ones.
#include "core/segment/label_metrics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

template <typename T>
absl::StatusOr<LabelMetrics> Compare(const Grid<T>& labels, const Grid<T>& truth) {
  const Unaligned<T> a(labels), b(truth);
  return CompareLabels(Context(), a.view(), b.view());
}

Labels Of(int height, int width, std::vector<int32_t> cells) {
  Labels out(height, width);
  out.cells = std::move(cells);
  return out;
}

// Figures of partitions from scikit-image 0.26.
TEST(LabelMetrics, OfASmallMap) {
  const Labels truth = Of(4, 6, {1, 1, 1, 0, 2, 2,  //
                                 1, 1, 1, 0, 2, 2,  //
                                 0, 0, 0, 0, 3, 3,  //
                                 4, 4, 0, 0, 3, 3});
  const Labels labels = Of(4, 6, {1, 1, 5, 0, 2, 2,  //
                                  1, 1, 5, 0, 2, 2,  //
                                  0, 0, 0, 0, 2, 2,  //
                                  4, 4, 4, 0, 0, 2});
  const auto got = Compare(labels, truth);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->objects, 4);
  EXPECT_EQ(got->true_objects, 4);
  // 1: 4 of 6; 4: 2 of 3; 2 with 2: 4 of 7; all above .5, the first two above .65.
  EXPECT_THAT(got->matches, testing::ElementsAre(3, 3, 2, 2, 0, 0, 0, 0, 0, 0));
  EXPECT_DOUBLE_EQ(got->f1, 0.75);
  EXPECT_DOUBLE_EQ(got->average_precisions[0], 3.0 / 5);
  EXPECT_DOUBLE_EQ(got->mean_average_precision, (2 * 3.0 / 5 + 2 * 2.0 / 6) / 10);
  EXPECT_DOUBLE_EQ(got->mean_matched_iou, (4.0 / 6 + 2.0 / 3 + 4.0 / 7) / 3);
  EXPECT_EQ(got->splits, 1);
  EXPECT_EQ(got->merges, 1);
  EXPECT_DOUBLE_EQ(got->dice, 2 * 15.0 / (16 + 16));
  EXPECT_DOUBLE_EQ(got->iou, 15.0 / 17);
  EXPECT_NEAR(got->vi_split, 0.5459751269900099, 1e-12);
  EXPECT_NEAR(got->vi_merge, 0.5833333333333333, 1e-12);
  EXPECT_NEAR(got->adapted_rand_error, 0.4035087719298246, 1e-12);
  EXPECT_NEAR(got->rand_index, 0.8586956521739131, 1e-12);
}

TEST(LabelMetrics, ByPairsOfPixelsAndOfObjects) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 60; ++trial) {
    const int height = 1 + static_cast<int>(random() % 7),
              width = 1 + static_cast<int>(random() % 7);
    Grid<uint16_t> labels(height, width), truth(height, width);
    const uint32_t most = 1 + trial % 5;
    for (uint16_t& cell : truth.cells) cell = static_cast<uint16_t>(random() % (most + 1) * 7000);
    for (size_t i = 0; i < labels.cells.size(); ++i)
      labels.cells[i] =
          random() % 3 == 0 ? static_cast<uint16_t>(random() % (most + 1)) : truth.cells[i];
    const auto got = Compare(labels, truth);
    ASSERT_TRUE(got.ok()) << got.status();
    const size_t n = labels.cells.size();
    double pairs = 0, agree = 0;
    for (size_t i = 0; i < n; ++i) {
      for (size_t k = 0; k < i; ++k) {
        ++pairs;
        agree += (labels.cells[i] == labels.cells[k]) == (truth.cells[i] == truth.cells[k]) ? 1 : 0;
      }
    }
    EXPECT_NEAR(got->rand_index, pairs == 0 ? 1 : agree / pairs, 1e-12);
    // Each pair of objects as sets of pixels.
    std::map<int, std::set<size_t>> objects, true_objects;
    for (size_t i = 0; i < n; ++i) {
      if (labels.cells[i] != 0) objects[labels.cells[i]].insert(i);
      if (truth.cells[i] != 0) true_objects[truth.cells[i]].insert(i);
    }
    std::array<int64_t, kIouThresholds> matches{};
    for (const auto& [label, pixels] : objects) {
      for (const auto& [other, others] : true_objects) {
        std::vector<size_t> both;
        std::set_intersection(pixels.begin(), pixels.end(), others.begin(), others.end(),
                              std::back_inserter(both));
        const size_t either = pixels.size() + others.size() - both.size();
        for (size_t i = 0; i < kIouThresholds; ++i)
          matches[i] += 100 * both.size() > (50 + 5 * i) * either ? 1 : 0;
      }
    }
    EXPECT_EQ(got->matches, matches);
    EXPECT_EQ(got->objects, static_cast<int64_t>(objects.size()));
    EXPECT_EQ(got->true_objects, static_cast<int64_t>(true_objects.size()));
  }
}

TEST(LabelMetrics, EqualMapsAndOtherNumbers) {
  std::mt19937 random(6);
  Labels labels(9, 11), renumbered(9, 11);
  for (size_t i = 0; i < labels.cells.size(); ++i) {
    labels.cells[i] = static_cast<int32_t>(random() % 5);
    renumbered.cells[i] = labels.cells[i] == 0 ? 0 : 2147483647 - labels.cells[i];
  }
  const auto got = Compare(renumbered, labels);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->f1, 1);
  EXPECT_DOUBLE_EQ(got->mean_average_precision, 1);
  EXPECT_EQ(got->dice, 1);
  EXPECT_EQ(got->rand_index, 1);
  EXPECT_EQ(got->adapted_rand_error, 0);
  EXPECT_EQ(got->vi_split + got->vi_merge, 0);
  EXPECT_EQ(got->splits + got->merges, 0);
}

TEST(LabelMetrics, NothingThere) {
  const auto neither = Compare(Labels(3, 3), Labels(3, 3));
  ASSERT_TRUE(neither.ok());
  EXPECT_EQ(neither->f1, 1);
  EXPECT_EQ(neither->iou, 1);
  EXPECT_EQ(neither->adapted_rand_error, 0);
  Labels one(3, 3);
  one.at(1, 1) = 4;
  const auto missing = Compare(Labels(3, 3), one);
  EXPECT_EQ(missing->f1, 0);
  EXPECT_EQ(missing->precision, 1);
  EXPECT_EQ(missing->recall, 0);
  EXPECT_EQ(missing->iou, 0);
  EXPECT_EQ(Compare(Labels(1, 1), Labels(1, 1))->rand_index, 1);
}

TEST(LabelMetrics, RefusesWhatIsNoLabel) {
  const Labels good(2, 3);
  Labels bad(2, 3);
  bad.at(1, 2) = -4;
  EXPECT_EQ(FieldOf(Compare(bad, good).status()), "labels[1][2]");
  EXPECT_EQ(FieldOf(Compare(good, bad).status()), "ground_truth[1][2]");
  EXPECT_EQ(FieldOf(Compare(good, Labels(3, 2)).status()), "ground_truth");
  EXPECT_EQ(FieldOf(Compare(Grid<float>(2, 2), Grid<float>(2, 2)).status()), "labels");
  Grid<uint64_t> wide(1, 2);
  wide.at(0, 1) = uint64_t{1} << 31;
  EXPECT_EQ(FieldOf(Compare(wide, wide).status()), "labels[0][1]");
  CancelSource source;
  source.Cancel();
  Context context;
  context.cancel = source.token();
  const Unaligned<int32_t> view(good);
  EXPECT_EQ(CompareLabels(context, view.view(), view.view()).status().code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace trine::segment
