#include "core/coding/coder/order0_kernels.h"

#include <algorithm>
#include <cassert>
#include <cstring>

// Byte tables in registers (VBMI) and what else Ice Lake and Zen 4 brought.
#define HWY_WANT_AVX3_DL 1

// Between plain code and SSE4 there is nothing to gain.
#define HWY_DISABLED_TARGETS HWY_SSSE3

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/coding/coder/order0_kernels.cc"
#include <hwy/foreach_target.h>  // includes this file once a target
#include "core/coding/coder/lanes-inl.h"

#undef TRINE_BYTE_TABLES
#if HWY_TARGET <= HWY_AVX3_DL && HWY_ARCH_X86
#define TRINE_BYTE_TABLES 1
#else
#define TRINE_BYTE_TABLES 0
#endif

HWY_BEFORE_NAMESPACE();
namespace trine::coding::HWY_NAMESPACE {
namespace {

// ---- a lane at a time ------------------------------------------------------------------------

// `count` symbols from lane 0 on: a row or the start of one. `digits` is the log's place, here so
// that it stays in a register.
HWY_INLINE void EncodeRow(const uint8_t* HWY_RESTRICT symbols, int count, const Order0Parts& table,
                          EncoderLanes& lanes) {
  const int bits = table.bits;
  uint32_t* digits = lanes.digits;
  uint64_t row = 0;
  for (int l = 0; l < count; ++l) {
    const uint32_t part = table.parts[symbols[l]];
    const uint32_t range = lanes.range[l];
    const uint32_t r = range >> bits;
    const uint32_t offset = r * (part & 0xFFFF);
    const uint32_t freq = part >> 16;
    row |= lanes.Take(l, offset, WidthOfPart(range, r, offset, freq), digits);
  }
  lanes.digits = digits;
  *lanes.rows++ = row;
}

HWY_INLINE uint32_t SlotOf(uint32_t code, uint32_t r, int bits) {
  return std::min(code / r, (1u << bits) - 1);
}

// kSafe: two bytes a symbol are there to be read.
template <bool kSafe, bool kPacked>
HWY_INLINE void DecodeRow(DecoderLanes& lanes, const Order0Slots& table,
                          uint8_t* HWY_RESTRICT symbols, int count) {
  const int bits = table.bits;
  const uint8_t* next = lanes.next;
  for (int l = 0; l < count; ++l) {
    const uint32_t range = lanes.range[l];
    const uint32_t r = range >> bits;
    const uint32_t slot = SlotOf(lanes.code[l], r, bits);
    uint32_t symbol, start, freq;
    if constexpr (kPacked) {
      const uint32_t entry = table.packed[slot];
      symbol = entry & 0xFF;
      start = entry >> 20;
      freq = entry >> 8 & 0xFFF;
    } else {
      symbol = table.symbols[slot];
      start = table.parts[symbol] & 0xFFFF;
      freq = table.parts[symbol] >> 16;
    }
    const uint32_t offset = r * start;
    lanes.Take<kSafe>(l, offset, WidthOfPart(range, r, offset, freq), next);
    symbols[l] = static_cast<uint8_t>(symbol);
  }
  lanes.next = next;
}

template <bool kPacked>
void DecodeSlowly(DecoderLanes& lanes, const Order0Slots& table, uint8_t* symbols, size_t n) {
  const auto count = static_cast<size_t>(lanes.lanes());
  for (; n >= count && static_cast<size_t>(lanes.end - lanes.next) >= 2 * count; n -= count) {
    DecodeRow<true, kPacked>(lanes, table, symbols, static_cast<int>(count));
    symbols += count;
  }
  for (; n != 0; n -= std::min(n, count), symbols += count) {
    DecodeRow<false, kPacked>(lanes, table, symbols, static_cast<int>(std::min(n, count)));
  }
}

void DecodePlain(DecoderLanes& lanes, const Order0Slots& table, uint8_t* symbols, size_t n) {
  const bool packed = table.bits <= Order0Slots::kMaxPackedBits;
  (packed ? DecodeSlowly<true> : DecodeSlowly<false>)(lanes, table, symbols, n);
}

#if !TRINE_LANES_SCALAR

// ---- many lanes at a time --------------------------------------------------------------------

// One symbol each for the lanes of group g; returns those that gave a digit.
template <size_t kLanes>
HWY_INLINE uint64_t EncodeParts(V32 part, int bits, size_t g, VectorEncoder<kLanes>& lanes) {
  const V32 start = hn::And(part, hn::Set(kD32, 0xFFFF));
  const V32 freq = hn::ShiftRight<16>(part);
  const V32 r = hn::ShiftRightSame(lanes.range[g], bits);
  const V32 offset = hn::Mul(r, start);
  return lanes.Take(g, offset, WidthOf(lanes.range[g], r, offset, freq));
}

#if TRINE_BYTE_TABLES
// table[index] of 256 bytes in four registers, for 64 indices.
HWY_INLINE __m512i LookUp(const std::array<uint8_t, 256>& table, __m512i index, __mmask64 high) {
  const __m512i t0 = _mm512_load_si512(table.data());
  const __m512i t1 = _mm512_load_si512(table.data() + 64);
  const __m512i t2 = _mm512_load_si512(table.data() + 128);
  const __m512i t3 = _mm512_load_si512(table.data() + 192);
  return _mm512_mask_blend_epi8(high, _mm512_permutex2var_epi8(t0, index, t1),
                                _mm512_permutex2var_epi8(t2, index, t3));
}

// The parts of 64 symbols, in order.
HWY_INLINE void LookUpParts(const uint8_t* symbols, const Order0Parts& table, V32 (&parts)[4]) {
  // The interleavings below take the first four bytes of each quarter to the first vector.
  alignas(64) static constexpr uint32_t kOrder[16] = {0, 4, 8,  12, 1, 5, 9,  13,
                                                      2, 6, 10, 14, 3, 7, 11, 15};
  const __m512i index =
      _mm512_permutexvar_epi32(_mm512_load_si512(kOrder), _mm512_loadu_si512(symbols));
  const __mmask64 high = _mm512_movepi8_mask(index);
  const __m512i start0 = LookUp(table.planes[0], index, high);
  const __m512i start1 = LookUp(table.planes[1], index, high);
  const __m512i freq0 = LookUp(table.planes[2], index, high);
  const __m512i freq1 = LookUp(table.planes[3], index, high);
  const __m512i start_a = _mm512_unpacklo_epi8(start0, start1);
  const __m512i start_b = _mm512_unpackhi_epi8(start0, start1);
  const __m512i freq_a = _mm512_unpacklo_epi8(freq0, freq1);
  const __m512i freq_b = _mm512_unpackhi_epi8(freq0, freq1);
  parts[0] = V32{_mm512_unpacklo_epi16(start_a, freq_a)};
  parts[1] = V32{_mm512_unpackhi_epi16(start_a, freq_a)};
  parts[2] = V32{_mm512_unpacklo_epi16(start_b, freq_b)};
  parts[3] = V32{_mm512_unpackhi_epi16(start_b, freq_b)};
}
#endif

HWY_INLINE V32 GatherParts(const uint8_t* symbols, const Order0Parts& table) {
  return Gather(table.parts.data(), hn::PromoteTo(kD32, hn::LoadU(D8(), symbols)));
}

// Whole rows.
template <size_t kLanes>
void EncodeRows(const uint8_t* symbols, size_t rows, const Order0Parts& table,
                EncoderLanes& state) {
  const int bits = table.bits;
  VectorEncoder<kLanes> lanes(state);
  constexpr size_t kGroups = VectorEncoder<kLanes>::kGroups;
#if TRINE_BYTE_TABLES
  constexpr size_t kRowsAtOnce = 64 / kLanes;
  for (; rows >= kRowsAtOnce; rows -= kRowsAtOnce, symbols += 64) {
    V32 parts[4];
    LookUpParts(symbols, table, parts);
#pragma GCC unroll 4
    for (size_t k = 0; k < 4; k += kGroups) {
      uint64_t row = 0;
#pragma GCC unroll 4
      for (size_t g = 0; g < kGroups; ++g) row |= EncodeParts(parts[k + g], bits, g, lanes);
      *lanes.rows++ = row;
    }
  }
#endif
  for (; rows != 0; --rows, symbols += kLanes) {
    uint64_t row = 0;
#pragma GCC unroll 4
    for (size_t g = 0; g < kGroups; ++g) {
      row |= EncodeParts(GatherParts(symbols + g * kGroup, table), bits, g, lanes);
    }
    *lanes.rows++ = row;
  }
  lanes.Save(state);
}

struct Found {
  V32 symbol;  // in the lowest byte; what is above is not defined
  V32 start, freq;
};

template <bool kPacked>
HWY_INLINE Found FindSymbol(V32 slot, const Order0Slots& table) {
  if constexpr (kPacked) {
    const V32 entry = Gather(table.packed.data(), slot);
    return {entry, hn::ShiftRight<20>(entry),
            hn::And(hn::ShiftRight<8>(entry), hn::Set(kD32, 0xFFF))};
  } else {
    const auto index = hn::BitCast(DI32(), slot);
    const V32 symbol = hn::And(
        hn::GatherOffset(kD32, reinterpret_cast<const uint32_t*>(table.symbols.data()), index),
        hn::Set(kD32, 0xFF));
    const V32 part = Gather(table.parts.data(), symbol);
    return {symbol, hn::And(part, hn::Set(kD32, 0xFFFF)), hn::ShiftRight<16>(part)};
  }
}

// Whole rows while the words of each certainly lie before `stop`; returns how many.
//
// All groups look up before any is refilled: the look-ups of a row do not wait for each other, the
// words do.
template <size_t kLanes, bool kPacked>
size_t DecodeRows(DecoderLanes& lanes, const uint8_t* stop, const Order0Slots& table,
                  uint8_t* symbols, size_t rows) {
  constexpr size_t kGroups = kLanes / kGroup;
  const int bits = table.bits;
  const V32 last_slot = hn::Set(kD32, (1u << bits) - 1);
  const uint8_t* next = lanes.next;
  size_t done = 0;
  V32 code[kGroups], range[kGroups];
#pragma GCC unroll 4
  for (size_t g = 0; g < kGroups; ++g) {
    code[g] = hn::Load(kD32, lanes.code + g * kGroup);
    range[g] = hn::Load(kD32, lanes.range + g * kGroup);
  }
  for (; done < rows && next <= stop; ++done, symbols += kLanes) {
#pragma GCC unroll 4
    for (size_t first = 0; first < kGroups; first += kGroupsInterleaved<kGroups>) {
      constexpr size_t kCount = kGroupsInterleaved<kGroups>;
      V32 r[kCount], slot[kCount], offset[kCount], width[kCount];
      Found found[kCount];
      V32* const c = code + first;
      V32* const w = range + first;
#pragma GCC unroll 4
      for (size_t g = 0; g < kCount; ++g) {
        r[g] = hn::ShiftRightSame(w[g], bits);
        slot[g] = hn::Min(Quotient(c[g], r[g]), last_slot);
      }
#pragma GCC unroll 4
      for (size_t g = 0; g < kCount; ++g) found[g] = FindSymbol<kPacked>(slot[g], table);
      M32 right = hn::FirstN(kD32, kGroup);
#pragma GCC unroll 4
      for (size_t g = 0; g < kCount; ++g) {
        offset[g] = hn::Mul(r[g], found[g].start);
        width[g] = WidthOf(w[g], r[g], offset[g], found[g].freq);
        right = hn::And(right, IsBelow(hn::Sub(c[g], offset[g]), width[g]));
      }
      // An estimate that is off by one matters at the border of two symbols only.
      if (HWY_UNLIKELY(!hn::AllTrue(kD32, right))) {
#pragma GCC unroll 4
        for (size_t g = 0; g < kCount; ++g) {
          found[g] = FindSymbol<kPacked>(ExactSlots(c[g], r[g], last_slot), table);
          offset[g] = hn::Mul(r[g], found[g].start);
          width[g] = WidthOf(w[g], r[g], offset[g], found[g].freq);
        }
      }
#pragma GCC unroll 4
      for (size_t g = 0; g < kCount; ++g) {
        c[g] = hn::Sub(c[g], offset[g]);
        w[g] = width[g];
        StoreBytes(found[g].symbol, symbols + (first + g) * kGroup);
      }
    }
#pragma GCC unroll 4
    for (size_t g = 0; g < kGroups; ++g) RefillGroup(code[g], range[g], next);
  }
#pragma GCC unroll 4
  for (size_t g = 0; g < kGroups; ++g) {
    hn::Store(code[g], kD32, lanes.code + g * kGroup);
    hn::Store(range[g], kD32, lanes.range + g * kGroup);
  }
  lanes.next = next;
  return done;
}

template <size_t kLanes>
void DecodeAll(DecoderLanes& lanes, const Order0Slots& table, uint8_t* symbols, size_t n) {
  const bool packed = table.bits <= Order0Slots::kMaxPackedBits;
  const auto rows_of = packed ? DecodeRows<kLanes, true> : DecodeRows<kLanes, false>;
  // A row takes 2 kLanes bytes at most, and a vector loads as many from where the last one begins.
  constexpr size_t kReach = 2 * kLanes + kLaneSlackBytes;
  size_t left = n / kLanes;
  if (static_cast<size_t>(lanes.end - lanes.next) >= kReach) {
    const size_t done = rows_of(lanes, lanes.end - kReach, table, symbols, left);
    left -= done;
    symbols += done * kLanes;
  }
  DecodePlain(lanes, table, symbols, left * kLanes + n % kLanes);
}

#endif  // !TRINE_LANES_SCALAR

void Encode0(const uint8_t* symbols, size_t n, const Order0Parts& table, EncoderLanes& lanes) {
  const auto count = static_cast<size_t>(lanes.lanes());
  size_t rows = n / count;
  const uint8_t* const rest = symbols + rows * count;
#if !TRINE_LANES_SCALAR
  if (count >= 16) {
    const auto encode = count == 16   ? EncodeRows<16>
                        : count == 32 ? EncodeRows<32>
                                      : EncodeRows<64>;
    encode(symbols, rows, table, lanes);
    rows = 0;
  }
#endif
  for (; rows != 0; --rows, symbols += count) {
    EncodeRow(symbols, static_cast<int>(count), table, lanes);
  }
  if (n % count != 0) EncodeRow(rest, static_cast<int>(n % count), table, lanes);
}

void Decode0(DecoderLanes& lanes, const Order0Slots& table, uint8_t* symbols, size_t n) {
#if !TRINE_LANES_SCALAR
  const int count = lanes.lanes();
  if (count == 16) return DecodeAll<16>(lanes, table, symbols, n);
  if (count == 32) return DecodeAll<32>(lanes, table, symbols, n);
  if (count == 64) return DecodeAll<64>(lanes, table, symbols, n);
#endif
  DecodePlain(lanes, table, symbols, n);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace
}  // namespace trine::coding::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trine::coding {

HWY_EXPORT(Encode0);
HWY_EXPORT(Decode0);

void EncodeOrder0(const uint8_t* symbols, size_t n, const Order0Parts& table, EncoderLanes& lanes) {
  [[maybe_unused]] const uint32_t* const digits = lanes.digits;
  [[maybe_unused]] const uint64_t* const rows = lanes.rows;
  HWY_DYNAMIC_DISPATCH(Encode0)(symbols, n, table, lanes);
  assert(static_cast<size_t>(lanes.rows - rows) == (n + lanes.lanes() - 1) >> lanes.lanes_log2);
  assert(static_cast<size_t>(lanes.digits - digits) <= n);
}

void DecodeOrder0(DecoderLanes& lanes, const Order0Slots& table, uint8_t* symbols, size_t n) {
  HWY_DYNAMIC_DISPATCH(Decode0)(lanes, table, symbols, n);
  assert(lanes.next <= lanes.end);
}

int64_t StaticKernelTargets() { return HWY_TARGETS; }

}  // namespace trine::coding
#endif  // HWY_ONCE
