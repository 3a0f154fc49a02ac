// Ink by what is marked around a pixel, and by the vote of its neighbours.
//
// Thread safety: all functions.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/segment/document/page.h"

namespace trine::segment {

inline constexpr int64_t kMostInkWindow = 255;

// Which pixels are like the marked ones in the window x window pixels around them, clipped at the
// border, of which there are at least `least`: v >= mean - k * deviation, of dark ones
// v <= mean + k * deviation (after Su, Lu, Tan 2013). The sums are exact; what is compared, the
// squares of both sides, are products of float64: with k = 1/2 of 8 bits exact as well.
struct Likeness {
  int64_t window = 0;  // odd, at most kMostInkWindow
  int64_t least = 1;   // at least 1
  double k = 0.5;
  bool dark = false;
};

// `like` becomes 255 on such pixels of `pixels` (T: uint8_t or uint16_t, of the page's size at any
// address), 0 elsewhere. `marked` is not 0 where a pixel is marked. Pixels of at most `darkest` are
// like them in any case.
template <typename T>
absl::Status MarkLike(const Context& context, const Page& page, const uint8_t* pixels,
                      const uint8_t* marked, const Likeness& likeness, int32_t darkest,
                      uint8_t* like);

// Memory of MarkLike a column of a tile, on each thread [bytes].
template <typename T>
inline constexpr int64_t kLikeColumnBytes = sizeof(T) == 1 ? 12 : 24;

// 255 where at least 5 of the 3 x 3 pixels are set in `mask`, the border repeated; 0 elsewhere and
// outside. `page` says the size and what is inside.
absl::Status Majority(const Context& context, const Page& page, const uint8_t* mask, uint8_t* out);

}  // namespace trine::segment
