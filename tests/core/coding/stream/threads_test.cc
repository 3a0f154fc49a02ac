// Work on streams is spread over threads, and what comes out does not depend on them.
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "absl/functional/function_ref.h"
#include "core/base/error.h"
#include "core/coding/coding.h"
#include "core/coding/stream/recover.h"
#include "core/runtime/thread_pool.h"
#include "tests/core/coding/recover/recover_helpers.h"
#include "tests/core/coding/stream/stream_helpers.h"
#include "tests/core/coding/test_data.h"

namespace trine::coding {
namespace {

// Whether `work` is done by two threads at least, of four. It is repeated until it is, for up to
// 20 s: on a busy machine a helper may come when all is done.
bool IsDoneInParallel(absl::FunctionRef<void(const Context&)> work) {
  ThreadPool pool(4);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  CancelSource source;
  source.OnPoll([&] {
    const std::lock_guard<std::mutex> lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  Context context;
  context.pool = &pool;
  context.cancel = source.token();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (seen.size() < 2 && std::chrono::steady_clock::now() < until) work(context);
  return seen.size() >= 2;
}

// A first stream of short blocks, then one of long ones.
std::string ShortThenLong() {
  EncodeOptions options;
  options.model = Model::kStatic;
  options.block_bytes = kMinBlockBytes;
  std::string coded = MustEncode(Words(3 * kMinBlockBytes, 1), options);
  options.block_bytes = 128 << 10;
  coded += MustEncode(Words(32 << 17, 2), options);
  return coded;
}

TEST(StreamThreads, LongBlocksAfterAStreamOfShortOnesAreSpread) {
  const std::string coded = ShortThenLong();
  EXPECT_TRUE(IsDoneInParallel(
      [&](const Context& context) { EXPECT_TRUE(Decode(context, AsBytes(coded)).ok()); }));
}

TEST(StreamThreads, RecoveryIsSpread) {
  EncodeOptions options;
  options.block_bytes = 128 << 10;
  const std::string coded = MustEncode(Words(32 << 17, 2), options);
  EXPECT_TRUE(IsDoneInParallel([&](const Context& context) {
    EXPECT_TRUE(Recover(coded, coded.size(), {}, context).status.ok());
  }));
}

TEST(StreamThreads, RecoveryDoesNotDependOnThem) {
  std::string coded = Coded(Words(300 * kBlock, 7)) + Coded(Words(40, 8)) +
                      Coded(Words(500 * kBlock, 9), Model::kAdaptive);
  std::mt19937 random(1);
  for (size_t i = 0; i < 60; ++i) coded[random() % coded.size()] ^= 0x41;
  coded.erase(coded.size() / 2, 2000);
  for (const bool skip_lost : {false, true}) {
    RecoverOptions options;
    options.skip_lost = skip_lost;
    const Recovered expected = Recover(coded, coded.size(), options);
    ASSERT_TRUE(expected.status.ok()) << expected.status;
    EXPECT_GT(expected.report.damages_total, 20u);
    EXPECT_GT(expected.report.blocks_good, 600u);
    for (const int threads : {1, 8}) {
      ThreadPool pool(threads);
      Context context;
      context.pool = &pool;
      for (const size_t piece : {size_t{97}, size_t{5000}, coded.size()}) {
        SCOPED_TRACE(testing::Message() << threads << " " << piece << " " << skip_lost);
        const Recovered got = Recover(coded, piece, options, context);
        ASSERT_TRUE(got.status.ok()) << got.status;
        EXPECT_TRUE(got.raw == expected.raw);
        const RecoverReport &a = got.report, &b = expected.report;
        EXPECT_EQ(a.blocks_good, b.blocks_good);
        EXPECT_EQ(a.blocks_lost, b.blocks_lost);
        EXPECT_EQ(a.raw_bytes_good, b.raw_bytes_good);
        EXPECT_EQ(a.raw_bytes_lost, b.raw_bytes_lost);
        ASSERT_EQ(a.damages.size(), b.damages.size());
        for (size_t i = 0; i < a.damages.size(); ++i) {
          EXPECT_EQ(a.damages[i].block, b.damages[i].block) << i;
          EXPECT_EQ(a.damages[i].raw_offset, b.damages[i].raw_offset) << i;
          EXPECT_EQ(a.damages[i].raw_bytes, b.damages[i].raw_bytes) << i;
          EXPECT_EQ(a.damages[i].coded_offset, b.damages[i].coded_offset) << i;
          EXPECT_EQ(a.damages[i].reason, b.damages[i].reason) << i;
        }
      }
    }
  }
}

// A block's number is that in its stream, whoever decodes.
TEST(StreamThreads, ErrorsNumberTheBlocksOfEachStream) {
  EncodeOptions options;
  options.block_bytes = kBlock;
  const std::string first = MustEncode(Words(5 * kBlock, 1), options);
  const std::string second = MustEncode(Words(4 * kBlock, 2), options);
  const auto info = Inspect({}, AsBytes(second));
  ASSERT_TRUE(info.ok());
  std::string coded = first + second;
  const BlockInfo& block = info->blocks[2];
  coded[first.size() + block.coded_offset + block.coded_bytes - 1] ^= 1;
  for (const absl::Status& status :
       {Decode({}, AsBytes(coded)).status(), DecodeInPieces(coded, 100).status()}) {
    ASSERT_TRUE(GetErrorDetail(status).has_value()) << status;
    EXPECT_EQ(GetErrorDetail(status)->block, 2) << status;
  }
}

}  // namespace
}  // namespace trine::coding
