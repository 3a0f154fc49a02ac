// Long arrays that cost nothing until they are touched, and little to give back.
//
// A std::vector writes all its elements when it is made: for a large picture that is tens of
// milliseconds, on one thread, in which nothing polls the cancellation. Here the system hands out
// pages of zeros as the kernels first touch them, on all their threads and between their polls. It
// does so 2 MiB at a time where it can: to give back 64 MiB in pages of 4 KiB may take longer than
// a cancelled request may go on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <type_traits>
#include <utility>

namespace trine {

namespace internal {
// From here on [bytes] an array has a mapping of its own.
inline constexpr size_t kMappedBytes = size_t{4} << 20;

enum class Fill { kAny, kZeros, kSparseZeros };

// Aligned for every scalar type; null for 0 bytes. Throws std::bad_alloc.
void* AllocateLong(size_t bytes, Fill fill);
// REQUIRES: `bytes` is what AllocateLong was given for `memory`.
void FreeLong(void* memory, size_t bytes) noexcept;
}  // namespace internal

// Wishes for huge pages in memory that was got in another way, as by std::string::reserve, and that
// is still to be touched. Does nothing for short memory, or where the system has none.
void PreferHugePages(void* memory, size_t bytes);

// Memory that a buffer of `capacity` bytes, reserved below, takes at most once its first `touched`
// bytes were written: huge pages come whole.
size_t TouchedMemory(size_t touched, size_t capacity);

// Room for `n` elements in a std::string or a std::vector that is to grow to about that length: it
// then does not copy itself, and what it never touches costs nothing.
template <typename Buffer>
void ReserveLong(size_t n, Buffer* out) {
  if (n <= out->capacity()) return;
  out->reserve(n);
  PreferHugePages(out->data(), n * sizeof(typename Buffer::value_type));
}

// A value with the interface of a container that does not grow. A moved-from array is
// empty. Thread safety: as plain data.
template <typename T>
class LongArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  using value_type = T;
  using size_type = size_t;
  using difference_type = ptrdiff_t;
  using reference = T&;
  using const_reference = const T&;
  using iterator = T*;
  using const_iterator = const T*;

  LongArray() = default;
  // All three throw std::bad_alloc. REQUIRES: size * sizeof(T) does not overflow.
  static LongArray Zeros(size_t size) { return LongArray(size, internal::Fill::kZeros); }
  // Zeros of which only a few here and there are to be touched: in the system's small pages.
  static LongArray SparseZeros(size_t size) {
    return LongArray(size, internal::Fill::kSparseZeros);
  }
  // What is in it is not defined: for arrays that are written before they are read.
  static LongArray ForOverwrite(size_t size) { return LongArray(size, internal::Fill::kAny); }
  // Memory of somebody else, which must outlive this object and what it is moved to.
  static LongArray Over(T* data, size_t size) {
    LongArray out;
    out.data_ = data;
    out.size_ = size;
    return out;
  }
  LongArray(const T* begin, const T* end)
      : LongArray(static_cast<size_t>(end - begin), internal::Fill::kAny) {
    std::copy(begin, end, data_);
  }
  LongArray(std::initializer_list<T> values) : LongArray(values.begin(), values.end()) {}
  LongArray(const LongArray& other) : LongArray(other.begin(), other.end()) {}
  LongArray(LongArray&& other) noexcept { swap(other); }
  LongArray& operator=(LongArray other) noexcept {
    swap(other);
    return *this;
  }
  ~LongArray() {
    if (capacity_ > 0) internal::FreeLong(data_, capacity_ * sizeof(T));
  }

  // Forgets the elements from `size` on. Their memory is kept, which is address space where nobody
  // has touched it. REQUIRES: size <= size().
  void Truncate(size_t size) { size_ = size; }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

  void swap(LongArray& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }
  friend bool operator==(const LongArray& a, const LongArray& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  LongArray(size_t size, internal::Fill fill)
      : data_(static_cast<T*>(internal::AllocateLong(size * sizeof(T), fill))),
        size_(size),
        capacity_(size) {}

  T* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;  // 0: the memory is not its own
};

}  // namespace trine
