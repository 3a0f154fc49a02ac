// Memory for one block at a time that its thread keeps for the next one: the system takes longer to
// hand out fresh pages than the loops to fill them.
#pragma once

#include <cstddef>

#include "core/base/long_array.h"

namespace trine::coding {

// At least `size` elements whose values are not defined. `Kind` tells apart what is used at the
// same time by one thread: there may be one object of each kind.
template <typename T, typename Kind>
class KeptArray {
 public:
  // What a thread keeps, of each kind [bytes]; longer arrays are given back.
  static constexpr size_t kMostKept = size_t{8} << 20;

  explicit KeptArray(size_t size) {
    array_.swap(kept_);
    if (array_.size() < size) array_ = LongArray<T>::ForOverwrite(size);
  }
  ~KeptArray() {
    if (array_.size() * sizeof(T) <= kMostKept) kept_.swap(array_);
  }
  KeptArray(const KeptArray&) = delete;
  KeptArray& operator=(const KeptArray&) = delete;

  T* data() { return array_.data(); }
  const T* data() const { return array_.data(); }
  T& operator[](size_t i) { return array_[i]; }
  const T& operator[](size_t i) const { return array_[i]; }

 private:
  inline static thread_local LongArray<T> kept_;
  LongArray<T> array_;
};

}  // namespace trine::coding
