#include "core/segment/contours/contours.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace trine::segment {
namespace {

// The eight directions counter-clockwise as seen (y points down), from the east.
constexpr std::array<int, 8> kDy = {0, -1, -1, -1, 0, 1, 1, 1};
constexpr std::array<int, 8> kDx = {1, 1, 0, -1, -1, -1, 0, 1};
constexpr int kEast = 0;
constexpr int kWest = 4;

// Labels of the picture with a frame of one pixel of background: 0, 1 for a pixel not yet on a
// border, else the number of the border that last passed, negative where its right side is open.
class BorderFollower {
 public:
  BorderFollower(const Context& context, int64_t height, int64_t width, std::string_view field)
      : context_(context),
        field_(field),
        poll_(PixelPoller(context)),
        height_(height),
        width_(width),
        stride_(width + 2),
        labels_(MakeScratch<int32_t>((height + 2) * stride_)),
        contours_(MakeScratch<Found>(MaxContours())),
        points_(MakeScratch<Point>(MaxPoints())) {
    for (size_t d = 0; d < 8; ++d) step_[d] = kDy[d] * stride_ + kDx[d];
  }

  absl::Status Run(const uint8_t* mask) {
    TRINE_RETURN_IF_ERROR(ReserveFound());
    TRINE_RETURN_IF_ERROR(Load(mask));
    for (int64_t y = 0; y < height_; ++y) {
      int32_t last = 1;  // the border met last on this row; 1 is the frame
      for (int64_t x = 0; x < width_; ++x) {
        TRINE_RETURN_IF_ERROR(poll_.Spend(1));
        const int64_t at = Index(y, x);
        const int32_t label = labels_[at];
        if (label == 0) continue;
        const bool outer = label == 1 && labels_[at - 1] == 0;
        const bool hole = !outer && label >= 1 && labels_[at + 1] == 0;
        if (outer || hole) {
          if (hole && label > 1) last = label;
          TRINE_RETURN_IF_ERROR(Follow(y, x, hole, std::abs(last)));
        }
        if (labels_[at] != 1) last = std::abs(labels_[at]);
      }
    }
    return absl::OkStatus();
  }

  // A contour as it is discovered: only its parent is known of the hierarchy.
  struct Found {
    int64_t first_point = 0, point_count = 0;
    int64_t parent = -1;
    bool is_hole = false;
  };
  // In order of discovery.
  absl::Span<const Found> contours() const { return {contours_.data(), count_}; }
  LongArray<Point> TakePoints() {
    points_.Truncate(point_count_);
    return std::move(points_);
  }

 private:
  // Room for all there can be instead of arrays that grow: these would copy themselves without
  // polls, and what is not touched costs nothing. A border begins to the left or to the right of
  // background, and reaches a pixel at most once from each of its neighbours.
  int64_t MaxContours() const {
    return static_cast<int64_t>(
        std::min(context_.limits->max_regions, 2 * static_cast<uint64_t>(height_ * width_)));
  }
  int64_t MaxPoints() const {
    return static_cast<int64_t>(std::min(context_.limits->max_output_bytes / sizeof(Point),
                                         8 * static_cast<uint64_t>(height_ * width_)));
  }

  // How many contours and points there are only following them tells: their memory, with that of
  // their order in the tree, is asked for some ahead of them.
  absl::Status ReserveFound() {
    constexpr size_t kAhead = size_t{1} << 14;
    constexpr uint64_t kContourBytes = sizeof(Found) + 3 * sizeof(int64_t) + sizeof(Contour);
    reserved_ = point_count_ + kAhead;  // at least a point a contour
    // The labels of the frame are not among the picture's.
    const uint64_t frame = labels_.size() - static_cast<uint64_t>(height_ * width_);
    return context_.Reserve(frame * sizeof(int32_t) + reserved_ * sizeof(Point) +
                            (count_ + kAhead) * kContourBytes);
  }

  int64_t Index(int64_t y, int64_t x) const { return (y + 1) * stride_ + x + 1; }

  absl::Status Load(const uint8_t* mask) {
    for (int64_t y = -1; y <= height_; ++y) {
      const bool frame = y < 0 || y == height_;
      for (int64_t x = -1; x <= width_; ++x) {
        TRINE_RETURN_IF_ERROR(poll_.Spend(1));
        const bool set = !frame && x >= 0 && x < width_ && mask[y * width_ + x] != 0;
        labels_[Index(y, x)] = set ? 1 : 0;
      }
    }
    return absl::OkStatus();
  }

  // The parent's index for a border whose predecessor on the row is number `last` (table 1).
  int64_t ParentOf(bool hole, int32_t last) const {
    if (last == 1) return -1;
    const int64_t previous = last - 2;
    const Found& border = contours_[static_cast<size_t>(previous)];
    return border.is_hole == hole ? border.parent : previous;
  }

  absl::Status Follow(int64_t y, int64_t x, bool hole, int32_t last) {
    if (count_ == contours_.size())
      return LimitExceeded(field_, count_ + 1, "max_regions", context_.limits->max_regions);
    Found& contour = contours_[count_];
    contour = Found{};
    contour.first_point = static_cast<int64_t>(point_count_);
    contour.is_hole = hole;
    contour.parent = ParentOf(hole, last);
    const int32_t number = static_cast<int32_t>(count_) + 2;
    const int64_t start = Index(y, x);

    // Clockwise from the background pixel that gave the border away.
    int direction = hole ? kEast : kWest;
    const int from = direction;
    do {
      direction = (direction + 7) % 8;
    } while (direction != from && labels_[start + step_[static_cast<size_t>(direction)]] == 0);
    if (direction == from) {  // a pixel alone
      labels_[start] = -number;
      TRINE_RETURN_IF_ERROR(AddPoint(y, x));
      return Close(contour);
    }
    const int64_t second = start + step_[static_cast<size_t>(direction)];
    int64_t at = start;
    while (true) {
      TRINE_RETURN_IF_ERROR(poll_.Spend(8));
      TRINE_RETURN_IF_ERROR(AddPoint(y, x));
      // Counter-clockwise from the pixel before.
      bool east_is_open = false;
      int64_t next = 0;
      do {
        direction = (direction + 1) % 8;
        next = at + step_[static_cast<size_t>(direction)];
        east_is_open |= direction == kEast && labels_[next] == 0;
      } while (labels_[next] == 0);
      if (east_is_open) {
        labels_[at] = -number;
      } else if (labels_[at] == 1) {
        labels_[at] = number;
      }
      if (next == start && at == second) break;
      y += kDy[static_cast<size_t>(direction)];
      x += kDx[static_cast<size_t>(direction)];
      at = next;
      direction = (direction + 4) % 8;  // back to the pixel just left
    }
    return Close(contour);
  }

  absl::Status Close(Found& contour) {
    contour.point_count = static_cast<int64_t>(point_count_) - contour.first_point;
    ++count_;
    return absl::OkStatus();
  }

  absl::Status AddPoint(int64_t y, int64_t x) {
    if (point_count_ == points_.size()) {
      return LimitExceeded(field_, (point_count_ + 1) * sizeof(Point), "max_output_bytes",
                           context_.limits->max_output_bytes);
    }
    if (point_count_ == reserved_) TRINE_RETURN_IF_ERROR(ReserveFound());
    points_[point_count_++] = {static_cast<int32_t>(y), static_cast<int32_t>(x)};
    return absl::OkStatus();
  }

  const Context& context_;
  std::string_view field_;
  Poller poll_;
  int64_t height_, width_, stride_;
  Scratch<int32_t> labels_;
  std::array<int64_t, 8> step_{};
  Scratch<Found> contours_;
  size_t count_ = 0;
  Scratch<Point> points_;
  size_t point_count_ = 0;
  size_t reserved_ = 0;  // points whose memory is
};

// Pre-order, of siblings the last found first; sets the links.
absl::StatusOr<ContourList> InTreeOrder(BorderFollower& follower, Poller& poll) {
  const absl::Span<const BorderFollower::Found> found = follower.contours();
  const size_t count = found.size();
  const auto links = [&] {
    return MakeFilledScratch<int64_t>(static_cast<int64_t>(count) + 1, -1, poll);
  };
  // Linking each contour in front of those found before reverses the siblings.
  TRINE_ASSIGN_OR_RETURN(Scratch<int64_t> first_child, links());
  TRINE_ASSIGN_OR_RETURN(Scratch<int64_t> next_sibling, links());
  const auto slot = [&](int64_t parent) {
    return parent < 0 ? count : static_cast<size_t>(parent);
  };
  for (size_t i = 0; i < count; ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(8));
    int64_t& first = first_child[slot(found[i].parent)];
    next_sibling[i] = first;
    first = static_cast<int64_t>(i);
  }
  TRINE_ASSIGN_OR_RETURN(Scratch<int64_t> position, links());
  int64_t visited = 0;
  int64_t at = first_child[count];
  while (at >= 0) {
    TRINE_RETURN_IF_ERROR(poll.Spend(32));
    const size_t i = static_cast<size_t>(at);
    position[i] = visited++;
    if (first_child[i] >= 0) {
      at = first_child[i];
      continue;
    }
    while (at >= 0 && next_sibling[static_cast<size_t>(at)] < 0)
      at = found[static_cast<size_t>(at)].parent;
    if (at >= 0) at = next_sibling[static_cast<size_t>(at)];
  }
  const auto moved = [&](int64_t i) { return i < 0 ? -1 : position[static_cast<size_t>(i)]; };
  LongArray<Point> points = follower.TakePoints();
  LongArray<Contour> out = LongArray<Contour>::ForOverwrite(count);
  for (size_t i = 0; i < count; ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(64));
    Contour& contour = out[static_cast<size_t>(position[i])];
    contour = Contour{};
    contour.points = {points.data() + found[i].first_point,
                      static_cast<size_t>(found[i].point_count)};
    contour.is_hole = found[i].is_hole;
    contour.parent = moved(found[i].parent);
    contour.child = moved(first_child[i]);
    contour.next = moved(next_sibling[i]);
  }
  for (size_t i = 0; i < count; ++i) {
    TRINE_RETURN_IF_ERROR(poll.Spend(32));
    if (out[i].next >= 0) out[static_cast<size_t>(out[i].next)].previous = static_cast<int64_t>(i);
  }
  return ContourList(std::move(points), std::move(out));
}

}  // namespace

absl::StatusOr<ContourList> FindContours(const Context& context, const uint8_t* mask,
                                         int64_t height, int64_t width, std::string_view field) {
  BorderFollower follower(context, height, width, field);
  TRINE_RETURN_IF_ERROR(follower.Run(mask));
  Poller poll = PixelPoller(context);
  return InTreeOrder(follower, poll);
}

}  // namespace trine::segment
