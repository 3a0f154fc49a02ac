// What stands beyond a picture's border.
#pragma once

#include <cstdint>

namespace trine::segment {

enum class Border : uint8_t {
  kClip,        // the window ends at the border
  kReplicate,   // aaa|abcd|ddd
  kReflect,     // cba|abcd|dcb
  kReflect101,  // dcb|abcd|cba
};

// The index in [0, n) that stands for `i`; -1 outside with kClip. REQUIRES: n > 0.
inline int64_t BorderIndex(int64_t i, int64_t n, Border border) {
  if (i >= 0 && i < n) return i;
  switch (border) {
    case Border::kClip:
      return -1;
    case Border::kReplicate:
      return i < 0 ? 0 : n - 1;
    case Border::kReflect: {
      const int64_t period = 2 * n;
      const int64_t m = ((i % period) + period) % period;
      return m < n ? m : period - 1 - m;
    }
    default: {
      if (n == 1) return 0;
      const int64_t period = 2 * (n - 1);
      const int64_t m = ((i % period) + period) % period;
      return m < n ? m : period - m;
    }
  }
}

}  // namespace trine::segment
