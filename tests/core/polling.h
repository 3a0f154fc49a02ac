// Checks without a clock that work which may be cancelled looks at its token densely enough.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "core/base/cancel.h"
#include "core/runtime/context.h"
#include "gtest/gtest.h"

namespace trine {

// Runs `work` on this thread: once to its end, when it has to look at least units / units_a_poll
// times, and then cancelled from its n-th look on, for several n, when it has to say so and to look
// only a few times more (as each level that hands the error up may).
inline void ExpectPolls(const std::string& name, uint64_t units, uint64_t units_a_poll,
                        absl::FunctionRef<absl::Status(const Context&)> work) {
  SCOPED_TRACE(name);
  uint64_t looks = 0;
  {
    CancelSource source;
    source.OnPoll([&] { ++looks; });
    Context context;
    context.cancel = source.token();
    const absl::Status status = work(context);
    ASSERT_TRUE(status.ok()) << status;
  }
  EXPECT_GE(looks, std::max<uint64_t>(1, units / units_a_poll));
  constexpr uint64_t kMoreLooks = 4;
  for (const uint64_t n :
       {uint64_t{1}, uint64_t{2}, looks / 4, looks / 2, looks - looks / 4, looks}) {
    if (n < 1 || n > looks) continue;
    uint64_t seen = 0;
    CancelSource source;
    source.OnPoll([&] {
      if (++seen == n) source.Cancel();
    });
    Context context;
    context.cancel = source.token();
    const absl::Status status = work(context);
    EXPECT_TRUE(absl::IsCancelled(status)) << "look " << n << " of " << looks << ": " << status;
    EXPECT_LE(seen, n + kMoreLooks) << "look " << n << " of " << looks;
  }
}

}  // namespace trine
