// s^-beta of packs, in a fast way and in one for all numbers (row_kernels.h says how exact;
// row_range-inl.h which of them is for what). No header guard of the usual kind: Highway includes
// this anew for every target.
#if defined(TRINE_NORMALIZE_ROW_POWER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TRINE_NORMALIZE_ROW_POWER_INL_H_
#undef TRINE_NORMALIZE_ROW_POWER_INL_H_
#else
#define TRINE_NORMALIZE_ROW_POWER_INL_H_
#endif

#include <hwy/highway.h>

#include <cmath>

#include "core/normalize/kernels/row_pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trine::normalize::HWY_NAMESPACE {
namespace {

// s^-1/2, off by less than 2^kEstimateBits relative.
#if HWY_TARGET <= HWY_AVX3
inline constexpr int kEstimateBits = -14;
#elif HWY_TARGET == HWY_SCALAR
inline constexpr int kEstimateBits = -4;
#else
inline constexpr int kEstimateBits = -11;
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

// s^-beta in two ways: Fast for float32 in [kLeastBase, kMost], Slow for any other and for float64,
// where square roots and a division are exact to the last bit but one. kNear: of a base in double's
// middle range the power is there too.
struct PowerHalf {
  static constexpr float kMost = 0x1p125F;
  static constexpr bool kNear = true;
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
  static constexpr float kMost = 0x1p125F;
  static constexpr bool kNear = true;
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
  static constexpr float kMost = 0x1p125F;
  static constexpr bool kNear = true;
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

// The vectors of a pack in memory, for what is done by a function of its own.
template <typename T, size_t kN>
class Lanes {
 public:
  explicit HWY_INLINE Lanes(const Pack<T, kN>& pack) {
    Each<T, kN>([&](size_t i) TRINE_ATTR {
      hn::Store(pack.v[i], kTag<T>, lanes_ + i * hn::Lanes(kTag<T>));
      return pack.v[i];
    });
  }
  HWY_INLINE Pack<T, kN> pack() const {
    return Each<T, kN>(
        [&](size_t i) TRINE_ATTR { return hn::Load(kTag<T>, lanes_ + i * hn::Lanes(kTag<T>)); });
  }
  static size_t count() { return kN * hn::Lanes(kTag<T>); }
  T* get() { return lanes_; }

 private:
  HWY_ALIGN T lanes_[kN * HWY_MAX_BYTES / sizeof(T)];
};

class PowerGeneral {
 public:
  static constexpr float kMost = 0x1p120F;  // so that the power is a normal number
  static constexpr bool kNear = false;
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
    Lanes<T, kN> lanes(s);
    PowOf(lanes.count(), lanes.get());
    return lanes.pack();
  }

 private:
  template <typename T>
  HWY_NOINLINE void PowOf(size_t count, T* s) const {
    for (size_t i = 0; i < count; ++i)
      s[i] = static_cast<T>(std::pow(static_cast<double>(s[i]), -beta_));
  }

  double beta_;
  float minus_;
  float high_;
  float low_;
};

}  // namespace
}  // namespace trine::normalize::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // TRINE_NORMALIZE_ROW_POWER_INL_H_
