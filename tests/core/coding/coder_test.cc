// Parts of the coder that know no model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/coding/coder/kept_array.h"

namespace trine::coding {
namespace {

// A kind of array for each number: threads keep one of each.
template <int kNumber>
struct Kind {};

template <int kNumber>
void UseOne(size_t bytes) {
  KeptArray<uint8_t, Kind<kNumber>> array(bytes);
  array[0] = 1;
}

TEST(KeptArray, ThreadsTogetherKeepABoundedAmount) {
  const size_t before = KeptBytes();
  constexpr size_t kEach = KeptArray<uint8_t, Kind<0>>::kMostKept;
  std::vector<std::thread> threads;
  std::atomic<int> used{0};
  std::atomic<bool> may_end{false};
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&] {
      UseOne<0>(kEach);
      UseOne<1>(kEach);
      UseOne<1>(kEach / 2);  // serves from what is kept
      UseOne<2>(kEach + 1);  // too long to be kept
      ++used;
      used.notify_all();
      may_end.wait(false);
    });
  }
  for (int n = used; n < 12; n = used) used.wait(n);
  // All threads live; twice 8 MiB for each would be 192 MiB.
  EXPECT_LE(KeptBytes(), kMostKeptBytes);
  EXPECT_GT(KeptBytes(), before + kEach);
  may_end = true;
  may_end.notify_all();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(KeptBytes(), before) << "threads that end keep nothing";
}

TEST(KeptArray, IsServedFromWhatIsKept) {
  std::thread([] {
    uint8_t* first = nullptr;
    {
      KeptArray<uint8_t, Kind<3>> array(1 << 20);
      first = array.data();
    }
    const size_t kept = KeptBytes();
    {
      KeptArray<uint8_t, Kind<3>> again(1000);
      EXPECT_EQ(again.data(), first);
      EXPECT_EQ(KeptBytes(), kept - (1 << 20)) << "in use: the block's own";
    }
    EXPECT_EQ(KeptBytes(), kept);
  }).join();
}

}  // namespace
}  // namespace trine::coding
