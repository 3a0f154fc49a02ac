// Nibbles of learning distributions (nibble_model.h) through the lanes: one lane at a time, and,
// where the target has vectors for it, all lanes together. Which distribution codes a lane's next
// nibble is the caller's business. No header guard of the usual kind: Highway includes this anew
// for every target.
#if defined(TRINE_CODING_NIBBLE_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TRINE_CODING_NIBBLE_LANES_INL_H_
#undef TRINE_CODING_NIBBLE_LANES_INL_H_
#else
#define TRINE_CODING_NIBBLE_LANES_INL_H_
#endif

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/coding/coder/lanes-inl.h"
#include "core/coding/coder/nibble_model.h"

HWY_BEFORE_NAMESPACE();
namespace trine::coding::HWY_NAMESPACE {
namespace {

// ---- a lane at a time ------------------------------------------------------------------------

HWY_INLINE uint64_t EncodeNibble(const NibbleModel& model, uint32_t symbol, size_t l,
                                 EncoderLanes& lanes, uint32_t*& digits) {
  const uint64_t range = lanes.range[l];
  const auto offset = static_cast<uint32_t>((range * model.Start(symbol)) >> 16);
  const auto end = static_cast<uint32_t>((range * model.End(symbol)) >> 16);
  return lanes.Take(static_cast<int>(l), offset, end - offset, digits);
}

// (range * c) >> 16 <= code  <=>  c <= ((code + 1) * 2^16 - 1) / range, which is below 2^16.
HWY_INLINE uint32_t SlotOf(uint32_t code, uint32_t range) {
  return static_cast<uint32_t>((((uint64_t{code} + 1) << 16) - 1) / range);
}

HWY_INLINE uint32_t DecodeNibble(const NibbleModel& model, size_t l, DecoderLanes& lanes,
                                 const uint8_t*& next) {
  const uint64_t range = lanes.range[l];
  const uint32_t symbol = CountNotAbove(model, SlotOf(lanes.code[l], lanes.range[l]));
  const auto offset = static_cast<uint32_t>((range * model.Start(symbol)) >> 16);
  const auto end = static_cast<uint32_t>((range * model.End(symbol)) >> 16);
  lanes.Take<false>(static_cast<int>(l), offset, end - offset, next);
  return symbol;
}

#if !TRINE_LANES_SCALAR

// ---- many lanes at a time --------------------------------------------------------------------

// The table of a model in one vector or two.
using DM = hn::CappedTag<int16_t, 16>;
using DMU = hn::RebindToUnsigned<DM>;
using VM = hn::Vec<DM>;
constexpr size_t kModelLanes = hn::MaxLanes(DM());

// The first number of a table is the rate: it stays at or above the slowest, the others where they
// are.
struct Bound {
  HWY_INLINE explicit Bound(uint32_t slowest_rate) : slowest(static_cast<uint16_t>(slowest_rate)) {
    std::fill_n(numbers, 16, static_cast<int16_t>(-32768));
    numbers[0] = static_cast<int16_t>(slowest);
    std::fill_n(settled_rate, 16, static_cast<int16_t>(slowest));
    settled_rate[0] = 0;
  }
  // Whether a model learns at the slowest rate from now on: its own never rises. (It never falls
  // below 93, so that a model with a slower bound does not settle.)
  HWY_INLINE bool IsSettled(const NibbleModel* model) const { return model->cdf[0] <= slowest; }

  uint16_t slowest;
  alignas(64) int16_t numbers[16];
  alignas(64) int16_t settled_rate[16];  // leaves the model's own alone
};

HWY_INLINE VM MoveTo(VM cdf, VM target, VM rate) {
  const DM d;
  const VM half = hn::BitCast(d, hn::ShiftRight<1>(hn::BitCast(DMU(), cdf)));
  return hn::Add(cdf, hn::MulFixedPoint15(hn::Sub(target, half), rate));
}

// A model in registers.
struct HeldModel {
  HWY_INLINE explicit HeldModel(const NibbleModel* model) {
    const auto* const at = reinterpret_cast<const int16_t*>(model->cdf.data());
    for (size_t i = 0; i < kVectors; ++i) cdf[i] = hn::Load(DM(), at + i * kModelLanes);
  }
  HWY_INLINE void Store(NibbleModel* model) const {
    auto* const at = reinterpret_cast<int16_t*>(model->cdf.data());
    for (size_t i = 0; i < kVectors; ++i) hn::Store(cdf[i], DM(), at + i * kModelLanes);
  }
  // nibble_model.h's Update.
  HWY_INLINE void Learn(uint32_t symbol, const Bound& bound) {
    const DM d;
    const int16_t* const targets = kNibbleTargets[symbol].data();
    cdf[0] = hn::Max(cdf[0], hn::Load(d, bound.numbers));
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86
    const VM rate{_mm256_broadcastw_epi16(_mm256_castsi256_si128(cdf[0].raw))};
#else
    const VM rate = hn::Broadcast<0>(cdf[0]);
#endif
    for (size_t i = 0; i < kVectors; ++i) {
      cdf[i] = MoveTo(cdf[i], hn::Load(d, targets + i * kModelLanes), rate);
    }
  }
  // The same for a model that is settled: its rate is not waited for, and stays as it is.
  HWY_INLINE void LearnSettled(uint32_t symbol, const Bound& bound) {
    const DM d;
    const int16_t* const targets = kNibbleTargets[symbol].data();
    for (size_t i = 0; i < kVectors; ++i) {
      cdf[i] = MoveTo(cdf[i], hn::Load(d, targets + i * kModelLanes),
                      hn::Load(d, bound.settled_rate + i * kModelLanes));
    }
  }

  static constexpr size_t kVectors = 16 / kModelLanes;
  VM cdf[kVectors];
};

HWY_INLINE void Learn(NibbleModel* model, uint32_t symbol, const Bound& bound) {
  HeldModel held(model);
  held.Learn(symbol, bound);
  held.Store(model);
}

// The start of symbol 0 would be the rate, and the end of symbol 15 lies beyond the model.
alignas(64) constexpr uint32_t kPartMasks[16] = {
    0xFFFF0000, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x0000FFFF};

// The part of a symbol, start and end in the halves of a number; an end of 65536 is 0.
HWY_INLINE uint32_t LoadPart(const NibbleModel* model, uint32_t symbol) {
  uint32_t part;
  std::memcpy(&part, model->cdf.data() + symbol, 4);
  return part & kPartMasks[symbol];
}

// (range * c) >> 16 of 32 and 17 bits.
HWY_INLINE V32 Scale(V32 range, V32 c) {
  const V32 high = hn::Mul(hn::ShiftRight<16>(range), c);
  const V32 low = hn::Mul(hn::And(range, hn::Set(kD32, 0xFFFF)), c);
  return hn::Add(high, hn::ShiftRight<16>(low));
}

struct Part {
  V32 offset, width;
};
HWY_INLINE Part PartOf(V32 part, V32 range) {
  const V32 offset = Scale(range, hn::And(part, hn::Set(kD32, 0xFFFF)));
  const V32 end16 = hn::ShiftRight<16>(part);
  const V32 end = hn::IfThenElse(hn::Eq(end16, hn::Zero(kD32)), range, Scale(range, end16));
  return {offset, hn::Sub(end, offset)};
}

template <size_t kLanes>
HWY_INLINE uint64_t EncodeSymbols(const uint32_t* parts, VectorEncoder<kLanes>& lanes) {
  uint64_t row = 0;
#pragma GCC unroll 4
  for (size_t g = 0; g < VectorEncoder<kLanes>::kGroups; ++g) {
    const Part part = PartOf(hn::Load(kD32, parts + g * kGroup), lanes.range[g]);
    row |= lanes.Take(g, part.offset, part.width);
  }
  return row;
}

// The symbol whose part holds the slot: how many of cdf[1..15], which ascend, are not above it.
HWY_INLINE uint32_t FindSymbol(const NibbleModel* model, uint32_t slot) {
  const DMU d;
  const auto slots = hn::Set(d, static_cast<uint16_t>(slot));
#if TRINE_LANES_AVX512
  const auto cdf = hn::Load(d, model->cdf.data());
  const __mmask16 found = _mm256_mask_cmpge_epu16_mask(0xFFFE, slots.raw, cdf.raw);
  return static_cast<uint32_t>(_mm_popcnt_u32(found));
#elif HWY_TARGET == HWY_AVX2
  const auto cdf = hn::Load(d, model->cdf.data());
  const auto le = _mm256_cmpeq_epi16(_mm256_min_epu16(cdf.raw, slots.raw), cdf.raw);
  const auto found = static_cast<uint32_t>(_mm256_movemask_epi8(le));  // two bits each
  return static_cast<uint32_t>(_mm_popcnt_u32(found & ~3u)) / 2;
#else
  uint32_t found = 0;
  for (size_t i = 0; i < 16; i += kModelLanes) {
    const auto cdf = hn::Load(d, model->cdf.data() + i);
    uint8_t some[8] = {};
    hn::StoreMaskBits(d, hn::Eq(hn::Min(cdf, slots), cdf), some);
    found |= (some[0] | static_cast<uint32_t>(some[1]) << 8) << i;
  }
  return static_cast<uint32_t>(std::countr_one(found | 1)) - 1;
#endif
}

// of(first), of(first + 1), ... in a vector, by way of registers: a load that takes several stores
// waits for all of them.
template <class Of>
HWY_INLINE V32 GroupOf(size_t first, Of of) {
#if HWY_ARCH_X86
  const auto four = [&](size_t l) TRINE_ATTR {
    const auto a = static_cast<int>(of(l)), b = static_cast<int>(of(l + 1));
    const auto c = static_cast<int>(of(l + 2)), d = static_cast<int>(of(l + 3));
    return _mm_set_epi32(d, c, b, a);
  };
#if TRINE_LANES_AVX512
  const __m128i a = four(first), b = four(first + 4), c = four(first + 8), d = four(first + 12);
  return V32{_mm512_inserti64x4(_mm512_castsi256_si512(_mm256_set_m128i(b, a)),
                                _mm256_set_m128i(d, c), 1)};
#elif HWY_TARGET == HWY_AVX2
  const __m128i a = four(first), b = four(first + 4);
  return V32{_mm256_set_m128i(b, a)};
#else
  return V32{four(first)};
#endif
#else
  alignas(64) uint32_t numbers[kGroup];
  for (size_t k = 0; k < kGroup; ++k) numbers[k] = of(first + k);
  return hn::Load(kD32, numbers);
#endif
}

// Narrows all lanes to the parts that were found by estimates, and refills them.
template <size_t kGroups, class ModelAt>
HWY_INLINE void TakeParts(V32 (&code)[kGroups], V32 (&range)[kGroups], const V32 (&parts)[kGroups],
                          const uint8_t*& next, ModelAt model_at, uint32_t* HWY_RESTRICT symbols) {
#pragma GCC unroll 4
  for (size_t g = 0; g < kGroups; ++g) {
    Part part = PartOf(parts[g], range[g]);
    // An estimate that is off by one matters at the border of two symbols only.
    if (HWY_UNLIKELY(!hn::AllTrue(kD32, IsBelow(hn::Sub(code[g], part.offset), part.width)))) {
      alignas(64) uint32_t codes[kGroup], ranges[kGroup], again[kGroup];
      hn::Store(code[g], kD32, codes);
      hn::Store(range[g], kD32, ranges);
      for (size_t k = 0; k < kGroup; ++k) {
        const size_t l = g * kGroup + k;
        symbols[l] = FindSymbol(model_at(l), SlotOf(codes[k], ranges[k]));
        again[k] = LoadPart(model_at(l), symbols[l]);
      }
      part = PartOf(hn::Load(kD32, again), range[g]);
    }
    code[g] = hn::Sub(code[g], part.offset);
    range[g] = part.width;
  }
#pragma GCC unroll 4
  for (size_t g = 0; g < kGroups; ++g) RefillGroup(code[g], range[g], next);
}

// The symbols of all lanes, from models that are looked up in `model_at(l)`; `beside(l)` is done
// once for each lane.
template <size_t kGroups, class ModelAt, class Beside>
HWY_INLINE void DecodeSymbols(V32 (&code)[kGroups], V32 (&range)[kGroups], const uint8_t*& next,
                              ModelAt model_at, Beside beside, uint32_t* HWY_RESTRICT symbols) {
  alignas(64) uint32_t slots[kGroups * kGroup];
#pragma GCC unroll 4
  for (size_t g = 0; g < kGroups; ++g) {
    hn::Store(SlotEstimate(code[g], range[g]), kD32, slots + g * kGroup);
  }
  const auto look_up = [&](size_t l) TRINE_ATTR {
    const NibbleModel* const model = model_at(l);
    const uint32_t symbol = FindSymbol(model, slots[l]);
    symbols[l] = symbol;
    const uint32_t part = LoadPart(model, symbol);
    beside(l);
    return part;
  };
  V32 parts[kGroups];
#pragma GCC unroll 4
  for (size_t g = 0; g < kGroups; ++g) parts[g] = GroupOf(g * kGroup, look_up);
  TakeParts(code, range, parts, next, model_at, symbols);
}

// Whether the lanes of a model that they share are looked up in registers.
#undef TRINE_SHARED_LOOKUP
#if TRINE_LANES_AVX512 || HWY_TARGET == HWY_AVX2
#define TRINE_SHARED_LOOKUP 1
#else
#define TRINE_SHARED_LOOKUP 0
#endif

#if HWY_TARGET == HWY_AVX2
// The same where all lanes share a model: a binary search in registers, which hold eight numbers,
// so that the even ones and the odd ones have one each.
template <size_t kGroups, class Beside>
HWY_INLINE void DecodeShared(V32 (&code)[kGroups], V32 (&range)[kGroups], const uint8_t*& next,
                             const NibbleModel* model, Beside beside,
                             uint32_t* HWY_RESTRICT symbols) {
  const __m256i cdf = _mm256_load_si256(reinterpret_cast<const __m256i*>(model->cdf.data()));
  const __m256i even = _mm256_blend_epi16(cdf, _mm256_setzero_si256(), 0xAA);
  const __m256i odd = _mm256_srli_epi32(cdf, 16);
  // Start and end of a symbol: the first start would be the rate, the last end is 0.
  const __m256i first = _mm256_set_epi32(-1, -1, -1, -1, -1, -1, -1, -65536);
  const __m256i even_parts = _mm256_and_si256(cdf, first);
  const __m256i next_even =
      _mm256_permutevar8x32_epi32(_mm256_blend_epi32(even, _mm256_setzero_si256(), 1),
                                  _mm256_set_epi32(0, 7, 6, 5, 4, 3, 2, 1));
  const __m256i odd_parts = _mm256_or_si256(odd, _mm256_slli_epi32(next_even, 16));
  const auto at = [](__m256i table, __m256i index)
                      TRINE_ATTR { return _mm256_permutevar8x32_epi32(table, index); };
  V32 parts[kGroups];
#pragma GCC unroll 4
  for (size_t g = 0; g < kGroups; ++g) {
    // Slots and numbers are below 2^16: compared as signed ones.
    const __m256i slot = SlotEstimate(code[g], range[g]).raw;
    const auto above = [&](__m256i number) TRINE_ATTR { return _mm256_cmpgt_epi32(number, slot); };
    // Half the symbol, as an index.
    __m256i half = _mm256_andnot_si256(above(at(even, _mm256_set1_epi32(4))), _mm256_set1_epi32(4));
#pragma GCC unroll 2
    for (int step = 2; step != 0; step /= 2) {
      const __m256i higher = _mm256_or_si256(half, _mm256_set1_epi32(step));
      half = _mm256_blendv_epi8(higher, half, above(at(even, higher)));
    }
    const __m256i is_even = above(at(odd, half));
    const __m256i symbol = _mm256_sub_epi32(_mm256_add_epi32(half, half),
                                            _mm256_xor_si256(is_even, _mm256_set1_epi32(-1)));
    hn::Store(V32{symbol}, kD32, symbols + g * kGroup);
    parts[g] = V32{_mm256_blendv_epi8(at(odd_parts, half), at(even_parts, half), is_even)};
  }
  for (size_t l = 0; l < kGroups * kGroup; ++l) beside(l);
  TakeParts(
      code, range, parts, next, [&](size_t) TRINE_ATTR { return model; }, symbols);
}
#endif

#if TRINE_LANES_AVX512
// The same where all lanes share a model: a binary search in registers.
template <size_t kGroups, class Beside>
HWY_INLINE void DecodeShared(V32 (&code)[kGroups], V32 (&range)[kGroups], const uint8_t*& next,
                             const NibbleModel* model, Beside beside,
                             uint32_t* HWY_RESTRICT symbols) {
  const __m512i cdf =
      _mm512_cvtepu16_epi32(_mm256_load_si256(reinterpret_cast<const __m256i*>(model->cdf.data())));
  const __m512i starts = _mm512_maskz_mov_epi32(0xFFFE, cdf);
  // The end of a symbol is the next one's start; that of the last one 0.
  const __m512i ends = _mm512_alignr_epi32(_mm512_setzero_si512(), starts, 1);
  const __m512i table = _mm512_or_si512(starts, _mm512_slli_epi32(ends, 16));
  V32 parts[kGroups];
#pragma GCC unroll 4
  for (size_t g = 0; g < kGroups; ++g) {
    const __m512i slot = SlotEstimate(code[g], range[g]).raw;
    __m512i symbol = _mm512_setzero_si512();
#pragma GCC unroll 4
    for (int step = 8; step != 0; step /= 2) {
      const __m512i above = _mm512_or_si512(symbol, _mm512_set1_epi32(step));
      const __mmask16 is_above =
          _mm512_cmpge_epu32_mask(slot, _mm512_permutexvar_epi32(above, starts));
      symbol = _mm512_mask_mov_epi32(symbol, is_above, above);
    }
    hn::Store(V32{symbol}, kD32, symbols + g * kGroup);
    parts[g] = V32{_mm512_permutexvar_epi32(symbol, table)};
  }
  for (size_t l = 0; l < kGroups * kGroup; ++l) beside(l);
  TakeParts(
      code, range, parts, next, [&](size_t) TRINE_ATTR { return model; }, symbols);
}
#endif

#endif  // !TRINE_LANES_SCALAR

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::coding::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
