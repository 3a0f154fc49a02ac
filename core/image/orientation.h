// EXIF orientation: reading the tag and turning the picture.
#pragma once

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/base/tensor.h"
#include "core/runtime/context.h"

namespace trine::image::internal {

// The orientation (1 to 8) that an EXIF block states: a TIFF header and its first directory, as
// in PNG's eXIf and after "Exif\0\0" in JPEG's APP1. 1 where there is none or the block is broken:
// the picture is whole without it.
int ParseExifOrientation(ByteView exif);

// Turns a picture [H,W] or [H,W,C] so that its first row is the top and its first column the left
// (EXIF 2.3, 4.6.4, tag 0x0112: 1 as it is, 2 mirrored, 3 turned by 180 degrees, 4 upside down,
// 5 transposed, 6 to be turned right, 7 anti-transposed, 8 to be turned left).
absl::StatusOr<Tensor> ApplyOrientation(const Context& context, Tensor picture, int orientation);

}  // namespace trine::image::internal
