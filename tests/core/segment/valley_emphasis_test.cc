#include <algorithm>

#include "gtest/gtest.h"
#include "tests/core/segment/support.h"

namespace trine::segment {
namespace {

TEST(ValleyEmphasis, IsTheFirstOfTheBest) {
  std::mt19937 random(9);
  for (int i = 0; i < 300; ++i) {
    std::vector<uint64_t> counts(2 + random() % 40);
    for (uint64_t& count : counts) count = random() % 3 == 0 ? 0 : random() % 60;
    counts.front() = counts.back() = 1 + random() % 5;
    const int low = i % 2 == 0 ? 0 : 100;
    Grid<uint8_t> gray(1, 0);
    for (size_t v = 0; v < counts.size(); ++v)
      gray.cells.insert(gray.cells.end(), counts[v],
                        static_cast<uint8_t>(low + static_cast<int>(v)));
    gray.width = static_cast<int>(gray.cells.size());
    const double n = static_cast<double>(gray.width);
    std::vector<double> values(counts.size(), 0);
    for (size_t t = 0; t + 1 < counts.size(); ++t) {
      double sums[2] = {0, 0}, weights[2] = {0, 0};
      for (const uint8_t v : gray.cells) {
        sums[v <= low + static_cast<int>(t) ? 0 : 1] += v;
        ++weights[v <= low + static_cast<int>(t) ? 0 : 1];
      }
      values[t] = (1 - static_cast<double>(counts[t]) / n) *
                  (sums[0] * sums[0] / weights[0] + sums[1] * sums[1] / weights[1]) / n;
    }
    const double best = *std::max_element(values.begin(), values.end());
    size_t first = 0;
    while (values[first] < best * (1 - 1e-12)) ++first;
    while (counts[first] == 0) --first;  // the same classes
    const auto result = RunSteps(gray, {OtsuStep{true}});
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->threshold->thresholds[0], low + static_cast<double>(first));
    EXPECT_EQ(result->threshold->plateau_low, result->threshold->thresholds[0]);
    EXPECT_GE(result->threshold->plateau_high, result->threshold->plateau_low);
  }
  const Grid<float> constant(3, 3, 2.5f);
  EXPECT_EQ(RunSteps(constant, {OtsuStep{true}})->threshold->thresholds[0], 2.5);
  EXPECT_TRUE(
      absl::IsUnimplemented(RunSteps(constant, {OtsuStep{true}}, Profile::kSkimage).status()));
}

}  // namespace
}  // namespace trine::segment
