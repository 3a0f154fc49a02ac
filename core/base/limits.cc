#include "core/base/limits.h"

namespace trine {

const Limits& DefaultLimits() {
  static constexpr Limits kLimits;
  return kLimits;
}

}  // namespace trine
