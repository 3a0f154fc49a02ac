// What libwebp allocates for a picture, whose allocations nobody else counts.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/cancel.h"

namespace trine::image::internal {

// Bytes beside the picture of `width` x `height` pixels that the file `coded` is decoded to, at
// most; UINT64_MAX for what is no WebP file.
uint64_t WebpMemory(const CancelToken& cancel, ByteView coded, uint64_t width, uint64_t height);

}  // namespace trine::image::internal
