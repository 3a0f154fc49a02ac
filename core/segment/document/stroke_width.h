// The width of a page's strokes.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "core/segment/document/page.h"

namespace trine::segment {

// The commonest length, 2 to 59, of the runs of pixels of at most `darkest` along the rows and the
// columns of the page; the smallest of equally common ones, 2 where there are none [pixels].
absl::StatusOr<int64_t> StrokeWidth(const Context& context, const Page& page, uint8_t darkest);

}  // namespace trine::segment
