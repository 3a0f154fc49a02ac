#include "tests/core/coding/bounds/fence.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>

namespace trine::coding {
namespace {

thread_local bool fenced = false;
constexpr size_t kFenceBytes = size_t{1} << 40;
uint8_t* fence = nullptr;
std::atomic<size_t> fence_used{0};

[[maybe_unused]] bool InFence(const void* p) {
  return fence != nullptr && p >= fence && p < fence + kFenceBytes;
}

[[maybe_unused]] void* FencedMalloc(size_t n) {
  const size_t used = (n + 15) / 16 * 16;
  const size_t pages = WholePages(used + 16);
  uint8_t* const begin = fence + fence_used.fetch_add(pages + kPage);
  if (begin + pages + kPage > fence + kFenceBytes) abort();
  if (mprotect(begin, pages, PROT_READ | PROT_WRITE) != 0) abort();
  uint8_t* const p = begin + pages - used;
  std::memcpy(p - sizeof(n), &n, sizeof(n));
  return p;
}
[[maybe_unused]] size_t FencedSize(const void* p) {
  size_t n = 0;
  std::memcpy(&n, static_cast<const uint8_t*>(p) - sizeof(n), sizeof(n));
  return n;
}
[[maybe_unused]] void FencedFree(void* p) {
  const size_t used = (FencedSize(p) + 15) / 16 * 16;
  uint8_t* const end = static_cast<uint8_t*>(p) + used;
  const size_t pages = WholePages(used + 16);
  // Whoever uses it later is caught as well.
  madvise(end - pages, pages, MADV_DONTNEED);
  mprotect(end - pages, pages, PROT_NONE);
}

}  // namespace
}  // namespace trine::coding

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TRINE_FENCED_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TRINE_FENCED_MALLOC 0
#endif
#endif
#if !defined(TRINE_FENCED_MALLOC) && defined(__GLIBC__)
#define TRINE_FENCED_MALLOC 1
extern "C" {
void* __libc_malloc(size_t n);
void* __libc_calloc(size_t n, size_t size);
void* __libc_realloc(void* p, size_t n);
void __libc_free(void* p);

void* malloc(size_t n) noexcept {
  return trine::coding::fenced ? trine::coding::FencedMalloc(n) : __libc_malloc(n);
}
void* calloc(size_t n, size_t size) noexcept {  // fresh pages are zeros
  return trine::coding::fenced ? trine::coding::FencedMalloc(n * size) : __libc_calloc(n, size);
}
void free(void* p) noexcept {
  trine::coding::InFence(p) ? trine::coding::FencedFree(p) : __libc_free(p);
}
void* realloc(void* p, size_t n) noexcept {
  if (!trine::coding::fenced && !trine::coding::InFence(p)) return __libc_realloc(p, n);
  void* const to = malloc(n);
  if (p != nullptr) {
    const size_t old =
        trine::coding::InFence(p) ? trine::coding::FencedSize(p) : malloc_usable_size(p);
    std::memcpy(to, p, std::min(old, n));
    free(p);
  }
  return to;
}
}
#endif

namespace trine::coding {

#if TRINE_FENCED_MALLOC
bool HasFence() { return true; }
#else
bool HasFence() { return false; }
#endif

void SetFenced(bool on) {
  static const bool reserved = [] {
    void* const memory =
        mmap(nullptr, kFenceBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) abort();
    fence = static_cast<uint8_t*>(memory);
    return true;
  }();
  fenced = on && reserved;
}

}  // namespace trine::coding
