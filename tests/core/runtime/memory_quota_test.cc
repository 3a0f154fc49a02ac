#include "core/runtime/memory_quota.h"

#include <gtest/gtest.h>

namespace trine {
namespace {

TEST(MemoryQuota, ReadsWhatAGroupStates) {
  EXPECT_EQ(ParseMemoryMax("max\n"), 0u);
  EXPECT_EQ(ParseMemoryMax("536870912\n"), uint64_t{512} << 20);
  EXPECT_EQ(ParseMemoryMax("9223372036854771712\n"), 0u);  // version 1 without a limit
  EXPECT_EQ(ParseMemoryMax(""), 0u);
  EXPECT_EQ(ParseMemoryMax("0"), 0u);
  EXPECT_EQ(ParseMemoryMax("-1"), 0u);
  EXPECT_EQ(ParseMemoryMax("99999999999999999999999"), 0u);
}

}  // namespace
}  // namespace trine
