// The picture that the rows segment, as each dtype.
#pragma once

#include <string>
#include <string_view>

#include "core/base/tensor.h"

namespace trine::bench {

struct Pictures {
  Tensor u8;
  Tensor u16;      // 257 times as much and some noise: nearly all of 65536 values
  Tensor float32;  // those over 65535
  Tensor inside;   // a mask: an ellipse that touches the borders
  Tensor mask;     // Otsu's of u8, 0 and 255
  Tensor far;      // a mask: all set but 200 pixels here and there
  Tensor markers;  // int32: 1 to 5000, each a pixel, in raster order

  // "u8", "u16", "float", "mask", "far", "markers".
  const Tensor& Named(std::string_view name) const;
};

// 4000 x 3000 pixels: the first 12 pictures of FOLDER/images/kodak in gray, side by side, or a made
// picture where `folder` is empty.
Pictures MakePictures(const std::string& folder);

// Every `step`-th pixel of every `step`-th row.
Tensor Thinned(const Tensor& picture, int64_t step);

}  // namespace trine::bench
