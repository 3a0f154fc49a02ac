// The steps of row_kernels.h for one type of element.
// No header guard of the usual kind: Highway includes this anew for every target.
#if defined(TRINE_NORMALIZE_ROW_STEPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TRINE_NORMALIZE_ROW_STEPS_INL_H_
#undef TRINE_NORMALIZE_ROW_STEPS_INL_H_
#else
#define TRINE_NORMALIZE_ROW_STEPS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <atomic>
#include <type_traits>

#include "core/normalize/kernels/row_kernels.h"
#include "core/normalize/kernels/row_parts-inl.h"
#include "core/normalize/kernels/row_power-inl.h"
#include "core/normalize/kernels/row_range-inl.h"

HWY_BEFORE_NAMESPACE();
namespace trine::normalize::HWY_NAMESPACE {
namespace {

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

// v s^-beta to its place in the row `out`. No NaN is among those in range: x is finite where s is,
// and where kWatched a result that is not below `limit` is said to overflow.
template <class Type, class Power, bool kWatched, class Part, class Pack>
HWY_INLINE void ScaleOne(const RowShape& shape, const RowArithmetic& arithmetic,
                         [[maybe_unused]] LaneOf<Type> limit, const Power& power, const Part& part,
                         const Pack& v, const Pack& sum, typename Type::Raw* out) {
  const Pack s = part.BaseOf(arithmetic, sum);
  const auto finish = [&](const Pack& y) TRINE_ATTR {
    if constexpr (kWatched) {
      if (HWY_UNLIKELY(!AllHeld(limit, y)))
        arithmetic.findings->overflow.store(true, std::memory_order_relaxed);
    }
    part.template StoreFinal<Type>(y, shape, out);
  };
  if constexpr (std::is_same_v<LaneOf<Type>, float>) {
    if (HWY_LIKELY(AllFast(s, arithmetic.k, Power::kMost))) return finish(v * power.Fast(s));
  } else {
    const Pack p = power.Slow(s);
    if (HWY_LIKELY(AllMiddle<Power>(arithmetic, s, p))) return finish(v * p);
  }
  Lanes values(v), sums(sum), bases(s);
  MixedScale(arithmetic, power, values.count(), sums.get(), bases.get(), values.get());
  part.template StoreFinal<Type>(values.pack(), shape, out);
}

template <class Type, size_t kTaps, bool kWatched, class Power>
void ScaleRows(const RowShape& shape, const RowArithmetic& arithmetic, const Power& power,
               const void* x, const RowWindow<LaneOf<Type>>& sums, void* y) {
  const bool rectify = arithmetic.rectify;
  const LaneOf<Type> limit = OverflowFrom<LaneOf<Type>>(arithmetic.dtype);
  const auto* in = static_cast<const typename Type::Raw*>(x);
  auto* out = static_cast<typename Type::Raw*>(y);
  const LaneOf<Type>* first = sums.first;
  for (size_t row = 0; row < shape.count; ++row) {
    const auto step = [&](const auto& part) TRINE_ATTR {
      const auto sum = part.template SumOf<kTaps>(sums, first);
      auto v = part.template Load<Type>(in);
      part.PrefetchAhead(in, shape);
      if (rectify) v = Rectified(v);
      ScaleOne<Type, Power, kWatched>(shape, arithmetic, limit, power, part, v, sum, out);
    };
    ForParts<LaneOf<Type>>(shape.width, step, Head(shape, out));
    in += shape.pitch;
    out += shape.pitch;
    first += shape.scratch_pitch;
  }
}

// Down the rows, a few columns at a time, with the window's squares in registers. Does not watch.
template <class Type, size_t kTaps, class Power>
void SlideRows(const RowShape& shape, const RowArithmetic& arithmetic, const Power& power,
               const RowSlide& slide, const void* x, void* y) {
  using T = LaneOf<Type>;
  constexpr size_t kColumns = kPack < 2 ? 1 : kPack / 2;
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
      ScaleOne<Type, Power, false>(shape, arithmetic, 0, power, part, v[0], sum, out + row * pitch);
    }
  };
  const size_t lanes = hn::Lanes(kTag<T>);
  size_t at = 0;
  for (; at + kColumns * lanes <= shape.width; at += kColumns * lanes)
    walk(Part<T, kColumns, false>{at, 0});
  if constexpr (hn::MaxLanes(kTag<T>) > 1) {
    for (; at < shape.width; at += lanes)
      walk(Part<T, 1, true>{at, std::min(lanes, shape.width - at)});
  }
}

// g v s^-beta / s and g s^-beta to their places in the rows `terms` and `passed`.
template <class Power, class Part, typename T, class Pack>
HWY_INLINE void TermOne(const RowArithmetic& arithmetic, const Power& power, const Part& part,
                        const Pack& v, const Pack& g, const Pack& sum, T* terms, T* passed) {
  const Pack s = part.BaseOf(arithmetic, sum);
  if constexpr (std::is_same_v<T, float>) {
    const bool plain =
        AllFast(s, arithmetic.k, std::min(Power::kMost, static_cast<float>(arithmetic.plain)));
    if (HWY_LIKELY(plain || AllFast(s, arithmetic.k, Power::kMost))) {
      const Pack p = power.Fast(s);
      const Pack q = v * p * Inverse(s);
      const Pack term = g * q;
      if (HWY_LIKELY(plain || AllKept(arithmetic, s, term, q, g, v))) {
        part.Store(g * p, passed);
        part.Store(term, terms);
        return;
      }
    }
  } else {
    const Pack p = power.Slow(s);
    const Pack q = v * p / s;
    const Pack term = g * q;
    const Pack passes = g * p;
    if (HWY_LIKELY(AllMiddle<Power>(arithmetic, s, p) && AllSummable(term, passes) &&
                   AllKept(arithmetic, s, term, q, g, v))) {
      part.Store(passes, passed);
      part.Store(term, terms);
      return;
    }
  }
  Lanes values(v), gradients(g), sums(sum), bases(s);
  MixedTerm(arithmetic, power, values.count(), sums.get(), bases.get(), values.get(),
            gradients.get());
  part.Store(gradients.pack(), passed);
  part.Store(values.pack(), terms);
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
      const auto sum = part.template SumOf<kTaps>(sums, first);
      const auto g = part.template Load<Type>(gradient);
      auto v = part.template Load<Type>(in);
      part.PrefetchAhead(in, shape);
      part.PrefetchAhead(gradient, shape);
      if (rectify) v = Rectified(v);
      TermOne(arithmetic, power, part, v, g, sum, terms, passed);
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
  const LaneOf<Type> limit = OverflowFrom<LaneOf<Type>>(arithmetic.dtype);
  const auto* in = static_cast<const typename Type::Raw*>(x);
  auto* out = static_cast<typename Type::Raw*>(dx);
  const LaneOf<Type>* first = sums.first;
  for (size_t row = 0; row < shape.count; ++row) {
    const auto step = [&](const auto& part) TRINE_ATTR {
      const auto sum = part.template SumOf<kTaps>(sums, first);
      const auto v = part.template Load<Type>(in);
      const auto scaled = rectify ? Rectified(v) : v;
      const auto passes = part.Load(passed);
      auto d = NegMulAdd(part.All(arithmetic.factor) * scaled, sum, passes);
      if (rectify) d = ZeroWhereNotPositive(v, d);
      if (HWY_UNLIKELY(!AllHeld(limit, d))) {
        Lanes results(d), terms(sum), direct(passes);
        MixedResult(arithmetic, results.count(), terms.get(), direct.get(), results.get());
        d = results.pack();
      }
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

// Whether code of its own for each number of taps is worth its size: not beside a power that takes
// long, nor on processors that few still have.
template <class Type, class Power>
inline constexpr bool kTapsApart =
    kMasks&& std::is_same_v<LaneOf<Type>, float> && !std::is_same_v<Power, PowerGeneral>;

// Calls body(taps) with the number, or kAnyTaps. REQUIRES: FusesTaps(taps).
template <class Type, class Power, class Body>
void WithTaps(size_t taps, const Body& body) {
  if constexpr (kTapsApart<Type, Power>) {
    if (taps == 1) return body(Taps<1>());
    WithSlidingTaps(taps, body);
  } else {
    body(Taps<kAnyTaps>());
  }
}

template <class Type>
void Scale(const RowShape& shape, const RowArithmetic& arithmetic, const void* x,
           const RowWindow<LaneOf<Type>>& sums, void* y) {
  WithPower(arithmetic, [&](const auto& power) HWY_ATTR {
    // Seldom: one way for any number of taps, so that the others do not watch.
    if (arithmetic.may_overflow)
      return ScaleRows<Type, kAnyTaps, true>(shape, arithmetic, power, x, sums, y);
    WithTaps<Type, std::decay_t<decltype(power)>>(sums.taps, [&](auto taps) HWY_ATTR {
      ScaleRows<Type, taps(), false>(shape, arithmetic, power, x, sums, y);
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
    WithTaps<Type, std::decay_t<decltype(power)>>(sums.taps, [&](auto taps) HWY_ATTR {
      TermRows<Type, taps()>(shape, arithmetic, power, x, dy, sums, terms, passed);
    });
  });
}

template <class Type>
void Combine(const RowShape& shape, const RowArithmetic& arithmetic, const void* x,
             const LaneOf<Type>* passed, const RowWindow<LaneOf<Type>>& sums, void* dx) {
  WithTaps<Type, PowerHalf>(sums.taps, [&](auto taps) HWY_ATTR {
    CombineRows<Type, taps()>(shape, arithmetic, x, passed, sums, dx);
  });
}

template <class Type>
constexpr RowKernels<LaneOf<Type>> kKernels = {Square<Type>, Scale<Type>, Slide<Type>, Term<Type>,
                                               Combine<Type>};

}  // namespace
}  // namespace trine::normalize::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // TRINE_NORMALIZE_ROW_STEPS_INL_H_
