#include "client/cli/report/plot.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "client/cli/report/canvas.h"
#include "client/cli/report/digits.h"

namespace trine::cli {
namespace {

constexpr Colour kBar = {96, 128, 176}, kMark = {220, 32, 32};
constexpr std::string_view kNoPixels = "no pixels";
constexpr int kTick = 5;
constexpr int kMostTicks = 6;
constexpr int kLabelRow = 12, kLabelGap = 3;  // of the marks' labels

// Where the axes end.
struct Frame {
  int left = 76, right = Canvas::kWidth - 24, top = 8, bottom = Canvas::kHeight - 36;

  int width() const { return right - left; }
  int height() const { return bottom - top; }
};

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

// Where a value lies between the two ends of the bins.
class Scale {
 public:
  explicit Scale(const v1::Histogram& histogram)
      : low_(histogram.low()),
        span_(histogram.bin_width() * histogram.counts_size()),
        bin_(histogram.bin_width()) {}

  double low() const { return low_; }
  double high() const { return low_ + span_; }
  int digits() const { return DigitsOf(low(), high()); }
  // 0 to 1.
  double At(double value) const {
    if (const int side = SideOf(value); side != 0) return side < 0 ? 0 : 1;
    return span_ > 0 ? std::clamp((value - low_) / span_, 0.0, 1.0) : 0.5;
  }
  // A threshold belongs to the dark side: it is drawn behind its bin.
  double Behind(double threshold) const { return At(threshold + (bin_ == 1 ? 1 : 0)); }
  // -1 and 1: before the low end, behind the high one. What rounding does is neither.
  int SideOf(double threshold) const {
    const double rounding = span_ * 1e-9, behind = threshold + (bin_ == 1 ? 1 : 0);
    if (behind < low() - rounding) return -1;
    return behind > high() + rounding ? 1 : 0;
  }

 private:
  double low_, span_, bin_;
};

uint64_t HighestCount(const v1::Histogram& histogram) {
  return histogram.counts().empty()
             ? 0
             : *std::max_element(histogram.counts().begin(), histogram.counts().end());
}

// Labels stand on rows, each beginning at its mark, whose line leads to it over all rows before:
// those that would be in the way of a line take a row behind it.
std::vector<int> RowsOfLabels(const std::vector<int>& at, const std::vector<int>& lengths) {
  std::vector<size_t> order(at.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return at[a] > at[b]; });
  std::vector<int> rows(at.size(), 0);
  for (size_t i = 0; i < order.size(); ++i) {
    const size_t label = order[i];
    for (size_t j = 0; j < i; ++j) {
      const size_t other = order[j];
      if (at[other] <= at[label] + lengths[label])
        rows[label] = std::max(rows[label], rows[other] + 1);
    }
  }
  return rows;
}

void DrawAxes(const Frame& frame, const Scale& scale, double most, Canvas* canvas) {
  const int left = frame.left, bottom = frame.bottom;
  canvas->Fill(left - 1, frame.top, left, bottom + 1, Canvas::kInk);
  canvas->Fill(left - 1, bottom, frame.right, bottom + 1, Canvas::kInk);
  int free = 0;  // from where on the next label has room
  ForTicks(scale.low(), scale.high(), [&](double value) {
    const int x = left + static_cast<int>(scale.At(value) * (frame.width() - 1));
    const std::string text = NumberText(value, scale.digits());
    const int width = Canvas::WidthOf(text), begin = x - width / 2;
    canvas->Fill(x, bottom, x + 1, bottom + kTick, Canvas::kInk);
    if (begin < free) return;
    canvas->Write(begin, bottom + kTick + 4, text);
    free = begin + width + Canvas::kSignWidth;
  });
  ForTicks(0, most, [&](double value) {
    const int y = bottom - static_cast<int>(most > 0 ? value / most * frame.height() : 0);
    const std::string text = NumberText(value);
    canvas->Fill(left - kTick, y, left, y + 1, Canvas::kInk);
    canvas->Write(left - kTick - 4 - Canvas::WidthOf(text), y - Canvas::kSignHeight / 2, text);
  });
}

std::string LabelOf(const Mark& mark, int digits) {
  return absl::StrCat(mark.name, mark.name.empty() ? "" : " ", NumberText(mark.value, digits));
}

// To the side that a value lies beyond.
void DrawArrow(int x, int y, int side, Canvas* canvas) {
  for (int i = 0; i < kTick; ++i) {
    const int at = x + side * (kTick - i);
    canvas->Fill(at, y - i, at + 1, y + i + 1, kMark);
  }
}

void DrawMarks(const Frame& frame, const Scale& scale, const std::vector<Mark>& marks,
               const std::vector<std::string>& labels, const std::vector<int>& at,
               const std::vector<int>& rows, Canvas* canvas) {
  for (size_t i = 0; i < marks.size(); ++i) {
    const int x = at[i], y = frame.top - kLabelRow * (rows[i] + 1);
    canvas->Write(x + kLabelGap, y, labels[i]);
    const int side = scale.SideOf(marks[i].value);
    // The line of one beyond the end leads to its arrow alone.
    const int end = side == 0 ? frame.bottom : frame.top + kTick;
    canvas->Fill(x, y, x + 2, end, kMark);
    if (side != 0) DrawArrow(x, frame.top + kTick, side, canvas);
  }
}

void DrawBars(const Frame& frame, const v1::Histogram& histogram, double most, Canvas* canvas) {
  const int bins = histogram.counts_size();
  for (int b = 0; b < bins; ++b) {
    const int from = frame.left + frame.width() * b / bins;
    const int to = frame.left + frame.width() * (b + 1) / bins;
    const double part = static_cast<double>(histogram.counts(b)) / most;
    // What is there is seen, if by one pixel.
    const int height =
        histogram.counts(b) == 0 ? 0 : std::max(1, static_cast<int>(part * frame.height()));
    canvas->Fill(from, frame.bottom - height, to, frame.bottom, kBar);
  }
}

// Under the bars: a sign a mark, then the names.
void AddMarks(const Scale& scale, const std::vector<Mark>& marks, size_t width,
              std::vector<std::string>* lines) {
  std::vector<int> at, lengths;
  std::string signs(width, ' ');
  for (const Mark& mark : marks) {
    const auto column = static_cast<size_t>(scale.At(mark.value) * static_cast<double>(width - 1));
    const int side = scale.SideOf(mark.value);
    signs[column] = side == 0 ? '^' : side < 0 ? '<' : '>';
    at.push_back(static_cast<int>(column));
    lengths.push_back(static_cast<int>(mark.name.size()));
  }
  lines->push_back(signs.substr(0, signs.find_last_not_of(' ') + 1));
  const std::vector<int> rows = RowsOfLabels(at, lengths);
  std::vector<std::string> names(
      marks.empty() ? 0 : static_cast<size_t>(*std::max_element(rows.begin(), rows.end())) + 1);
  for (size_t i = 0; i < marks.size(); ++i) {
    if (marks[i].name.empty()) continue;
    const auto column = static_cast<size_t>(at[i]);
    for (size_t row = 0; row <= static_cast<size_t>(rows[i]); ++row) {
      const bool is_name = row == static_cast<size_t>(rows[i]);
      const std::string_view text = is_name ? std::string_view(marks[i].name) : "|";
      std::string& line = names[row];
      line.resize(std::max(line.size(), column + text.size()), ' ');
      // Of marks in one column the names stand under each other.
      if (is_name || line[column] == ' ') line.replace(column, text.size(), text);
    }
  }
  for (const std::string& line : names) {
    if (!line.empty()) lines->push_back(line);
  }
}

}  // namespace

Tensor DrawHistogram(const v1::Histogram& histogram, const std::vector<Mark>& marks) {
  Canvas canvas;
  const auto most = static_cast<double>(HighestCount(histogram));
  if (most == 0) {
    canvas.Write((Canvas::kWidth - Canvas::WidthOf(kNoPixels)) / 2, Canvas::kHeight / 2, kNoPixels);
    return canvas.Take();
  }
  const Scale scale(histogram);
  Frame frame;
  std::vector<std::string> labels;
  std::vector<int> at, lengths;
  for (const Mark& mark : marks) {
    labels.push_back(LabelOf(mark, scale.digits()));
    lengths.push_back(Canvas::WidthOf(labels.back()) + 2 * kLabelGap);
    frame.right = std::min(frame.right, Canvas::kWidth - lengths.back());
  }
  for (const Mark& mark : marks)
    at.push_back(frame.left + static_cast<int>(scale.Behind(mark.value) * (frame.width() - 1)));
  const std::vector<int> rows = RowsOfLabels(at, lengths);
  const int label_rows = rows.empty() ? 1 : *std::max_element(rows.begin(), rows.end()) + 1;
  frame.top += kLabelRow * label_rows;
  DrawBars(frame, histogram, most, &canvas);
  DrawAxes(frame, scale, most, &canvas);
  DrawMarks(frame, scale, marks, labels, at, rows, &canvas);
  return canvas.Take();
}

std::vector<std::string> HistogramText(const v1::Histogram& histogram,
                                       const std::vector<Mark>& marks, int columns) {
  constexpr int kRows = 10, kFewest = 20;
  std::vector<std::string> lines;
  const int bins = histogram.counts_size();
  if (HighestCount(histogram) == 0) return {std::string(kNoPixels)};
  // Names begin at their marks, of which one may be the last column.
  size_t longest = 1;
  for (const Mark& mark : marks) longest = std::max(longest, mark.name.size());
  const int room = columns - static_cast<int>(longest) + 1;
  const auto width = static_cast<size_t>(std::clamp(room, kFewest, std::max(kFewest, bins)));
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
  if (!marks.empty()) AddMarks(scale, marks, width, &lines);
  const std::string low = NumberText(scale.low(), scale.digits());
  const bool is_whole = histogram.bin_width() == std::floor(histogram.bin_width());
  const double last = scale.high() - (is_whole && bins > 1 ? 1 : 0);
  const std::string high = NumberText(last, scale.digits());
  const size_t gap = low.size() + high.size() < width ? width - low.size() - high.size() : 1;
  lines.push_back(bins > 1 ? low + std::string(gap, ' ') + high : low);
  return lines;
}

}  // namespace trine::cli
