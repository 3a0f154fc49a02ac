#include "core/segment/regions/measure/measure.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/segment/label_numbers.h"
#include "core/segment/regions/measure/label_rows.h"
#include "core/segment/regions/measure/region_sums.h"
#include "core/segment/regions/measure/shapes.h"

namespace trine::segment {
namespace {

struct LabelSlot {
  int64_t label = 0;
  size_t slot = 0;
};

// A merge sort by label, in pieces between polls: std::sort takes 270 ms for 2^22 labels.
absl::Status SortByLabel(Scratch<LabelSlot>& slots, Poller& poll) {
  constexpr size_t kPiece = 4096;
  const auto less = [](const LabelSlot& a, const LabelSlot& b) { return a.label < b.label; };
  const auto at = [&](size_t i) {
    return slots.begin() + static_cast<int64_t>(std::min(i, slots.size()));
  };
  for (size_t i = 0; i < slots.size(); i += kPiece) {
    TRINE_RETURN_IF_ERROR(poll.Spend(kPiece * 16));
    std::sort(at(i), at(i + kPiece), less);
  }
  Scratch<LabelSlot> merged = Scratch<LabelSlot>::ForOverwrite(slots.size());
  for (size_t run = kPiece; run < slots.size(); run *= 2) {
    LabelSlot* to = merged.begin();
    for (size_t i = 0; i < slots.size(); i += 2 * run) {
      auto a = at(i), b = at(i + run);
      const auto a_end = b, b_end = at(i + 2 * run);
      while (a != a_end || b != b_end) {
        TRINE_RETURN_IF_ERROR(poll.Spend(4));
        const bool from_a = b == b_end || (a != a_end && !less(*b, *a));
        *to++ = from_a ? *a++ : *b++;
      }
    }
    slots.swap(merged);
  }
  return absl::OkStatus();
}

// Sums by label. Labels that are few enough have a place each, others one as they are met.
template <typename T>
class SumsByLabel {
 public:
  SumsByLabel(const Context& context, const State& state)
      : context_(context), field_(state.Field()), is_dense_(state.result.lowest_label == 0) {
    most_ = std::min({context.limits->max_regions, static_cast<uint64_t>(state.gray.pixels()),
                      state.result.LabelSpan()});
    is_dense_ = is_dense_ && most_ == state.result.LabelSpan();
  }

  absl::Status Reserve() {
    // Sums and the region; a slot of the table, the sort and its copy.
    const uint64_t a_label = sizeof(RegionSums<T>) + sizeof(Region) +
                             (is_dense_ ? 0 : LabelNumbers::kBytes + 2 * sizeof(LabelSlot));
    TRINE_RETURN_IF_ERROR(context_.Reserve(most_ * a_label));
    // Room for all there can be: what is not touched costs nothing, a copy to grow would not poll.
    all_ = Scratch<RegionSums<T>>::ForOverwrite(static_cast<size_t>(most_));
    if (!is_dense_) {
      numbers_.emplace(most_);
      return absl::OkStatus();
    }
    Poller poll = PixelPoller(context_);
    for (; count_ < most_; ++count_) {
      TRINE_RETURN_IF_ERROR(poll.Spend(64));
      all_[count_] = {};
      all_[count_].label = static_cast<int64_t>(count_) + 1;
    }
    return absl::OkStatus();
  }

  absl::Status Add(int64_t y, int64_t begin, int64_t end, int32_t label, const uint8_t* data) {
    size_t slot = 0;
    if (is_dense_) {
      slot = static_cast<size_t>(label) - 1;
    } else {
      slot = numbers_->Of(label);
      if (slot == count_) {
        if (count_ >= most_)
          return LimitExceeded(field_, count_ + 1, "max_regions", context_.limits->max_regions);
        all_[count_] = {};
        all_[count_++].label = label;
      }
    }
    all_[slot].Add(y, begin, end, data);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Region>> Regions(const Picture& picture) {
    Poller poll = PixelPoller(context_);
    Scratch<LabelSlot> slots;
    if (!is_dense_) {
      slots = Scratch<LabelSlot>::ForOverwrite(count_);
      for (size_t i = 0; i < count_; ++i) {
        TRINE_RETURN_IF_ERROR(poll.Spend(4));
        slots[i] = {all_[i].label, i};
      }
      TRINE_RETURN_IF_ERROR(SortByLabel(slots, poll));
    }
    std::vector<Region> regions;
    ReserveLong(count_, &regions);
    for (size_t i = 0; i < count_; ++i) {
      TRINE_RETURN_IF_ERROR(poll.Spend(256));
      const RegionSums<T>& sums = all_[is_dense_ ? i : slots[i].slot];
      if (sums.area > 0)
        regions.push_back(RegionOf(sums, picture.height, picture.width, picture.origin));
    }
    return regions;
  }

 private:
  const Context& context_;
  std::string field_;
  uint64_t most_ = 0;
  bool is_dense_;
  Scratch<RegionSums<T>> all_;
  size_t count_ = 0;
  std::optional<LabelNumbers> numbers_;
};

template <typename T>
absl::Status MeasureSums(State& state) {
  const Context& context = state.context;
  const Picture& picture = state.given;
  SumsByLabel<T> sums(context, state);
  TRINE_RETURN_IF_ERROR(sums.Reserve());
  const auto add = [&](int64_t y, int64_t begin, int64_t end, int32_t label) {
    const int64_t at = (y * picture.width + begin) * static_cast<int64_t>(sizeof(T));
    return sums.Add(y, begin, end, label, picture.data + at);
  };
  TRINE_RETURN_IF_ERROR(
      state.label_runs ? ForLabelRuns(context, *state.label_runs, add)
                       : ForLabelRuns(context, state.Labels(), picture.height, picture.width, add));
  TRINE_ASSIGN_OR_RETURN(state.result.regions, sums.Regions(picture));
  return absl::OkStatus();
}

}  // namespace

absl::Status RunMeasure(State& state, const MeasureStep& step) {
  TRINE_RETURN_IF_ERROR(WithPixelType(
      state.given.dtype, [&](auto type) { return MeasureSums<decltype(type)>(state); }));
  return step.shape ? MeasureShapes(state, &state.result.regions) : absl::OkStatus();
}

}  // namespace trine::segment
