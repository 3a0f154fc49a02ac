// Pixels as libtiff unpacks them to pixels of the picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/image/tiff/tiff_layout.h"

namespace trine::image::internal {

// Thread safety: one thread at a time. Holds on to the layout.
class TiffConverter {
 public:
  // For rows of at most `max_width` pixels. REQUIRES: the layout is not that of YCbCr.
  TiffConverter(const TiffLayout& layout, size_t max_width);

  // `packed` holds `width` pixels of all samples, or of sample `plane` where planar; `out` is the
  // place of the first of them in the picture. Planes come in order: the last one of CMYK, black,
  // dims what the others gave, and those that are not wanted are looked at only. False where an
  // index is beyond the palette.
  bool Convert(const uint8_t* packed, size_t width, size_t plane, uint8_t* out);

  // Whether a pixel had alpha, of that which is left out, that was not opaque: the greatest number
  // of integers, 1 of floats.
  bool is_clear() const { return is_clear_; }

 private:
  void LookAtAlpha(const uint8_t* samples, size_t width, size_t plane);
  bool ConvertIndices(const uint8_t* samples, size_t width, uint8_t* out) const;
  // Sample `from` of each pixel in `samples` to channel `to` of each in `out`.
  void CopyChannel(const uint8_t* samples, size_t width, size_t from, uint8_t* out,
                   size_t to) const;
  void Dim(const uint8_t* samples, size_t width, size_t from, uint8_t* out) const;

  const TiffLayout& layout_;
  const size_t sample_bytes_;
  const uint64_t opaque_;  // the bits of such a sample
  bool is_clear_ = false;
  std::vector<uint8_t> unpacked_;  // a row of samples that are not in machine words
};

}  // namespace trine::image::internal
