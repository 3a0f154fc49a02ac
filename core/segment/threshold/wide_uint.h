// Unsigned integers of a fixed number of 64-bit limbs, for comparisons that must be exact.
//
// Only what comparing sums of fractions needs: addition, subtraction, products with 64 bits, order.
// Nothing checks for overflow: each user states why its values fit. GMP would allocate for each
// number: where gray values are equally frequent, nearly all of multi-Otsu's comparisons are exact
// ones.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>

#include "core/segment/int128.h"

namespace trine::segment {

template <size_t kLimbs>
class WideUint {
 public:
  constexpr WideUint() = default;
  constexpr explicit WideUint(Uint128 value) {
    limbs_[0] = static_cast<uint64_t>(value);
    limbs_[1] = static_cast<uint64_t>(value >> 64);
  }

  WideUint& operator*=(uint64_t factor) {
    uint64_t carry = 0;
    for (uint64_t& limb : limbs_) {
      const Uint128 product = Uint128{limb} * factor + carry;
      limb = static_cast<uint64_t>(product);
      carry = static_cast<uint64_t>(product >> 64);
    }
    return *this;
  }

  WideUint& operator+=(const WideUint& other) {
    uint64_t carry = 0;
    for (size_t i = 0; i < kLimbs; ++i) {
      const Uint128 sum = Uint128{limbs_[i]} + other.limbs_[i] + carry;
      limbs_[i] = static_cast<uint64_t>(sum);
      carry = static_cast<uint64_t>(sum >> 64);
    }
    return *this;
  }

  // REQUIRES: other <= *this.
  WideUint& operator-=(const WideUint& other) {
    uint64_t borrow = 0;
    for (size_t i = 0; i < kLimbs; ++i) {
      const Uint128 difference = Uint128{limbs_[i]} - other.limbs_[i] - borrow;
      limbs_[i] = static_cast<uint64_t>(difference);
      borrow = static_cast<uint64_t>(difference >> 64) & 1;
    }
    return *this;
  }

  uint64_t limb(size_t i) const { return limbs_[i]; }

  WideUint ShiftedLimbs(size_t limbs) const {
    WideUint out;
    for (size_t i = limbs; i < kLimbs; ++i) out.limbs_[i] = limbs_[i - limbs];
    return out;
  }

  // value * factor.
  static WideUint Product(const WideUint& value, Uint128 factor) {
    WideUint low = value;
    low *= static_cast<uint64_t>(factor);
    WideUint high = value.ShiftedLimbs(1);
    high *= static_cast<uint64_t>(factor >> 64);
    low += high;
    return low;
  }

  friend std::strong_ordering operator<=>(const WideUint& a, const WideUint& b) {
    for (size_t i = kLimbs; i-- > 0;) {
      if (a.limbs_[i] != b.limbs_[i]) return a.limbs_[i] <=> b.limbs_[i];
    }
    return std::strong_ordering::equal;
  }
  friend bool operator==(const WideUint& a, const WideUint& b) { return a.limbs_ == b.limbs_; }

 private:
  std::array<uint64_t, kLimbs> limbs_{};
};

}  // namespace trine::segment
