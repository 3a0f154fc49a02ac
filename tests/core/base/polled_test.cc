// The one way to poll, and the checks of tests/core/polling.h themselves.
#include "core/base/polled.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"
#include "tests/core/polling.h"

namespace trine {
namespace {

// Spends CPU time.
void Work(double ms) {
  const double end = internal::ThreadCpuMs() + ms;
  while (internal::ThreadCpuMs() < end) {
  }
}

// Many polls, and then one phase without any.
absl::Status DenseThenNone(const Context& context) {
  for (int i = 0; i < 1000; ++i) TRINE_RETURN_IF_ERROR(context.cancel.Check());
  Work(3 * kLongestGapMs);
  return context.cancel.Check();
}

TEST(ExpectPolls, FindsAPhaseWithoutAPoll) {
  if (!kPollsAreTimed) GTEST_SKIP() << "gaps are measured in optimised builds only";
  EXPECT_NONFATAL_FAILURE(ExpectPolls("dense, then none", 1000, 1, DenseThenNone),
                          "before poll 1000 of 1001");
}

TEST(ExpectPolls, TakesShortGaps) {
  ExpectPolls("short", 1000, 1, [](const Context& context) -> absl::Status {
    for (int i = 0; i < 1000; ++i) {
      Work(0.001);
      TRINE_RETURN_IF_ERROR(context.cancel.Check());
    }
    return absl::OkStatus();
  });
}

uint64_t PollsOf(absl::FunctionRef<void(const CancelToken&)> work) {
  uint64_t polls = 0;
  CancelSource source;
  source.OnPoll([&] { ++polls; });
  work(source.token());
  return polls;
}

TEST(Poller, PollsAtOnceAndThenOnceAnInterval) {
  for (const int units : {1, 10, 99, 100, 101, 1000}) {
    const uint64_t polls = PollsOf([&](const CancelToken& cancel) {
      Poller poll(cancel, 100);
      for (int done = 0; done < 100000; done += units) EXPECT_TRUE(poll.Spend(units).ok());
    });
    const uint64_t reports_a_poll = units >= 100 ? 1 : static_cast<uint64_t>((99 + units) / units);
    const uint64_t reports = static_cast<uint64_t>((99999 + units) / units);
    EXPECT_EQ(polls, (reports + reports_a_poll - 1) / reports_a_poll) << units;
  }
}

TEST(Poller, StopsOnceCancelled) {
  CancelSource source;
  const CancelToken token = source.token();
  Poller poll(token, 10);
  EXPECT_TRUE(poll.Continue(1));
  source.Cancel();
  EXPECT_TRUE(poll.Continue(9));  // not yet due
  EXPECT_FALSE(poll.Continue(1));
  EXPECT_TRUE(absl::IsCancelled(poll.Spend(10)));
}

TEST(InPieces, CoversAllAndPollsBeforeEach) {
  std::vector<std::pair<size_t, size_t>> pieces;
  const auto note = [&](size_t begin, size_t length) { pieces.emplace_back(begin, length); };
  EXPECT_EQ(
      PollsOf([&](const CancelToken& cancel) { EXPECT_TRUE(InPieces(25, 10, cancel, note).ok()); }),
      3u);
  EXPECT_EQ(pieces, (std::vector<std::pair<size_t, size_t>>{{0, 10}, {10, 10}, {20, 5}}));
  pieces.clear();
  CancelSource source;
  source.Cancel();
  EXPECT_TRUE(absl::IsCancelled(InPieces(25, 10, source.token(), note)));
  EXPECT_TRUE(pieces.empty());
  EXPECT_TRUE(InPieces(0, 10, source.token(), note).ok());
}

}  // namespace
}  // namespace trine
