// What the members of the Netpbm family share.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/bytes.h"
#include "core/image/picture.h"

namespace trine::image::internal {

inline bool IsSpace(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

inline uint16_t LoadBe16(const uint8_t* p) { return static_cast<uint16_t>((p[0] << 8) | p[1]); }

inline absl::Status RasterTruncated(uint64_t needed, uint64_t present) {
  return Corrupt(
      absl::StrCat("the PNM raster needs at least ", needed, " bytes and has ", present));
}

inline absl::Status BeyondMaxval(uint64_t maxval) {
  return Corrupt(absl::StrCat("a PNM sample is greater than the maxval of ", maxval));
}

// Warns of what follows the raster, another picture for example; an end of line is nothing.
inline void WarnBehindRaster(const DecodeOptions& options, Format format, ByteView rest) {
  constexpr size_t kMaxBlanks = 64;
  if (rest.size() <= kMaxBlanks && std::all_of(rest.begin(), rest.end(), IsSpace)) return;
  WarnOfTrailer(options, FormatName(format), rest.size());
}

}  // namespace trine::image::internal
