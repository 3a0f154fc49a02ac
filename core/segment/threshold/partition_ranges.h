// Where the cuts of the best partitions of many levels can lie, found from far fewer cells of
// levels; see partition.h.
//
// To part a class never makes the criterion less. So no partition with a cut in a cell is better
// than with each of the cell's levels as a class of its own and the classes beside it ending where
// the cell does. The best of these bounds, over the cells of all other cuts, is below what some
// partition reaches where the cell holds no cut of a best one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "absl/status/statusor.h"
#include "core/segment/picture.h"
#include "core/segment/threshold/partition.h"

namespace trine::segment {

// Moments as PartitionSearch wants them, and
//   static double Rough(Value): within 2^-40 of it.
template <typename Moments>
class CellBounds {
 public:
  // REQUIRES: 2 <= classes; 1 <= cells <= levels.
  CellBounds(const Moments& moments, size_t levels, size_t classes, size_t cells)
      : moments_(moments),
        levels_(levels),
        cuts_(classes - 1),
        cells_(cells),
        inside_(cells),
        between_((cells + 1) * cells, -std::numeric_limits<double>::infinity()) {}

  // Of each cut the ends of the class before it that may be best.
  absl::StatusOr<std::vector<LevelRange>> Find(Poller& poll) {
    TRINE_RETURN_IF_ERROR(Fill(poll));
    TRINE_RETURN_IF_ERROR(Sum(poll));
    const double reached = Reached() * (1 - 0x1p-30);  // far beyond what all sums are off
    std::vector<LevelRange> ranges(cuts_);
    for (size_t cut = 0; cut < cuts_; ++cut) {
      const auto may_hold = [&](size_t cell) {
        return !(before_[cut][cell] + after_[cut][cell] < reached);
      };
      size_t first = 0, last = cells_ - 1;
      while (first < last && !may_hold(first)) ++first;
      while (last > first && !may_hold(last)) --last;
      ranges[cut] = {Begin(first), Begin(last + 1)};
    }
    return ranges;
  }

 private:
  using Sums = std::vector<double>;

  size_t Begin(size_t cell) const { return levels_ * cell / cells_; }
  double Term(size_t begin, size_t end) const {
    return begin == end ? 0 : Moments::Rough(moments_.Term(begin, end));
  }
  // Between cuts in two cells, the later one not before the other: the levels between them as one
  // class. Where both are one cell its own are not counted twice.
  const double* Between(size_t cell) const { return between_.data() + (cell + 1) * cells_; }

  absl::Status Fill(Poller& poll) {
    for (size_t cell = 0; cell < cells_; ++cell) {
      TRINE_RETURN_IF_ERROR(poll.Spend(4 * (Begin(cell + 1) - Begin(cell)) + 4 * cells_));
      for (size_t level = Begin(cell); level < Begin(cell + 1); ++level)
        inside_[cell] += Term(level, level + 1);
    }
    for (size_t after = 0; after <= cells_; ++after) {
      TRINE_RETURN_IF_ERROR(poll.Spend(4 * cells_));
      double* const row = between_.data() + after * cells_;
      for (size_t cell = after; cell < cells_; ++cell) row[cell] = Term(Begin(after), Begin(cell));
      if (after > 0) row[after - 1] = -inside_[after - 1];
    }
    return absl::OkStatus();
  }

  // before_[cut][cell]: the bound of all up to the end of the cell that holds the cut; after_: of
  // what follows it.
  absl::Status Sum(Poller& poll) {
    before_.assign(cuts_, Sums(cells_, 0));
    after_ = before_;
    for (size_t cell = 0; cell < cells_; ++cell) {
      before_[0][cell] = Term(0, Begin(cell)) + inside_[cell];
      after_[cuts_ - 1][cell] = Term(Begin(cell + 1), levels_);
    }
    for (size_t cut = 1; cut < cuts_; ++cut) {
      TRINE_RETURN_IF_ERROR(poll.Spend(cells_ * cells_));
      double* const __restrict sums = before_[cut].data();
      for (size_t from = 0; from < cells_; ++from) {
        const double* const __restrict between = Between(from);
        const double sum = before_[cut - 1][from];
        for (size_t cell = from; cell < cells_; ++cell)
          sums[cell] = std::max(sums[cell], sum + between[cell]);
      }
      for (size_t cell = 0; cell < cells_; ++cell) sums[cell] += inside_[cell];
    }
    for (size_t cut = cuts_ - 1; cut-- > 0;) {
      TRINE_RETURN_IF_ERROR(poll.Spend(cells_ * cells_));
      for (size_t cell = 0; cell < cells_; ++cell)
        after_[cut][cell] = After(cut, cell, NextCell(cut, cell));
    }
    return absl::OkStatus();
  }

  // What follows `cut` in `cell` where the cut after it is in `next`.
  double After(size_t cut, size_t cell, size_t next) const {
    return Between(cell)[next] + inside_[next] + after_[cut + 1][next];
  }
  size_t NextCell(size_t cut, size_t cell) const {
    size_t best = cell;
    for (size_t next = cell + 1; next < cells_; ++next)
      if (After(cut, cell, next) > After(cut, cell, best)) best = next;
    return best;
  }

  // The criterion of one partition, in at most as many classes: cut within the cells that the best
  // bound takes.
  double Reached() const {
    size_t cell = 0;
    const auto bound = [&](size_t of) { return before_[0][of] + after_[0][of]; };
    for (size_t other = 1; other < cells_; ++other)
      if (bound(other) > bound(cell)) cell = other;
    size_t begin = 0;
    double sum = 0;
    for (size_t cut = 0; cut < cuts_; ++cut) {
      if (cut > 0) cell = NextCell(cut - 1, cell);
      const size_t end = (Begin(cell) + Begin(cell + 1)) / 2;
      sum += Term(begin, end);
      begin = end;
    }
    return sum + Term(begin, levels_);
  }

  const Moments& moments_;
  size_t levels_, cuts_, cells_;
  Sums inside_;   // of each cell, its levels one by one
  Sums between_;  // [cell before + 1][cell]
  std::vector<Sums> before_, after_;
};

}  // namespace trine::segment
