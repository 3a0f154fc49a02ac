// The chunks of a PNG file (ISO/IEC 15948:2004, clause 5 and 11), walked before libpng sees any.
//
// libpng is then fed the critical chunks only: profiles, texts and other ancillary chunks, which
// can inflate to any size, are never parsed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/image/palette.h"
#include "core/runtime/context.h"

namespace trine::image::internal {

inline constexpr size_t kPngSignatureBytes = 8;
inline constexpr size_t kPngChunkOverhead = 12;  // length, type and checksum

struct PngInfo {
  uint32_t width = 0;
  uint32_t height = 0;
  int bit_depth = 0;
  int color_type = 0;  // as in IHDR: 0, 2, 3, 4 or 6
  bool interlaced = false;
  Palette palette;          // for color type 3
  uint64_t idat_bytes = 0;  // of all IDAT chunks
  int orientation = 1;      // from eXIf
  // For who keeps the picture whole:
  ByteView transparency;              // of tRNS, not checked
  bool is_animated = false;           // acTL says more than one frame
  std::vector<std::string> not_kept;  // types of the chunks of which nothing is kept
  // Types of ancillary chunks whose checksum is wrong: nothing that they say is taken.
  std::vector<std::string> left_out;
  // Where the picture ends: behind its IEND, before one whose checksum is wrong, or where a file
  // without one ends within what follows IDAT.
  size_t end = 0;
  bool has_iend = false, is_iend_right = false;
  uint64_t trailer_bytes = 0;  // behind it all
};

// True for the chunk types that libpng is given.
bool IsPngChunkKept(uint32_t type);
constexpr uint32_t PngChunkType(const char (&name)[5]) {
  return static_cast<uint32_t>(name[0]) << 24 | static_cast<uint32_t>(name[1]) << 16 |
         static_cast<uint32_t>(name[2]) << 8 | static_cast<uint32_t>(name[3]);
}
// Big-endian, as all numbers of PNG.
inline uint32_t PngUint32(const uint8_t* p) {
  return static_cast<uint32_t>(p[0]) << 24 | static_cast<uint32_t>(p[1]) << 16 |
         static_cast<uint32_t>(p[2]) << 8 | p[3];
}

// Checks the order, the bounds and (but of IDAT, which libpng checks) the checksums of all chunks
// up to IEND; ancillary ones and IEND may have a wrong one. What follows IEND is counted only. A
// file may end without it behind its last IDAT; that these hold all pixels is then for libpng to
// see.
absl::StatusOr<PngInfo> WalkPngChunks(const Context& context, ByteView bytes);
// CORRUPT_IMAGE where the checksum of an IDAT chunk is wrong, which a file may have whose pixels
// libpng refused. REQUIRES: WalkPngChunks accepted the file.
absl::Status CheckPngPixels(const Context& context, ByteView bytes);

}  // namespace trine::image::internal
