// Ink of a page of text. Thread safety: all functions.
//
// The page is turned to dark ink where its ink is bright, divided by its paper (background.h) and
// parted by Otsu (split.h): that finds the dark strokes, and how wide strokes are (stroke_width.h).
// Ink is what is about as dark as the edges of strokes (edges.h) in a window of two stroke widths
// around it, or at most four fifths of Otsu's threshold (ink.h). Of its parts those stay that are
// at least half as large as a square of the stroke width, and that Otsu calls dark by a fifth
// (parts.h). Strokes of up to 20 pixels are found at twice their size (twice.h). Last, writing of
// the other side goes, whose edges are faint and blurred (bleed.h).
//
// Working memory: at twice the size four maps of one byte and 5 bytes a pixel for its parts; beside
// it the page of 8 bits, the flat and the smoothed page.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/segment/picture.h"

namespace trine::segment {

// `mask` becomes 255 on the ink and 0 elsewhere. A page of one gray value has no ink.
absl::Status FindInk(const Context& context, const Picture& gray, uint8_t* mask);

}  // namespace trine::segment
