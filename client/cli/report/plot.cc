#include "client/cli/report/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "absl/strings/str_format.h"

namespace trine::cli {
namespace {

using Colour = std::array<uint8_t, 3>;

constexpr Colour kPaper = {255, 255, 255}, kInk = {32, 32, 32}, kBar = {96, 128, 176},
                 kMark = {220, 32, 32};
constexpr int kHeight = 360, kWidth = 640;
// The axes' ends.
constexpr int kLeft = 76, kRight = kWidth - 24, kTop = 20, kBottom = kHeight - 36;
constexpr int kTick = 5;
constexpr int kMostTicks = 6;

// What numbers are made of, 5 x 7, rows from the top, the highest of five bits on the left.
constexpr std::string_view kSigns = "0123456789.-e+";
constexpr int kSignWidth = 5, kSignHeight = 7, kSignStep = 6;
constexpr std::array<std::array<uint8_t, kSignHeight>, 14> kShapes = {{
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
    {0, 0, 14, 17, 31, 16, 14},    // e
    {0, 4, 4, 31, 4, 4, 0},        // +
}};

class Canvas {
 public:
  Canvas() : tensor_(Tensor::Zeros(DType::kUint8, {kHeight, kWidth, 3})) {
    Fill(0, 0, kWidth, kHeight, kPaper);
  }

  // Pixels [x0, x1) x [y0, y1) within the picture.
  void Fill(int x0, int y0, int x1, int y1, Colour colour) {
    for (int y = std::max(y0, 0); y < std::min(y1, kHeight); ++y) {
      for (int x = std::max(x0, 0); x < std::min(x1, kWidth); ++x) {
        std::copy(colour.begin(), colour.end(),
                  tensor_.data.data() + 3 * (static_cast<size_t>(y) * kWidth + x));
      }
    }
  }

  // `text` of kSigns with its left top corner at (x, y).
  void Write(int x, int y, std::string_view text) {
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

  Tensor Take() { return std::move(tensor_); }

 private:
  Tensor tensor_;
};

int WidthOf(std::string_view text) { return kSignStep * static_cast<int>(text.size()) - 1; }

// 1, 2 or 5 times a power of ten, so that at most kMostTicks multiples of it lie in `span`, above
// 0.
double StepOf(double span) {
  const double least = span / kMostTicks;
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least) return factor * power;
  }
  return 10 * power;
}

std::string NumberText(double value) { return absl::StrFormat("%.6g", value); }

// Calls mark(value) for each multiple of the step from `low` to `high`.
template <typename Mark>
void ForTicks(double low, double high, const Mark& mark) {
  if (!(high > low)) return mark(low);
  const double step = StepOf(high - low);
  const double first = std::ceil(low / step);
  for (int i = 0; i <= kMostTicks; ++i) {
    const double value = (first + i) * step;
    if (value > high) return;
    mark(value == 0 ? 0.0 : value);  // not -0
  }
}

// Where a value lies between the two ends of the bins, 0 to 1.
class Scale {
 public:
  explicit Scale(const v1::Histogram& histogram)
      : low_(histogram.low()), span_(histogram.bin_width() * histogram.counts_size()) {}

  double low() const { return low_; }
  double high() const { return low_ + span_; }
  double At(double value) const {
    return span_ > 0 ? std::clamp((value - low_) / span_, 0.0, 1.0) : 0.5;
  }

 private:
  double low_, span_;
};

uint64_t HighestCount(const v1::Histogram& histogram) {
  return histogram.counts().empty()
             ? 0
             : *std::max_element(histogram.counts().begin(), histogram.counts().end());
}

void DrawAxes(const Scale& scale, double most, Canvas* canvas) {
  canvas->Fill(kLeft - 1, kTop, kLeft, kBottom + 1, kInk);
  canvas->Fill(kLeft - 1, kBottom, kRight, kBottom + 1, kInk);
  ForTicks(scale.low(), scale.high(), [&](double value) {
    const int x = kLeft + static_cast<int>(scale.At(value) * (kRight - kLeft - 1));
    const std::string text = NumberText(value);
    canvas->Fill(x, kBottom, x + 1, kBottom + kTick, kInk);
    canvas->Write(x - WidthOf(text) / 2, kBottom + kTick + 4, text);
  });
  ForTicks(0, most, [&](double value) {
    const int y = kBottom - static_cast<int>(most > 0 ? value / most * (kBottom - kTop) : 0);
    const std::string text = NumberText(value);
    canvas->Fill(kLeft - kTick, y, kLeft, y + 1, kInk);
    canvas->Write(kLeft - kTick - 4 - WidthOf(text), y - kSignHeight / 2, text);
  });
}

}  // namespace

Tensor DrawHistogram(const v1::Histogram& histogram, const std::vector<double>& thresholds) {
  Canvas canvas;
  const int bins = histogram.counts_size();
  const auto most = static_cast<double>(HighestCount(histogram));
  for (int b = 0; b < bins; ++b) {
    const int from = kLeft + (kRight - kLeft) * b / bins;
    const int to = kLeft + (kRight - kLeft) * (b + 1) / bins;
    const double part = static_cast<double>(histogram.counts(b)) / most;
    // What is there is seen, if by one pixel.
    const int height =
        histogram.counts(b) == 0 ? 0 : std::max(1, static_cast<int>(part * (kBottom - kTop)));
    canvas.Fill(from, kBottom - height, to, kBottom, kBar);
  }
  if (bins > 0) DrawAxes(Scale(histogram), most, &canvas);
  for (const double threshold : thresholds) {
    if (bins == 0) break;
    // A threshold belongs to the dark side: the line is behind its bin.
    const double after = threshold + (histogram.bin_width() == 1 ? 1 : 0);
    const int x = kLeft + static_cast<int>(Scale(histogram).At(after) * (kRight - kLeft - 1));
    canvas.Fill(x, kTop, x + 2, kBottom, kMark);
    const std::string text = NumberText(threshold);
    canvas.Write(std::min(x - WidthOf(text) / 2, kWidth - WidthOf(text) - 2), kTop - 12, text);
  }
  return canvas.Take();
}

std::vector<std::string> HistogramText(const v1::Histogram& histogram,
                                       const std::vector<double>& thresholds, int columns) {
  constexpr int kRows = 10;
  std::vector<std::string> lines;
  const int bins = histogram.counts_size();
  if (bins == 0) return lines;
  const auto width = static_cast<size_t>(std::clamp(columns, 20, std::max(20, bins)));
  // Of bins that share a column the sum; of one that spans several, itself in each.
  std::vector<double> heights(width, 0);
  for (size_t c = 0; c < width; ++c) {
    const int from = static_cast<int>(c) * bins / static_cast<int>(width);
    const int to = std::max(from + 1, (static_cast<int>(c) + 1) * bins / static_cast<int>(width));
    for (int b = from; b < to; ++b) heights[c] += static_cast<double>(histogram.counts(b));
  }
  const double most = *std::max_element(heights.begin(), heights.end());
  for (int row = kRows; row > 0; --row) {
    std::string line(width, ' ');
    for (size_t c = 0; c < width; ++c) {
      const double level = heights[c] / most * kRows;
      if (level > row - 1 + 0.5)
        line[c] = '#';
      else if (level > (row == 1 ? 0 : row - 1))
        line[c] = '.';
    }
    lines.push_back(line.substr(0, line.find_last_not_of(' ') + 1));
  }
  lines.emplace_back(width, '-');
  const Scale scale(histogram);
  std::string marks(width, ' ');
  for (const double threshold : thresholds)
    marks[static_cast<size_t>(scale.At(threshold) * static_cast<double>(width - 1))] = '^';
  if (!thresholds.empty()) lines.push_back(marks.substr(0, marks.find_last_not_of(' ') + 1));
  const std::string low = NumberText(scale.low());
  const bool is_whole = histogram.bin_width() == std::floor(histogram.bin_width());
  const std::string high = NumberText(scale.high() - (is_whole && bins > 1 ? 1 : 0));
  const size_t gap = low.size() + high.size() < width ? width - low.size() - high.size() : 1;
  lines.push_back(bins > 1 ? low + std::string(gap, ' ') + high : low);
  return lines;
}

}  // namespace trine::cli
