// Loops that get no memory to ask helpers with: a program of its own, for its operator new.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>

#include "core/runtime/thread_pool.h"

namespace {

// Blocks of so many bytes are not to be had on this thread.
thread_local std::size_t refused_bytes = 0;

}  // namespace

void* operator new(std::size_t bytes) {
  void* const block = bytes == refused_bytes ? nullptr : std::malloc(bytes);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace trine {
namespace {

TEST(ThreadPool, RunsLoopsWithoutHelpersWhereThereIsNoMemoryToAskForOne) {
  std::atomic<size_t> sum{0};
  {
    ThreadPool pool(4);
    const Context context{.pool = &pool};
    // A helper is asked for with a block that holds a pointer to the loop.
    refused_bytes = sizeof(std::shared_ptr<void>);
    const absl::Status status = ParallelFor(context, 100, 1, [&](size_t begin, size_t) {
      sum.fetch_add(begin);
      return absl::OkStatus();
    });
    refused_bytes = 0;
    EXPECT_TRUE(status.ok()) << status;
    // The pool's end waits for helpers that were asked for: a call that failed must not count.
  }
  EXPECT_EQ(sum.load(), 4950u);
}

}  // namespace
}  // namespace trine
