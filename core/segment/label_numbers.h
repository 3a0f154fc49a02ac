// Numbers 0, 1, ... for labels that may be any integers, in the order in which they are met.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"

namespace trine::segment {

// Thread safety: one thread at a time.
class LabelNumbers {
 public:
  // Memory of one label: a slot of the table and its mark; a table doubles its room.
  static constexpr uint64_t kBytes = 2 * (16 + 1);

  // With room for `most` labels: a table that grows to 2^22 of them rehashes in one go of 150 ms,
  // without polls. To reserve as many takes about 3 ms.
  explicit LabelNumbers(uint64_t most) {
    constexpr uint64_t kMostReserved = uint64_t{1} << 22;
    numbers_.reserve(static_cast<size_t>(std::min(most, kMostReserved)));
  }

  // The label's number; that of one not met before is how many were. REQUIRES: label is not 0.
  size_t Of(int32_t label) {
    if (label != last_) {
      number_ = numbers_.try_emplace(label, numbers_.size()).first->second;
      last_ = label;
    }
    return number_;
  }

 private:
  absl::flat_hash_map<int32_t, size_t> numbers_;
  int32_t last_ = 0;  // labels come in runs
  size_t number_ = 0;
};

}  // namespace trine::segment
