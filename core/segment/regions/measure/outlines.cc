#include "core/segment/regions/measure/outlines.h"

#include <algorithm>
#include <numbers>
#include <utility>

#include "core/base/error.h"

namespace trine::segment {
namespace {

// Rows of a label map, 0 above the first and below the last.
class Rows {
 public:
  Rows(const int32_t* labels, int64_t height, int64_t width)
      : labels_(labels),
        height_(height),
        width_(width),
        outside_(Scratch<int32_t>::Zeros(static_cast<size_t>(width))) {}
  const int32_t* At(int64_t y) const {
    return y < 0 || y >= height_ ? outside_.data() : labels_ + y * width_;
  }

 private:
  const int32_t* labels_;
  int64_t height_, width_;
  Scratch<int32_t> outside_;
};

// Columns [begin, end) of a row with one of 0 to either side: border[x + 1] is the label of a
// border pixel, 0 of others.
void MarkBorder(const Rows& rows, int64_t y, int64_t width, int64_t begin, int64_t end,
                int32_t* border) {
  const int32_t *const above = rows.At(y - 1), *const here = rows.At(y),
                       *const below = rows.At(y + 1);
  for (int64_t x = begin; x < end; ++x) {
    const int32_t label = here[x];
    const bool is_inner = x > 0 && x + 1 < width && here[x - 1] == label && here[x + 1] == label &&
                          above[x] == label && below[x] == label;
    border[x + 1] = is_inner ? 0 : label;
  }
}

// The border pixel in the middle of three rows of borders.
void CountStep(const int32_t* above, const int32_t* here, const int32_t* below, int64_t x,
               OutlineCounts* counts) {
  const int32_t label = here[x];
  const auto is = [label](int32_t other) { return other == label ? 1 : 0; };
  const int sides = is(above[x]) + is(here[x - 1]) + is(here[x + 1]) + is(below[x]);
  const int corners = is(above[x - 1]) + is(above[x + 1]) + is(below[x - 1]) + is(below[x + 1]);
  // scikit-image's weights of 1 + 2 sides + 10 corners.
  switch (1 + 2 * sides + 10 * corners) {
    case 5:
    case 7:
    case 15:
    case 17:
    case 25:
    case 27:
      ++counts->straight;
      break;
    case 21:
    case 33:
      ++counts->diagonal;
      break;
    case 13:
    case 23:
      ++counts->mixed;
      break;
    default:
      break;
  }
}

// The square whose lower right pixel is `of[0]`; then those above, to the left, upper left.
template <typename CountsOf>
void CountSquare(const std::array<int32_t, 4>& of, const CountsOf& counts_of) {
  for (size_t i = 0; i < of.size(); ++i) {
    const int32_t label = of[i];
    if (label == 0 || std::find(of.begin(), of.begin() + i, label) != of.begin() + i) continue;
    size_t which = 0;
    for (size_t k = 0; k < of.size(); ++k) which |= size_t{of[k] == label} << k;
    ++counts_of(label)->squares[which];
  }
}

}  // namespace

double PerimeterOf(const OutlineCounts& counts) {
  return static_cast<double>(counts.straight) +
         static_cast<double>(counts.diagonal) * std::numbers::sqrt2 +
         static_cast<double>(counts.mixed) * ((1 + std::numbers::sqrt2) / 2);
}

double CroftonPerimeterOf(const OutlineCounts& counts) {
  constexpr double kQuarter = std::numbers::pi / 4, kSlanted = kQuarter / std::numbers::sqrt2;
  constexpr std::array<double, 15> kWeights = {
      0,        kQuarter + kSlanted, kSlanted, 2 * kSlanted,
      0,        kQuarter + kSlanted, 0,        kSlanted,
      kQuarter, 2 * kQuarter,        kSlanted, kSlanted,
      kQuarter, 2 * kQuarter,        0};
  double sum = 0;
  for (size_t i = 0; i < kWeights.size(); ++i)
    sum += kWeights[i] * static_cast<double>(counts.squares[i]);
  return sum;
}

int64_t EulerNumberOf(const OutlineCounts& counts) {
  return counts.squares[8] - counts.squares[6] - counts.squares[14];
}

absl::Status CountOutlines(const Context& context, const int32_t* labels, int64_t height,
                           int64_t width,
                           absl::FunctionRef<OutlineCounts*(int32_t label)> counts_of) {
  constexpr int64_t kPiece = 4096;
  const Rows rows(labels, height, width);
  Poller poll = PixelPoller(context);
  const auto borders = [&] { return Scratch<int32_t>::Zeros(static_cast<size_t>(width) + 2); };
  Scratch<int32_t> above = borders(), here = borders(), below = borders();
  const auto mark = [&](int64_t y, Scratch<int32_t>& border) -> absl::Status {
    for (int64_t begin = 0; begin < width; begin += kPiece) {
      const int64_t end = std::min(width, begin + kPiece);
      TRINE_RETURN_IF_ERROR(poll.Spend(2 * (end - begin)));
      MarkBorder(rows, y, width, begin, end, border.data());
    }
    return absl::OkStatus();
  };
  TRINE_RETURN_IF_ERROR(mark(0, here));
  // The squares of the row behind the last hold its pixels too.
  for (int64_t y = 0; y <= height; ++y) {
    TRINE_RETURN_IF_ERROR(mark(y + 1, below));
    const int32_t *const last = rows.At(y - 1), *const row = rows.At(y);
    int32_t upper_left = 0, left = 0;
    for (int64_t x = 0; x <= width; ++x) {
      if (x % kPiece == 0) TRINE_RETURN_IF_ERROR(poll.Spend(4 * std::min(kPiece, width + 1 - x)));
      const int32_t up = x < width ? last[x] : 0, at = x < width ? row[x] : 0;
      if (at != up || at != left || at != upper_left)
        CountSquare({at, up, left, upper_left}, counts_of);
      upper_left = up;
      left = at;
      if (here[static_cast<size_t>(x) + 1] != 0 && x < width)
        CountStep(above.data(), here.data(), below.data(), x + 1, counts_of(at));
    }
    std::swap(above, here);
    std::swap(here, below);
  }
  return absl::OkStatus();
}

}  // namespace trine::segment
