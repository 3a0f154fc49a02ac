// What the description of a TIFF's first page tells of the file's pages: some writers name in
// directories fewer pictures than their stacks have, or put stacks into several files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/runtime/context.h"

namespace trine::image::internal {

inline constexpr std::string_view kTifffile = "tifffile";

struct StatedPages {
  int64_t pages = 0;         // 0: nothing is told; the largest number: so many or more
  std::string_view by = "";  // "ImageJ"
  // Those that no directory names follow the data of the first, by this writer's rule.
  bool follow = false;
  bool in_other_files = false;  // some are
  // A number that is told and is none: "SizeZ is 'x'"; it counts as 1 then.
  std::string unread = {};
};

// What a description says, of a page of `samples` samples a pixel and `elements` in all:
//   ImageJ: "ImageJ=1.53t\nimages=12\n...", without images= that of channels, slices and frames
//   OME-XML (docs.openmicroscopy.org/ome-model): the planes of all Pixels, SizeZ * SizeT for each
//   channel, where one of SamplesPerPixel samples is one; files by the UUIDs in TiffData
//   tifffile: {"shape": [12, 512, 512], ...} or shape=(12,512,512), counted in pages
// A mark of UTF-8 before it does not count. Anything else tells nothing.
absl::StatusOr<StatedPages> ReadDescription(const Context& context, std::string_view text,
                                            uint64_t samples, uint64_t elements);

}  // namespace trine::image::internal
