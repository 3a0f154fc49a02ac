// Palettes of PNG, BMP and TIFF pictures.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace trine::image::internal {

struct Palette {
  std::array<std::array<uint8_t, 3>, 256> rgb{};  // red, green, blue
  size_t size = 0;

  // Such a palette's pictures become [H,W] instead of [H,W,3].
  bool IsGray() const;
};

// Looks `count` indices up: one byte a pixel where `gray`, else three. False, with `out` partly
// written, where an index is beyond the palette. `out` must not overlap `indices`.
bool LookUp(const Palette& palette, const uint8_t* indices, size_t count, bool gray, uint8_t* out);

}  // namespace trine::image::internal
