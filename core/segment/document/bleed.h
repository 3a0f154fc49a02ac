// Telling writing of the other side from that of this one.
//
// Thread safety: all functions.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/segment/document/page.h"

namespace trine::segment {

// Clears the parts of `mask`, connected over 8 neighbours, that shine through the paper: ink of the
// other side comes paler, and spread by the paper, so that its edges rise slowly even for what they
// rise to. A part has a contrast, the mean of 255 - gray, and a sharpness: over its border (pixels
// next to one that is not set), the sum of the lengths of the gradient of `smooth` over that of the
// contrasts of the darkest pixels within two. It is cleared where the product of both is below two
// fifths of that of the whole page, whose contrast is the mean of the parts' weighted by contrast
// and area, and whose sharpness is that of all borders. Decided in products and quotients of
// doubles. Works with 10 bytes a pixel.
absl::Status ClearBleedThrough(const Context& context, const Page& page, const uint8_t* smooth,
                               uint8_t* mask);

}  // namespace trine::segment
