#include "core/base/text/quantity.h"

#include <gtest/gtest.h>

namespace trine {
namespace {

TEST(ParseBytes, KnowsUnitsOf1024AndOf1000) {
  EXPECT_EQ(ParseBytes("0"), 0u);
  EXPECT_EQ(ParseBytes("4096"), 4096u);
  EXPECT_EQ(ParseBytes("4096B"), 4096u);
  EXPECT_EQ(ParseBytes("64KiB"), 65536u);
  EXPECT_EQ(ParseBytes("1MiB"), 1048576u);
  EXPECT_EQ(ParseBytes("2GiB"), uint64_t{1} << 31);
  EXPECT_EQ(ParseBytes("10kB"), 10'000u);
  EXPECT_EQ(ParseBytes("10MB"), 10'000'000u);
  EXPECT_EQ(ParseBytes("1GB"), 1'000'000'000u);
  EXPECT_EQ(ParseBytes("17179869183GiB"), 18446744072635809792u);
}

// A unit that one reader takes for 1024 and another for 1000 is none.
TEST(ParseBytes, RefusesTheRest) {
  for (const char* wrong : {"", "MiB", "-1", "1.5MiB", "1 MiB", "0x10", "1k", "1K", "1M", "1G",
                            "1KB", "1mib", "17179869184GiB", "99999999999999999999"}) {
    EXPECT_EQ(ParseBytes(wrong), std::nullopt) << wrong;
  }
}

TEST(ParseTime, NeedsAUnit) {
  EXPECT_EQ(ParseTime("0ms")->count(), 0);
  EXPECT_EQ(ParseTime("500ms")->count(), 500);
  EXPECT_EQ(ParseTime("30s")->count(), 30'000);
  EXPECT_EQ(ParseTime("0.25s")->count(), 250);
  EXPECT_EQ(ParseTime("0.0001s")->count(), 1);
  EXPECT_EQ(ParseTime("2m")->count(), 120'000);
  EXPECT_EQ(ParseTime("1h")->count(), 3'600'000);
  for (const char* wrong :
       {"", "30", "0", "s", "-5s", "5x", "5 s", "1.2.3s", "1e9h", "99999999999h"}) {
    EXPECT_EQ(ParseTime(wrong), std::nullopt) << wrong;
  }
}

TEST(ParseTime, TakesTheUnitOfTheName) {
  EXPECT_EQ(ParseTime("500", "ms")->count(), 500);
  EXPECT_EQ(ParseTime("5", "s")->count(), 5000);
  EXPECT_EQ(ParseTime("5s", "ms")->count(), 5000);
  EXPECT_EQ(ParseTime("", "ms"), std::nullopt);
}

}  // namespace
}  // namespace trine
