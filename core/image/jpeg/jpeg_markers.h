// The marker segments of a JPEG file (ITU-T T.81, annex B), walked before libjpeg sees them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/runtime/context.h"

namespace trine::image::internal {

// More scans than any encoder writes (libjpeg's default script for colour has 10): every scan costs
// a pass over the whole picture, whatever its size in the file.
inline constexpr int kMaxJpegScans = 100;

struct JpegInfo {
  uint32_t width = 0;
  uint32_t height = 0;
  int components = 0;
  int orientation = 1;                // from EXIF
  std::vector<std::string> not_kept;  // names of what the segments say beside the pixels
  // Where the picture ends: at its EOI, or where a file without one goes on with something else.
  size_t end = 0;
  bool has_eoi = false;
};

// Walks up to EOI. Without one the picture ends where the file does, or where it goes on with what
// is no part of a JPEG picture, if all scans are there by then: of every component, and of a
// progressive picture to the last bit (an encoder may leave those out, but then it writes an EOI).
// That the scans are whole is for the decoder to see. UNIMPLEMENTED for processes other than 8-bit
// baseline, extended and progressive; CORRUPT_IMAGE where a component appears in no scan, or scans
// are missing with the EOI; RESOURCE_EXHAUSTED beyond kMaxJpegScans.
absl::StatusOr<JpegInfo> WalkJpegMarkers(const Context& context, ByteView bytes);

}  // namespace trine::image::internal
