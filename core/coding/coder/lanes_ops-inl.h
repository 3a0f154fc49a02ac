// What the vector forms of the lanes (lanes-inl.h) are made of: groups of lanes in a vector, and
// the operations for which Highway's own are slow on some target or missing. No header guard of the
// usual kind: Highway includes this anew for every target.
#if defined(TRINE_CODING_LANES_OPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TRINE_CODING_LANES_OPS_INL_H_
#undef TRINE_CODING_LANES_OPS_INL_H_
#else
#define TRINE_CODING_LANES_OPS_INL_H_
#endif

#include <hwy/highway.h>

#include <array>
#include <cstddef>
#include <cstdint>

// Of a lambda in a loop: left to itself the compiler may call it, with vectors in memory.
#ifndef TRINE_ATTR
#define TRINE_ATTR HWY_ATTR __attribute__((always_inline))
#endif

// Targets on which vectors of lanes lose to plain code: without shuffles of bytes.
#undef TRINE_LANES_SCALAR
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || \
    (defined(HWY_SSE2) && HWY_TARGET == HWY_SSE2)
#define TRINE_LANES_SCALAR 1
#else
#define TRINE_LANES_SCALAR 0
#endif

#if !TRINE_LANES_SCALAR
HWY_BEFORE_NAMESPACE();
namespace trine::coding::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// A group of lanes: one vector of 32-bit numbers, 4, 8 or 16 of them.
using D32 = hn::CappedTag<uint32_t, 16>;
using V32 = hn::Vec<D32>;
using M32 = hn::Mask<D32>;
using DI32 = hn::RebindToSigned<D32>;
using DF32 = hn::RebindToFloat<D32>;
using D16 = hn::Rebind<uint16_t, D32>;
using D8 = hn::Rebind<uint8_t, D32>;
constexpr D32 kD32;
constexpr size_t kGroup = hn::MaxLanes(D32());
static_assert(kGroup == 4 || kGroup == 8 || kGroup == 16);

#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
#define TRINE_LANES_AVX512 1
#else
#define TRINE_LANES_AVX512 0
#endif

HWY_INLINE uint32_t BitsOf(M32 mask) {
#if TRINE_LANES_AVX512
  return static_cast<uint32_t>(mask.raw);
#elif HWY_TARGET == HWY_AVX2
  return static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(mask.raw)));
#elif HWY_ARCH_X86
  return static_cast<uint32_t>(_mm_movemask_ps(_mm_castsi128_ps(mask.raw)));
#else
  uint8_t bytes[8] = {};
  hn::StoreMaskBits(kD32, mask, bytes);
  return bytes[0];
#endif
}

HWY_INLINE M32 MaskOf(uint32_t bits) {
#if TRINE_LANES_AVX512
  return M32{static_cast<__mmask16>(bits)};
#else
  alignas(64) static constexpr uint32_t kBits[8] = {1, 2, 4, 8, 16, 32, 64, 128};
  return hn::TestBit(hn::Set(kD32, bits), hn::Load(kD32, kBits));
#endif
}

// Lanes whose number is below 2^16.
HWY_INLINE M32 IsShort(V32 v) {
#if TRINE_LANES_AVX512
  return M32{_mm512_cmplt_epu32_mask(v.raw, _mm512_set1_epi32(1 << 16))};
#else
  return hn::Eq(hn::ShiftRight<16>(v), hn::Zero(kD32));
#endif
}

// Lanes with a < b, as unsigned numbers.
HWY_INLINE M32 IsBelow(V32 a, V32 b) {
#if TRINE_LANES_AVX512
  return M32{_mm512_cmplt_epu32_mask(a.raw, b.raw)};
#else
  return hn::Not(hn::Eq(hn::Max(a, b), a));
#endif
}

// For each set of lanes: where in a packed row of numbers a lane's number is.
template <size_t kLanes>
constexpr auto MakeExpandTable() {
  std::array<std::array<uint32_t, kLanes>, size_t{1} << kLanes> table{};
  for (size_t bits = 0; bits < table.size(); ++bits) {
    uint32_t next = 0;
    for (size_t l = 0; l < kLanes; ++l) {
      table[bits][l] = next;
      if (bits >> l & 1) ++next;
      if (table[bits][l] == kLanes) table[bits][l] = 0;  // none is left: any will do
    }
  }
  return table;
}

// The first numbers of `packed` to the lanes of `mask`, in order; others are not defined.
HWY_INLINE V32 Expand(V32 packed, M32 mask, uint32_t bits) {
#if TRINE_LANES_AVX512
  (void)bits;
  // From a register: the compiler would make it one instruction with the load, which is slow.
  __asm__("" : "+v"(packed.raw));
  return V32{_mm512_maskz_expand_epi32(mask.raw, packed.raw)};
#else
  (void)mask;
  alignas(64) static constexpr auto kTable = MakeExpandTable<kGroup>();
  return hn::TableLookupLanes(packed, hn::SetTableIndices(kD32, kTable[bits].data()));
#endif
}

template <size_t kLanes>
constexpr auto MakePackTable() {
  std::array<std::array<uint32_t, kLanes>, size_t{1} << kLanes> table{};
  for (size_t bits = 0; bits < table.size(); ++bits) {
    size_t next = 0;
    for (uint32_t l = 0; l < kLanes; ++l) {
      if (bits >> l & 1) table[bits][next++] = l;
    }
  }
  return table;
}

// Numbers of the lanes of `mask` to the front, in order. Into a register, not into memory, which is
// slow on some processors; and not by Highway 1.0.3, whose tables GCC copies to the stack each
// time.
HWY_INLINE V32 Pack(V32 v, M32 mask, uint32_t bits) {
#if TRINE_LANES_AVX512
  (void)bits;
  return V32{_mm512_maskz_compress_epi32(mask.raw, v.raw)};
#else
  (void)mask;
  alignas(64) static constexpr auto kTable = MakePackTable<kGroup>();
  return hn::TableLookupLanes(v, hn::SetTableIndices(kD32, kTable[bits].data()));
#endif
}

// table[index] for each lane.
HWY_INLINE V32 Gather(const uint32_t* table, V32 index) {
#if TRINE_LANES_AVX512
  // A load a lane: on Zen 4 the processor's own gather is microcode, which takes a quarter longer
  // and lets nothing else run beside it.
  alignas(64) uint64_t pairs[8];
  _mm512_store_si512(pairs, index.raw);
  const auto four = [&](size_t k) HWY_ATTR {
    const uint64_t a = pairs[k], b = pairs[k + 1];
    __m128i v = _mm_cvtsi32_si128(static_cast<int>(table[static_cast<uint32_t>(a)]));
    v = _mm_insert_epi32(v, static_cast<int>(table[a >> 32]), 1);
    v = _mm_insert_epi32(v, static_cast<int>(table[static_cast<uint32_t>(b)]), 2);
    return _mm_insert_epi32(v, static_cast<int>(table[b >> 32]), 3);
  };
  const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(four(0)), four(2), 1);
  const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(four(4)), four(6), 1);
  return V32{_mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1)};
#else
  return hn::GatherIndex(kD32, table, hn::BitCast(DI32(), index));
#endif
}

// The low bytes of the numbers.
HWY_INLINE void StoreBytes(V32 v, uint8_t* to) {
#if HWY_TARGET <= HWY_AVX3_DL && HWY_ARCH_X86
  // What Highway does for AVX3; its form for this target permutes 32-bit parts, not bytes (1.0.3).
  alignas(64) static constexpr uint32_t kFirst[16] = {0, 4, 8, 12};
  const __m512i low = _mm512_set_epi64(0, 0x0C080400, 0, 0x0C080400, 0, 0x0C080400, 0, 0x0C080400);
  const __m512i bytes =
      _mm512_permutexvar_epi32(_mm512_load_si512(kFirst), _mm512_shuffle_epi8(v.raw, low));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_castsi512_si128(bytes));
#else
  hn::StoreU(hn::TruncateTo(D8(), v), D8(), to);
#endif
}

// The whole part of a number that is not negative; any number for one of 2^31 or more.
HWY_INLINE V32 Truncate(hn::Vec<DF32> v) {
  // Not by Highway's conversion on x86, which takes three instructions more to keep large numbers
  // large.
#if TRINE_LANES_AVX512
  return V32{_mm512_cvttps_epu32(v.raw)};
#elif HWY_TARGET == HWY_AVX2
  return V32{_mm256_cvttps_epi32(v.raw)};
#elif HWY_ARCH_X86
  return V32{_mm_cvttps_epi32(v.raw)};
#else
  return hn::BitCast(kD32, hn::ConvertTo(DI32(), v));
#endif
}

// Of any number on AVX-512; elsewhere conversions are signed: of one below 2^31, or half of any.
HWY_INLINE hn::Vec<DF32> ToFloat(V32 v) {
#if TRINE_LANES_AVX512
  return {_mm512_cvtepu32_ps(v.raw)};
#else
  return hn::ConvertTo(DF32(), hn::BitCast(DI32(), v));
#endif
}
HWY_INLINE hn::Vec<DF32> HalfToFloat(V32 v) { return ToFloat(hn::ShiftRight<1>(v)); }

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::coding::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // !TRINE_LANES_SCALAR

#endif  // per-target include guard
