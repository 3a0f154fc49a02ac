// How the pixels of one TIFF page lie in the file (TIFF 6.0; Adobe TechNote 3 for floating point).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/image/palette.h"
#include "core/image/picture.h"
#include "core/image/tiff/tiff_handle.h"

namespace trine::image::internal {

struct TiffLayout {
  PictureSize size;    // of the decoded page, before it is turned
  int bits = 8;        // of one sample: 1 to 32, or 64
  size_t samples = 1;  // of a pixel in the file, colour and extra ones
  // Of the extra ones: those that are said to be alpha, by their place in a pixel, where they are
  // left out.
  std::vector<size_t> alphas = {};
  size_t others = 0;    // and those of no known meaning
  bool planar = false;  // each sample in a plane of its own
  uint16_t compression = 1;
  bool tiled = false;
  size_t tile_width = 0, tile_height = 0;  // where tiled
  size_t strip_rows = 0;                   // where not tiled
  bool indexed = false;
  bool looked_up = false;  // the palette's colours are wanted, not the numbers
  bool scaled = true;      // samples of 1, 2 and 4 bits on the scale of 0 to 255
  bool invert = false;     // 0 is white
  bool cmyk = false;
  bool ycbcr = false;  // in blocks of luma samples with one pair of chroma samples
  size_t luma_across = 1, luma_down = 1;  // luma samples of such a block
  Palette palette;                        // where indexed
  int orientation = 1;
  uint64_t strip_bytes = 0;            // of all strips or tiles in the file
  std::optional<size_t> sub_pictures;  // that its SubIFDs name; 0: their tag is damaged
  // Where the whole is wanted:
  PictureForm form;
  std::vector<std::string> not_kept;  // what is changed, and what the tags say beside the pixels

  // Samples of a pixel that lie side by side.
  size_t samples_together() const { return planar ? 1 : samples; }
  // Samples of a pixel that are wanted: one where indexed, four of CMYK, else the picture's
  // channels.
  size_t wanted() const { return indexed ? 1 : (cmyk ? 4 : size.channels); }
  // Planes to read: those that are wanted, and alpha, of which it is said whether it is opaque.
  size_t planes() const {
    if (!planar) return 1;
    return alphas.empty() ? wanted() : std::max(wanted(), alphas.back() + 1);
  }
  // Only samples of 1, 2 and 4 bits are scaled to 8; others keep their values.
  bool is_scaled() const { return scaled && !indexed && (bits == 1 || bits == 2 || bits == 4); }
  // True where samples lie in machine words (libtiff puts them into our byte order), not in bits.
  bool in_words() const { return bits == 8 || bits == 16 || bits == 32 || bits == 64; }
  // Bytes of the blocks that cover so many pixels, where ycbcr.
  uint64_t ycbcr_bytes(size_t width, size_t height) const {
    return uint64_t{(width + luma_across - 1) / luma_across} *
           ((height + luma_down - 1) / luma_down) * (luma_across * luma_down + 2);
  }
  // Bytes of `width` pixels side by side in the file once inflated.
  size_t packed_bytes(size_t width) const {
    return (width * samples_together() * static_cast<size_t>(bits) + 7) / 8;
  }
};

// Bytes that the strips or tiles of a file, of all pages that are read, may have in sum: they may
// share their bytes.
uint64_t MostStripBytes(uint64_t file_bytes);

// Reads the tags of the handle's current directory, of a file of `file_bytes`, and refuses what is
// broken, not offered, beyond the limits, or out of proportion.
absl::StatusOr<TiffLayout> ReadTiffLayout(const Context& context, const ReaderOptions& options,
                                          uint64_t file_bytes, TiffFile& file);

}  // namespace trine::image::internal
