// Checks that work which may be cancelled polls its token densely enough.
//
// Counting polls alone is not enough: a phase that never polls hides after one that polls often.
// So the longest gap between two polls is measured too, in CPU time of the thread, which other
// processes do not lengthen. The polls of single-threaded work are the same in each run: a gap that
// is too long is measured again, and the shortest of its times counts, so that an interrupt or a
// cold cache does not fail a test.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/base/cancel.h"
#include "core/runtime/context.h"
#include "gtest/gtest.h"

namespace trine {

// Whether the build is the one that the promise of 10 ms is about: optimised, without sanitizers.
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
inline constexpr bool kPollsAreTimed = true;
#else
inline constexpr bool kPollsAreTimed = false;
#endif

// Twice the promise, in CPU time [ms]: on a machine that others use, caches and clock make the same
// work take longer than on an idle one, of which the 10 ms are said. A phase that does not poll at
// all takes many times as much.
inline constexpr double kLongestGapMs = 20;

namespace internal {

inline double ThreadCpuMs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

// What one run does between its start, its polls and its end.
struct Gaps {
  absl::Status status;
  std::vector<double> ms;  // one more than polls

  size_t polls() const { return ms.size() - 1; }
  size_t Longest() const {
    return static_cast<size_t>(std::max_element(ms.begin(), ms.end()) - ms.begin());
  }
};

inline Gaps MeasureGaps(absl::FunctionRef<absl::Status(const Context&)> work) {
  Gaps gaps;
  gaps.ms.reserve(1 << 20);  // so that it does not grow in a gap
  CancelSource source;
  double last = ThreadCpuMs();
  source.OnPoll([&] {
    gaps.ms.push_back(ThreadCpuMs() - last);
    last = ThreadCpuMs();
  });
  Context context;
  context.cancel = source.token();
  gaps.status = work(context);
  gaps.ms.push_back(ThreadCpuMs() - last);
  return gaps;
}

// Runs `work` until no gap is above kLongestGapMs in all runs, 5 times at most.
inline Gaps ExpectShortGaps(absl::FunctionRef<absl::Status(const Context&)> work) {
  Gaps shortest = MeasureGaps(work);
  for (int run = 1; run < 5 && shortest.ms[shortest.Longest()] > kLongestGapMs; ++run) {
    const Gaps again = MeasureGaps(work);
    EXPECT_EQ(again.polls(), shortest.polls()) << "the polls differ from run to run";
    for (size_t i = 0; i < std::min(again.ms.size(), shortest.ms.size()); ++i)
      shortest.ms[i] = std::min(shortest.ms[i], again.ms[i]);
  }
  if (kPollsAreTimed) {
    const size_t longest = shortest.Longest();
    EXPECT_LE(shortest.ms[longest], kLongestGapMs)
        << "ms of CPU time before poll " << longest << " of " << shortest.polls();
  }
  return shortest;
}

}  // namespace internal

// Runs `work` on this thread to its end: no two polls are more than kLongestGapMs apart. For inputs
// so large that a pass over them takes longer than that.
inline void ExpectShortGaps(const std::string& name,
                            absl::FunctionRef<absl::Status(const Context&)> work) {
  SCOPED_TRACE(name);
  const absl::Status status = internal::ExpectShortGaps(work).status;
  ASSERT_TRUE(status.ok()) << status;
}

// Runs `work` on this thread: once to its end, when it has to poll at least units / units_a_poll
// times, and never more than kLongestGapMs after the poll before; and then cancelled at its n-th
// poll, for several n, when it has to say so and to poll only a few times more (as each level that
// hands the error up may).
inline void ExpectPolls(const std::string& name, uint64_t units, uint64_t units_a_poll,
                        absl::FunctionRef<absl::Status(const Context&)> work) {
  SCOPED_TRACE(name);
  const internal::Gaps gaps = internal::ExpectShortGaps(work);
  ASSERT_TRUE(gaps.status.ok()) << gaps.status;
  const uint64_t polls = gaps.polls();
  EXPECT_GE(polls, std::max<uint64_t>(1, units / units_a_poll));
  constexpr uint64_t kMorePolls = 4;
  for (const uint64_t n :
       {uint64_t{1}, uint64_t{2}, polls / 4, polls / 2, polls - polls / 4, polls}) {
    if (n < 1 || n > polls) continue;
    uint64_t seen = 0;
    CancelSource source;
    source.OnPoll([&] {
      if (++seen == n) source.Cancel();
    });
    Context context;
    context.cancel = source.token();
    const absl::Status status = work(context);
    EXPECT_TRUE(absl::IsCancelled(status)) << "poll " << n << " of " << polls << ": " << status;
    EXPECT_LE(seen, n + kMorePolls) << "poll " << n << " of " << polls;
  }
}

}  // namespace trine
