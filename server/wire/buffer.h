// Memory for payloads: blocks that are used again, since fresh ones of the system cost a page fault
// every 4 KiB, more than the work on them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/long_array.h"

namespace trine::server {

class BufferPool;

// A block of bytes, not initialised, of one owner. Goes back to its pool when it is destroyed.
class Buffer {
 public:
  Buffer() = default;
  // One whose memory is that of `bytes`.
  explicit Buffer(LongArray<uint8_t> bytes);
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  MutableByteView view() { return {data_, size_}; }

 private:
  friend class BufferPool;
  friend Buffer AllocateBuffer(const std::shared_ptr<BufferPool>& pool, size_t bytes);

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
  std::shared_ptr<BufferPool> pool_;  // null: not pooled
  LongArray<uint8_t> array_;          // not empty: owns the memory
};

// `bytes` bytes, from `pool` where there is one. Throws std::bad_alloc where there is no memory.
Buffer AllocateBuffer(const std::shared_ptr<BufferPool>& pool, size_t bytes);

// Keeps up to max_idle_bytes of blocks that nobody uses. Thread-safe.
class BufferPool {
 public:
  explicit BufferPool(uint64_t max_idle_bytes) : max_idle_bytes_(max_idle_bytes) {}
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  uint64_t idle_bytes() const;

 private:
  friend class Buffer;
  friend Buffer AllocateBuffer(const std::shared_ptr<BufferPool>& pool, size_t bytes);

  // Four sizes an octave, from 64 KiB: at most a fifth of a block is not asked for.
  static constexpr size_t kSmallest = size_t{64} << 10;
  static constexpr size_t kClasses = 4 * 26;
  static size_t ClassOf(size_t bytes);
  static size_t BytesOf(size_t index);

  uint8_t* Take(size_t index);
  void Give(uint8_t* block, size_t capacity);

  const uint64_t max_idle_bytes_;
  mutable std::mutex mutex_;
  std::array<std::vector<uint8_t*>, kClasses> idle_;
  uint64_t idle_bytes_ = 0;
};

}  // namespace trine::server
