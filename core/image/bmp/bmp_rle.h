// The run-length coding of BMP files (Microsoft: "Bitmap Compression").
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/long_array.h"
#include "core/runtime/context.h"

namespace trine::image::internal {

// RLE8 (`bits` 8) or RLE4 (`bits` 4) to palette indices, [height, width], bottom row first as
// stored. Pixels that the stream skips are 0. CORRUPT_IMAGE where a run leaves its row, a jump
// leaves the picture, or the data end before the end mark with rows unfinished.
// REQUIRES: width * height was checked against the limits.
absl::StatusOr<LongArray<uint8_t>> DecodeBmpRle(const Context& context, ByteView coded,
                                                size_t width, size_t height, int bits);

}  // namespace trine::image::internal
