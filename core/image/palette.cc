#include "core/image/palette.h"

namespace trine::image::internal {

bool Palette::IsGray() const {
  for (size_t i = 0; i < size; ++i) {
    if (rgb[i][0] != rgb[i][1] || rgb[i][1] != rgb[i][2]) return false;
  }
  return true;
}

bool LookUp(const Palette& palette, const uint8_t* indices, size_t count, bool gray, uint8_t* out) {
  for (size_t i = 0; i < count; ++i) {
    if (indices[i] >= palette.size) return false;
    const auto& entry = palette.rgb[indices[i]];
    if (gray) {
      out[i] = entry[0];
    } else {
      for (size_t c = 0; c < 3; ++c) out[3 * i + c] = entry[c];
    }
  }
  return true;
}

}  // namespace trine::image::internal
