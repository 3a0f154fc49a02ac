// Parameters of the step for pages of text.
#pragma once

#include <cstdint>
#include <optional>

namespace trine::segment {

// Ink on paper, with one set of constants for all pages: the page is divided by its paper, and ink
// is what is as dark as the edges of strokes around it and hangs together with what is dark itself
// (core/segment/document/document.h). Sets the mask: the ink, whether it is darker or brighter than
// the paper, which the page itself says; Options::invert has no effect. Pixels outside Inputs::mask
// are nowhere counted. Pictures other than of uint8 are first stretched from their lowest and
// highest value to 0 and 255.
struct DocumentStep {};

// Edges (Canny 1986) of any picture, as they are: smoothing is a step of its own. The gradient is
// Sobel's, with weights 1 2 1: eight times the step of gray values from pixel to pixel. A pixel is
// an edge where its length is above that at the neighbour before and not below that at the one
// behind, along the nearest of four directions (above both of diagonals), above `low`, and hangs
// together (8 neighbours) with one above `high`. The picture continues with its border pixels, and
// beyond them lengths are 0; they are 0 where pixels outside Inputs::mask are within two. Sets the
// mask. Decided in integers; of floats, and integers that are kept as such, in float64.
// Profiles: EXACT and, of 8 bits, OPENCV, which are the same: cv::Canny with L2gradient, where both
// thresholds are given. Others are UNIMPLEMENTED.
struct EdgesStep {
  std::optional<double> low;  // finite, at least 0, at most high; default half of high
  // Default 1.4 times Otsu's threshold of the lengths in 256 bins of four gray levels of 8 bits, of
  // 16 bits 257 times that, of others as much of the picture's range.
  std::optional<double> high;
};

// Pixels like those of the mask around them (after Su, Lu, Tan 2013), of whose gray values m is the
// mean and s the population deviation in the window: v >= m - k s, with Options::invert
// v <= m + k s, where the window, clipped at the border, holds `least` of them. Sets the mask anew.
// Sums are exact, their comparison is in float64. Pictures of 8 and 16 bits; EXACT only; others are
// UNIMPLEMENTED.
struct MaskedThresholdStep {
  int64_t window = 0;  // odd, 3 to 255; 0: 15
  double k = 0.5;      // -100 to 100
  int64_t least = 0;   // 0: half of the window's side, rounded up; at most its pixels
};

}  // namespace trine::segment
