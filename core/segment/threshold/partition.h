// The search for the best partition of levels into consecutive classes; see multi_otsu.h.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/segment/picture.h"

namespace trine::segment {

struct LevelRange {
  size_t begin = 0, end = 0;
  friend bool operator==(const LevelRange&, const LevelRange&) = default;
};

// Dynamic programming over suffixes, so that the smallest first cut of each gives the
// lexicographically smallest tuple. Moments has
//   Value Term(begin, end): a class's part of the criterion;
//   void Terms(begin, first, last, rest, out): Term(begin, end) + rest[end] for ends [first, last);
//   static Value Largest(values, count);
//   static int CompareValues(Value, Value): the sign of the difference, 0 where not decided;
//   int CompareExactly(ranges, ranges): the sign for two partitions of the same suffix.
template <typename Moments>
class PartitionSearch {
 public:
  // REQUIRES: 2 <= classes <= levels.
  PartitionSearch(const Context& context, const Moments& moments, size_t levels, int classes)
      : poll_(PixelPoller(context)),
        moments_(moments),
        levels_(levels),
        classes_(static_cast<size_t>(classes)) {
    // The classes before and after each cut take at least a level each.
    for (size_t cut = 1; cut < classes_; ++cut)
      ends_of_.push_back({cut, levels_ - (classes_ - cut) + 1});
  }

  // Has cut i end its class at one of ranges[i]. REQUIRES: all best partitions do, one at least.
  void Limit(const std::vector<LevelRange>& ranges) {
    const size_t cuts = ends_of_.size();
    for (size_t cut = 0; cut < cuts; ++cut) {
      ends_of_[cut].begin = std::max(ends_of_[cut].begin, ranges[cut].begin);
      ends_of_[cut].end = std::min(ends_of_[cut].end, ranges[cut].end);
    }
    for (size_t cut = 1; cut < cuts; ++cut)
      ends_of_[cut].begin = std::max(ends_of_[cut].begin, ends_of_[cut - 1].begin + 1);
    for (size_t cut = cuts - 1; cut > 0; --cut)
      ends_of_[cut - 1].end = std::min(ends_of_[cut - 1].end, ends_of_[cut].end - 1);
  }

  // The last level of each class but the last.
  absl::StatusOr<std::vector<size_t>> Run() {
    // best_[s]: the criterion of levels s.. in `parts` classes; first for one class.
    best_ = MakeScratch<Value>(static_cast<int64_t>(levels_) + 1);
    for (size_t s = ends_of_.back().begin; s < ends_of_.back().end; ++s) {
      TRINE_RETURN_IF_ERROR(poll_.Spend(8));
      best_[s] = moments_.Term(s, levels_);
    }
    ends_.resize(2);  // ends_[parts][s]: end of the first class; none needed for 0 and 1
    for (size_t parts = 2; parts < classes_; ++parts) {
      next_ = MakeScratch<Value>(static_cast<int64_t>(levels_) + 1);
      ends_.push_back(MakeScratch<uint32_t>(static_cast<int64_t>(levels_) + 1));
      const LevelRange& begins = ends_of_[classes_ - parts - 1];
      const LevelRange& ends = ends_of_[classes_ - parts];
      TRINE_RETURN_IF_ERROR(Solve(parts, begins.begin, begins.end, ends.begin, ends.end - 1));
      std::swap(best_, next_);
    }
    TRINE_ASSIGN_OR_RETURN(const Choice whole,
                           Choose(classes_, 0, ends_of_[0].begin, ends_of_[0].end - 1));
    std::vector<size_t> cuts;
    for (const LevelRange& range : Follow(classes_, 0, whole.end)) {
      if (range.end < levels_) cuts.push_back(range.end - 1);
    }
    return cuts;
  }

 private:
  using Value = typename Moments::Value;
  static constexpr size_t kPiece = 256;
  // So few ends are tried one by one for each suffix: most of the time went into halving them.
  static constexpr size_t kFewEnds = 8;
  struct Choice {
    Value value{};
    size_t end = 0;
  };

  // The classes of the suffix from `begin` in `parts` classes whose first one ends at `end`.
  std::vector<LevelRange> Follow(size_t parts, size_t begin, size_t end) const {
    std::vector<LevelRange> ranges = {{begin, end}};
    while (--parts > 0) {
      begin = end;
      end = parts == 1 ? levels_ : ends_[parts][begin];
      ranges.push_back({begin, end});
    }
    return ranges;
  }

  // The smallest best end of the first class of suffix `begin`, searched in [low, high]. Ends are
  // computed a piece at a time, and only those that may be a piece's best looked at again.
  absl::StatusOr<Choice> Choose(size_t parts, size_t begin, size_t low, size_t high) {
    Choice best;
    std::array<Value, kPiece> values;
    for (size_t first = std::max(low, begin + 1); first <= high; first += kPiece) {
      const size_t last = std::min(high + 1, first + kPiece);
      TRINE_RETURN_IF_ERROR(poll_.Spend(4 * (last - first)));
      moments_.Terms(begin, first, last, best_.data(), values.data());
      const Value largest = Moments::Largest(values.data(), last - first);
      if (best.end != 0 && Moments::CompareValues(largest, best.value) < 0) continue;
      for (size_t end = first; end < last; ++end) {
        const Value value = values[end - first];
        if (Moments::CompareValues(value, largest) < 0) continue;
        if (best.end == 0) {
          best = {value, end};
        } else {
          TRINE_RETURN_IF_ERROR(poll_.Spend(64));
          Improve(parts, begin, {value, end}, best);
        }
      }
    }
    return best;
  }

  // Takes a later end of the first class of suffix `begin` where it is better.
  void Improve(size_t parts, size_t begin, const Choice& later, Choice& best) const {
    int order = Moments::CompareValues(later.value, best.value);
    if (order == 0) {
      order =
          moments_.CompareExactly(Follow(parts, begin, later.end), Follow(parts, begin, best.end));
    }
    if (order > 0) best = later;
  }

  // Solves suffixes [first, last) whose best ends lie in [low, high].
  absl::Status Solve(size_t parts, size_t first, size_t last, size_t low, size_t high) {
    if (first >= last) return absl::OkStatus();
    if (high - low < kFewEnds) return SolveFew(parts, first, last, low, high);
    const size_t middle = first + (last - first) / 2;
    TRINE_ASSIGN_OR_RETURN(const Choice choice, Choose(parts, middle, low, high));
    next_[middle] = choice.value;
    ends_[parts][middle] = static_cast<uint32_t>(choice.end);
    TRINE_RETURN_IF_ERROR(Solve(parts, first, middle, low, choice.end));
    return Solve(parts, middle + 1, last, choice.end, high);
  }

  // The same, one suffix after another.
  absl::Status SolveFew(size_t parts, size_t first, size_t last, size_t low, size_t high) {
    for (size_t begin = first; begin < last; ++begin) {
      size_t end = std::max(low, begin + 1);
      TRINE_RETURN_IF_ERROR(poll_.Spend(64 * (high + 1 - end)));
      Choice best{moments_.Term(begin, end) + best_[end], end};
      while (++end <= high) {
        const Value value = moments_.Term(begin, end) + best_[end];
        if (Moments::CompareValues(value, best.value) >= 0)
          Improve(parts, begin, {value, end}, best);
      }
      next_[begin] = best.value;
      ends_[parts][begin] = static_cast<uint32_t>(best.end);
      low = best.end;
    }
    return absl::OkStatus();
  }

  Poller poll_;
  const Moments& moments_;
  size_t levels_;
  size_t classes_;
  std::vector<LevelRange> ends_of_;  // of each cut, where the class before it may end
  Scratch<Value> best_, next_;
  std::vector<Scratch<uint32_t>> ends_;
};

}  // namespace trine::segment
