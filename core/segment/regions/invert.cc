#include "core/segment/regions/invert.h"

namespace trine::segment {

absl::Status Invert(State& state) {
  uint8_t* mask = state.Mask();
  return state.ForPixels([&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const bool inside = state.gray.Contains(static_cast<int64_t>(i));
      mask[i] = inside && mask[i] == 0 ? 255 : 0;
    }
  });
}

}  // namespace trine::segment
