// How many prefix codes a lossless WebP bitstream has, read from its beginning.
//
// libwebp allocates tables for them that nobody counts: up to 20 KiB for each square of 4 x 4
// pixels. Honest files have some thousand at most, and say so behind their transforms.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/cancel.h"

namespace trine::image::internal {

// The most groups of prefix codes that the stream of `width` x `height` pixels, which begins with
// its transforms (RFC 9649, section 3.4: behind the header of VP8L, or as ALPH has it), can have.
// nullopt where it is not told within the first few hundred thousand numbers: broken, cut, or very
// long.
std::optional<uint64_t> WebpPrefixGroups(const CancelToken& cancel, ByteView stream, uint64_t width,
                                         uint64_t height);

}  // namespace trine::image::internal
