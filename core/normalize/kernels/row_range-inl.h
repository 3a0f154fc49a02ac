// Which numbers a step computes as they come, and what becomes of the others.
//
// A step stores a result only if no overflow or underflow on the way to it can be seen in it. Else
// it stores NaN and says so (RowFindings::left_range), and the call computes the element again in a
// wider type. What is NaN or infinite because the input is stands. Which elements these are depends
// on themselves alone, not on their neighbours in a vector.
// No header guard of the usual kind: Highway includes this anew for every target.
#if defined(TRINE_NORMALIZE_ROW_RANGE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TRINE_NORMALIZE_ROW_RANGE_INL_H_
#undef TRINE_NORMALIZE_ROW_RANGE_INL_H_
#else
#define TRINE_NORMALIZE_ROW_RANGE_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "core/normalize/kernels/row_power-inl.h"
#include "core/normalize/kernels/row_shape.h"

HWY_BEFORE_NAMESPACE();
namespace trine::normalize::HWY_NAMESPACE {
namespace {

template <typename T>
using M = hn::Mask<Tag<T>>;

template <typename T>
inline constexpr T kInfinity = std::numeric_limits<T>::infinity();
// Below it numbers lose bits.
template <typename T>
inline constexpr T kLeastNormal = std::numeric_limits<T>::min();

// In float, a base from here on has no bit of a square's underflow in it where a * taps <= 1e7
// (FloatSuffices): 1e7 * 2^-150 is less than 2^-30 of it.
inline constexpr float kLeastBase = 0x1p-96F;
// In double, bases and powers from here to its inverse; and terms, of which any window's sum is
// finite, up to here.
inline constexpr double kLeastDouble = 0x1p-1000;
inline constexpr double kMostDouble = 0x1p1000;
inline constexpr double kMostTerm = 0x1p960;

// The same as kLeastBase for double, whose `a` may be anything: 2^48 taps are the most that a
// window has.
HWY_INLINE double LeastDoubleBase(const RowArithmetic& arithmetic) {
  return std::max(kLeastDouble, std::fabs(arithmetic.a) * 0x1p-970);
}

// Whether all lanes of the masks of(0) to of(kN - 1) are set.
template <typename T, size_t kN, class Of>
HWY_INLINE bool AllOf(const Of& of) {
  auto all = of(0);
  if constexpr (kN > 1) all = hn::And(all, of(1));
  if constexpr (kN > 2) all = hn::And(all, hn::And(of(2), of(3)));
  return hn::AllTrue(kTag<T>, all);
}

// Whether Fast serves all of s, up to `most`. `s` is at least k: its lower end matters only for
// small k.
template <size_t kN>
HWY_INLINE bool AllFast(const FloatPack<kN>& s, double k, float most) {
  const V<float> upper = hn::Set(kD, most);
  const bool low = AllOf<float, kN>([&](size_t i) TRINE_ATTR { return hn::Le(s.v[i], upper); });
  if (k >= kLeastBase) return low;
  const V<float> lower = hn::Set(kD, kLeastBase);
  return low && AllOf<float, kN>([&](size_t i) TRINE_ATTR { return hn::Ge(s.v[i], lower); });
}

// Whether the bases and the powers s^-beta are all in double's middle range.
template <class Power, size_t kN>
HWY_INLINE bool AllMiddle(const RowArithmetic& arithmetic, const Pack<double, kN>& s,
                          const Pack<double, kN>& p) {
  const auto tag = kTag<double>;
  const V<double> least = hn::Set(tag, LeastDoubleBase(arithmetic));
  const V<double> most = hn::Set(tag, kMostDouble);
  const bool bases = AllOf<double, kN>(
      [&](size_t i) TRINE_ATTR { return hn::And(hn::Ge(s.v[i], least), hn::Le(s.v[i], most)); });
  if constexpr (Power::kNear) {
    return bases;
  } else {
    const V<double> low = hn::Set(tag, kLeastDouble);
    return bases && AllOf<double, kN>([&](size_t i) TRINE_ATTR {
             return hn::And(hn::Ge(p.v[i], low), hn::Le(p.v[i], most));
           });
  }
}

// Whether all are numbers that a dtype holds: below its OverflowFrom.
template <typename T, size_t kN>
HWY_INLINE bool AllHeld(T limit, const Pack<T, kN>& values) {
  const V<T> beyond = hn::Set(kTag<T>, limit);
  return AllOf<T, kN>([&](size_t i) TRINE_ATTR { return hn::Lt(hn::Abs(values.v[i]), beyond); });
}

// Where a term g * q with q = v * s^-beta / s kept its bits, or had none.
template <typename T>
HWY_INLINE M<T> Kept(V<T> term, V<T> q, V<T> g, V<T> v) {
  const V<T> zero = hn::Zero(kTag<T>);
  const auto normal = hn::Ge(hn::Min(hn::Abs(term), hn::Abs(q)), hn::Set(kTag<T>, kLeastNormal<T>));
  return hn::Or(normal, hn::Or(hn::Eq(g, zero), hn::Eq(v, zero)));
}

// Whether terms may be stored as they are: where the bases are plain a lost bit does no harm.
template <typename T, size_t kN>
HWY_INLINE bool AllKept(const RowArithmetic& arithmetic, const Pack<T, kN>& s,
                        const Pack<T, kN>& term, const Pack<T, kN>& q, const Pack<T, kN>& g,
                        const Pack<T, kN>& v) {
  const V<T> plain = hn::Set(kTag<T>, static_cast<T>(arithmetic.plain));
  return AllOf<T, kN>([&](size_t i) TRINE_ATTR {
    return hn::Or(hn::Le(s.v[i], plain), Kept<T>(term.v[i], q.v[i], g.v[i], v.v[i]));
  });
}

// Whether terms and what passes are so small that no sum of them overflows.
template <size_t kN>
HWY_INLINE bool AllSummable(const Pack<double, kN>& term, const Pack<double, kN>& passed) {
  const V<double> most = hn::Set(kTag<double>, kMostTerm);
  return AllOf<double, kN>([&](size_t i) TRINE_ATTR {
    return hn::And(hn::Le(hn::Abs(term.v[i]), most), hn::Le(hn::Abs(passed.v[i]), most));
  });
}

// ---- element by element ----------------------------------------------------------------------

// s^-beta of one vector, in the way that is meant for each element, and where that is in range.
template <typename T>
struct Powers {
  V<T> p;
  M<T> in_range;
  V<T> divisor;  // s, or 1 where it is not in range
};

template <class Power>
HWY_INLINE Powers<float> PowersOf(const RowArithmetic&, const Power& power, V<float> s) {
  const auto fast =
      hn::And(hn::Ge(s, hn::Set(kD, kLeastBase)), hn::Le(s, hn::Set(kD, Power::kMost)));
  const V<float> divisor = hn::IfThenElse(fast, s, hn::Set(kD, 1));
  const V<float> p = power.Fast(FloatPack<1>{{divisor}}).v[0];
  return {hn::IfThenElse(fast, p, power.Slow(FloatPack<1>{{s}}).v[0]), fast, divisor};
}

// A negative base is in range like a positive one: that its power is NaN, if it is, stands.
template <class Power>
HWY_INLINE Powers<double> PowersOf(const RowArithmetic& arithmetic, const Power& power,
                                   V<double> s) {
  const auto tag = kTag<double>;
  const V<double> p = power.Slow(Pack<double, 1>{{s}}).v[0];
  const auto within = [&](V<double> x, double least) TRINE_ATTR {
    return hn::And(hn::Ge(hn::Abs(x), hn::Set(tag, least)),
                   hn::Le(hn::Abs(x), hn::Set(tag, kMostDouble)));
  };
  const auto in_range = hn::And(within(s, LeastDoubleBase(arithmetic)),
                                hn::Or(within(p, kLeastDouble), hn::IsNaN(p)));
  return {p, in_range, hn::IfThenElse(in_range, s, hn::Set(tag, 1))};
}

// Where a sum of squares is what its input is, whatever the range: NaN; and where all squares of
// the dtype are numbers of T, infinity, and 0 where nothing is added to it.
template <typename T>
HWY_INLINE M<T> Genuine(const RowArithmetic& arithmetic, V<T> sum) {
  const bool fits = sizeof(T) == sizeof(float) ? arithmetic.dtype == DType::kFloat16
                                               : arithmetic.dtype != DType::kFloat64;
  constexpr T kNothing = std::numeric_limits<T>::quiet_NaN();  // equals no sum
  const V<T> infinity = hn::Set(kTag<T>, fits ? kInfinity<T> : kNothing);
  const V<T> zero = hn::Set(kTag<T>, fits && arithmetic.k == 0 ? T{0} : kNothing);
  return hn::Or(hn::IsNaN(sum), hn::Or(hn::Eq(sum, infinity), hn::Eq(sum, zero)));
}

template <typename T>
HWY_INLINE M<T> Finite(V<T> x) {
  return hn::Le(hn::Abs(x), hn::Set(kTag<T>, std::numeric_limits<T>::max()));
}

// Where a number of T, or infinity, is beyond what `dtype` holds.
template <typename T>
HWY_INLINE M<T> Beyond(DType dtype, V<T> x) {
  return hn::Ge(hn::Abs(x), hn::Set(kTag<T>, OverflowFrom<T>(dtype)));
}

template <typename T>
HWY_INLINE void SetWhereAny(M<T> mask, std::atomic<bool>& flag) {
  if (!hn::AllFalse(kTag<T>, mask)) flag.store(true, std::memory_order_relaxed);
}

// `value` where `stands`, else NaN; and every NaN as the one.
template <typename T>
HWY_INLINE V<T> OrNan(M<T> stands, V<T> value) {
  const V<T> nan = hn::Set(kTag<T>, std::numeric_limits<T>::quiet_NaN());
  return hn::IfThenElse(hn::And(stands, hn::Eq(value, value)), value, nan);
}

// y = v s^-beta in place of v. A function of its own, as the next: they are rare, and would be most
// of what is compiled.
template <class Power, typename T>
HWY_NOINLINE void MixedScale(const RowArithmetic& arithmetic, const Power& power, size_t count,
                             const T* sums, const T* bases, T* values) {
  const auto tag = kTag<T>;
  for (size_t i = 0; i < count; i += hn::Lanes(tag)) {
    const V<T> sum = hn::Load(tag, sums + i);
    const Powers<T> powers = PowersOf(arithmetic, power, hn::Load(tag, bases + i));
    const V<T> y = hn::Mul(hn::Load(tag, values + i), powers.p);
    const M<T> stands = hn::Or(powers.in_range, Genuine<T>(arithmetic, sum));
    SetWhereAny<T>(hn::Not(stands), arithmetic.findings->left_range);
    const M<T> of_finite = hn::And(stands, Finite<T>(sum));
    SetWhereAny<T>(hn::And(of_finite, hn::IsNaN(y)), arithmetic.findings->no_power);
    SetWhereAny<T>(hn::And(of_finite, Beyond<T>(arithmetic.dtype, y)),
                   arithmetic.findings->overflow);
    hn::Store(OrNan<T>(stands, y), tag, values + i);
  }
}

// term = g v s^-beta / s in place of v, and passed = g s^-beta in place of g.
template <class Power, typename T>
HWY_NOINLINE void MixedTerm(const RowArithmetic& arithmetic, const Power& power, size_t count,
                            const T* sums, const T* bases, T* values, T* gradients) {
  const auto tag = kTag<T>;
  for (size_t i = 0; i < count; i += hn::Lanes(tag)) {
    const V<T> sum = hn::Load(tag, sums + i);
    const V<T> s = hn::Load(tag, bases + i);
    const V<T> v = hn::Load(tag, values + i);
    const V<T> g = hn::Load(tag, gradients + i);
    const Powers<T> powers = PowersOf(arithmetic, power, s);
    const V<T> scaled = hn::Mul(v, powers.p);
    V<T> q = hn::Div(scaled, s);
    M<T> genuine = Genuine<T>(arithmetic, sum);
    M<T> in_range = powers.in_range;
    if constexpr (sizeof(T) == sizeof(float)) {
      const V<T> inverse = Inverse(FloatPack<1>{{powers.divisor}}).v[0];
      q = hn::IfThenElse(in_range, hn::Mul(scaled, inverse), q);
    }
    const V<T> term = hn::Mul(g, q);
    const V<T> passed = hn::Mul(g, powers.p);
    const auto plain = hn::Le(hn::Abs(s), hn::Set(tag, static_cast<T>(arithmetic.plain)));
    in_range = hn::And(in_range, hn::Or(plain, Kept<T>(term, q, g, v)));
    if constexpr (sizeof(T) > sizeof(float)) {
      const V<T> most = hn::Set(tag, kMostTerm);
      const auto summable = hn::And(hn::Le(hn::Abs(term), most), hn::Le(hn::Abs(passed), most));
      in_range = hn::And(in_range, hn::Or(summable, hn::IsNaN(powers.p)));
      genuine = hn::Or(genuine, hn::Not(Finite<T>(g)));
    }
    const M<T> stands = hn::Or(in_range, genuine);
    SetWhereAny<T>(hn::Not(stands), arithmetic.findings->left_range);
    SetWhereAny<T>(hn::And(hn::And(stands, Finite<T>(sum)), hn::Not(Finite<T>(powers.p))),
                   arithmetic.findings->no_power);
    hn::Store(OrNan<T>(stands, term), tag, values + i);
    hn::Store(OrNan<T>(stands, passed), tag, gradients + i);
  }
}

// d = passed - factor x sum with one NaN. In float whatever is not finite may be so by an overflow
// of a term; in double that has been seen before.
template <typename T>
HWY_NOINLINE void MixedResult(const RowArithmetic& arithmetic, size_t count, const T* sums,
                              const T* passed, T* d) {
  const auto tag = kTag<T>;
  for (size_t i = 0; i < count; i += hn::Lanes(tag)) {
    const V<T> value = hn::Load(tag, d + i);
    M<T> overflow = hn::Not(Finite<T>(value));
    if constexpr (sizeof(T) > sizeof(float))
      overflow = hn::And(overflow, hn::And(Finite<T>(hn::Load(tag, sums + i)),
                                           Finite<T>(hn::Load(tag, passed + i))));
    SetWhereAny<T>(overflow, arithmetic.findings->left_range);
    SetWhereAny<T>(hn::And(Finite<T>(value), Beyond<T>(arithmetic.dtype, value)),
                   arithmetic.findings->overflow);
    hn::Store(OrNan<T>(hn::Eq(value, value), value), tag, d + i);
  }
}

}  // namespace
}  // namespace trine::normalize::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // TRINE_NORMALIZE_ROW_RANGE_INL_H_
