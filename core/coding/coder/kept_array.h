// Memory for one block at a time that its thread keeps for the next one: the system takes longer to
// hand out fresh pages than the loops to fill them.
//
// What is kept is on no request's account: it is part of what the process holds while it is idle.
// Hence the bound below for all threads together; what is beyond is given back. Memory in use is
// not counted here: it belongs to the block at work.
#pragma once

#include <atomic>
#include <cstddef>

#include "core/base/long_array.h"

namespace trine::coding {

// Bytes that all threads together keep, at most: those of 16 threads with blocks of 1 MiB.
inline constexpr size_t kMostKeptBytes = size_t{64} << 20;

namespace internal {
inline std::atomic<size_t> kept_bytes{0};

// Whether `bytes` more may be kept; counts them then.
inline bool TakeKept(size_t bytes) {
  if (kept_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes <= kMostKeptBytes) return true;
  kept_bytes.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}
inline void ReturnKept(size_t bytes) { kept_bytes.fetch_sub(bytes, std::memory_order_relaxed); }
}  // namespace internal

// What is kept now.
inline size_t KeptBytes() { return internal::kept_bytes.load(std::memory_order_relaxed); }

// At least `size` elements whose values are not defined. `Kind` tells apart what is used at the
// same time by one thread: there may be one object of each kind.
template <typename T, typename Kind>
class KeptArray {
 public:
  // What a thread keeps, of each kind [bytes]; longer arrays are given back.
  static constexpr size_t kMostKept = size_t{8} << 20;

  explicit KeptArray(size_t size) {
    array_.swap(keeper_.array);
    internal::ReturnKept(array_.size() * sizeof(T));
    if (array_.size() < size) array_ = LongArray<T>::ForOverwrite(size);
  }
  ~KeptArray() {
    const size_t bytes = array_.size() * sizeof(T);
    if (bytes <= kMostKept && internal::TakeKept(bytes)) keeper_.array.swap(array_);
  }
  KeptArray(const KeptArray&) = delete;
  KeptArray& operator=(const KeptArray&) = delete;

  T* data() { return array_.data(); }
  const T* data() const { return array_.data(); }
  T& operator[](size_t i) { return array_[i]; }
  const T& operator[](size_t i) const { return array_[i]; }

 private:
  struct Keeper {
    ~Keeper() { internal::ReturnKept(array.size() * sizeof(T)); }
    LongArray<T> array;
  };

  inline static thread_local Keeper keeper_;
  LongArray<T> array_;
};

}  // namespace trine::coding
