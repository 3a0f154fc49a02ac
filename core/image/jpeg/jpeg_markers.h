// The marker segments of a JPEG file (ITU-T T.81, annex B), walked before libjpeg sees them.
#pragma once

#include <cstdint>

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
  int orientation = 1;  // from EXIF
  bool has_exif = false;
  bool has_profile = false;  // a colour profile (ICC.1:2022, B.4)
};

// Walks up to EOI (or the end of the data, which libjpeg then finds missing). UNIMPLEMENTED for
// processes other than 8-bit baseline, extended and progressive; CORRUPT_IMAGE where a component
// appears in no scan; RESOURCE_EXHAUSTED beyond kMaxJpegScans.
absl::StatusOr<JpegInfo> WalkJpegMarkers(const Context& context, ByteView bytes);

}  // namespace trine::image::internal
