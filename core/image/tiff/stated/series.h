// The arrays ("series") of a file that tifffile wrote: the first page of each tells its shape.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/image/tiff/stated/description.h"
#include "core/image/tiff/tiff_pages.h"
#include "core/runtime/context.h"

namespace trine::image::internal {

// What the description of page `page` tells of and is not there, in words, where `there` pages are;
// empty where nothing is missing.
std::string MissingOf(const StatedPages& stated, int64_t page, int64_t there);

// The first array that has fewer directories than its shape has pages, in the same words, and how
// many others there are.
absl::StatusOr<std::string> MissingOfSeries(const Context& context, ByteView bytes,
                                            const TiffHeader& header);

}  // namespace trine::image::internal
