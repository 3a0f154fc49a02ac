#include "core/runtime/cpu_quota.h"

#include <gtest/gtest.h>

#include <thread>

namespace trine {
namespace {

TEST(CpuQuota, ReadsCpuMax) {
  EXPECT_EQ(ParseCpuMax("max 100000\n"), 0);
  EXPECT_EQ(ParseCpuMax("200000 100000\n"), 2);
  EXPECT_EQ(ParseCpuMax("150000 100000"), 2);  // rounded up
  EXPECT_EQ(ParseCpuMax("1000 100000"), 1);
  EXPECT_EQ(ParseCpuMax(""), 0);
  EXPECT_EQ(ParseCpuMax("-1 100000"), 0);
  EXPECT_EQ(ParseCpuMax("100000 0"), 0);
  EXPECT_EQ(ParseCpuMax("9223372036854775807 1"), 1 << 16);
}

TEST(CpuQuota, IsAtLeastOneAndAtMostTheMachine) {
  EXPECT_GE(AvailableCpus(), 1);
  EXPECT_LE(AvailableCpus(), static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace
}  // namespace trine
