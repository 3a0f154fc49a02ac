#include "core/base/long_array.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace trine {
namespace {

constexpr size_t kHugePageBytes = size_t{2} << 20;

// Whole huge pages, so that the end of an array is in one too.
size_t MappedLength(size_t bytes) {
  if (bytes > SIZE_MAX - kHugePageBytes) throw std::bad_alloc();
  return (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
}

// For memory that is still to be touched. Where the system gives huge pages unasked, each first
// touch would clear one.
void PreferSmallPages(void* memory, size_t bytes) {
#ifdef MADV_NOHUGEPAGE
  madvise(memory, bytes, MADV_NOHUGEPAGE);  // a wish
#endif
}

}  // namespace

void PreferHugePages(void* memory, size_t bytes) {
  if (bytes < internal::kMappedBytes) return;
#ifdef MADV_HUGEPAGE
  // Only pages that lie within: the neighbours are not ours.
  const size_t before = reinterpret_cast<uintptr_t>(memory) % kHugePageBytes;
  const size_t skip = before == 0 ? 0 : kHugePageBytes - before;
  const size_t length = (bytes - skip) / kHugePageBytes * kHugePageBytes;
  madvise(static_cast<char*>(memory) + skip, length, MADV_HUGEPAGE);  // a wish: small ones do too
#endif
}

size_t TouchedMemory(size_t touched, size_t capacity) {
  if (capacity < internal::kMappedBytes) return touched;
  return std::min(capacity, MappedLength(touched));
}

namespace internal {

void* AllocateLong(size_t bytes, Fill fill) {
  if (bytes == 0) return nullptr;
  if (bytes < kMappedBytes) {
    void* memory = fill == Fill::kAny ? std::malloc(bytes) : std::calloc(bytes, 1);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
  }
  // Not calloc's: up to some size, which grows, it takes memory that was used and clears it here.
  const size_t length = MappedLength(bytes);
  void* memory = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  if (fill == Fill::kSparseZeros) {
    PreferSmallPages(memory, length);
  } else {
    PreferHugePages(memory, length);
  }
  return memory;
}

void FreeLong(void* memory, size_t bytes) noexcept {
  if (bytes >= kMappedBytes) {
    munmap(memory, MappedLength(bytes));
  } else {
    std::free(memory);
  }
}

}  // namespace internal
}  // namespace trine
