// Ink by the edges around a pixel, and by the vote of its neighbours.
//
// Thread safety: all functions.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/segment/document/page.h"

namespace trine::segment {

// `ink` becomes 255 where, of the window x window pixels around one, clipped at the border, N lie
// on `edges` (not 0), 2 N >= window, and the pixel is at most the mean of those plus half their
// standard deviation (after Su, Lu, Tan 2013), decided in integers; also where it is at most
// `darkest`. 0 elsewhere. REQUIRES: window is odd, at most 255.
absl::Status MarkInk(const Context& context, const Page& page, const uint8_t* edges, int64_t window,
                     int32_t darkest, uint8_t* ink);

// 255 where at least 5 of the 3 x 3 pixels are set in `mask`, the border repeated; 0 elsewhere and
// outside. `page` says the size and what is inside.
absl::Status Majority(const Context& context, const Page& page, const uint8_t* mask, uint8_t* out);

}  // namespace trine::segment
