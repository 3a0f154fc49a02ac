// Parameters of the step for pages of text.
#pragma once

namespace trine::segment {

// Ink on paper, with one set of constants for all pages: the page is divided by its paper, and ink
// is what is as dark as the edges of strokes around it and hangs together with what is dark itself
// (core/segment/document/document.h). Sets the mask: the ink, whether it is darker or brighter than
// the paper, which the page itself says; Options::invert has no effect. Pixels outside Inputs::mask
// are nowhere counted. Pictures other than of uint8 are first stretched from their lowest and
// highest value to 0 and 255.
struct DocumentStep {};

}  // namespace trine::segment
