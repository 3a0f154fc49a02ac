// Tells ThreadSanitizer what one thread hands to another through code that it cannot see into
// (oneTBB's scheduler is not instrumented). Nothing at all in other builds.
#pragma once

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace trine {

// What this thread did so far happens before what follows TsanAcquire of the same address.
inline void TsanRelease([[maybe_unused]] void* address) {
#if defined(__SANITIZE_THREAD__)
  __tsan_release(address);
#endif
}

inline void TsanAcquire([[maybe_unused]] void* address) {
#if defined(__SANITIZE_THREAD__)
  __tsan_acquire(address);
#endif
}

}  // namespace trine
