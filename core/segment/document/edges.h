// Edges of strokes: Canny's method (1986) with thresholds from the page itself.
//
// Thread safety: all functions.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/segment/document/page.h"

namespace trine::segment {

// The mean of 3 x 3 pixels with the weights 1 2 1 both ways, rounded; the border repeated.
absl::Status SmoothPage(const Context& context, const Page& page, uint8_t* smooth);

// `edges` becomes 255 on the edges of `smooth`, 0 elsewhere. The gradient is Sobel's, its square
// compared; none is where pixels outside the page are within two of it. An edge is where it is
// larger than at the neighbour before and at least as large as at the one behind, along the nearest
// of four directions (of diagonals larger than both), is above half of a threshold and hangs
// together (8 neighbours) with one above it. The threshold is 1.4 times the one that parts the
// lengths of all gradients (a quarter of each, rounded down, at most 255) after Otsu.
// `page` says the size and what is inside.
absl::Status FindEdges(const Context& context, const Page& page, const uint8_t* smooth,
                       uint8_t* edges);

}  // namespace trine::segment
