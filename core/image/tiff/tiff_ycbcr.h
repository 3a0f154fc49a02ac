// YCbCr TIFF that is not coded by JPEG: luma and chroma to red, green and blue.
#pragma once

#include "absl/status/statusor.h"
#include "core/base/tensor.h"
#include "core/image/tiff/tiff_handle.h"
#include "core/image/tiff/tiff_layout.h"
#include "core/runtime/context.h"

namespace trine::image::internal {

// Reads the page of such a layout, strip by strip or tile by tile, with libtiff's own conversion
// (TIFF 6.0, section 21): what its tools and those that ask it for RGB get. CORRUPT_IMAGE where the
// pixels are damaged or the coefficients are no numbers to compute with.
absl::StatusOr<Tensor> ReadYcbcr(const Context& context, TiffFile& file, const TiffLayout& layout);

}  // namespace trine::image::internal
