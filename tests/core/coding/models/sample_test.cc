// Samples of blocks, and what a model is estimated to spend by them.
#include "core/coding/models/sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/coding/models/adaptive/adaptive_model.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

TEST(Sample, IsTheWholeOfAShortBlock) {
  for (const size_t n : {size_t{2}, size_t{5000}, kMaxWholeSample}) {
    const std::string raw = Words(n, 1);
    const Sample sample = TakeSample(AsBytes(raw));
    EXPECT_TRUE(sample.is_whole());
    EXPECT_EQ(sample.counted(), n);
    EXPECT_TRUE(AsString(sample.bytes) == raw);
  }
}

TEST(Sample, IsASixteenthOfALongBlock) {
  const auto size = [](size_t n) {
    const std::string raw(n, 'a');
    const Sample sample = TakeSample(AsBytes(raw));
    EXPECT_EQ(2 * sample.begin, sample.bytes.size()) << n;
    EXPECT_FALSE(sample.is_whole()) << n;
    return sample.bytes.size();
  };
  EXPECT_EQ(size(kMaxWholeSample + 1), kSampleStep);
  EXPECT_EQ(size(2 * 16 * kSampleStep - 1), kSampleStep);
  EXPECT_EQ(size(2 * 16 * kSampleStep), 2 * kSampleStep);
  EXPECT_EQ(size(16 * kMaxSample), kMaxSample);
  EXPECT_EQ(size(64 * kMaxSample), kMaxSample);
}

// Both halves hold bytes of every part of the block, its first and last ones among them.
TEST(Sample, IsOfAllParts) {
  constexpr size_t kBytes = size_t{1} << 20;
  std::string raw(kBytes, '\0');
  for (size_t i = 0; i < kBytes; ++i) raw[i] = static_cast<char>(i * 8 / kBytes);
  raw.front() = 'f';
  raw.back() = 'l';
  const Sample sample = TakeSample(AsBytes(raw));
  EXPECT_EQ(sample.bytes.front(), 'f');
  EXPECT_EQ(sample.bytes.back(), 'l');
  for (uint8_t part = 0; part < 8; ++part) {
    const auto half = sample.bytes.begin() + static_cast<ptrdiff_t>(sample.begin);
    EXPECT_GE(std::count(sample.bytes.begin(), half, part), 4096 - 1);
    EXPECT_GE(std::count(half, sample.bytes.end(), part), 4096 - 1);
  }
}

// What lanes spend on a block as its own sample is what its payload takes.
TEST(Sample, CostsAsMuchAsItsPayload) {
  for (const NamedInput& input : kInputs) {
    const std::string raw = input.make(100000, 3);
    for (const int order : {0, 1, 2}) {
      SCOPED_TRACE(input.name);
      const AdaptiveParams params = DefaultAdaptive(raw.size(), order);
      const Sample sample = TakeSample(AsBytes(raw));
      const auto cost = CostOfLanes(sample, params, Limits{}, {});
      ASSERT_TRUE(cost.ok()) << cost.status();
      const auto payload = EncodeAdaptive(AsBytes(raw), params, Limits{}, {});
      ASSERT_TRUE(payload.ok()) << payload.status();
      const double bytes = static_cast<double>(cost->counted) / 65536 / 8;
      if (!payload->fits) {
        EXPECT_GT(cost->counted, sample.CostOfStored());
        continue;
      }
      // The lanes' ends: up to 4 bytes each, of up to 32 lanes.
      EXPECT_NEAR(static_cast<double>(payload->bytes.size()), bytes, 160);
    }
  }
}

TEST(Sample, CostsNoMoreThanModelsMayTake) {
  const std::string raw = Words(300000, 1);
  Limits limits;
  limits.max_model_bytes = 100000;
  const auto cost =
      CostOfLanes(TakeSample(AsBytes(raw)), DefaultAdaptive(raw.size(), 2), limits, {});
  EXPECT_EQ(cost.status().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace trine::coding
