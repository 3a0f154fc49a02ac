// Working memory that ranges of one parallel loop take and give back, so that it is allocated once
// a thread and not once a tile.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/error.h"

namespace trine::normalize {

// Named buffers of T, grown as needed, uninitialized. Thread safety: one thread at a time.
template <typename T>
class Scratch {
 public:
  enum Slot {
    kX,
    kPing,
    kPong,
    kPadded,
    kLevelA,
    kLevelB,
    kSums,
    kCore,
    kGradient,
    kPassed,
    kMiddleX,
    kBoxX,
    kBoxPassed,
    kStanding,
    kSlots
  };

  // At least `count` elements; their old contents are lost when the buffer grows. Null when there
  // is no memory.
  T* Get(Slot slot, size_t count) {
    Buffer& buffer = buffers_[slot];
    if (buffer.size < count || buffer.data == nullptr) {
      buffer.data.reset(new (std::nothrow) T[count]);
      buffer.size = buffer.data == nullptr ? 0 : count;
    }
    return buffer.data.get();
  }

  static absl::Status OutOfMemory() {
    return MakeError(absl::StatusCode::kResourceExhausted,
                     {.reason = "LIMIT_EXCEEDED", .field = "tensor", .limit = "free memory"},
                     "there is not enough memory to compute with a tensor of this size");
  }

 private:
  struct Buffer {
    std::unique_ptr<T[]> data;
    size_t size = 0;
  };
  std::array<Buffer, kSlots> buffers_;
};

// Thread safety: all members may be called from any thread.
template <typename T>
class ScratchPool {
 public:
  // Gives its scratch back at its end.
  class Lease {
   public:
    explicit Lease(ScratchPool& pool) : pool_(pool), scratch_(pool.Take()) {}
    ~Lease() { pool_.Give(std::move(scratch_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Scratch<T>& operator*() { return *scratch_; }

   private:
    ScratchPool& pool_;
    std::unique_ptr<Scratch<T>> scratch_;
  };

 private:
  std::unique_ptr<Scratch<T>> Take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (free_.empty()) return std::make_unique<Scratch<T>>();
    std::unique_ptr<Scratch<T>> scratch = std::move(free_.back());
    free_.pop_back();
    return scratch;
  }
  void Give(std::unique_ptr<Scratch<T>> scratch) {
    const std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(std::move(scratch));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<Scratch<T>>> free_;
};

}  // namespace trine::normalize
