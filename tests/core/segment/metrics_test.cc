// Metrics of masks: against their definitions, and worked examples.
#include "core/segment/metrics.h"

#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/runtime/thread_pool.h"
#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TensorView ViewOf(const Mask& mask) {
  return {DType::kUint8, {mask.height, mask.width}, mask.cells};
}

MaskMetrics Compared(const Mask& mask, const Mask& truth, const Mask* inside = nullptr) {
  std::optional<TensorView> within;
  if (inside != nullptr) within = ViewOf(*inside);
  const absl::StatusOr<MaskMetrics> metrics =
      CompareMasks(Context(), ViewOf(mask), ViewOf(truth), within);
  EXPECT_TRUE(metrics.ok()) << metrics.status();
  return *metrics;
}

void ExpectRight(const Mask& mask, const Mask& truth, const Mask& inside, const std::string& what) {
  const MaskMetrics got = Compared(mask, truth, &inside);
  const oracle::Comparison right = oracle::Compare(mask, truth, inside);
  EXPECT_EQ(got.true_positives, right.tp) << what;
  EXPECT_EQ(got.false_positives, right.fp) << what;
  EXPECT_EQ(got.false_negatives, right.fn) << what;
  EXPECT_EQ(got.true_negatives, right.tn) << what;
  EXPECT_NEAR(got.pseudo_precision, right.pseudo_precision, 1e-9) << what;
  EXPECT_NEAR(got.pseudo_recall, right.pseudo_recall, 1e-9) << what;
  if (std::isinf(right.drd)) {
    EXPECT_EQ(got.drd, right.drd) << what;
  } else {
    EXPECT_NEAR(got.drd, right.drd, 1e-9) << what;
  }
}

TEST(Metrics, FollowTheirDefinitions) {
  std::mt19937 random(4);
  for (const auto& [height, width] :
       {std::pair{1, 1}, {1, 9}, {9, 1}, {7, 8}, {8, 9}, {9, 17}, {20, 23}}) {
    for (const double density : {0.1, 0.5, 0.9}) {
      const Mask mask = RandomMask(random, height, width, density);
      Mask truth = RandomMask(random, height, width, density);
      const std::string what = std::to_string(height) + " x " + std::to_string(width);
      ExpectRight(mask, truth, Mask(height, width, 1), what);
      ExpectRight(mask, truth, RandomMask(random, height, width, 0.7), what + " inside");
      // Strokes of several pixels.
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) truth.at(y, x) = (x + y / 3) % 11 < 6 ? 1 : 0;
      }
      ExpectRight(mask, truth, Mask(height, width, 1), what + " strokes");
    }
  }
}

TEST(Metrics, WorkedExample) {
  // One of four foreground pixels is missing, one is false beside it and one far away.
  const Mask truth = Drawn({"........",  //
                            ".####...",  //
                            "........",  //
                            "........"});
  const Mask mask = Drawn({"........",  //
                           ".###....",  //
                           "....#...",  //
                           ".......#"});
  const MaskMetrics got = Compared(mask, truth);
  EXPECT_EQ(got.true_positives, 3);
  EXPECT_EQ(got.false_positives, 2);
  EXPECT_EQ(got.false_negatives, 1);
  EXPECT_EQ(got.true_negatives, 26);
  EXPECT_DOUBLE_EQ(got.precision, 60);
  EXPECT_DOUBLE_EQ(got.recall, 75);
  EXPECT_DOUBLE_EQ(got.f_measure, 200.0 / 3);
  EXPECT_DOUBLE_EQ(got.dice, 2.0 / 3);
  EXPECT_DOUBLE_EQ(got.iou, 0.5);
  EXPECT_DOUBLE_EQ(got.pseudo_recall, 75);
  EXPECT_DOUBLE_EQ(got.pseudo_precision, 300 / 4.5);
  EXPECT_DOUBLE_EQ(got.psnr, 10 * std::log10(32.0 / 3));
  EXPECT_NEAR(got.drd, oracle::Compare(mask, truth, Mask(4, 8, 1)).drd, 1e-12);
}

TEST(Metrics, MiddlesOfStrokesWeighMost) {
  const Mask truth = Drawn({".......", ".#####.", ".#####.", ".#####.", "......."});
  Mask without_middle = truth, without_corner = truth;
  without_middle.at(2, 3) = 0;
  without_corner.at(1, 1) = 0;
  const MaskMetrics middle = Compared(without_middle, truth);
  const MaskMetrics corner = Compared(without_corner, truth);
  EXPECT_EQ(middle.recall, corner.recall);
  // Weights are 1/4 on the border of 12 pixels and 1/2 on the 3 inside.
  EXPECT_DOUBLE_EQ(middle.pseudo_recall, 100 * 4.0 / 4.5);
  EXPECT_DOUBLE_EQ(corner.pseudo_recall, 100 * 4.25 / 4.5);
}

// doxapy 0.9's calculate_performance, whose DRD is of single precision.
TEST(Metrics, AreDoxas) {
  struct Case {
    int height, width;
    double f_measure, psnr, drd;
  };
  for (const Case& c : {Case{67, 70, 92.33097880928356, 14.893292547703108, 2.304069},
                        Case{64, 72, 92.2918807810894, 14.874212113594742, 2.051473},
                        Case{23, 9, 92.92929292929293, 14.70872305442661, 2.507785}}) {
    Mask truth(c.height, c.width), mask(c.height, c.width);
    for (int y = 0; y < c.height; ++y) {
      for (int x = 0; x < c.width; ++x) {
        const bool is = (x / 4 + 3 * (y / 4)) % 5 == 0, is_wrong = (x * 7 + y * 13) % 31 == 0;
        truth.at(y, x) = is ? 255 : 0;
        mask.at(y, x) = is != is_wrong ? 255 : 0;
      }
    }
    const MaskMetrics got = Compared(mask, truth);
    EXPECT_NEAR(got.f_measure, c.f_measure, 1e-12);
    EXPECT_NEAR(got.psnr, c.psnr, 1e-12);
    EXPECT_NEAR(got.drd, c.drd, 1e-6);
  }
}

TEST(Metrics, SameAndEmpty) {
  for (const uint8_t value : {0, 1, 255}) {
    const Mask mask(9, 10, value);
    const MaskMetrics got = Compared(mask, mask);
    EXPECT_EQ(got.f_measure, 100);
    EXPECT_EQ(got.pseudo_f_measure, 100);
    EXPECT_EQ(got.iou, 1);
    EXPECT_EQ(got.psnr, kInfinity);
    EXPECT_EQ(got.drd, 0);
  }
  const MaskMetrics nothing = Compared(Mask(9, 10, 0), Mask(9, 10, 1));
  EXPECT_EQ(nothing.f_measure, 0);
  EXPECT_EQ(nothing.pseudo_f_measure, 0);
  EXPECT_EQ(nothing.psnr, 0);
  EXPECT_EQ(nothing.drd, kInfinity);
}

TEST(Metrics, Refusals) {
  const Mask mask(4, 5), other(5, 4);
  const auto field = [](const TensorView& a, const TensorView& b) {
    return FieldOf(CompareMasks(Context(), a, b).status());
  };
  EXPECT_EQ(field(ViewOf(mask), ViewOf(other)), "ground_truth");
  const TensorView flat{DType::kUint8, {20}, mask.cells};
  EXPECT_EQ(field(flat, ViewOf(mask)), "mask");
  const TensorView wide{DType::kUint16, {2, 5}, mask.cells};
  EXPECT_EQ(field(wide, wide), "mask");
  EXPECT_EQ(field(TensorView{DType::kUint8, {0, 5}, {}}, ViewOf(mask)), "mask");
}

// Of the mask that the steps leave, over the pixels inside the mask and finite.
TEST(Metrics, OfASegmentation) {
  std::mt19937 random(7);
  auto gray = RandomGrid<float>(random, 23, 31, 0, 99);
  const Mask truth = RandomMask(random, 23, 31, 0.4), some = RandomMask(random, 23, 31, 0.7);
  Mask right(23, 31), counts = some;
  for (size_t i = 0; i < gray.cells.size(); ++i) {
    if (random() % 10 == 0) gray.cells[i] = std::numeric_limits<float>::quiet_NaN();
    if (std::isnan(gray.cells[i])) counts.cells[i] = 0;
    right.cells[i] = counts.cells[i] != 0 && gray.cells[i] <= 50 ? 1 : 0;
  }
  Inputs inputs;
  const Unaligned<float> pixels(gray);
  inputs.gray = pixels.view();
  inputs.mask = ViewOf(some);
  inputs.ground_truth = ViewOf(truth);
  Options options{Profile::kExact, true, {ThresholdStep{{50}}}, NanPolicy::kIgnore};
  options.metrics = true;
  const absl::StatusOr<Result> result = RunSteps(inputs, options);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_TRUE(result->metrics.has_value());
  const MaskMetrics expected = Compared(right, truth, &counts);
  EXPECT_EQ(result->metrics->true_positives, expected.true_positives);
  EXPECT_EQ(result->metrics->true_negatives, expected.true_negatives);
  EXPECT_EQ(result->metrics->pseudo_f_measure, expected.pseudo_f_measure);
  EXPECT_EQ(result->metrics->drd, expected.drd);

  const auto field = [&] { return FieldOf(RunSteps(inputs, options).status()); };
  options.steps = {AllThresholdsStep{}};
  EXPECT_EQ(field(), "ground_truth");  // makes no mask
  options.steps = {OtsuStep{}};
  EXPECT_EQ(field(), "");
  const Mask other(31, 23);
  inputs.ground_truth = ViewOf(other);
  EXPECT_EQ(field(), "ground_truth.shape");
  inputs.ground_truth = TensorView{DType::kUint16, {23, 31}, {}};
  EXPECT_EQ(field(), "ground_truth.dtype");
  inputs.ground_truth.reset();
  EXPECT_EQ(field(), "ground_truth");
  options.metrics = false;
  inputs.ground_truth = ViewOf(truth);
  const absl::StatusOr<Result> unused = RunSteps(inputs, options);
  ASSERT_TRUE(unused.ok());
  EXPECT_FALSE(unused->metrics.has_value());
  EXPECT_EQ(unused->warnings.size(), 1);
}

TEST(Metrics, DoNotDependOnThreads) {
  std::mt19937 random(6);
  const Mask mask = RandomMask(random, 700, 600, 0.3), truth = RandomMask(random, 700, 600, 0.3);
  ThreadPool pool(4);
  Context context;
  context.pool = &pool;
  const absl::StatusOr<MaskMetrics> shared = CompareMasks(context, ViewOf(mask), ViewOf(truth));
  const MaskMetrics alone = Compared(mask, truth);
  ASSERT_TRUE(shared.ok());
  EXPECT_EQ(shared->drd, alone.drd);
  EXPECT_EQ(shared->pseudo_f_measure, alone.pseudo_f_measure);
  EXPECT_EQ(shared->true_positives, alone.true_positives);
}

}  // namespace
}  // namespace trine::segment
