#include "client/cli/report/canvas.h"

#include <algorithm>
#include <string>

namespace trine::cli {
namespace {

// Rows from the top, the highest of five bits on the left.
constexpr std::string_view kSigns = "0123456789.-+abcdefghijklmnopqrstuvwxyz";
constexpr int kSignStep = Canvas::kSignWidth + 1;
constexpr std::array<std::array<uint8_t, Canvas::kSignHeight>, kSigns.size()> kShapes = {{
    {14, 17, 19, 21, 25, 17, 14},  // 0
    {4, 12, 4, 4, 4, 4, 14},       // 1
    {14, 17, 1, 2, 4, 8, 31},      // 2
    {31, 2, 4, 2, 1, 17, 14},      // 3
    {2, 6, 10, 18, 31, 2, 2},      // 4
    {31, 16, 30, 1, 1, 17, 14},    // 5
    {6, 8, 16, 30, 17, 17, 14},    // 6
    {31, 1, 2, 4, 8, 8, 8},        // 7
    {14, 17, 17, 14, 17, 17, 14},  // 8
    {14, 17, 17, 15, 1, 2, 12},    // 9
    {0, 0, 0, 0, 0, 12, 12},       // .
    {0, 0, 0, 31, 0, 0, 0},        // -
    {0, 4, 4, 31, 4, 4, 0},        // +
    {0, 0, 14, 1, 15, 17, 15},     // a
    {16, 16, 30, 17, 17, 17, 30},  // b
    {0, 0, 14, 16, 16, 17, 14},    // c
    {1, 1, 15, 17, 17, 17, 15},    // d
    {0, 0, 14, 17, 31, 16, 14},    // e
    {6, 9, 8, 28, 8, 8, 8},        // f
    {0, 15, 17, 17, 15, 1, 14},    // g
    {16, 16, 22, 25, 17, 17, 17},  // h
    {4, 0, 12, 4, 4, 4, 14},       // i
    {2, 0, 6, 2, 2, 18, 12},       // j
    {16, 16, 18, 20, 24, 20, 18},  // k
    {12, 4, 4, 4, 4, 4, 14},       // l
    {0, 0, 26, 21, 21, 17, 17},    // m
    {0, 0, 22, 25, 17, 17, 17},    // n
    {0, 0, 14, 17, 17, 17, 14},    // o
    {0, 0, 30, 17, 30, 16, 16},    // p
    {0, 0, 13, 19, 15, 1, 1},      // q
    {0, 0, 22, 25, 16, 16, 16},    // r
    {0, 0, 14, 16, 14, 1, 30},     // s
    {8, 8, 28, 8, 8, 9, 6},        // t
    {0, 0, 17, 17, 17, 19, 13},    // u
    {0, 0, 17, 17, 17, 10, 4},     // v
    {0, 0, 17, 17, 21, 21, 10},    // w
    {0, 0, 17, 10, 4, 10, 17},     // x
    {0, 0, 17, 17, 15, 1, 14},     // y
    {0, 0, 31, 2, 4, 8, 31},       // z
}};

}  // namespace

int Canvas::WidthOf(std::string_view text) { return kSignStep * static_cast<int>(text.size()) - 1; }

Canvas::Canvas() : tensor_(Tensor::Zeros(DType::kUint8, {kHeight, kWidth, 3})) {
  Fill(0, 0, kWidth, kHeight, kPaper);
}

void Canvas::Fill(int x0, int y0, int x1, int y1, Colour colour) {
  for (int y = std::max(y0, 0); y < std::min(y1, kHeight); ++y) {
    for (int x = std::max(x0, 0); x < std::min(x1, kWidth); ++x) {
      std::copy(colour.begin(), colour.end(),
                tensor_.data.data() + 3 * (static_cast<size_t>(y) * kWidth + x));
    }
  }
}

void Canvas::Write(int x, int y, std::string_view text) {
  for (const char sign : text) {
    const size_t shape = kSigns.find(sign);
    for (int row = 0; shape != std::string_view::npos && row < kSignHeight; ++row) {
      for (int column = 0; column < kSignWidth; ++column) {
        if ((kShapes[shape][static_cast<size_t>(row)] >> (kSignWidth - 1 - column) & 1) != 0)
          Fill(x + column, y + row, x + column + 1, y + row + 1, kInk);
      }
    }
    x += kSignStep;
  }
}

}  // namespace trine::cli
