#include "core/segment/contours/contours.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

#include "core/base/checked.h"
#include "core/base/error.h"
#include "core/segment/label_numbers.h"

namespace trine::segment {
namespace {

// The eight directions counter-clockwise as seen (y points down), from the east.
constexpr std::array<int, 8> kDy = {0, -1, -1, -1, 0, 1, 1, 1};
constexpr std::array<int, 8> kDx = {1, 1, 0, -1, -1, -1, 0, 1};
constexpr int kEast = 0;
constexpr int kWest = 4;

constexpr int32_t kFrame = 1;  // the number of the picture's own border

// Labels of the picture with a frame of one pixel of background: 0, 1 for a pixel not yet on a
// border, else the number of the border that last passed, negative where its right side is open.
//
// Of a label map each label has borders of its own: pixels of other labels are background to it,
// and what a row met last is kept by label.
class BorderFollower {
 public:
  // `map` is null for a mask; what `names`, if not null, says of a border's first pixel is its
  // label.
  BorderFollower(const Context& context, const int32_t* map, const int32_t* names, int64_t height,
                 int64_t width, std::string_view field)
      : context_(context),
        map_(map),
        names_(names),
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

  // is_set(i): whether pixel i of the picture has borders. `most_labels` are on the map.
  template <typename IsSet>
  absl::Status Run(const IsSet& is_set, uint64_t most_labels) {
    TRINE_RETURN_IF_ERROR(ReserveLabels(most_labels));
    TRINE_RETURN_IF_ERROR(ReserveFound());
    TRINE_RETURN_IF_ERROR(Load(is_set));
    for (int64_t y = 0; y < height_; ++y) {
      int32_t last = kFrame;  // the border met last on this row
      own_ = 0;
      for (int64_t x = 0; x < width_; ++x) {
        TRINE_RETURN_IF_ERROR(poll_.Spend(1));
        const int64_t at = Index(y, x);
        const int32_t label = labels_[at];
        if (label == 0) continue;
        if (map_ != nullptr && map_[y * width_ + x] != own_) {
          if (own_ != 0) *LastOf(own_, y) = last;
          own_ = map_[y * width_ + x];
          last = *LastOf(own_, y);
        }
        const bool outer = label == 1 && !IsOwn(at, y, x, kWest);
        const bool hole = !outer && label >= 1 && !IsOwn(at, y, x, kEast);
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
    int32_t label = 0;
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

  absl::Status ReserveLabels(uint64_t most_labels) {
    if (map_ == nullptr) return absl::OkStatus();
    const uint64_t most =
        std::min(most_labels, static_cast<uint64_t>(height_) * static_cast<uint64_t>(width_));
    label_bytes_ = SaturatingMul(most, LabelNumbers::kBytes + sizeof(LastMet));
    TRINE_RETURN_IF_ERROR(context_.Reserve(label_bytes_));
    numbers_.emplace(most);
    met_ = MakeScratch<LastMet>(static_cast<int64_t>(most));
    return absl::OkStatus();
  }

  // What row y met last of a label.
  int32_t* LastOf(int32_t label, int64_t y) {
    const size_t number = numbers_->Of(label);
    if (number == met_count_) met_[met_count_++] = {};
    LastMet& met = met_[number];
    if (met.row != y) met = {y, kFrame};
    return &met.border;
  }

  // Whether the pixel's neighbour is there, and of the label that is looked at.
  bool IsOwn(int64_t at, int64_t y, int64_t x, int direction) const {
    const size_t d = static_cast<size_t>(direction);
    if (labels_[at + step_[d]] == 0) return false;
    return map_ == nullptr || map_[(y + kDy[d]) * width_ + x + kDx[d]] == own_;
  }

  // How many contours and points there are only following them tells: their memory, with that of
  // their order in the tree, is asked for some ahead of them.
  absl::Status ReserveFound() {
    constexpr size_t kAhead = size_t{1} << 14;
    constexpr uint64_t kContourBytes = sizeof(Found) + 3 * sizeof(int64_t) + sizeof(Contour);
    reserved_ = point_count_ + kAhead;  // at least a point a contour
    // The labels of the frame are not among the picture's.
    const uint64_t frame = labels_.size() - static_cast<uint64_t>(height_ * width_);
    return context_.Reserve(label_bytes_ + frame * sizeof(int32_t) + reserved_ * sizeof(Point) +
                            (count_ + kAhead) * kContourBytes);
  }

  int64_t Index(int64_t y, int64_t x) const { return (y + 1) * stride_ + x + 1; }

  template <typename IsSet>
  absl::Status Load(const IsSet& is_set) {
    for (int64_t y = -1; y <= height_; ++y) {
      const bool frame = y < 0 || y == height_;
      for (int64_t x = -1; x <= width_; ++x) {
        TRINE_RETURN_IF_ERROR(poll_.Spend(1));
        const bool set = !frame && x >= 0 && x < width_ && is_set(y * width_ + x);
        labels_[Index(y, x)] = set ? 1 : 0;
      }
    }
    return absl::OkStatus();
  }

  // The parent's index for a border whose predecessor on the row is number `last` (table 1).
  int64_t ParentOf(bool hole, int32_t last) const {
    if (last == kFrame) return -1;
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
    contour.label = names_ == nullptr ? 0 : names_[y * width_ + x];
    contour.parent = ParentOf(hole, last);
    const int32_t number = static_cast<int32_t>(count_) + 2;
    const int64_t start = Index(y, x);

    // Clockwise from the background pixel that gave the border away.
    int direction = hole ? kEast : kWest;
    const int from = direction;
    do {
      direction = (direction + 7) % 8;
    } while (direction != from && !IsOwn(start, y, x, direction));
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
      bool east_is_open = false, is_own = false;
      do {
        direction = (direction + 1) % 8;
        is_own = IsOwn(at, y, x, direction);
        east_is_open |= direction == kEast && !is_own;
      } while (!is_own);
      const int64_t next = at + step_[static_cast<size_t>(direction)];
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

  // The border that row `row` met last of a label.
  struct LastMet {
    int64_t row = -1;
    int32_t border = kFrame;
  };

  const Context& context_;
  const int32_t *map_, *names_;
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
  int32_t own_ = 0;      // the label that is looked at
  std::optional<LabelNumbers> numbers_;
  Scratch<LastMet> met_;
  size_t met_count_ = 0;
  uint64_t label_bytes_ = 0;
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
    contour.label = found[i].label;
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
                                         const int32_t* labels, int64_t height, int64_t width,
                                         std::string_view field) {
  BorderFollower follower(context, nullptr, labels, height, width, field);
  TRINE_RETURN_IF_ERROR(follower.Run([mask](int64_t i) { return mask[i] != 0; }, 0));
  Poller poll = PixelPoller(context);
  return InTreeOrder(follower, poll);
}

absl::StatusOr<ContourList> FindLabelContours(const Context& context, const int32_t* labels,
                                              uint64_t most_labels, int64_t height, int64_t width,
                                              std::string_view field) {
  BorderFollower follower(context, labels, labels, height, width, field);
  TRINE_RETURN_IF_ERROR(follower.Run([labels](int64_t i) { return labels[i] != 0; }, most_labels));
  Poller poll = PixelPoller(context);
  return InTreeOrder(follower, poll);
}

absl::Status RunContours(State& state, const ContoursStep& step) {
  const bool may_touch = state.mask_labels == MaskLabels::kTouching;
  const bool by_label =
      step.of == ContoursOf::kLabels || (step.of == ContoursOf::kAuto && may_touch);
  const int64_t height = state.gray.height, width = state.gray.width;
  if (by_label) {
    TRINE_ASSIGN_OR_RETURN(state.result.contours, FindLabelContours(state.context, state.Labels(),
                                                                    state.result.LabelSpan(),
                                                                    height, width, state.Field()));
    return absl::OkStatus();
  }
  const int32_t* const labels = state.mask_labels == MaskLabels::kApart ? state.Labels() : nullptr;
  TRINE_ASSIGN_OR_RETURN(state.result.contours, FindContours(state.context, state.Mask(), labels,
                                                             height, width, state.Field()));
  return absl::OkStatus();
}

absl::Status CheckContours(const StepToCheck& step, const ContoursStep& given) {
  return given.of == ContoursOf::kLabels ? step.Needs(kLabels) : absl::OkStatus();
}

}  // namespace trine::segment
