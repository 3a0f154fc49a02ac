// InOrder: whatever the order in which threads are done, each is taken once and in order.
#include "core/coding/stream/in_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

namespace trine::coding {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(InOrder, TakesAsSoonAsAllBeforeAreDone) {
  std::vector<size_t> taken;
  const auto take = [&](size_t i) {
    taken.push_back(i);
    return absl::OkStatus();
  };
  InOrder order(4, take);
  EXPECT_TRUE(order.Done(2).ok());
  EXPECT_TRUE(order.Done(1).ok());
  EXPECT_THAT(taken, IsEmpty());
  EXPECT_TRUE(order.Done(0).ok());
  EXPECT_THAT(taken, ElementsAre(0, 1, 2));
  EXPECT_TRUE(order.Done(3).ok());
  EXPECT_THAT(taken, ElementsAre(0, 1, 2, 3));
}

TEST(InOrder, TakesNothingBehindAnError) {
  std::vector<size_t> taken;
  const auto take = [&](size_t i) {
    taken.push_back(i);
    return i == 1 ? absl::CancelledError("no") : absl::OkStatus();
  };
  InOrder order(4, take);
  EXPECT_TRUE(order.Done(2).ok());
  EXPECT_TRUE(order.Done(1).ok());
  EXPECT_EQ(order.Done(0).code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(order.Done(3).ok());
  EXPECT_THAT(taken, ElementsAre(0, 1));
}

TEST(InOrder, EachOnceFromManyThreads) {
  constexpr size_t kItems = 10000;
  constexpr size_t kThreads = 4;
  for (uint32_t round = 0; round < 5; ++round) {
    std::vector<size_t> items(kItems), taken;
    std::iota(items.begin(), items.end(), 0);
    std::shuffle(items.begin(), items.end(), std::mt19937(round));
    const auto take = [&](size_t i) {
      taken.push_back(i);  // by one thread at a time
      return absl::OkStatus();
    };
    InOrder order(kItems, take);
    std::vector<std::thread> threads;
    for (size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (size_t i = t; i < kItems; i += kThreads) EXPECT_TRUE(order.Done(items[i]).ok());
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(taken.size(), kItems);
    EXPECT_TRUE(std::is_sorted(taken.begin(), taken.end()));
    EXPECT_EQ(std::adjacent_find(taken.begin(), taken.end()), taken.end());
  }
}

}  // namespace
}  // namespace trine::coding
