#include "core/base/cancel.h"

#include <gtest/gtest.h>

#include <chrono>

#include "core/base/error.h"

namespace trine {
namespace {

TEST(Cancel, ADefaultTokenNeverStops) {
  EXPECT_FALSE(CancelToken().ShouldStop());
  EXPECT_TRUE(CancelToken().Check().ok());
}

TEST(Cancel, CancellingIsSeenByEveryCopy) {
  CancelSource source;
  const CancelToken token = source.token();
  const CancelToken copy = token;
  EXPECT_TRUE(token.Check().ok());
  source.Cancel();
  EXPECT_EQ(copy.Check().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(GetErrorDetail(copy.Check())->reason, "CANCELLED");
}

TEST(Cancel, ADeadlineInThePastStops) {
  CancelSource source;
  source.SetDeadline(std::chrono::steady_clock::now() + std::chrono::hours(1));
  EXPECT_TRUE(source.token().Check().ok());
  source.SetDeadline(std::chrono::steady_clock::now() - std::chrono::nanoseconds(1));
  EXPECT_EQ(source.token().Check().code(), absl::StatusCode::kDeadlineExceeded);
  source.Cancel();  // the caller's own word comes first
  EXPECT_EQ(source.token().Check().code(), absl::StatusCode::kCancelled);
}

TEST(Cancel, ATokenOutlivesItsSource) {
  CancelToken token;
  {
    CancelSource source;
    source.Cancel();
    token = source.token();
  }
  EXPECT_TRUE(token.ShouldStop());
}

}  // namespace
}  // namespace trine
