#include "core/normalize/kernels/row_kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "core/base/float16.h"

// The baseline, SSE4, AVX2 and AVX-512; what lies between them gains nothing here.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/normalize/kernels/row_kernels.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include <hwy/highway.h>
#include <hwy/cache_control.h>

// Of a lambda in a loop: left to itself the compiler may call it, with packs in memory.
#ifndef TRINE_ATTR
#define TRINE_ATTR HWY_ATTR __attribute__((always_inline))
#endif

HWY_BEFORE_NAMESPACE();
namespace trine::normalize {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
// T is what is computed in, float or double.
template <typename T>
using Tag = hn::ScalableTag<T>;
template <typename T>
using V = hn::Vec<Tag<T>>;
template <typename T>
constexpr Tag<T> kTag{};

using D = Tag<float>;
using DI = hn::RebindToSigned<D>;
using DU = hn::RebindToUnsigned<D>;
constexpr D kD;
constexpr DI kDI;
constexpr size_t kLineBytes = 64;
constexpr size_t kPrefetchBytes = 512;  // from where a row is read to where it soon will be

// Whether vectors can be loaded and stored in part without touching what lies behind.
#if HWY_TARGET <= HWY_AVX2
constexpr bool kMasks = true;
#else
constexpr bool kMasks = false;
#endif

// ---- elements in memory, whole vectors and the first `n` of one, zeros behind them -----------

template <typename T>
struct Plain {
  using Raw = T;
  using Lane = T;
  static HWY_INLINE V<T> Load(const T* from) { return hn::LoadU(kTag<T>, from); }
  static HWY_INLINE V<T> LoadFirst(const T* from, size_t n) {
    if constexpr (kMasks) return hn::MaskedLoad(hn::FirstN(kTag<T>, n), kTag<T>, from);
    HWY_ALIGN T buffer[HWY_MAX_BYTES / sizeof(T)] = {};
    std::memcpy(buffer, from, n * sizeof(T));
    return hn::Load(kTag<T>, buffer);
  }
  static HWY_INLINE void Store(V<T> v, T* to) { hn::StoreU(v, kTag<T>, to); }
  static HWY_INLINE void Stream(V<T> v, T* to) { hn::Stream(v, kTag<T>, to); }
  static HWY_INLINE void StoreFirst(V<T> v, size_t n, T* to) {
    if constexpr (kMasks) return hn::BlendedStore(v, hn::FirstN(kTag<T>, n), kTag<T>, to);
    HWY_ALIGN T buffer[HWY_MAX_BYTES / sizeof(T)];
    hn::Store(v, kTag<T>, buffer);
    std::memcpy(to, buffer, n * sizeof(T));
  }
};

// `Convert` has From and To between vectors of float32 and lanes of 16 bits.
template <typename Convert>
struct Narrow {
  using Raw = uint16_t;
  using Lane = float;
  static HWY_INLINE V<float> Load(const uint16_t* from) { return Convert::From(from); }
  static HWY_INLINE V<float> LoadFirst(const uint16_t* from, size_t n) {
    HWY_ALIGN uint16_t buffer[HWY_MAX_BYTES / sizeof(float)] = {};
    std::memcpy(buffer, from, n * sizeof(uint16_t));
    return Convert::From(buffer);
  }
  static HWY_INLINE void Store(V<float> v, uint16_t* to) { Convert::To(v, to); }
  static HWY_INLINE void Stream(V<float> v, uint16_t* to) { Convert::To(v, to); }
  static HWY_INLINE void StoreFirst(V<float> v, size_t n, uint16_t* to) {
    HWY_ALIGN uint16_t buffer[HWY_MAX_BYTES / sizeof(float)];
    Convert::To(v, buffer);
    std::memcpy(to, buffer, n * sizeof(uint16_t));
  }
};

struct ConvertBfloat16 {
  using D16 = hn::Rebind<uint16_t, D>;
  static HWY_INLINE V<float> From(const uint16_t* from) {
    const auto bits = hn::PromoteTo(DU(), hn::LoadU(D16(), from));
    return hn::BitCast(kD, hn::ShiftLeft<16>(bits));
  }
  // To nearest even, as FloatToBFloat16. A NaN has no payload here: it does not carry over.
  static HWY_INLINE void To(V<float> v, uint16_t* to) {
    const auto bits = hn::BitCast(DU(), v);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(DU(), 1));
    const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(DU(), 0x7FFF)));
    hn::StoreU(hn::TruncateTo(D16(), hn::ShiftRight<16>(rounded)), D16(), to);
  }
};

struct ConvertFloat16 {
#if HWY_TARGET <= HWY_AVX2 && !defined(HWY_DISABLE_F16C)
  using D16 = hn::Rebind<hwy::float16_t, D>;
  static HWY_INLINE V<float> From(const uint16_t* from) {
    return hn::PromoteTo(kD, hn::LoadU(D16(), reinterpret_cast<const hwy::float16_t*>(from)));
  }
  static HWY_INLINE void To(V<float> v, uint16_t* to) {
    hn::StoreU(hn::DemoteTo(D16(), v), D16(), reinterpret_cast<hwy::float16_t*>(to));
  }
#else
  static HWY_INLINE V<float> From(const uint16_t* from) {
    HWY_ALIGN float buffer[HWY_MAX_BYTES / sizeof(float)];
    for (size_t i = 0; i < hn::Lanes(kD); ++i) buffer[i] = Float16ToFloat(from[i]);
    return hn::Load(kD, buffer);
  }
  static HWY_INLINE void To(V<float> v, uint16_t* to) {
    HWY_ALIGN float buffer[HWY_MAX_BYTES / sizeof(float)];
    hn::Store(v, kD, buffer);
    for (size_t i = 0; i < hn::Lanes(kD); ++i) to[i] = FloatToFloat16(buffer[i]);
  }
#endif
};

using Bfloat16 = Narrow<ConvertBfloat16>;
using Float16 = Narrow<ConvertFloat16>;

// ---- arithmetic ------------------------------------------------------------------------------

// Several vectors that go through each operation one after the other: the operations on one element
// are a chain in which each waits for the last, and the processor looks ahead too little to find
// the next elements' by itself.
template <typename T, size_t kN>
struct Pack {
  V<T> v[kN];
};
template <size_t kN>
using FloatPack = Pack<float, kN>;

// As many as registers hold beside the constants.
constexpr size_t kPack = HWY_TARGET <= HWY_AVX3 ? 4 : 2;

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

// s^-1/2, off by less than 2^kEstimateBits relative.
#if HWY_TARGET <= HWY_AVX3
constexpr int kEstimateBits = -14;
#elif HWY_TARGET == HWY_SCALAR
constexpr int kEstimateBits = -4;
#else
constexpr int kEstimateBits = -11;
#endif
template <size_t kN>
HWY_INLINE FloatPack<kN> EstimateInverseRoot(const FloatPack<kN>& s) {
#if HWY_TARGET == HWY_SCALAR
  const auto line = hn::Set(kDI, 0x5F3759DF);
  return Each<float, kN>([&](size_t i) TRINE_ATTR {
    return hn::BitCast(kD, hn::Sub(line, hn::ShiftRight<1>(hn::BitCast(kDI, s.v[i]))));
  });
#else
  return Each<float, kN>([&](size_t i)
                             TRINE_ATTR { return hn::ApproximateReciprocalSqrt(s.v[i]); });
#endif
}

// 1 / s for s up to 2^125, off by little more than its rounding; a division takes as long as ten
// multiplications.
template <size_t kN>
HWY_INLINE FloatPack<kN> Inverse(const FloatPack<kN>& s) {
  const FloatPack<kN> r =
      Each<float, kN>([&](size_t i) TRINE_ATTR { return hn::ApproximateReciprocal(s.v[i]); });
  const FloatPack<kN> e = NegMulAdd(r, s, All<float, kN>(1));
  if constexpr (kEstimateBits > -14) return MulAdd(r * e, All<float, kN>(1) + e, r);
  return MulAdd(r, e, r);
}

// c[0] x^(kTerms-1) + ... + c[kTerms-1].
template <size_t kN, size_t kTerms>
HWY_INLINE FloatPack<kN> Polynomial(const FloatPack<kN>& x, const float (&c)[kTerms]) {
  FloatPack<kN> sum = All<float, kN>(c[0]);
  for (size_t i = 1; i < kTerms; ++i) sum = MulAdd(sum, x, All<float, kN>(c[i]));
  return sum;
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

template <typename T, size_t kN>
HWY_INLINE Pack<T, kN> OneNan(const Pack<T, kN>& x) {
  const V<T> nan = hn::Set(kTag<T>, std::numeric_limits<T>::quiet_NaN());
  return Each<T, kN>(
      [&](size_t i) TRINE_ATTR { return hn::IfThenElse(hn::Eq(x.v[i], x.v[i]), x.v[i], nan); });
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

// s^-beta in two ways: Fast for float32 in [kLeast, kMost], Slow for any other and for float64,
// where square roots and a division are exact to the last bit but one.
struct PowerHalf {
  static constexpr float kLeast = std::numeric_limits<float>::min();
  static constexpr float kMost = 0x1p125F;
  explicit PowerHalf(double /*beta*/) {}

  // p (1 - e)^-1/2 with e = 1 - p^2 s, by its series.
  template <size_t kN>
  static HWY_INLINE FloatPack<kN> Fast(const FloatPack<kN>& s) {
    FloatPack<kN> p = EstimateInverseRoot(s);
    const auto error = [&]() TRINE_ATTR { return NegMulAdd(p * s, p, All<float, kN>(1)); };
    if constexpr (kEstimateBits > -8) {
      const FloatPack<kN> e = error();
      p = MulAdd(p * e, Polynomial(e, {0.3125F, 0.375F, 0.5F}), p);
    }
    const FloatPack<kN> e = error();
    if constexpr (kEstimateBits > -14) return MulAdd(p * e, Polynomial(e, {0.375F, 0.5F}), p);
    return MulAdd(p * e, All<float, kN>(0.5F), p);
  }
  template <typename T, size_t kN>
  static HWY_INLINE Pack<T, kN> Slow(const Pack<T, kN>& s) {
    return All<T, kN>(1) / Sqrt(s);
  }
};

struct PowerThreeQuarters {
  static constexpr float kLeast = std::numeric_limits<float>::min();
  static constexpr float kMost = 0x1p125F;
  explicit PowerThreeQuarters(double /*beta*/) {}

  // From u, about s^-1/4: u^3 (1 - e)^-3/4 with e = 1 - u^4 s, by its series.
  template <size_t kN>
  static HWY_INLINE FloatPack<kN> Fast(const FloatPack<kN>& s) {
    const FloatPack<kN> root = EstimateInverseRoot(s);
    FloatPack<kN> u = root * EstimateInverseRoot(root);
    if constexpr (kEstimateBits > -8) {
      const FloatPack<kN> square = u * u;
      const FloatPack<kN> e = NegMulAdd(square * s, square, All<float, kN>(1));
      u = MulAdd(u * e, Polynomial(e, {0.1171875F, 0.15625F, 0.25F}), u);
    }
    const FloatPack<kN> square = u * u;
    const FloatPack<kN> e = NegMulAdd(square * s, square, All<float, kN>(1));
    const FloatPack<kN> p = square * u;
    if constexpr (kEstimateBits > -14) return MulAdd(p * e, Polynomial(e, {0.65625F, 0.75F}), p);
    return MulAdd(p * e, All<float, kN>(0.75F), p);
  }
  template <typename T, size_t kN>
  static HWY_INLINE Pack<T, kN> Slow(const Pack<T, kN>& s) {
    const Pack<T, kN> root = Sqrt(s);
    return All<T, kN>(1) / (root * Sqrt(root));
  }
};

struct PowerOne {
  static constexpr float kLeast = std::numeric_limits<float>::min();
  static constexpr float kMost = 0x1p125F;
  explicit PowerOne(double /*beta*/) {}

  template <size_t kN>
  static HWY_INLINE FloatPack<kN> Fast(const FloatPack<kN>& s) {
    return Slow(s);
  }
  template <typename T, size_t kN>
  static HWY_INLINE Pack<T, kN> Slow(const Pack<T, kN>& s) {
    return All<T, kN>(1) / s;
  }
};

class PowerGeneral {
 public:
  static constexpr float kLeast = 0x1p-120F;  // so that the power is a normal number
  static constexpr float kMost = 0x1p120F;
  // -beta as a float, and as one whose product with an exponent is exact and the rest.
  explicit PowerGeneral(double beta)
      : beta_(beta),
        minus_(static_cast<float>(-beta)),
        high_(static_cast<float>(std::nearbyint(-beta * 0x1p14) * 0x1p-14)),
        low_(static_cast<float>(-beta - static_cast<double>(high_))) {}

  template <size_t kN>
  HWY_INLINE FloatPack<kN> Fast(const FloatPack<kN>& s) const {
    // s = 2^e m with m in [sqrt(1/2), sqrt(2)).
    const auto middle = hn::Set(kDI, 0x3F3504F3);
    const auto exponent_of = [&](size_t i) TRINE_ATTR {
      return hn::ShiftRight<23>(hn::Sub(hn::BitCast(kDI, s.v[i]), middle));
    };
    const FloatPack<kN> exponent =
        Each<float, kN>([&](size_t i) TRINE_ATTR { return hn::ConvertTo(kD, exponent_of(i)); });
    const FloatPack<kN> m = Each<float, kN>([&](size_t i) TRINE_ATTR {
      const auto bits = hn::BitCast(kDI, s.v[i]);
      return hn::BitCast(kD, hn::Sub(bits, hn::ShiftLeft<23>(exponent_of(i))));
    });
    // log2 m = 2 / ln 2 * artanh u.
    const FloatPack<kN> u = (m - All<float, kN>(1)) / (m + All<float, kN>(1));
    const FloatPack<kN> log = u * Polynomial(u * u, {0.43174463510513306F, 0.576714038848877F,
                                                     0.9617988467216492F, 2.885390043258667F});
    // -beta log2 s = n + r with n whole and |r| <= 1/2.
    const FloatPack<kN> whole = exponent * All<float, kN>(high_);
    const FloatPack<kN> part = MulAdd(exponent, All<float, kN>(low_), log * All<float, kN>(minus_));
    const FloatPack<kN> sum = whole + part;
    const FloatPack<kN> n =
        Each<float, kN>([&](size_t i) TRINE_ATTR { return hn::Round(sum.v[i]); });
    const FloatPack<kN> power = Polynomial(
        whole - n + part, {0.0001534535113023594F, 0.0013400460593402386F, 0.009618494659662247F,
                           0.055503275245428085F, 0.24022646248340607F, 0.6931471824645996F, 1.0F});
    return Each<float, kN>([&](size_t i) TRINE_ATTR {
      const auto scale = hn::ShiftLeft<23>(hn::ConvertTo(kDI, n.v[i]));
      return hn::BitCast(kD, hn::Add(hn::BitCast(kDI, power.v[i]), scale));
    });
  }
  template <typename T, size_t kN>
  HWY_INLINE Pack<T, kN> Slow(const Pack<T, kN>& s) const {
    return Each<T, kN>([&](size_t i) TRINE_ATTR {
      HWY_ALIGN T lanes[HWY_MAX_BYTES / sizeof(T)];
      hn::Store(s.v[i], kTag<T>, lanes);
      for (size_t lane = 0; lane < hn::Lanes(kTag<T>); ++lane)
        lanes[lane] = static_cast<T>(std::pow(static_cast<double>(lanes[lane]), -beta_));
      return hn::Load(kTag<T>, lanes);
    });
  }

 private:
  double beta_;
  float minus_;
  float high_;
  float low_;
};

// Whether Fast serves all of s. `s` is at least k: its lower end matters only for small k.
template <class Power, size_t kN>
HWY_INLINE bool AllFast(const FloatPack<kN>& s, double k) {
  const V<float> most = hn::Set(kD, Power::kMost);
  const auto mask = [&](size_t i) TRINE_ATTR { return hn::Le(s.v[i], most); };
  auto all = mask(0);
  if constexpr (kN > 1) all = hn::And(all, mask(1));
  if constexpr (kN > 2) all = hn::And(all, hn::And(mask(2), mask(3)));
  if (k < Power::kLeast) {
    const V<float> least = hn::Set(kD, Power::kLeast);
    for (const V<float>& v : s.v) all = hn::And(all, hn::Ge(v, least));
  }
  return hn::AllTrue(kD, all);
}

template <class Power>
HWY_INLINE auto IsFast(V<float> s) {
  return hn::And(hn::Ge(s, hn::Set(kD, Power::kLeast)), hn::Le(s, hn::Set(kD, Power::kMost)));
}
// s where Fast serves it, else 1.
template <class Power>
HWY_INLINE V<float> FastOnly(V<float> s) {
  return hn::IfThenElse(IsFast<Power>(s), s, hn::Set(kD, 1));
}

// s^-beta in place, each in the way that is meant for it. A function of its own: it is rare, and
// would be most of what is compiled.
template <class Power>
HWY_NOINLINE void MixedPowers(const Power& power, size_t count, float* s) {
  for (size_t i = 0; i < count; i += hn::Lanes(kD)) {
    const FloatPack<1> v{{hn::Load(kD, s + i)}};
    const FloatPack<1> fast = power.Fast(FloatPack<1>{{FastOnly<Power>(v.v[0])}});
    hn::Store(hn::IfThenElse(IsFast<Power>(v.v[0]), fast.v[0], power.Slow(v).v[0]), kD, s + i);
  }
}
template <class Power, typename T, size_t kN>
HWY_INLINE Pack<T, kN> MixedPower(const Power& power, const Pack<T, kN>& s) {
  if constexpr (sizeof(T) > sizeof(float)) {
    return power.Slow(s);
  } else {
    HWY_ALIGN T lanes[kN * HWY_MAX_BYTES / sizeof(T)];
    const size_t each = hn::Lanes(kD);
    Each<T, kN>([&](size_t i) TRINE_ATTR {
      hn::Store(s.v[i], kD, lanes + i * each);
      return s.v[i];
    });
    MixedPowers(power, kN * each, lanes);
    return Each<T, kN>([&](size_t i) TRINE_ATTR { return hn::Load(kD, lanes + i * each); });
  }
}

// a / s in the way that goes with that power.
template <class Power, typename T, size_t kN>
HWY_INLINE Pack<T, kN> MixedQuotient(const Pack<T, kN>& a, const Pack<T, kN>& s) {
  if constexpr (sizeof(T) > sizeof(float)) {
    return a / s;
  } else {
    const auto safe = Each<T, kN>([&](size_t i) TRINE_ATTR { return FastOnly<Power>(s.v[i]); });
    const auto fast = a * Inverse(safe);
    const auto slow = a / s;
    return Each<T, kN>([&](size_t i) TRINE_ATTR {
      return hn::IfThenElse(IsFast<Power>(s.v[i]), fast.v[i], slow.v[i]);
    });
  }
}

// ---- rows ------------------------------------------------------------------------------------

// The part of a row that a pack covers: elements from `at` on, all that the vectors hold, or, where
// kPartly, only the first `count`; then 0 stands in the other lanes.
template <typename T, size_t kN, bool kPartly>
struct Part {
  static constexpr size_t kVectors = kN;
  size_t at;
  size_t count;

  static HWY_INLINE size_t Lanes() { return hn::Lanes(kTag<T>); }
  // Of vector i.
  HWY_INLINE size_t From(size_t i) const { return at + i * Lanes(); }
  HWY_INLINE size_t Count(size_t i) const {
    const size_t before = i * Lanes();
    return count <= before ? 0 : std::min(count - before, Lanes());
  }

  template <class Type>
  HWY_INLINE Pack<T, kN> Load(const typename Type::Raw* row) const {
    return Each<T, kN>([&](size_t i) TRINE_ATTR {
      if constexpr (kPartly) {
        return Type::LoadFirst(row + From(i), Count(i));
      } else {
        return Type::Load(row + From(i));
      }
    });
  }
  template <class Type>
  HWY_INLINE void Store(const Pack<T, kN>& pack, typename Type::Raw* row) const {
    Each<T, kN>([&](size_t i) TRINE_ATTR {
      if constexpr (kPartly) {
        Type::StoreFirst(pack.v[i], Count(i), row + From(i));
      } else {
        Type::Store(pack.v[i], row + From(i));
      }
      return pack.v[i];
    });
  }
  // The same of rows of T.
  HWY_INLINE Pack<T, kN> Load(const T* row) const { return Load<Plain<T>>(row); }
  HWY_INLINE void Store(const Pack<T, kN>& pack, T* row) const { Store<Plain<T>>(pack, row); }
  // To rows that nobody reads soon.
  template <class Type>
  HWY_INLINE void StoreFinal(const Pack<T, kN>& pack, const RowShape& shape,
                             typename Type::Raw* row) const {
    if constexpr (!kPartly) {
      if (shape.stream) {
        Each<T, kN>([&](size_t i) TRINE_ATTR {
          Type::Stream(pack.v[i], row + From(i));
          return pack.v[i];
        });
        return;
      }
    }
    Store<Type>(pack, row);
  }
  // The same part of another row, or of another place in this one.
  template <typename Raw>
  HWY_INLINE void Prefetch(const Raw* row) const {
    const auto* far = reinterpret_cast<const char*>(row + at);
    for (size_t i = 0; i < kN * Lanes() * sizeof(Raw); i += kLineBytes) hwy::Prefetch(far + i);
  }
  // Of the row that `shape.ahead` says.
  template <typename Raw>
  HWY_INLINE void PrefetchAhead(const Raw* row, const RowShape& shape) const {
    if (shape.ahead != 0) Prefetch(row + shape.ahead * shape.pitch);
  }
  HWY_INLINE Pack<T, kN> All(double value) const {
    return HWY_NAMESPACE::All<T, kN>(static_cast<T>(value));
  }
  // The window sums.
  template <size_t kTaps>
  HWY_INLINE Pack<T, kN> Sum(const T* first, size_t stride) const {
    return Tree<T, 0, kTaps, kN>([&](size_t tap) TRINE_ATTR { return Load(first + tap * stride); });
  }
  // k + a * sum; 1 in lanes without an element.
  HWY_INLINE Pack<T, kN> BaseOf(const RowArithmetic& arithmetic, const Pack<T, kN>& sum) const {
    const Pack<T, kN> s = MulAdd(sum, All(arithmetic.a), All(arithmetic.k));
    if constexpr (!kPartly) return s;
    return Each<T, kN>([&](size_t i) TRINE_ATTR {
      return hn::IfThenElse(hn::FirstN(kTag<T>, Count(i)), s.v[i], hn::Set(kTag<T>, 1));
    });
  }
  template <size_t kTaps>
  HWY_INLINE Pack<T, kN> Base(const RowArithmetic& arithmetic, const T* first,
                              size_t stride) const {
    return BaseOf(arithmetic, Sum<kTaps>(first, stride));
  }
};

// Elements of `row` before the first that may begin a streamed vector.
template <typename Raw>
HWY_INLINE size_t Head(const RowShape& shape, const Raw* row) {
  if (!shape.stream) return 0;
  const size_t misaligned = reinterpret_cast<uintptr_t>(row) % kLineBytes;
  return misaligned == 0 ? 0 : (kLineBytes - misaligned) / sizeof(Raw);
}

// Calls body(part) until a row of `width` elements is covered, of which the first `head` are a part
// of their own.
template <typename T, class Body>
HWY_INLINE void ForParts(size_t width, const Body& body, size_t head = 0) {
  const size_t lanes = hn::Lanes(kTag<T>);
  size_t at = 0;
  while (at < std::min(head, width)) {
    const size_t now = std::min({head - at, width - at, lanes});
    body(Part<T, 1, true>{at, now});
    at += now;
  }
  for (; at + kPack * lanes <= width; at += kPack * lanes) body(Part<T, kPack, false>{at, 0});
  if (width - at >= 2 * lanes) {
    body(Part<T, 2, false>{at, 0});
    at += 2 * lanes;
  }
  const size_t rest = width - at;
  if (rest > lanes) {
    body(Part<T, 2, true>{at, rest});
  } else if (rest > 0) {
    body(Part<T, 1, true>{at, rest});
  }
}

// ---- the steps -------------------------------------------------------------------------------

template <class Type>
using LaneOf = typename Type::Lane;

template <class Type>
void Square(const RowShape& shape, bool rectify, const void* x, LaneOf<Type>* squares) {
  const auto* in = static_cast<const typename Type::Raw*>(x);
  for (size_t row = 0; row < shape.count; ++row) {
    ForParts<LaneOf<Type>>(shape.width, [&](const auto& part) TRINE_ATTR {
      auto v = part.template Load<Type>(in);
      if (rectify) v = Rectified(v);
      part.Store(v * v, squares);
    });
    in += shape.pitch;
    squares += shape.scratch_pitch;
  }
}

// v s^-beta to its place in the row `out`.
template <class Type, class Power, class Part, class Pack>
HWY_INLINE void ScaleOne(const RowShape& shape, const RowArithmetic& arithmetic, const Power& power,
                         const Part& part, const Pack& v, const Pack& s, typename Type::Raw* out) {
  if constexpr (std::is_same_v<LaneOf<Type>, float>) {
    if (HWY_LIKELY(AllFast<Power>(s, arithmetic.k))) {
      // No NaN is among them: x is finite where s is.
      part.template StoreFinal<Type>(v * power.Fast(s), shape, out);
      return;
    }
  }
  part.template StoreFinal<Type>(OneNan(v * MixedPower(power, s)), shape, out);
}

template <class Type, size_t kTaps, class Power>
void ScaleRows(const RowShape& shape, const RowArithmetic& arithmetic, const Power& power,
               const void* x, const RowWindow<LaneOf<Type>>& sums, void* y) {
  const bool rectify = arithmetic.rectify;
  const auto* in = static_cast<const typename Type::Raw*>(x);
  auto* out = static_cast<typename Type::Raw*>(y);
  const LaneOf<Type>* first = sums.first;
  for (size_t row = 0; row < shape.count; ++row) {
    const auto step = [&](const auto& part) TRINE_ATTR {
      const auto s = part.template Base<kTaps>(arithmetic, first, sums.stride);
      auto v = part.template Load<Type>(in);
      part.PrefetchAhead(in, shape);
      if (rectify) v = Rectified(v);
      ScaleOne<Type, Power>(shape, arithmetic, power, part, v, s, out);
    };
    ForParts<LaneOf<Type>>(shape.width, step, Head(shape, out));
    in += shape.pitch;
    out += shape.pitch;
    first += shape.scratch_pitch;
  }
}

// Down the rows, a few columns at a time, with the window's squares in registers.
template <class Type, size_t kTaps, class Power>
void SlideRows(const RowShape& shape, const RowArithmetic& arithmetic, const Power& power,
               const RowSlide& slide, const void* x, void* y) {
  using T = LaneOf<Type>;
  constexpr size_t kColumns = kPack / 2;
  const bool rectify = arithmetic.rectify;
  const auto* in = static_cast<const typename Type::Raw*>(x);
  auto* out = static_cast<typename Type::Raw*>(y);
  const auto pitch = static_cast<ptrdiff_t>(shape.pitch);
  const auto count = static_cast<ptrdiff_t>(shape.count);
  constexpr size_t kReach = kTaps / 2;
  const ptrdiff_t first = -static_cast<ptrdiff_t>(slide.before);
  const ptrdiff_t last = count + static_cast<ptrdiff_t>(slide.after);
  const auto walk = [&](const auto& part) TRINE_ATTR {
    const auto load = [&](ptrdiff_t row) TRINE_ATTR {
      if (row < first || row >= last) return part.All(0);
      const auto* from = in + row * pitch;
      part.Prefetch(from + kPrefetchBytes / sizeof(*from));
      const auto v = part.template Load<Type>(from);
      return rectify ? Rectified(v) : v;
    };
    // Elements from the row itself on, and squares of the whole window.
    std::decay_t<decltype(load(0))> v[kReach + 1], q[kTaps];
    for (size_t tap = 1; tap < kTaps; ++tap) {
      const auto next = load(static_cast<ptrdiff_t>(tap) - 1 - static_cast<ptrdiff_t>(kReach));
      q[tap] = next * next;
      if (tap > kReach) v[tap - kReach] = next;
    }
    for (ptrdiff_t row = 0; row < count; ++row) {
      for (size_t tap = 0; tap + 1 < kTaps; ++tap) q[tap] = q[tap + 1];
      for (size_t i = 0; i < kReach; ++i) v[i] = v[i + 1];
      v[kReach] = load(row + static_cast<ptrdiff_t>(kReach));
      q[kTaps - 1] = v[kReach] * v[kReach];
      const auto sum = Tree<T, 0, kTaps, std::decay_t<decltype(part)>::kVectors>(
          [&](size_t tap) TRINE_ATTR { return q[tap]; });
      const auto s = part.BaseOf(arithmetic, sum);
      ScaleOne<Type, Power>(shape, arithmetic, power, part, v[0], s, out + row * pitch);
    }
  };
  const size_t lanes = hn::Lanes(kTag<T>);
  size_t at = 0;
  for (; at + kColumns * lanes <= shape.width; at += kColumns * lanes)
    walk(Part<T, kColumns, false>{at, 0});
  for (; at < shape.width; at += lanes)
    walk(Part<T, 1, true>{at, std::min(lanes, shape.width - at)});
}

template <class Type, size_t kTaps, class Power>
void TermRows(const RowShape& shape, const RowArithmetic& arithmetic, const Power& power,
              const void* x, const void* dy, const RowWindow<LaneOf<Type>>& sums,
              LaneOf<Type>* terms, LaneOf<Type>* passed) {
  const bool rectify = arithmetic.rectify;
  const auto* in = static_cast<const typename Type::Raw*>(x);
  const auto* gradient = static_cast<const typename Type::Raw*>(dy);
  const LaneOf<Type>* first = sums.first;
  for (size_t row = 0; row < shape.count; ++row) {
    ForParts<LaneOf<Type>>(shape.width, [&](const auto& part) TRINE_ATTR {
      const auto s = part.template Base<kTaps>(arithmetic, first, sums.stride);
      const auto g = part.template Load<Type>(gradient);
      auto v = part.template Load<Type>(in);
      part.PrefetchAhead(in, shape);
      part.PrefetchAhead(gradient, shape);
      if (rectify) v = Rectified(v);
      if constexpr (std::is_same_v<LaneOf<Type>, float>) {
        if (HWY_LIKELY(AllFast<Power>(s, arithmetic.k))) {
          const auto p = power.Fast(s);
          part.Store(g * p, passed);
          part.Store(g * (v * p * Inverse(s)), terms);
          return;
        }
      }
      const auto p = MixedPower(power, s);
      part.Store(g * p, passed);
      part.Store(g * MixedQuotient<Power>(v * p, s), terms);
    });
    in += shape.pitch;
    gradient += shape.pitch;
    first += shape.scratch_pitch;
    terms += shape.scratch_pitch;
    passed += shape.scratch_pitch;
  }
}

template <class Type, size_t kTaps>
void CombineRows(const RowShape& shape, const RowArithmetic& arithmetic, const void* x,
                 const LaneOf<Type>* passed, const RowWindow<LaneOf<Type>>& sums, void* dx) {
  const bool rectify = arithmetic.rectify;
  const auto* in = static_cast<const typename Type::Raw*>(x);
  auto* out = static_cast<typename Type::Raw*>(dx);
  const LaneOf<Type>* first = sums.first;
  for (size_t row = 0; row < shape.count; ++row) {
    const auto step = [&](const auto& part) TRINE_ATTR {
      const auto sum = part.template Sum<kTaps>(first, sums.stride);
      const auto v = part.template Load<Type>(in);
      const auto scaled = rectify ? Rectified(v) : v;
      auto d = OneNan(NegMulAdd(part.All(arithmetic.factor) * scaled, sum, part.Load(passed)));
      if (rectify) d = ZeroWhereNotPositive(v, d);
      part.template StoreFinal<Type>(d, shape, out);
    };
    ForParts<LaneOf<Type>>(shape.width, step, Head(shape, out));
    in += shape.pitch;
    out += shape.pitch;
    passed += shape.scratch_pitch;
    first += shape.scratch_pitch;
  }
}

// ---- choosing by power and taps --------------------------------------------------------------

// Calls body(power).
template <class Body>
void WithPower(const RowArithmetic& arithmetic, const Body& body) {
  switch (arithmetic.power) {
    case PowerKind::kHalf:
      return body(PowerHalf(arithmetic.beta));
    case PowerKind::kThreeQuarters:
      return body(PowerThreeQuarters(arithmetic.beta));
    case PowerKind::kOne:
      return body(PowerOne(arithmetic.beta));
    case PowerKind::kGeneral:
      return body(PowerGeneral(arithmetic.beta));
  }
}

template <size_t kTaps>
using Taps = std::integral_constant<size_t, kTaps>;

// Calls body(taps). REQUIRES: SlidesOver(taps).
template <class Body>
void WithSlidingTaps(size_t taps, const Body& body) {
  if (taps == 3) return body(Taps<3>());
  body(Taps<5>());
}

// The same. REQUIRES: FusesTaps(taps).
template <class Body>
void WithTaps(size_t taps, const Body& body) {
  if (taps == 1) return body(Taps<1>());
  WithSlidingTaps(taps, body);
}

template <class Type>
void Scale(const RowShape& shape, const RowArithmetic& arithmetic, const void* x,
           const RowWindow<LaneOf<Type>>& sums, void* y) {
  WithPower(arithmetic, [&](const auto& power) HWY_ATTR {
    WithTaps(sums.taps, [&](auto taps) HWY_ATTR {
      ScaleRows<Type, taps()>(shape, arithmetic, power, x, sums, y);
    });
  });
}

template <class Type>
void Slide(const RowShape& shape, const RowArithmetic& arithmetic, const RowSlide& slide,
           const void* x, void* y) {
  WithPower(arithmetic, [&](const auto& power) HWY_ATTR {
    WithSlidingTaps(slide.taps, [&](auto taps) HWY_ATTR {
      SlideRows<Type, taps()>(shape, arithmetic, power, slide, x, y);
    });
  });
}

template <class Type>
void Term(const RowShape& shape, const RowArithmetic& arithmetic, const void* x, const void* dy,
          const RowWindow<LaneOf<Type>>& sums, LaneOf<Type>* terms, LaneOf<Type>* passed) {
  WithPower(arithmetic, [&](const auto& power) HWY_ATTR {
    WithTaps(sums.taps, [&](auto taps) HWY_ATTR {
      TermRows<Type, taps()>(shape, arithmetic, power, x, dy, sums, terms, passed);
    });
  });
}

template <class Type>
void Combine(const RowShape& shape, const RowArithmetic& arithmetic, const void* x,
             const LaneOf<Type>* passed, const RowWindow<LaneOf<Type>>& sums, void* dx) {
  WithTaps(sums.taps, [&](auto taps) HWY_ATTR {
    CombineRows<Type, taps()>(shape, arithmetic, x, passed, sums, dx);
  });
}

template <typename T, size_t kTaps>
void TreeSum(const T* q, size_t count, size_t stride, T* out) {
  ForParts<T>(count, [&](const auto& part)
                         TRINE_ATTR { part.Store(part.template Sum<kTaps>(q, stride), out); });
}

template <typename T>
void SumOf(const T* q, size_t count, size_t stride, size_t taps, T* out) {
  switch (taps) {
#define TRINE_TREE(N) \
  case N:             \
    return TreeSum<T, N>(q, count, stride, out);
    // clang-format off
    TRINE_TREE(1) TRINE_TREE(2) TRINE_TREE(3) TRINE_TREE(4)
    TRINE_TREE(5) TRINE_TREE(6) TRINE_TREE(7) TRINE_TREE(8)
    TRINE_TREE(9) TRINE_TREE(10) TRINE_TREE(11) TRINE_TREE(12)
    TRINE_TREE(13) TRINE_TREE(14) TRINE_TREE(15) TRINE_TREE(16)
    // clang-format on
#undef TRINE_TREE
                default : break;
  }
}

template <typename T>
void PlusOf(const T* a, const T* b, size_t count, T* out) {
  ForParts<T>(count,
              [&](const auto& part) TRINE_ATTR { part.Store(part.Load(a) + part.Load(b), out); });
}

template <class Type>
constexpr RowKernels<LaneOf<Type>> kKernels = {Square<Type>, Scale<Type>, Slide<Type>, Term<Type>,
                                               Combine<Type>};

}  // namespace

const RowKernels<float>* Kernels(DType dtype) {
  switch (dtype) {
    case DType::kFloat16:
      return &kKernels<Float16>;
    case DType::kBfloat16:
      return &kKernels<Bfloat16>;
    default:
      return &kKernels<Plain<float>>;
  }
}
const RowKernels<double>* KernelsDouble() { return &kKernels<Plain<double>>; }

void Sum(const float* q, size_t count, size_t stride, size_t taps, float* out) {
  SumOf(q, count, stride, taps, out);
}
void SumDouble(const double* q, size_t count, size_t stride, size_t taps, double* out) {
  SumOf(q, count, stride, taps, out);
}

void Plus(const float* a, const float* b, size_t count, float* out) { PlusOf(a, b, count, out); }
void PlusDouble(const double* a, const double* b, size_t count, double* out) {
  PlusOf(a, b, count, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace trine::normalize
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::normalize {
namespace {

HWY_EXPORT(Kernels);
HWY_EXPORT(KernelsDouble);
HWY_EXPORT(Sum);
HWY_EXPORT(SumDouble);
HWY_EXPORT(Plus);
HWY_EXPORT(PlusDouble);

}  // namespace

template <>
const RowKernels<float>& RowKernelsFor(DType dtype) {
  return *HWY_DYNAMIC_DISPATCH(Kernels)(dtype);
}
template <>
const RowKernels<double>& RowKernelsFor(DType /*dtype*/) {
  return *HWY_DYNAMIC_DISPATCH(KernelsDouble)();
}

void SumTaps(const float* q, size_t count, size_t stride, size_t taps, float* out) {
  HWY_DYNAMIC_DISPATCH(Sum)(q, count, stride, taps, out);
}
void SumTaps(const double* q, size_t count, size_t stride, size_t taps, double* out) {
  HWY_DYNAMIC_DISPATCH(SumDouble)(q, count, stride, taps, out);
}

void AddRows(const float* a, const float* b, size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(Plus)(a, b, count, out);
}
void AddRows(const double* a, const double* b, size_t count, double* out) {
  HWY_DYNAMIC_DISPATCH(PlusDouble)(a, b, count, out);
}

void FlushStreams() { hwy::FlushStream(); }

int64_t RowKernelTargets() { return HWY_TARGETS; }

}  // namespace trine::normalize
#endif  // HWY_ONCE
