// Edges: Canny's method (1986).
//
// Thread safety: all functions.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/segment/document/page.h"

namespace trine::segment {

// The mean of 3 x 3 pixels with the weights 1 2 1 both ways, rounded; the border repeated.
absl::Status SmoothPage(const Context& context, const Page& page, uint8_t* smooth);

// Squares of the lengths that a gradient must be above: of an edge, and of one of those that hang
// together.
struct EdgeSquares {
  double weak = 0;
  double strong = 0;
};

// The threshold is 1.4 times the one that parts the lengths of all gradients of `pixels`, T, after
// Otsu; half of it for weak edges. Lengths are counted in 256 bins of four times `unit` [gray
// values]: that of a picture of 8 bits is 1.
template <typename T>
absl::StatusOr<EdgeSquares> SquaresOf(const Context& context, const Page& page,
                                      const uint8_t* pixels, double unit);

// `edges` becomes 255 on the edges of `pixels`, T, 0 elsewhere. The gradient is Sobel's, its square
// compared; none is where pixels outside the page are within two of it. An edge is where it is
// larger than at the neighbour before and at least as large as at the one behind, along the nearest
// of four directions (of diagonals larger than both), is above `weak` and hangs together
// (8 neighbours) with one above `strong`. `page` says the size and what is inside.
template <typename T>
absl::Status MarkEdges(const Context& context, const Page& page, const uint8_t* pixels,
                       const EdgeSquares& squares, uint8_t* edges);

// Both, of a smoothed page.
absl::Status FindEdges(const Context& context, const Page& page, const uint8_t* smooth,
                       uint8_t* edges);

}  // namespace trine::segment
