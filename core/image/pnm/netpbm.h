// What the members of the Netpbm family share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/bytes.h"
#include "core/base/strings.h"
#include "core/image/form.h"
#include "core/image/picture.h"

namespace trine::image::internal {

inline bool IsSpace(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

inline uint16_t LoadBe16(const uint8_t* p) { return static_cast<uint16_t>((p[0] << 8) | p[1]); }

inline absl::Status RasterTruncated(Format format, uint64_t needed, uint64_t present) {
  return Corrupt(absl::StrCat("the ", ToAbsl(FormatName(format)), " raster needs at least ", needed,
                              " bytes and has ", present));
}

inline absl::Status BeyondMaxval(uint64_t maxval) {
  return Corrupt(absl::StrCat("a PNM sample is greater than the maxval of ", maxval));
}

// Says what of a header is not kept where the picture is: a maxval that is not one less than a
// power of two (0: it is), and comments.
inline void NoteHeader(uint64_t odd_maxval, bool has_comment, Picture& picture) {
  std::vector<std::string> parts;
  if (odd_maxval != 0) {
    parts.push_back(absl::StrCat("the maxval of ", odd_maxval, " (samples keep their values)"));
  }
  if (has_comment) parts.emplace_back("a comment");
  NoteNotKept(parts, picture);
}

// Warns of what follows the raster, another picture for example; an end of line is nothing.
inline void WarnBehindRaster(const DecodeOptions& options, Format format, ByteView rest) {
  constexpr size_t kMaxBlanks = 64;
  if (rest.size() <= kMaxBlanks && std::all_of(rest.begin(), rest.end(), IsSpace)) return;
  WarnOfTrailer(options, FormatName(format), rest.size());
}

}  // namespace trine::image::internal
