// Vector forms of the lanes' steps, for the .cc files that compile once a target.
// No header guard of the usual kind: Highway includes this anew for every target.
#if defined(TRINE_CODING_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TRINE_CODING_LANES_INL_H_
#undef TRINE_CODING_LANES_INL_H_
#else
#define TRINE_CODING_LANES_INL_H_
#endif

#include <bit>

#include "core/coding/coder/lanes.h"
#include "core/coding/coder/lanes_ops-inl.h"

#if !TRINE_LANES_SCALAR
HWY_BEFORE_NAMESPACE();
namespace trine::coding::HWY_NAMESPACE {
namespace {

// The lanes of an encoder in registers, where there are enough of them.
template <size_t kLanes>
struct VectorEncoder {
  static constexpr size_t kGroups = kLanes / kGroup;

  HWY_INLINE explicit VectorEncoder(EncoderLanes& lanes) : digits(lanes.digits), rows(lanes.rows) {
#pragma GCC unroll 4
    for (size_t g = 0; g < kGroups; ++g) {
      low[g] = hn::Load(kD32, lanes.low + g * kGroup);
      range[g] = hn::Load(kD32, lanes.range + g * kGroup);
      carry[g] = hn::Load(kD32, lanes.carry + g * kGroup);
    }
  }
  HWY_INLINE void Save(EncoderLanes& lanes) const {
#pragma GCC unroll 4
    for (size_t g = 0; g < kGroups; ++g) {
      hn::Store(low[g], kD32, lanes.low + g * kGroup);
      hn::Store(range[g], kD32, lanes.range + g * kGroup);
      hn::Store(carry[g], kD32, lanes.carry + g * kGroup);
    }
    lanes.digits = digits;
    lanes.rows = rows;
  }

  // One symbol for each lane of a group: narrows, logs digits; returns the lanes that gave one, in
  // the bits of the row.
  HWY_INLINE uint64_t Take(size_t g, V32 offset, V32 width) {
    const V32 sum = hn::Add(low[g], offset);
    const V32 over = hn::IfThenElse(IsBelow(sum, offset), hn::Set(kD32, 1u << 16), carry[g]);
    const M32 emit = IsShort(width);
    const V32 digit = hn::Or(hn::ShiftRight<16>(sum), over);
    const uint32_t bits = BitsOf(emit);
    hn::StoreU(Pack(digit, emit, bits), kD32, digits);
    digits += std::popcount(bits);
    low[g] = hn::IfThenElse(emit, hn::ShiftLeft<16>(sum), sum);
    range[g] = hn::IfThenElse(emit, hn::ShiftLeft<16>(width), width);
    carry[g] = hn::IfThenZeroElse(emit, over);
    return static_cast<uint64_t>(bits) << (g * kGroup);
  }

  V32 low[kGroups], range[kGroups], carry[kGroups];
  uint32_t* digits;
  uint64_t* rows;
};

// Refills the lanes whose range has become short, from `next`.
HWY_INLINE void RefillGroup(V32& code, V32& range, const uint8_t*& next) {
  const M32 want = IsShort(range);
  const uint32_t bits = BitsOf(want);
  const V32 words = hn::PromoteTo(kD32, hn::LoadU(D16(), reinterpret_cast<const uint16_t*>(next)));
  next += 2 * std::popcount(bits);
  const V32 word = Expand(words, want, bits);
  code = hn::IfThenElse(want, hn::Or(hn::ShiftLeft<16>(code), word), code);
  range = hn::IfThenElse(want, hn::ShiftLeft<16>(range), range);
}

// floor(code / r) or its neighbour, for code < 2^32 and 4 <= r < 2^31: an estimate to be checked.
// Any number for a longer r.
HWY_INLINE V32 Quotient(V32 code, V32 r) {
#if TRINE_LANES_AVX512
  return Truncate(hn::Div(ToFloat(code), ToFloat(r)));
#else
  const auto half = HalfToFloat(code);
  return Truncate(hn::Div(hn::Add(half, half), ToFloat(r)));
#endif
}

// The slots themselves, at most `last`, where the estimates were wrong. Forced inline: a call would
// make the loop spill its vector registers.
HWY_INLINE V32 ExactSlots(V32 code, V32 r, V32 last) {
  alignas(64) uint32_t codes[kGroup], rs[kGroup];
  hn::Store(code, kD32, codes);
  hn::Store(r, kD32, rs);
#pragma GCC unroll 1
  for (size_t l = 0; l < kGroup; ++l) codes[l] /= rs[l];
  return hn::Min(hn::Load(kD32, codes), last);
}

// Of a symbol's part; the rest of the range where freq is 0.
HWY_INLINE V32 WidthOf(V32 range, V32 r, V32 offset, V32 freq) {
  return hn::IfThenElse(hn::Eq(freq, hn::Zero(kD32)), hn::Sub(range, offset), hn::Mul(r, freq));
}

// How many of the groups take each step of decoding a symbol together. Four chains of instructions
// side by side fill the processor's window better than one after the other; with two it is no gain,
// and other instruction sets have not the registers.
template <size_t kGroups>
inline constexpr size_t kGroupsInterleaved = TRINE_LANES_AVX512 == 1 && kGroups == 4 ? 4 : 1;

// floor(code * 2^16 / range) or a number near it, for code < range: an estimate to be checked. The
// ranges are known before the words that the codes wait for: it is they that divide, meanwhile.
HWY_INLINE V32 SlotEstimate(V32 code, V32 range) {
  const auto scale = hn::Set(DF32(), 65536.0f);
#if TRINE_LANES_AVX512
  const auto slot = hn::Mul(ToFloat(code), hn::Div(scale, ToFloat(range)));
#else
  // Halves of both move the slot by one at most, since a range is 2^16 or more.
  const auto slot = hn::Mul(HalfToFloat(code), hn::Div(scale, HalfToFloat(range)));
#endif
  return hn::Min(Truncate(slot), hn::Set(kD32, 65535));
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::coding::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // !TRINE_LANES_SCALAR

#endif  // per-target include guard
