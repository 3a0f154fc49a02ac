// A page at twice its size, for strokes of few pixels, and a mask back to the size it was for.
//
// Thread safety: all functions.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/segment/document/page.h"

namespace trine::segment {

// `twice`, [2 height, 2 width]: cubic convolution (Keys 1981, a = -3/4) with pixels as squares, the
// border repeated: the weights are -27, 225, 67 and -9 of 256 both ways, the sums exact and rounded
// once.
absl::Status DoublePage(const Context& context, const Page& page, uint8_t* twice);

// The nearest pixel: what is inside at twice the size.
absl::Status DoubleMask(const Context& context, int64_t height, int64_t width, const uint8_t* mask,
                        uint8_t* twice);

// `mask`, [height, width], becomes 255 where at least 2 of the 4 pixels of `twice` are set.
absl::Status HalveMask(const Context& context, int64_t height, int64_t width, const uint8_t* twice,
                       uint8_t* mask);

}  // namespace trine::segment
