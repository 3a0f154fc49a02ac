#include "server/wire/buffer.h"

#include <bit>
#include <new>
#include <utility>

namespace trine::server {
namespace {

uint8_t* AllocateBlock(size_t bytes) { return static_cast<uint8_t*>(::operator new(bytes)); }

void FreeBlock(uint8_t* block) { ::operator delete(block); }

}  // namespace

Buffer::Buffer(LongArray<uint8_t> bytes)
    : size_(bytes.size()), capacity_(bytes.size()), array_(std::move(bytes)) {
  data_ = array_.data();
}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  std::swap(pool_, other.pool_);
  array_.swap(other.array_);
  return *this;
}

Buffer::~Buffer() {
  if (data_ == nullptr || !array_.empty()) return;
  if (pool_ != nullptr) {
    pool_->Give(data_, capacity_);
  } else {
    FreeBlock(data_);
  }
}

Buffer AllocateBuffer(const std::shared_ptr<BufferPool>& pool, size_t bytes) {
  Buffer buffer;
  if (bytes == 0) return buffer;
  const size_t index = BufferPool::ClassOf(bytes);
  if (pool == nullptr || bytes < BufferPool::kSmallest || index >= BufferPool::kClasses) {
    buffer.data_ = AllocateBlock(bytes);
    buffer.capacity_ = bytes;
  } else {
    buffer.capacity_ = BufferPool::BytesOf(index);
    buffer.data_ = pool->Take(index);
    if (buffer.data_ == nullptr) buffer.data_ = AllocateBlock(buffer.capacity_);
    buffer.pool_ = pool;
  }
  buffer.size_ = bytes;
  return buffer;
}

BufferPool::~BufferPool() {
  for (const std::vector<uint8_t*>& blocks : idle_)
    for (uint8_t* block : blocks) FreeBlock(block);
}

uint64_t BufferPool::idle_bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return idle_bytes_;
}

// Class 4 o + q holds blocks of kSmallest * 2^o * (1 + q / 4) bytes.
size_t BufferPool::BytesOf(size_t index) {
  const size_t octave = kSmallest << (index / 4);
  return octave + octave / 4 * (index % 4);
}

size_t BufferPool::ClassOf(size_t bytes) {
  if (bytes <= kSmallest) return 0;
  const size_t octave = std::bit_width((bytes - 1) / kSmallest) - 1;
  size_t index = 4 * octave;
  while (index < kClasses && BytesOf(index) < bytes) ++index;
  return index;
}

uint8_t* BufferPool::Take(size_t index) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (idle_[index].empty()) return nullptr;
  uint8_t* const block = idle_[index].back();
  idle_[index].pop_back();
  idle_bytes_ -= BytesOf(index);
  return block;
}

void BufferPool::Give(uint8_t* block, size_t capacity) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (capacity <= max_idle_bytes_ && idle_bytes_ <= max_idle_bytes_ - capacity) {
      idle_[ClassOf(capacity)].push_back(block);
      idle_bytes_ += capacity;
      return;
    }
  }
  FreeBlock(block);
}

}  // namespace trine::server
