// The width of a page's strokes.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/segment/document/page.h"

namespace trine::segment {

// The commonest width, 2 to 59, of the pixels of at most `darkest`: the length of the run of such
// pixels along the row or along the column, whichever is the shorter, so that a stroke's length
// does not count. The smallest of equally common ones, 2 where there are none [pixels]. Works with
// a byte a pixel, `down`.
absl::StatusOr<int64_t> StrokeWidth(const Context& context, const Page& page, uint8_t darkest,
                                    uint8_t* down);

}  // namespace trine::segment
