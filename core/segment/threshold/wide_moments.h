// Weights and sums of ranges of levels whose values have no common scale of 32 bits, exactly: sums
// are multiples of the smallest bit in use, in as many limbs as the values span.
//
// A criterion is first computed in double-double arithmetic (106 bits), with an error that is
// known; partitions that this does not tell apart are compared once more without the classes that
// they share, with values from the lowest one that is left, and then as exact fractions: at most
// 2^1474 for a value (float64 up to 2^400), 2^1505 for a sum, 3010 + 31 * 30 + 5 bits for a sum of
// fractions, below 64 limbs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/segment/double_double.h"
#include "core/segment/histogram.h"
#include "core/segment/threshold/partition.h"

namespace trine::segment {

// Moments as PartitionSearch wants them. Thread safety: const members.
class WideMoments {
 public:
  using Value = DoubleDouble;

  // `levels` must outlive it. Reserves what the sums take with the context. REQUIRES: at least one
  // level.
  absl::Status Fill(const Context& context, const Levels& levels, Poller& poll);

  Value Term(size_t begin, size_t end) const;
  void Terms(size_t begin, size_t first, size_t last, const Value* rest, Value* out) const;
  static Value Largest(const Value* values, size_t count);
  static double Rough(Value value) { return value.value(); }
  // 0 where the difference may be the arithmetic's own error.
  static int CompareValues(Value a, Value b);
  // REQUIRES: both are of the same levels.
  int CompareExactly(const std::vector<LevelRange>& a, const std::vector<LevelRange>& b) const;

 private:
  class Exact;
  uint64_t Weight(const LevelRange& range) const {
    return weight_[range.end] - weight_[range.begin];
  }
  // The sum of a range's values, each from that of level `from` on, into sum[0, limbs_).
  void Sum(const LevelRange& range, size_t from, uint64_t* sum) const;
  Value TermFrom(const LevelRange& range, size_t from) const;
  // value - values[0] in units, in limbs.
  void SetOffset(size_t level, uint64_t* offset) const;

  const Levels* levels_ = nullptr;
  int unit_ = 0;  // every value is a multiple of 2^unit_
  size_t limbs_ = 0;
  std::vector<uint64_t> weight_;
  Scratch<uint64_t> sum_;  // [levels + 1][limbs_]: of the offsets before a level
};

}  // namespace trine::segment
