// Several vectors that go through each operation one after the other.
// No header guard of the usual kind: Highway includes this anew for every target.
#if defined(TRINE_NORMALIZE_ROW_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TRINE_NORMALIZE_ROW_PACK_INL_H_
#undef TRINE_NORMALIZE_ROW_PACK_INL_H_
#else
#define TRINE_NORMALIZE_ROW_PACK_INL_H_
#endif

#include <hwy/highway.h>

#include <bit>
#include <utility>

#include "core/normalize/kernels/row_elements-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trine::normalize::HWY_NAMESPACE {
namespace {

// Several vectors that go through each operation one after the other: the operations on one element
// are a chain in which each waits for the last, and the processor looks ahead too little to find
// the next elements' by itself.
template <typename T, size_t kN>
struct Pack {
  V<T> v[kN];
};
template <size_t kN>
using FloatPack = Pack<float, kN>;

// As many as registers hold beside the constants. One where a vector is an element: that is only to
// work, and be compiled quickly.
inline constexpr size_t kPack = HWY_TARGET <= HWY_AVX3 ? 4 : HWY_TARGET == HWY_SCALAR ? 1 : 2;

// {of(0), ..., of(kN - 1)}; not a loop, so that packs stay in registers.
template <typename T, class Of, size_t... kI>
HWY_INLINE Pack<T, sizeof...(kI)> EachOf(const Of& of, std::index_sequence<kI...>) {
  return {{of(kI)...}};
}
template <typename T, size_t kN, class Of>
HWY_INLINE Pack<T, kN> Each(const Of& of) {
  return EachOf<T>(of, std::make_index_sequence<kN>());
}
template <typename T, size_t kN>
HWY_INLINE Pack<T, kN> operator+(const Pack<T, kN>& a, const Pack<T, kN>& b) {
  return Each<T, kN>([&](size_t i) TRINE_ATTR { return hn::Add(a.v[i], b.v[i]); });
}
template <typename T, size_t kN>
HWY_INLINE Pack<T, kN> operator-(const Pack<T, kN>& a, const Pack<T, kN>& b) {
  return Each<T, kN>([&](size_t i) TRINE_ATTR { return hn::Sub(a.v[i], b.v[i]); });
}
template <typename T, size_t kN>
HWY_INLINE Pack<T, kN> operator*(const Pack<T, kN>& a, const Pack<T, kN>& b) {
  return Each<T, kN>([&](size_t i) TRINE_ATTR { return hn::Mul(a.v[i], b.v[i]); });
}
template <typename T, size_t kN>
HWY_INLINE Pack<T, kN> operator/(const Pack<T, kN>& a, const Pack<T, kN>& b) {
  return Each<T, kN>([&](size_t i) TRINE_ATTR { return hn::Div(a.v[i], b.v[i]); });
}
template <typename T, size_t kN>
HWY_INLINE Pack<T, kN> Sqrt(const Pack<T, kN>& a) {
  return Each<T, kN>([&](size_t i) TRINE_ATTR { return hn::Sqrt(a.v[i]); });
}
template <typename T, size_t kN>
HWY_INLINE Pack<T, kN> All(T value) {
  return Each<T, kN>([&](size_t) TRINE_ATTR { return hn::Set(kTag<T>, value); });
}

// a * b + c and c - a * b, in one rounding where the machine can.
template <typename T, size_t kN>
HWY_INLINE Pack<T, kN> MulAdd(const Pack<T, kN>& a, const Pack<T, kN>& b, const Pack<T, kN>& c) {
  return Each<T, kN>([&](size_t i) TRINE_ATTR { return hn::MulAdd(a.v[i], b.v[i], c.v[i]); });
}
template <typename T, size_t kN>
HWY_INLINE Pack<T, kN> NegMulAdd(const Pack<T, kN>& a, const Pack<T, kN>& b, const Pack<T, kN>& c) {
  return Each<T, kN>([&](size_t i) TRINE_ATTR { return hn::NegMulAdd(a.v[i], b.v[i], c.v[i]); });
}

template <typename T, size_t kN>
HWY_INLINE Pack<T, kN> ZeroWhereNotPositive(const Pack<T, kN>& x, const Pack<T, kN>& value) {
  const V<T> zero = hn::Zero(kTag<T>);
  return Each<T, kN>(
      [&](size_t i) TRINE_ATTR { return hn::IfThenElse(hn::Le(x.v[i], zero), zero, value.v[i]); });
}
template <typename T, size_t kN>
HWY_INLINE Pack<T, kN> Rectified(const Pack<T, kN>& x) {
  return ZeroWhereNotPositive(x, x);
}

// The order of window_sum.h: taps kBegin to kBegin + kTaps - 1.
template <typename T, size_t kBegin, size_t kTaps, size_t kN, class Get>
HWY_INLINE Pack<T, kN> Tree(const Get& get) {
  if constexpr (kTaps == 1) {
    return get(kBegin);
  } else {
    constexpr size_t kFirst =
        std::has_single_bit(kTaps) ? kTaps / 2 : kTaps - std::bit_floor(kTaps);
    return Tree<T, kBegin, kFirst, kN>(get) + Tree<T, kBegin + kFirst, kTaps - kFirst, kN>(get);
  }
}

}  // namespace
}  // namespace trine::normalize::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // TRINE_NORMALIZE_ROW_PACK_INL_H_
