#include "tests/core/coding/hostile/allocation_counter.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<size_t> largest{0};
std::atomic<size_t> live{0};
std::atomic<size_t> peak{0};
std::atomic<size_t> live_at_reset{0};

void RaiseTo(std::atomic<size_t>& max, size_t value) {
  size_t seen = max.load(std::memory_order_relaxed);
  while (value > seen && !max.compare_exchange_weak(seen, value)) {
  }
}

void* Allocate(size_t n, size_t alignment) {
  RaiseTo(largest, n);
  if (n == 0) n = 1;
  void* p = alignment <= alignof(std::max_align_t)
                ? std::malloc(n)
                : std::aligned_alloc(alignment, (n + alignment - 1) / alignment * alignment);
  if (p == nullptr) std::abort();
  RaiseTo(peak, live.fetch_add(malloc_usable_size(p)) + malloc_usable_size(p));
  return p;
}

void Release(void* p) {
  if (p == nullptr) return;
  live.fetch_sub(malloc_usable_size(p));
  std::free(p);
}

}  // namespace

// All forms, so that none is mixed with a sanitizer's own.
void* operator new(size_t n) { return Allocate(n, 1); }
void* operator new[](size_t n) { return Allocate(n, 1); }
void* operator new(size_t n, const std::nothrow_t&) noexcept { return Allocate(n, 1); }
void* operator new[](size_t n, const std::nothrow_t&) noexcept { return Allocate(n, 1); }
void* operator new(size_t n, std::align_val_t a) { return Allocate(n, static_cast<size_t>(a)); }
void* operator new[](size_t n, std::align_val_t a) { return Allocate(n, static_cast<size_t>(a)); }
void operator delete(void* p) noexcept { Release(p); }
void operator delete[](void* p) noexcept { Release(p); }
void operator delete(void* p, size_t) noexcept { Release(p); }
void operator delete[](void* p, size_t) noexcept { Release(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { Release(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { Release(p); }
void operator delete(void* p, std::align_val_t) noexcept { Release(p); }
void operator delete[](void* p, std::align_val_t) noexcept { Release(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { Release(p); }
void operator delete[](void* p, size_t, std::align_val_t) noexcept { Release(p); }

namespace trine::coding {

void ResetAllocationCounts() {
  largest = 0;
  live_at_reset = live.load();
  peak = live.load();
}
size_t LargestAllocation() { return largest; }
size_t PeakLiveBytes() { return peak - live_at_reset; }

}  // namespace trine::coding
