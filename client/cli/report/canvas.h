// A picture to draw on: boxes and short texts. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/tensor.h"

namespace trine::cli {

using Colour = std::array<uint8_t, 3>;

class Canvas {
 public:
  static constexpr int kHeight = 360, kWidth = 640;
  static constexpr Colour kPaper = {255, 255, 255}, kInk = {32, 32, 32};
  static constexpr int kSignWidth = 5, kSignHeight = 7;
  // Columns of a text.
  static int WidthOf(std::string_view text);

  Canvas();  // paper alone

  // Pixels [x0, x1) x [y0, y1), as far as they are of the picture.
  void Fill(int x0, int y0, int x1, int y1, Colour colour);
  // `text`, of small letters, digits and ".-+" with gaps for others, in ink with its left top
  // corner at (x, y).
  void Write(int x, int y, std::string_view text);

  Tensor Take() { return std::move(tensor_); }  // uint8 [kHeight,kWidth,3]

 private:
  Tensor tensor_;
};

}  // namespace trine::cli
