#include "core/segment/regions/measure/hull.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.h"

namespace trine::segment {

void HullMeasurer::Clear(int64_t first_row, int64_t rows) {
  first_ = 2 * first_row - 1;
  extremes_.assign(static_cast<size_t>(2 * rows + 1),
                   {std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::lowest()});
}

void HullMeasurer::Cover(int64_t row, int64_t begin, int64_t end) {
  const size_t middle = static_cast<size_t>(2 * row - first_);
  const auto widen = [&](size_t at, int64_t least, int64_t largest) {
    extremes_[at].first = std::min(extremes_[at].first, least);
    extremes_[at].second = std::max(extremes_[at].second, largest);
  };
  widen(middle - 1, 2 * begin, 2 * end - 2);
  widen(middle, 2 * begin - 1, 2 * end - 1);
  widen(middle + 1, 2 * begin, 2 * end - 2);
}

absl::Status HullMeasurer::FindSide(int64_t sign, Poller& poll, std::vector<Corner>* side) const {
  side->clear();
  for (size_t i = 0; i < extremes_.size(); ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(8));
    if (extremes_[i].first > extremes_[i].second) continue;
    const Corner corner = {first_ + static_cast<int64_t>(i),
                           sign > 0 ? extremes_[i].first : extremes_[i].second};
    // The one before is no corner where it does not lie outside the line from that before it.
    while (side->size() >= 2) {
      const Corner& a = (*side)[side->size() - 2];
      const Corner& b = side->back();
      const int64_t outside = (b.x - a.x) * (corner.y - a.y) - (corner.x - a.x) * (b.y - a.y);
      if (sign * outside < 0) break;
      side->pop_back();
    }
    side->push_back(corner);
  }
  return absl::OkStatus();
}

int64_t HullMeasurer::InnerColumn(const std::vector<Corner>& side, int64_t sign, int64_t y,
                                  size_t* at) {
  while (*at + 2 < side.size() && side[*at + 1].y < y) ++*at;
  const Corner &a = side[*at], &b = side[*at + 1];
  // x of the side is numerator / run; a centre is at an even x.
  const int64_t run = b.y - a.y, numerator = a.x * run + (b.x - a.x) * (y - a.y);
  const int64_t divisor = 2 * run;
  const int64_t floor =
      numerator >= 0 ? numerator / divisor : -((-numerator + divisor - 1) / divisor);
  return sign > 0 && floor * divisor != numerator ? floor + 1 : floor;
}

// Two corners that are farthest apart have parallel lines of support: one goes round, the other
// follows (Shamos 1978).
absl::StatusOr<int64_t> HullMeasurer::LargestSquare(Poller& poll) const {
  std::vector<Corner> around(left_.begin(), left_.end());
  for (size_t i = right_.size(); i-- > 0;) {
    const bool is_met = (i + 1 == right_.size() && right_[i].x == left_.back().x) ||
                        (i == 0 && right_[i].x == left_.front().x);
    if (!is_met) around.push_back(right_[i]);
  }
  const size_t count = around.size();
  const auto next = [count](size_t i) { return i + 1 == count ? 0 : i + 1; };
  const auto square = [&](size_t a, size_t b) {
    const int64_t dy = around[a].y - around[b].y, dx = around[a].x - around[b].x;
    return dy * dy + dx * dx;
  };
  // Twice the area of the triangle over an edge.
  const auto height = [&](size_t a, size_t b, size_t c) {
    return std::abs((around[b].x - around[a].x) * (around[c].y - around[a].y) -
                    (around[c].x - around[a].x) * (around[b].y - around[a].y));
  };
  int64_t largest = 0;
  size_t far = 1;
  for (size_t i = 0; i < count; ++i) {
    while (height(i, next(i), next(far)) > height(i, next(i), far)) {
      TRINE_RETURN_IF_ERROR(poll.Spend(8));
      far = next(far);
    }
    TRINE_RETURN_IF_ERROR(poll.Spend(16));
    largest = std::max({largest, square(i, far), square(next(i), far)});
    // Where an edge is parallel to this one its other end is as far.
    if (height(i, next(i), next(far)) == height(i, next(i), far))
      largest = std::max({largest, square(i, next(far)), square(next(i), next(far))});
  }
  return largest;
}

absl::StatusOr<HullMeasures> HullMeasurer::Measure(const RowSpan* spans, int64_t count,
                                                   Poller& poll) {
  const int64_t first = spans[0].row, rows = spans[count - 1].row + 1 - first;
  TRINE_RETURN_IF_ERROR(poll.Spend(2 * rows));
  Clear(first, rows);
  for (int64_t i = 0; i < count; ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(8));
    Cover(spans[i].row, spans[i].begin, spans[i].end);
  }
  TRINE_RETURN_IF_ERROR(FindSide(1, poll, &left_));
  TRINE_RETURN_IF_ERROR(FindSide(-1, poll, &right_));
  HullMeasures out;
  Clear(first, rows);
  size_t left_at = 0, right_at = 0;
  for (int64_t y = first; y < first + rows; ++y) {
    TRINE_RETURN_IF_ERROR(poll.Spend(64));
    const int64_t begin = InnerColumn(left_, 1, 2 * y, &left_at);
    const int64_t end = InnerColumn(right_, -1, 2 * y, &right_at) + 1;
    out.area_convex += end - begin;
    Cover(y, begin, end);
  }
  TRINE_RETURN_IF_ERROR(FindSide(1, poll, &left_));
  TRINE_RETURN_IF_ERROR(FindSide(-1, poll, &right_));
  TRINE_ASSIGN_OR_RETURN(const int64_t square, LargestSquare(poll));
  out.feret_max = std::sqrt(static_cast<double>(square)) / 2;
  return out;
}

}  // namespace trine::segment
